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
/// What PostgreSQL makes of the ten commonest queries: neither they nor their pages and counts read a whole
/// table, whether its planner knows the table's size or, as with a new archive, knows nothing; and what an
/// index has in order is not sorted as a whole.
/// </summary>
public sealed class PostgresPlanTests : IAsyncLifetime
{
    private readonly PostgresDatabase database = new();
    private readonly CatalogueFixture fixture;

    public PostgresPlanTests() => fixture = new(TimeProvider.System, database);

    public ValueTask InitializeAsync() => fixture.InitializeAsync();

    public ValueTask DisposeAsync() => fixture.DisposeAsync();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task No_common_query_reads_a_whole_table(bool isFilled)
    {
        await CommonQueriesTests.FillAsync(fixture);
        if (isFilled)
            await FillAsync();
        string[] more =
        [
            "table=*&limit=100&sort=-size",
            "table=*&limit=100&sort=version",
            "repointing=2,3",
            "cr=2300&limit=10",
            "instrument=mag&limit=100&sort=-start_date&latest=true",
        ];
        foreach (
            var query in CommonQueriesTests
                .Examples.Select(example => ((string)((ITheoryDataRow)example).GetData()[0]!).Split('\n')[0])
                .Concat(more)
        )
        {
            foreach (
                var statement in (IReadOnlyList<SqlStatement>)
                    [
                        .. await CommonQueriesTests.AllAsync(fixture, query),
                        LookupBatcher.Of(database.Dialect, [.. Enumerable.Repeat("imap/mag", 16)], "item, file_path", ReadScope.Team),
                    ]
            )
            {
                var plan = await PlanAsync(statement);
                foreach (var line in plan)
                    line.ShouldNotMatch("Seq Scan on (files|coverage|newer)", $"{query}\n{statement.Text}\n{string.Join('\n', plan)}");
            }
        }
    }

    [Fact]
    public async Task A_page_is_merged_from_the_indexes_in_its_order()
    {
        await FillAsync();
        foreach (
            var (field, index) in new[]
            {
                ("file_path", "files_by_path"),
                ("-size", "files_by_size"),
                ("version", "files_by_version"),
                ("-start_date", "files_by_start"),
            }
        )
        {
            var plan = await PlanAsync((await CommonQueriesTests.AllAsync(fixture, $"instrument=mag,swe,hit,lo&limit=10&sort={field}"))[0]);
            plan.ShouldContain(line => line.Contains(index, StringComparison.Ordinal), string.Join('\n', plan));
            plan.ShouldAllBe(line => !line.Contains("Sort  (", StringComparison.Ordinal), string.Join('\n', plan));
        }
    }

    [Fact]
    public async Task All_files_come_in_the_order_of_the_index()
    {
        await FillAsync();
        (await PlanAsync((await CommonQueriesTests.AllAsync(fixture, "table=science"))[0])).ShouldAllBe(line =>
            !line.Contains("Sort  (", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task The_look_for_a_full_scan_finds_one() =>
        (await PlanAsync(new SqlStatement("SELECT item FROM files WHERE version = @p0", ["v001"]))).ShouldContain(line =>
            line.Contains("Seq Scan on files", StringComparison.Ordinal)
        );

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
        await fixture.Catalogue.PublishAsync(
            [
                .. Enumerable
                    .Range(0, 5000)
                    .Select(i => new Publication(
                        FileName
                            .Parse(
                                string.Create(
                                    CultureInfo.InvariantCulture,
                                    $"imap_{instruments[i % 4]}_l1a_norm_{new DateOnly(2026, 1, 1).AddDays(i / 8):yyyyMMdd}_v{(i / 4 % 2) + 1:D3}.cdf"
                                ),
                                Mission.Imap
                            )
                            .Name!,
                        i,
                        new string('a', 64)
                    )),
            ],
            CancellationToken.None
        );
        await fixture.Catalogue.WriteAsync(
            (session, transaction) => session.Statement("ANALYZE files", [], transaction).ExecuteNonQueryAsync(CancellationToken.None),
            CancellationToken.None
        );
    }
}
