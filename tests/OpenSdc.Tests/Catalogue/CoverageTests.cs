using System.Globalization;
using System.Text;
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
/// Whatever was published in whatever order, what any query's files cover is what is counted file by file,
/// both from the sums that are kept and from the files themselves.
/// </summary>
public abstract class CoverageTests : IAsyncLifetime
{
    private static readonly DateTimeOffset FirstDay = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    // Days about the ends of months and years, where a range is put together of periods of different lengths.
    private static readonly string[] Edges =
    [
        "20250101",
        "20260101",
        "20260102",
        "20260130",
        "20260131",
        "20260201",
        "20260228",
        "20261130",
        "20261231",
        "20270101",
        "20271231",
        "99991231",
    ];

    private readonly FakeTimeProvider clock = new(FirstDay.AddDays(5));
    private readonly CatalogueFixture fixture;
    private readonly List<(string Family, FileRecord Record)> rows = [];

    protected CoverageTests(TestDatabase database) => fixture = new CatalogueFixture(clock, database);

    public ValueTask InitializeAsync() => fixture.InitializeAsync();

    public async ValueTask DisposeAsync()
    {
        await fixture.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Any_publications_under_any_filters_cover_what_their_files_do()
    {
        var (kept, read) = (0, 0);
        var edges = Gen.Int[0, Edges.Length * 2].Select(i => i < Edges.Length ? Edges[i] : null);
        // The same name twice in a batch, and again in a later one; times of ingestion in no order.
        var batch = Gen.Select(QueryTests.Names, Gen.Int[0, 100_000], Gen.Int[0, 1_000]).Array[1, 12];
        await Gen.Select(batch, QueryTests.Queries.Array[12], Gen.Select(edges, edges).Array[12])
            .SampleAsync(
                async (files, queries, ranges) =>
                {
                    await PublishAsync(files);
                    foreach (var (query, (first, last)) in queries.Zip(ranges))
                    {
                        read += await CompareAsync(query);
                        var simple = new FileQuery
                        {
                            Family = query.Family,
                            Instruments = query.Instruments,
                            DataLevels = query.DataLevels,
                            Descriptors = query.Descriptors,
                            Extensions = query.Extensions,
                            StartDate = first,
                            EndDate = last,
                        };
                        kept += await CompareAsync(simple);
                        kept += await CompareAsync(simple with { AsOf = rows.Count });
                        // A number that is still to come leaves the same files, but nothing is kept of it.
                        read += await CompareAsync(simple with { AsOf = rows.Count + 1 });
                    }
                },
                iter: 60,
                threads: 1
            );

        kept.ShouldBeGreaterThan(1000, "the kept sums are asked");
        read.ShouldBeGreaterThan(1000, "so are the files");
        rows.Count.ShouldBeGreaterThan(200);
    }

    private async Task PublishAsync((string Name, int Seconds, int Size)[] files)
    {
        var publications = files
            .Select(file => new Publication(
                FileName.Parse(file.Name, Mission.Imap).Name.ShouldNotBeNull(file.Name),
                file.Size,
                new string('a', 64)
            )
            {
                IngestedAt = FirstDay.AddSeconds(file.Seconds),
            })
            .ToList();
        foreach (
            var (publication, recorded) in publications.Zip(await fixture.Catalogue.PublishAsync(publications, CancellationToken.None))
        )
        {
            if (recorded.IsNew)
                rows.Add((publication.Name.Family, publication.Record(recorded.Receipt.Seq, recorded.Receipt.IngestionDate)));
        }
    }

    private async Task<int> CompareAsync(FileQuery query)
    {
        var count = 0;
        foreach (var digits in (int[])[8, 6, 4])
        {
            var expected = Expected(query with { Limit = null, After = null, Sort = [], DefaultVersions = false }, digits);
            var asked = $"{digits} digits of {System.Text.Json.JsonSerializer.Serialize(query)} {query.Overlaps}";
            var buckets = await ReadAsync(query with { DefaultVersions = false }, digits);
            buckets.ShouldBe(expected, asked);
            count += buckets.Count;
        }

        return count;
    }

    private async Task<List<Bucket>> ReadAsync(FileQuery query, int digits)
    {
        var buckets = new List<Bucket>();
        await using var answer = await fixture.Catalogue.CoverAsync(
            query,
            ReadScope.Of(query, Caller.Anyone),
            digits,
            CancellationToken.None
        );
        answer.State.Seq.ShouldBe(rows.Count);
        while (await answer.NextAsync(CancellationToken.None) is { } lines)
        {
            for (var rest = lines.Text.Span; rest.Length > 0;)
            {
                var line = CoverageLine.Take(ref rest);
                buckets.Add(
                    new(
                        lines.Product with
                        {
                            Id = 0,
                        },
                        Encoding.UTF8.GetString(line.Period),
                        CoverageLine.Number(line.Files),
                        CoverageLine.Number(line.Bytes),
                        Encoding.UTF8.GetString(line.Version),
                        Encoding.UTF8.GetString(line.First),
                        Encoding.UTF8.GetString(line.Last)
                    )
                );
            }
        }

        return buckets;
    }

    private List<Bucket> Expected(FileQuery query, int digits)
    {
        var families = rows.ToDictionary(row => row.Record.FilePath, row => row.Family, StringComparer.Ordinal);
        return
        [
            .. Definition
                .Answer(query, rows)
                .GroupBy(r =>
                    (
                        Product: new Product(
                            0,
                            families[r.FilePath],
                            r.Instrument ?? "",
                            r.DataLevel ?? "",
                            r.Descriptor ?? "",
                            r.Extension
                        ),
                        Period: r.StartDate is { } start ? start[..digits] : ""
                    )
                )
                .Select(group => new Bucket(
                    group.Key.Product,
                    group.Key.Period,
                    group.Count(),
                    group.Sum(r => r.Size),
                    group.MaxBy(r => (r.MajorVersion ?? -1, r.MinorVersion ?? -1, r.Seq))!.Version ?? "",
                    group.Select(r => r.IngestionDate).Min(StringComparer.Ordinal)!,
                    group.Select(r => r.IngestionDate).Max(StringComparer.Ordinal)!
                ))
                .OrderBy(bucket => bucket.Product.Family, StringComparer.Ordinal)
                .ThenBy(bucket => bucket.Product.Instrument, StringComparer.Ordinal)
                .ThenBy(bucket => bucket.Product.DataLevel, StringComparer.Ordinal)
                .ThenBy(bucket => bucket.Product.Descriptor, StringComparer.Ordinal)
                .ThenBy(bucket => bucket.Product.Extension, StringComparer.Ordinal)
                .ThenBy(bucket => bucket.Period, StringComparer.Ordinal),
        ];
    }

    private sealed record Bucket(Product Product, string Period, long Files, long Bytes, string Version, string First, string Last);
}

public sealed class CoverageOnSqliteTests() : CoverageTests(new SqliteDatabase());

public sealed class CoverageOnPostgresTests() : CoverageTests(new PostgresDatabase());
