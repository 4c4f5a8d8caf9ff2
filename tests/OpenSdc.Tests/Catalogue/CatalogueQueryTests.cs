using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using CsCheck;
using Microsoft.Extensions.Time.Testing;
using OpenSdc.Contract;
using OpenSdc.Contract.Naming;
using OpenSdc.Server;
using OpenSdc.Server.Catalogue;
using Shouldly;
using Xunit;
using Archive = OpenSdc.Server.Catalogue.Catalogue;

namespace OpenSdc.Tests.Catalogue;

/// <summary>The catalogue answers any query over any rows as the contract's words, written out as LINQ, do.</summary>
public sealed class CatalogueQueryTests : IAsyncLifetime
{
    private const int DatesOfIngestion = 4;

    private static readonly DateTimeOffset FirstDay = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    // Few values each, so that filters hit, rows share series, and versions tie; among them what LIKE makes special.
    private static readonly Gen<string> Families = OneOf("science", "ancillary");
    private static readonly Gen<string> Instruments = OneOf("mag", "swe", "hi-45");
    private static readonly Gen<string> Levels = OneOf("l0", "l1a");
    private static readonly Gen<string> Descriptors = OneOf("lo", "LO", "lo-pha", "l%", "l_", "l\\");
    private static readonly Gen<string> Extensions = OneOf("cdf", "pkts");
    private static readonly Gen<string> Days = OneOf("20260101", "20260102", "20260103", "20260104");
    private static readonly Gen<string> DescriptorPatterns = OneOf("lo", "l*", "*o*", "l%*", "l_*", "*\\", "*-*", "L*", "nothing*");
    private static readonly Gen<string> VersionPatterns = OneOf("v001", "v01-*", "v002.*", "*1", "v9*", "v001.0002");

    private static readonly Gen<FileName> Names =
        from family in Families
        from instrument in Instruments
        from level in Levels
        from descriptor in Descriptors
        from day in Days
        from repointing in Gen.Int[-1, 2]
        from cr in Gen.Int[-1, 1]
        from extension in Extensions
        from dated in Gen.Int[0, 9]
        from version in Gen.Select(Gen.Int[0, 2], Gen.Int[1, 3], Gen.Int[1, 12])
        select NameOf(family, instrument, level, descriptor, dated == 0 ? null : day, repointing, cr, extension, version);

    private static readonly Gen<FileQuery> Queries =
        from family in Families
        from lists in Gen.Select(Any(Instruments), Any(Levels), Any(Gen.OneOf(DescriptorPatterns, Descriptors)), Any(Extensions), Any(VersionPatterns))
        from numbers in Gen.Select(Any(Gen.Int[0, 2]), Any(Gen.Int[0, 1]), Any(Gen.Int[1, 3]), Any(Gen.Int[1, 12]))
        from dates in Gen.Select(Maybe(Days), Maybe(Days), Maybe(Days), Maybe(Days))
        from rest in Gen.Select(Gen.Bool, Gen.Int[-60, 60], Gen.Int[-20, 20], Gen.Int[0, 3])
        select new FileQuery
        {
            Family = rest.Item4 == 0 ? null : family,
            Instruments = lists.Item1,
            DataLevels = lists.Item2,
            Descriptors = lists.Item3,
            Extensions = lists.Item4,
            Versions = lists.Item5,
            Repointings = numbers.Item1,
            Crs = numbers.Item2,
            MajorVersions = numbers.Item3,
            MinorVersions = numbers.Item4,
            StartDate = dates.Item1,
            EndDate = dates.Item2,
            IngestionStartDate = dates.Item3,
            IngestionEndDate = dates.Item4,
            Latest = rest.Item1,
            AsOf = rest.Item2 < 0 ? null : rest.Item2,
            Limit = rest.Item3 <= 0 ? null : rest.Item3,
            After = rest.Item3 > 10 ? "m" : null,
        };

    private readonly string folder = Directory.CreateTempSubdirectory("opensdc-").FullName;
    private readonly FakeTimeProvider clock = new(FirstDay);
    private readonly Telemetry telemetry = new();
    private Sqlite dialect = null!;
    private Archive catalogue = null!;

    public async ValueTask InitializeAsync()
    {
        dialect = new Sqlite(Path.Combine(folder, "catalogue.sqlite"));
        catalogue = new Archive(dialect, clock, telemetry);
        await catalogue.OpenAsync(CancellationToken.None);
    }

