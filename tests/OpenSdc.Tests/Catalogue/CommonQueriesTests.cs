using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using OpenSdc.Contract;
using OpenSdc.Contract.Naming;
using OpenSdc.Server.Access;
using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Files;
using OpenSdc.Server.Files.Formats;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Catalogue;

/// <summary>
/// The ten commonest queries have the plans that decision 0009 writes down, from the address as a caller
/// sends it to the statement that the service runs for it; and neither they nor their pages and counts read a
/// whole table.
/// </summary>
public sealed class CommonQueriesTests : IAsyncLifetime
{
    private static readonly string[] Names =
    [
        "imap_mag_l1a_norm_20260101_v001.0001.cdf",
        "imap_mag_l1a_burst_20260101_v001.0001.cdf",
        "imap_mag_l2_norm_20260101_v001.0001.cdf",
        "imap_swe_l1_sci_20260901_v001.0002.cdf",
        "imap_glows_l1a_counts_20261206-repoint00002_v001.cdf",
    ];

    private readonly CatalogueFixture fixture = new(TimeProvider.System, new SqliteDatabase());

    public async ValueTask InitializeAsync()
    {
        await fixture.InitializeAsync();
        await FillAsync(fixture);
    }

    public ValueTask DisposeAsync() => fixture.DisposeAsync();

    public static TheoryData<string> Examples
    {
        get
        {
            var decision = File.ReadAllText(Path.Combine(SharedData.RepositoryRoot, "docs", "decisions", "0009-tables-and-indexes.md"));
            return [.. decision.Split("```text plans\n")[1].Split("```")[0].Split("GET /query?", StringSplitOptions.RemoveEmptyEntries)];
        }
    }

    [Fact]
    public void There_are_ten() => Examples.Count().ShouldBe(10);

    [Theory]
    [MemberData(nameof(Examples))]
    public async Task A_common_query_has_the_plan_that_is_written_down(string example)
    {
        var lines = example.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var written = lines[1..].Select(line => line.Split('#')[0].Trim()).ToList();
        var request = Read(lines[0]);

        var plan = await fixture.PlanAsync(await StatementAsync(fixture, request.Query, request.Family));
        plan.Distinct().ShouldBe(written, lines[0]);
        foreach (var statement in await AllAsync(fixture, lines[0]))
        {
            foreach (var line in await fixture.PlanAsync(statement))
                line.ShouldNotMatch(
                    "^SCAN (files(?! USING COVERING INDEX files_outdated)|coverage|newer)\\b",
                    $"{lines[0]}\n{statement.Text}"
                );
        }
    }

    /// <summary>
    /// Whatever else is asked, what leads to the files is what was chosen, also in another order and where
    /// versions are ranked.
    /// </summary>
    [Theory]
    [InlineData("repointing=2", "USING INDEX files_by_repointing (repointing=?)")]
    [InlineData("repointing=2,3&cr=2300&since_seq=1", "USING INDEX files_by_repointing (repointing=?)")]
    [InlineData("cr=2300,2301", "USING INDEX files_by_rotation (cr=?)")]
    [InlineData("since_seq=4&as_of=5", "USING INTEGER PRIMARY KEY (rowid>?)")]
    public async Task What_leads_to_the_files_is_what_was_chosen(string filters, string index)
    {
        foreach (
            var more in (string[])
                [
                    "",
                    "&instrument=mag,swe",
                    "&instrument=mag&data_level=l1a&descriptor=norm",
                    "&descriptor=*o*",
                    "&sort=file_path",
                    "&sort=-ingestion_date,size",
                    "&latest=true&limit=5",
                    "&start_date=20260101",
                ]
        )
        {
            var request = Read(filters + more);
            var reads = (await fixture.PlanAsync(await StatementAsync(fixture, request.Query, request.Family)))
                .Where(line => line.Contains(" files ", StringComparison.Ordinal))
                .ToList();
            reads.ShouldHaveSingleItem(more).ShouldEndWith(index, customMessage: filters + more);
        }
    }

