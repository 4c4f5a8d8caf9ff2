using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using OpenSdc.Contract.Naming;
using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Files;
using OpenSdc.Server.Files.Formats;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Catalogue;

/// <summary>
/// The ten commonest queries have the plans that decision 0009 writes down, from the address as a caller sends it to the statements that the service runs for it; and
/// neither they nor their counts read a whole table.
/// </summary>
public sealed class CommonQueriesTests(CatalogueFixture fixture) : IClassFixture<CatalogueFixture>
{
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

        var plan = await PlanAsync(QueryPlan.Of(request.Query, request.Family, new JsonFormat([]).Columns));
        plan.Distinct().ShouldBe(written, lines[0]);
        plan.ShouldAllBe(line => !line.StartsWith("SCAN", StringComparison.Ordinal));

        // A page, the page after it, its count, and the question whether what is new is most of all there is, may have other plans, but none reads all.
        var page = request.Query with { Limit = 101, AsOf = 10 };
        foreach (var statements in (IReadOnlyList<SqlStatement>[])
            [
                QueryPlan.Of(page, request.Family, "item, file_path"),
                QueryPlan.Of(page with { After = "imap/mag/l1a/2026/01/imap_mag_l1a_norm_20260101_v001.cdf" }, request.Family, "item, file_path"),
                QueryPlan.CountOf(request.Query, request.Family),
                QueryPlan.CountOf(page, request.Family),
            ])
        {
            foreach (var line in await PlanAsync(statements))
                line.ShouldNotMatch("^SCAN (files|coverage|newer|s|c)\\b", lines[0]);
        }
    }

    /// <summary>Whatever else is asked, what leads to the files is what was chosen, also in another order and where versions are ranked.</summary>
    [Theory]
    [InlineData("as_of=10", nameof(Lead.Number), "USING INTEGER PRIMARY KEY (rowid<?)")]
    [InlineData("since_seq=5&as_of=10&ingestion_start_date=20260101", nameof(Lead.Number), "USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)")]
    [InlineData("ingestion_end_date=20260101&since_seq=10", nameof(Lead.Ingestion), "USING INDEX files_by_ingestion (ingestion_date<?)")]
    [InlineData("repointing=2", nameof(Lead.Names), "USING INDEX files_by_repointing (repointing=?)")]
    [InlineData("repointing=2,3&cr=2300&since_seq=10", nameof(Lead.Names), "USING INDEX files_by_repointing (repointing=?)")]
    [InlineData("cr=2300,2301", nameof(Lead.Names), "USING INDEX files_by_rotation (cr=?)")]
    public async Task What_leads_to_the_files_is_what_was_chosen(string filters, string lead, string index)
    {
        foreach (var more in (string[])["", "&instrument=mag", "&instrument=mag&data_level=l1a&descriptor=norm", "&descriptor=*x*", "&sort=file_path", "&sort=-ingestion_date", "&latest=true"])
        {
            var request = Read(filters + more);
            var ranked = request.Query with { Family = null, Latest = true, MajorVersions = [1] };
            foreach (var statements in (IReadOnlyList<SqlStatement>[])
                [
                    QueryPlan.Of(request.Query, request.Family, "item", Enum.Parse<Lead>(lead)),
                    QueryPlan.CountOf(request.Query, request.Family, Enum.Parse<Lead>(lead)),
                    QueryPlan.Of(ranked, family: null, "item", Enum.Parse<Lead>(lead)),
                ])
            {
                var reads = (await PlanAsync(statements)).Where(line => line.Contains(" files ", StringComparison.Ordinal)).ToList();
                reads.ShouldHaveSingleItem(more).ShouldEndWith(index, customMessage: more);
            }
        }
    }

    [Fact]
    public async Task The_look_for_a_full_scan_finds_one() =>
        (await fixture.PlanAsync(new SqlStatement("SELECT item FROM files WHERE version = @p0 ORDER BY version", ["v001"]))).ShouldContain(line => line.StartsWith("SCAN files", StringComparison.Ordinal));

    private static QueryRequest Read(string query)
    {
        var (request, problem) = QueryParameters.Read(new QueryCollection(QueryHelpers.ParseQuery(query)), Mission.Imap);
        return request.ShouldNotBeNull(problem?.Sentence);
    }

    private async Task<List<string>> PlanAsync(IReadOnlyList<SqlStatement> statements)
    {
        var plan = new List<string>();
        foreach (var statement in statements)
            plan.AddRange(await fixture.PlanAsync(statement));
        return plan;
    }
}