    public ValueTask DisposeAsync()
    {
        catalogue.Dispose();
        dialect.Dispose();
        telemetry.Dispose();
        Directory.Delete(folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Any_query_over_any_rows_is_answered_as_the_contract_words_it()
    {
        var rows = new List<(string Family, FileRecord Record)>();
        var found = 0;
        await Gen.Select(Names.Array[15], Queries.Array[40]).SampleAsync(async (names, queries) =>
        {
            // Every sample adds rows and asks of all there are until then.
            clock.SetUtcNow(clock.GetUtcNow() < FirstDay.AddDays(DatesOfIngestion - 1) ? clock.GetUtcNow().AddHours(1) : clock.GetUtcNow());
            var publications = names.Select(name => new Publication(name, name.Name.Length, new string('a', 64))).ToList();
            foreach (var (publication, recorded) in publications.Zip(await catalogue.PublishAsync(publications, CancellationToken.None)))
            {
                recorded.IsNew.ShouldBe(rows.TrueForAll(row => row.Record.FilePath != publication.Name.Key));
                if (recorded.IsNew)
                    rows.Add((publication.Name.Family, RecordOf(publication.Name, recorded.Receipt)));
            }

            foreach (var query in queries)
            {
                var answer = await AskAsync(query);
                answer.ShouldBe(Evaluate(query, rows), JsonSerializer.Serialize(query));
                found += answer.Count;
            }
        }, iter: 60, threads: 1);
        found.ShouldBeGreaterThan(500, "the queries hit");
        rows.Select(row => row.Record.Seq).Order().ShouldBe(Enumerable.Range(1, rows.Count).Select(i => (long)i));
    }

    /// <summary>The contract, "Query", in its own order.</summary>
    private static List<FileRecord> Evaluate(FileQuery query, IEnumerable<(string Family, FileRecord Record)> rows)
    {
        var left = rows.Where(row => query.Family is null || row.Family == query.Family)
            .Where(row => row.Record is var r
                && AnyOf(query.Instruments, r.Instrument) && AnyOf(query.DataLevels, r.DataLevel) && AnyOf(query.Descriptors, r.Descriptor)
                && AnyOf(query.Extensions, r.Extension) && AnyOf(query.Versions, r.Version)
                && AnyNumber(query.Repointings, r.Repointing) && AnyNumber(query.Crs, r.Cr)
                && AnyNumber(query.MajorVersions, r.MajorVersion) && AnyNumber(query.MinorVersions, r.MinorVersion)
                && (query.StartDate is null || (r.StartDate is not null && string.CompareOrdinal(r.StartDate, query.StartDate) >= 0))
                && (query.EndDate is null || (r.StartDate is not null && string.CompareOrdinal(r.StartDate, query.EndDate) <= 0))
                && (query.IngestionStartDate is null || string.CompareOrdinal(r.IngestionDate[..8], query.IngestionStartDate) >= 0)
                && (query.IngestionEndDate is null || string.CompareOrdinal(r.IngestionDate[..8], query.IngestionEndDate) <= 0)
                && (query.AsOf is null || r.Seq <= query.AsOf));
        if (query.Latest)
        {
            left = left
                .GroupBy(row => (row.Family, row.Record.Instrument, row.Record.DataLevel, row.Record.Descriptor, row.Record.StartDate,
                    row.Record.Repointing, row.Record.Cr, row.Record.Extension))
                .Select(series => series.MaxBy(row => (row.Record.MajorVersion ?? -1, row.Record.MinorVersion ?? -1, row.Record.Seq)));
        }

        return [.. left.Select(row => row.Record)
            .Where(record => query.After is null || string.CompareOrdinal(record.FilePath, query.After) > 0)
            .OrderBy(record => record.FilePath, StringComparer.Ordinal)
            .Take(query.Limit ?? int.MaxValue)];
    }

    private static bool AnyOf(IReadOnlyList<string> any, string? value) =>
        any.Count == 0 || (value is not null && any.Any(each => Regex.IsMatch(value, $"^{Regex.Escape(each).Replace("\\*", ".*")}$")));

    private static bool AnyNumber(IReadOnlyList<int> any, int? value) => any.Count == 0 || (value is { } number && any.Contains(number));

    private async Task<List<FileRecord>> AskAsync(FileQuery query)
    {
        await using var rows = await catalogue.QueryAsync(query, family: null, "item", count: false, CancellationToken.None);
        var records = new List<FileRecord>();
        while (await rows.ReadAsync(CancellationToken.None))
            records.Add(JsonSerializer.Deserialize(rows.Columns.GetString(0), ContractJson.Default.FileRecord)!);
        return records;
    }

    private static FileName NameOf(
        string family, string instrument, string level, string descriptor, string? day, int repointing, int cr, string extension,
        (int Convention, int Major, int Minor) version)
    {
        var (convention, major, minor) = version;
        var text = convention switch { 0 => $"v{major:D2}-{minor:D2}", 1 => $"v{minor:D3}", _ => $"v{major:D3}.{minor:D4}" };
        var name = $"{instrument}_{level}_{descriptor}_{day}_{repointing}_{cr}_{text}.{extension}";
        return new FileName
        {
            Family = family,
            Convention = "A",
            Name = name,
            Key = $"{family[0]}/{name}",
            Instrument = instrument,
            DataLevel = level,
            Descriptor = descriptor,
            StartDate = day is null ? null : DateOnly.ParseExact(day, "yyyyMMdd", CultureInfo.InvariantCulture),
            Repointing = repointing < 0 ? null : repointing,
            Cr = cr < 0 ? null : cr,
            Version = text,
            MajorVersion = convention == 1 ? null : major,
            MinorVersion = minor,
            Extension = extension,
        };
    }

    private static FileRecord RecordOf(FileName name, UploadReceipt receipt) => new()
    {
        FilePath = name.Key,
        Instrument = name.Instrument,
        DataLevel = name.DataLevel,
        Descriptor = name.Descriptor,
        StartDate = name.StartDate?.ToString("yyyyMMdd", CultureInfo.InvariantCulture),
        Repointing = name.Repointing,
        Cr = name.Cr,
        Version = name.Version,
        MajorVersion = name.MajorVersion,
        MinorVersion = name.MinorVersion,
        Extension = name.Extension,
        IngestionDate = receipt.IngestionDate,
        Size = receipt.Size,
        Sha256 = receipt.Sha256,
        Seq = receipt.Seq,
    };

    private static Gen<string> OneOf(params string[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    /// <summary>Mostly no filter, else one or two values.</summary>
    private static Gen<T[]> Any<T>(Gen<T> values) => Gen.Select(Gen.Int[0, 6], values.Array[2], (i, two) => i > 1 ? [] : two[..(i + 1)]);

    private static Gen<string?> Maybe(Gen<string> values) => Gen.Select(Gen.Int[0, 4], values, (i, value) => i == 0 ? value : null);
}