    /// <summary>A page in any order reads each product by the index in that order, the page after it too, and sorts nothing.</summary>
    [Theory]
    [InlineData("file_path", "files_by_path", "file_path")]
    [InlineData("start_date", "files_by_start", "start_date")]
    [InlineData("version", "files_by_version", "version_order")]
    [InlineData("size", "files_by_size", "size")]
    public async Task A_page_is_merged_from_the_indexes_in_its_order(string field, string index, string key)
    {
        foreach (var direction in (string[])["", "-"])
        {
            var request = Read($"table=*&limit=10&sort={direction}{field}&latest=true");
            var first = await fixture.PlanAsync(await StatementAsync(fixture, request.Query, request.Family));
            first.ShouldAllBe(line =>
                !line.Contains("B-TREE", StringComparison.Ordinal) && !line.StartsWith("SCAN", StringComparison.Ordinal)
            );
            first
                .Where(line => line.StartsWith("SEARCH", StringComparison.Ordinal))
                .ShouldAllBe(line => line.Contains(index, StringComparison.Ordinal));
            var end = new PageEnd([.. SortOrder.Of(request.Query.Sort).Keys.Select(ValueOf)]);
            var next = await fixture.PlanAsync(await StatementAsync(fixture, request.Query with { After = end }, request.Family));
            next.ShouldAllBe(line =>
                !line.Contains("B-TREE", StringComparison.Ordinal) && !line.StartsWith("SCAN", StringComparison.Ordinal)
            );
            next.Where(line => line.StartsWith("SEARCH", StringComparison.Ordinal))
                .ShouldAllBe(line => line.Contains($"{index} (product=? AND {key}", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task The_look_for_a_full_scan_finds_one() =>
        (await fixture.PlanAsync(new SqlStatement("SELECT item FROM files WHERE version = @p0 ORDER BY version", ["v001"]))).ShouldContain(
            line => line.StartsWith("SCAN files", StringComparison.Ordinal)
        );

    internal static Task FillAsync(CatalogueFixture fixture) =>
        fixture.Catalogue.PublishAsync(
            [
                .. Names.Select(name => new Publication(
                    FileName.Parse(name, Mission.Imap).Name.ShouldNotBeNull(name),
                    10,
                    new string('a', 64)
                )),
            ],
            CancellationToken.None
        );

    /// <summary>The statements of a query, of its first page and the one after it, of its count and of the page's.</summary>
    internal static async Task<IReadOnlyList<SqlStatement>> AllAsync(CatalogueFixture fixture, string address)
    {
        var (query, family) = (Read(address).Query, Read(address).Family);
        var page = query with { Limit = 101, AsOf = 5 };
        return
        [
            await StatementAsync(fixture, query, family),
            await StatementAsync(fixture, page, family),
            await StatementAsync(fixture, page with { After = new PageEnd([.. SortOrder.Of(query.Sort).Keys.Select(ValueOf)]) }, family),
            await StatementAsync(fixture, query, family, isCount: true),
            await StatementAsync(fixture, page, family, isCount: true),
        ];
    }

    private static ValueTask<SqlStatement> StatementAsync(
        CatalogueFixture fixture,
        FileQuery query,
        Family? family,
        bool isCount = false
    ) =>
        fixture.Catalogue.ReadAsync(
            async session =>
            {
                var state = ArchiveState.Parse(
                    (string)(await session.Statement(ArchiveState.Sql, []).ExecuteScalarAsync())!,
                    Audience.Team
                );
                // Nothing was published in these days; the plan is that of an archive where much was.
                var ready = (
                    await new FileQueries(session, null, state, new ProductTable()).PrepareAsync(
                        query,
                        ReadScope.Of(query, Caller.Anyone),
                        family,
                        CancellationToken.None
                    )
                ).ShouldNotBeNull();
                var statements = new FileStatements(session.Dialect, ready);
                return !isCount ? statements.List(new JsonFormat([], []).Columns)
                    : CoverageStatements.Counted(ready) is { } column ? CoverageStatements.CountOf(session.Dialect, ready, column)
                    : statements.All("1");
            },
            CancellationToken.None
        );

    private static string ValueOf((string Column, bool Descending) key) =>
        key.Column switch { "seq" or "size" => "3", "file_path" => "imap/mag/l1a/2026/01/imap_mag_l1a_norm_20260101_v001.cdf", _ => "2" };

    private static QueryRequest Read(string query)
    {
        var (request, problem) = QueryParameters.Read(new QueryCollection(QueryHelpers.ParseQuery(query)), Mission.Imap);
        return request.ShouldNotBeNull(problem?.Sentence);
    }
}
