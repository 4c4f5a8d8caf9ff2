using System.Text.Json;
using CsCheck;
using Microsoft.Extensions.Time.Testing;
using OpenSdc.Contract;
using OpenSdc.Contract.Naming;
using OpenSdc.Server.Access;
using OpenSdc.Server.Catalogue;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Catalogue;

/// <summary>
/// Whatever access path it has, any query over any files is answered as the contract's words, written out in
/// <see cref="Definition"/>, answer it.
/// </summary>
public abstract class QueryTests : IAsyncLifetime
{
    private static readonly DateTimeOffset FirstDay = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    // Few values each, so that filters hit, files share series, and versions tie; among them what LIKE makes special.
    private static readonly Gen<string> Instruments = OneOf("mag", "swe", "hi", "hit");
    private static readonly Gen<string> Levels = OneOf("l0", "l1", "l1a");
    private static readonly Gen<string> Descriptors = OneOf("lo", "LO", "lo-pha", "l%", "l");
    private static readonly Gen<string> Days = OneOf("20260130", "20260131", "20260201", "20260228", "20270101");
    private static readonly Gen<string> DaysOfIngestion = OneOf("20260101", "20260102", "20260103", "20260104");

    internal static readonly Gen<string> Names =
        from kind in Gen.Int[0, 9]
        from instrument in Instruments
        from level in Levels
        from descriptor in Descriptors
        from days in Gen.Select(Days, Days)
        from numbers in Gen.Select(OneOf("", "", "-repoint00001", "-repoint00002", "-cr00001"), Gen.Int[1, 2], Gen.Int[1, 12])
        from extension in OneOf("cdf", "pkts")
        select NameOf(kind, instrument, level, descriptor, days, numbers, extension);

    internal static readonly Gen<FileQuery> Queries =
        from family in OneOf("science", "science", "science", "ancillary", "quicklook", "spice", "")
        from names in Gen.Select(
            Any(Instruments, "h*", "*a*"), Any(Levels, "l1*", "*a"), Any(Descriptors, "l*", "*o*", "l%*", "L*", "nothing*", "leap*"),
            Any(OneOf("cdf", "pkts", "png", "tls"), "*s"))
        from versions in Any(OneOf("v001", "v001.0002", "v01-02"), "v01-*", "v002.*", "*1")
        from numbers in Gen.Select(Any(Gen.Int[1, 2]), Any(Gen.Int[1, 2]), Any(Gen.Int[1, 2]), Any(Gen.Int[1, 12]))
        from days in Gen.Select(Maybe(Days), Maybe(Days), Maybe(DaysOfIngestion), Maybe(DaysOfIngestion), Maybe(Gen.Select(Days, Days)))
        from current in Maybe(Gen.Bool)
        from state in Gen.Select(Gen.Bool, Maybe(Gen.Int[0, 200]), Maybe(Gen.Int[0, 200]), OneOf(0, 0, 1, 5, 20), Maybe(Gen.Int[1, 2]))
        from order in Gen.Select(Any(OneOf("start_date", "ingestion_date", "version", "size", "file_path", "seq")), Gen.Bool, Gen.Bool)
        select new FileQuery
        {
            Family = family.Length > 0 ? family : null,
            Instruments = names.Item1,
            DataLevels = names.Item2,
            Descriptors = names.Item3,
            Extensions = names.Item4,
            Versions = versions,
            Repointings = numbers.Item1,
            Crs = numbers.Item2,
            MajorVersions = numbers.Item3,
            MinorVersions = numbers.Item4,
            StartDate = days.Item1.FirstOrDefault(),
            EndDate = days.Item2.FirstOrDefault(),
            IngestionStartDate = days.Item3.FirstOrDefault(),
            IngestionEndDate = days.Item4.FirstOrDefault(),
            Overlaps = days.Item5.Length > 0 ? days.Item5[0] : null,
            Latest = state.Item1,
            Current = current.Length > 0 ? current[0] : null,
            AsOf = state.Item2.Length > 0 ? state.Item2[0] : null,
            SinceSeq = state.Item3.Length > 0 ? state.Item3[0] : null,
            Limit = state.Item4 > 0 ? state.Item4 : null,
            MinorOfVersions = state.Item5,
            DefaultVersions = !state.Item1 && order.Item3,
            Sort = [.. order.Item1.Distinct().Select((column, i) => new SortField(column, order.Item2 ^ (i > 0 && order.Item3)))],
        };

