using System.Globalization;
using OpenSdc.Contract;
using OpenSdc.Contract.Naming;

namespace OpenSdc.Server.Files.Kernels;

/// <summary>One SPICE file of the archive and the span that its name tells. What only its content tells is not known here.</summary>
internal sealed class Kernel
{
    // What the members say of a kernel whose name has no days: always valid, and never null, since scripts parse them.
    private static readonly DateTime First = new(2000, 1, 1, 12, 0, 0, DateTimeKind.Utc);
    private static readonly DateTime FirstOfClocks = new(2010, 1, 1, 0, 0, 0, DateTimeKind.Utc);
    private static readonly DateTime Last = new(2145, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    public Kernel(FileRecord record, KernelRules rules)
    {
        Record = record;
        Type = record.Descriptor ?? "";
        Name = record.FilePath[(record.FilePath.LastIndexOf('/') + 1)..];
        var folder = record.FilePath.LastIndexOf('/', Math.Max(0, record.FilePath.Length - Name.Length - 2));
        FileName = record.FilePath[(folder + 1)..];
        var (start, end) = (Day(record.StartDate), Day(record.EndDate));
        if (rules.EndsOnly.Contains(Type))
            (start, end) = (null, start);
        var first = Type == rules.Clock ? FirstOfClocks : First;
        From = start ?? first;
        To = end is { } last ? EndOf(last) : start is { } only ? EndOf(only) : Last;
        if (From > To)
            From = To;
    }

    public FileRecord Record { get; }

    /// <summary>The bare name.</summary>
    public string Name { get; }

    /// <summary>The name with its folder, as the live service writes it: <c>ck/NAME</c>.</summary>
    public string FileName { get; }

    public string Type { get; }

    public int Version => Record.MinorVersion ?? 0;

    /// <summary>The name without the digits of its version: what its versions have in common.</summary>
    public string Root
    {
        get
        {
            var ending = "." + Record.Extension;
            var stem = Name.EndsWith(ending, StringComparison.OrdinalIgnoreCase) ? Name[..^ending.Length] : Name;
            return Record.Version is { Length: > 0 } version && stem.EndsWith(version, StringComparison.Ordinal)
                ? stem[..^version.Length] + Name[stem.Length..]
                : Name;
        }
    }

    /// <summary>The first moment of its first day.</summary>
    public DateTime From { get; }

    /// <summary>The last second of its last day.</summary>
    public DateTime To { get; }

    /// <summary>When it was published, UTC.</summary>
    public DateTime Ingested =>
        DateTime.ParseExact(
            Record.IngestionDate,
            "yyyyMMdd HH:mm:ss",
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal
        );

    /// <summary>Whether its span meets these moments, in seconds of TDB past J2000.</summary>
    public bool Overlaps(double from, double to) => EphemerisTime.Of(From) <= to && EphemerisTime.Of(To) >= from;

    /// <summary>A moment as the live service writes it.</summary>
    public static string Text(DateTime moment) => moment.ToString("yyyy-MM-dd, HH:mm:ss", CultureInfo.InvariantCulture);

    private static DateTime EndOf(DateTime day) => day.AddDays(1).AddSeconds(-1);

    private static DateTime? Day(string? text) =>
        text is null
            ? null
            : DateTime.ParseExact(
                text,
                "yyyyMMdd",
                CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal
            );
}
