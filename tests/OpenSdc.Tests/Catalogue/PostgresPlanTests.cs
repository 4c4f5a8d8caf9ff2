using System.Globalization;
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
/// What PostgreSQL makes of the ten commonest queries: neither they nor their pages and counts read a whole table, whether its planner knows the table's size or, as with a new
/// archive, knows nothing; and what an index has in order is not sorted as a whole.
/// </summary>
public sealed class PostgresPlanTests : IAsyncLifetime
{
    private readonly CatalogueFixture fixture = new(TimeProvider.System, new PostgresDatabase());

    public ValueTask InitializeAsync() => fixture.InitializeAsync();

    public ValueTask DisposeAsync() => fixture.DisposeAsync();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task No_common_query_reads_a_whole_table(bool isFilled)
    {
        if (isFilled)
            await FillAsync();
        foreach (var example in CommonQueriesTests.Examples)
        {
            var query = ((string)((ITheoryDataRow)example).GetData()[0]!).Split('\n')[0];
            var (request, problem) = QueryParameters.Read(new QueryCollection(QueryHelpers.ParseQuery(query)), Mission.Imap);
            request.ShouldNotBeNull(problem?.Sentence);
            var page = request.Query with { Limit = 101, AsOf = 10 };
            foreach (var statement in (IReadOnlyList<SqlStatement>)
                [
                    .. QueryPlan.Of(request.Query, request.Family, new JsonFormat([]).Columns),
                    .. QueryPlan.Of(page, request.Family, "item, file_path"),
                    .. QueryPlan.Of(page with { After = "imap/mag/l1a/2026/01/imap_mag_l1a_norm_20260101_v001.cdf" }, request.Family, "item, file_path"),
                    .. QueryPlan.CountOf(request.Query, request.Family),
                    .. QueryPlan.CountOf(page, request.Family),
                    .. QueryPlan.Of(page, request.Family, "item, file_path", Lead.Number),
                    .. QueryPlan.Of(page with { SinceSeq = null, IngestionEndDate = "20260101" }, request.Family, "item, file_path", Lead.Ingestion),
                    .. QueryPlan.Of(page with { Repointings = [2, 3] }, request.Family, "item, file_path"),
                    .. QueryPlan.Of(page with { Crs = [2300] }, request.Family, "item, file_path"),
                    new SqlStatement(LookUps.TextOf(16, "item, file_path"), [.. Enumerable.Repeat("imap/mag", 16)]),
                ])
            {
                var plan = await PlanAsync(statement);
                foreach (var line in plan)
                    line.ShouldNotMatch("Seq Scan on (files|coverage|newer)", $"{query}\n{statement.Text}\n{string.Join('\n', plan)}");
            }
        }
    }

    [Fact]
    public async Task All_files_of_a_family_come_in_the_order_of_the_index()
    {
        await FillAsync();
        var (request, _) = QueryParameters.Read(new QueryCollection(QueryHelpers.ParseQuery("table=science")), Mission.Imap);
        foreach (var statement in QueryPlan.Of(request!.Query, request.Family, "item"))
            (await PlanAsync(statement)).ShouldAllBe(line => !line.Contains("Sort", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_look_for_a_full_scan_finds_one() =>
        (await PlanAsync(new SqlStatement("SELECT item FROM files WHERE version = @p0", ["v001"]))).ShouldContain(line => line.Contains("Seq Scan on files", StringComparison.Ordinal));

    private ValueTask<List<string>> PlanAsync(SqlStatement statement) => fixture.Catalogue.ReadAsync(async session =>
    {
        var lines = new List<string>();
        await using var reader = await session.Statement("EXPLAIN " + statement.Text, statement.Values).ExecuteReaderAsync();
        while (await reader.ReadAsync())
            lines.Add(reader.GetString(0));
        return lines;
    }, CancellationToken.None);

    private async Task FillAsync()
    {
        string[] instruments = ["mag", "swe", "hit", "lo"];
        await fixture.Catalogue.PublishAsync([.. Enumerable.Range(0, 5000).Select(i => new Publication(
            FileName.Parse(string.Create(CultureInfo.InvariantCulture, $"imap_{instruments[i % 4]}_l1a_norm_{new DateOnly(2026, 1, 1).AddDays(i / 8):yyyyMMdd}_v{(i / 4 % 2) + 1:D3}.cdf"), Mission.Imap).Name!,
            i, new string('a', 64)))], CancellationToken.None);
        await fixture.Catalogue.WriteAsync((session, transaction) =>
            session.Statement("ANALYZE files", [], transaction).ExecuteNonQueryAsync(CancellationToken.None), CancellationToken.None);
    }
}