    private readonly FakeTimeProvider clock = new(FirstDay);
    private readonly CatalogueFixture fixture;
    private readonly List<(string Family, FileRecord Record)> rows = [];
    private int turned;

    protected QueryTests(TestDatabase database) => fixture = new CatalogueFixture(clock, database);

    public ValueTask InitializeAsync() => fixture.InitializeAsync();

    public async ValueTask DisposeAsync()
    {
        await fixture.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Any_query_over_any_files_is_answered_as_the_contract_words_it()
    {
        var found = 0;
        await Gen.Select(
                Gen.Select(Names, Gen.Int[1, 500], (name, size) => (Name: name, Size: size)).Array[8],
                Queries.Array[60],
                Gen.Int[0, 10_000].Array[3]
            )
            .SampleAsync(
                async (files, queries, picks) =>
                {
                    // Every sample adds files and asks about all there are until then.
                    await PublishAsync(files.DistinctBy(file => file.Name));
                    foreach (var query in queries)
                        found += await CompareAsync(query);
                    string[] paths = [.. picks.Select(pick => rows[pick % rows.Count].Record.FilePath), "imap/nowhere"];
                    foreach (var query in queries.Take(10))
                        found += await CompareAsync(query with { FilePaths = paths });
                },
                iter: 60,
                threads: 1
            );

        found.ShouldBeGreaterThan(1000, "the queries hit");
        turned.ShouldBeGreaterThan(100, "pages are turned");
        rows.Select(row => row.Record.Seq).ShouldBe(Enumerable.Range(1, rows.Count).Select(i => (long)i), "numbers have no gaps");
    }

    private async Task PublishAsync(IEnumerable<(string Name, int Size)> files)
    {
        if (clock.GetUtcNow() < FirstDay.AddDays(3))
            clock.Advance(TimeSpan.FromHours(2));
        var publications = files
            .Select(file => new Publication(
                FileName.Parse(file.Name, Mission.Imap).Name.ShouldNotBeNull(file.Name),
                file.Size,
                new string('a', 64)
            ))
            .ToList();
        foreach (
            var (publication, recorded) in publications.Zip(await fixture.Catalogue.PublishAsync(publications, CancellationToken.None))
        )
        {
            var known = rows.Exists(row => row.Record.FilePath == publication.Name.Key);
            recorded.IsNew.ShouldBe(!known);
            if (recorded.IsNew)
                rows.Add((publication.Name.Family, RecordOf(publication.Name, recorded.Receipt)));
        }
    }

    private async Task<int> CompareAsync(FileQuery query)
    {
        var shown = JsonSerializer.Serialize(query) + query.Overlaps + string.Join(' ', query.Sort);
        var all = Definition.Answer(query with { Limit = null }, rows);
        var (first, end) = await ReadAsync(query, shown, all.Count);
        first.ShouldBe(query.Limit is { } limit ? all.Take(limit) : all, shown);
        // Page after page the whole comes, in the same order and each once.
        for (var (skip, pages) = (first.Count, 0); query.Limit == first.Count && skip < all.Count && pages < 4; pages++)
        {
            (var page, end) = await ReadAsync(query with { After = end }, shown, all.Count);
            page.ShouldBe(all.Skip(skip).Take(query.Limit!.Value), $"after {string.Join(' ', end?.Keys ?? [])} of {shown}");
            skip += page.Count;
            turned++;
        }

        return first.Count;
    }

    private async Task<(List<FileRecord> Records, PageEnd? End)> ReadAsync(FileQuery query, string shown, int count)
    {
        await using var answer = await fixture.Catalogue.QueryAsync(
            query,
            ReadScope.Of(query, Caller.Anyone),
            query.Family is null ? null : Mission.Imap.FindFamily(query.Family),
            "item",
            count: true,
            CancellationToken.None
        );
        var records = new List<FileRecord>();
        PageEnd? end = null;
        while (await answer.ReadAsync(CancellationToken.None))
        {
            records.Add(JsonSerializer.Deserialize(answer.Columns.GetString(0), ContractJson.Default.FileRecord)!);
            end = answer.End;
        }

        answer.Count.ShouldBe(count, shown);
        return (records, end);
    }

    private static string NameOf(
        int kind,
        string instrument,
        string level,
        string descriptor,
        (string, string) days,
        (string Of, int Major, int Minor) number,
        string extension
    )
    {
        var (first, last) = string.CompareOrdinal(days.Item1, days.Item2) <= 0 ? days : (days.Item2, days.Item1);
        var (of, major, minor) = number;
        return kind switch
        {
            0 or 1 => $"imap_{instrument}_{level}_{descriptor}_{first}_{last}_v{major:D2}-{minor:D2}.{(level == "l0" ? "pkts" : "cdf")}",
            2 or 3 => $"imap_{instrument}_{level}_{descriptor}_{first}{of}_v{minor:D3}.{extension}",
            4 or 5 or 6 => $"imap_{instrument}_{level}_{descriptor}_{first}{of}_v{major:D3}.{minor:D4}.{extension}",
            7 => $"imap_{instrument}_{level}_{descriptor}_{first}{of}_v{minor:D3}.png",
            8 => $"imap_{instrument}_cal-{descriptor}_{first}{(major == 1 ? "" : "_" + last)}_v{minor:D3}.csv",
            _ => major == 1 ? $"naif{minor:D4}.tls" : $"imap_2026_00{major}_2026_0{minor + 10}_{minor:D2}.ah.bc",
        };
    }

    private static FileRecord RecordOf(FileName name, UploadReceipt receipt) => new()
    {
        FilePath = name.Key,
        Instrument = name.Instrument,
        DataLevel = name.DataLevel,
        Descriptor = name.Descriptor,
        StartDate = name.StartDate?.ToString("yyyyMMdd"),
        EndDate = name.EndDate?.ToString("yyyyMMdd"),
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

    private static Gen<T> OneOf<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    /// <summary>Mostly no filter, else one or two values, or a pattern.</summary>
    private static Gen<T[]> Any<T>(Gen<T> values, params T[] patterns) =>
        Gen.Select(Gen.Int[0, 9], values.Array[2], Gen.Int[0, 100], (i, two, pattern) => i switch
        {
            0 or 1 => two[..1],
            2 => two,
            3 when patterns.Length > 0 => [patterns[pattern % patterns.Length], .. two[..(pattern % 2)]],
            _ => [],
        });

    /// <summary>Mostly none, else one.</summary>
    private static Gen<T[]> Maybe<T>(Gen<T> values) => Gen.Select(Gen.Int[0, 5], values, (i, value) => i == 0 ? new[] { value } : []);
}

public sealed class QueriesOnSqliteTests() : QueryTests(new SqliteDatabase());

public sealed class QueriesOnPostgresTests() : QueryTests(new PostgresDatabase());

// Three rows are many here, so that every access path is taken.
public sealed class QueriesByArmsOnSqliteTests() : QueryTests(new SqliteDatabase { SortedRows = 3, MostArms = 400 });

public sealed class QueriesByArmsOnPostgresTests() : QueryTests(new PostgresDatabase { SortedRows = 3, MostArms = 64 });

// And more products than are merged.
public sealed class QueriesOfManyProductsOnSqliteTests() : QueryTests(new SqliteDatabase { SortedRows = 3, MostArms = 4 });

public sealed class QueriesOfManyProductsOnPostgresTests() : QueryTests(new PostgresDatabase { SortedRows = 3, MostArms = 2 });
