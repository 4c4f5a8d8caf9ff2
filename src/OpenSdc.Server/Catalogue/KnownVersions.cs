using System.Collections.Concurrent;
using System.Data.Common;
using OpenSdc.Contract;

namespace OpenSdc.Server.Catalogue;

/// <summary>One version of one product and extension, as its name writes it and in numbers.</summary>
internal readonly record struct KnownVersion(Series Series, string Version, int Major, int Minor);

/// <summary>
/// Which versions there are of each product. Publications are asked for a version thousands of times and for a new one once, so that a process remembers which ones it has written,
/// and mostly writes none.
/// </summary>
internal sealed class KnownVersions
{
    private const int MostRemembered = 100_000;

    private static readonly InsertMany Rows = new(
        "INSERT INTO versions (family, instrument, data_level, descriptor, extension, version, major_version, minor_version)", columns: 8, "ON CONFLICT DO NOTHING");

    private readonly ConcurrentDictionary<KnownVersion, bool> remembered = new();

    /// <summary>The version of a record.</summary>
    public static KnownVersion Of(FileRecord record, string family) =>
        new(Series.Of(record, family), record.Version ?? "", record.MajorVersion ?? -1, record.MinorVersion ?? -1);

    /// <summary>Writes those that are not remembered, inside the transaction that inserted their files, and gives them back: once it is on the disk they can be.</summary>
    public async Task<IReadOnlyList<KnownVersion>> SaveAsync(
        Session session, DbTransaction transaction, int rowsAtOnce, IEnumerable<KnownVersion> versions, CancellationToken cancel)
    {
        List<KnownVersion> unknown = [.. versions.Where(each => !remembered.ContainsKey(each)).Distinct()];
        await Rows.RunAsync(session, transaction, rowsAtOnce, unknown, (each, values) =>
        {
            var s = each.Series;
            ReadOnlySpan<object?> row = [s.Family, s.Instrument, s.DataLevel, s.Descriptor, s.Extension, each.Version, each.Major, each.Minor];
            row.CopyTo(values);
        }, cancel);
        return unknown;
    }

    /// <summary>Remembers what a transaction wrote that is on the disk.</summary>
    public void Remember(IReadOnlyList<KnownVersion> written)
    {
        if (remembered.Count > MostRemembered)
            remembered.Clear();
        foreach (var each in written)
            remembered.TryAdd(each, true);
    }
}
