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
