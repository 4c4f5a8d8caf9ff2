using OpenSdc.Contract;
using OpenSdc.Server.Catalogue;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Catalogue;

/// <summary>
/// What is asked of coverage is found by its key: each product is a range of it, and no row is read that is
/// not answered.
/// </summary>
public sealed class CoveragePlanTests(CatalogueFixture fixture) : IClassFixture<CatalogueFixture>
{
    private static readonly SqlDialect Dialect = new SqliteDatabase().Dialect;

    [Theory]
    [InlineData(8, "20260101", "20261231")]
    [InlineData(6, "20260101", "20261231")]
    [InlineData(4, "20260115", "20281210")]
    [InlineData(6, "20260115", null)]
    [InlineData(8, null, null)]
    public async Task Buckets_are_found_by_their_key(int digits, string? first, string? last)
    {
        var ready = Ready(new FileQuery { StartDate = first, EndDate = last });
        foreach (
            var statement in (SqlStatement[])
                [
                    CoverageStatements.Of(Dialect, ready, digits),
                    CoverageStatements.CountOf(Dialect, ready, "files"),
                    CoverageStatements.CountOf(Dialect, ready, "latest"),
                ]
        )
        {
            var plan = await fixture.PlanAsync(statement);
            plan.Where(line => line.Contains("coverage", StringComparison.Ordinal))
                .ShouldAllBe(
                    line => line.StartsWith("SEARCH coverage USING PRIMARY KEY (audience=? AND product=?", StringComparison.Ordinal),
                    statement.Text
                );
            plan.ShouldContain(line => line.Contains("digits=?", StringComparison.Ordinal));
        }
    }

    [Theory]
    [InlineData("20260101", "20261231", 4, 1)]
    [InlineData("20260101", "20271231", 6, 1)]
    [InlineData("20260115", "20281210", 4, 5)]
    [InlineData("20260115", "20260120", 4, 1)]
    [InlineData("20260115", null, 4, 3)]
    [InlineData(null, "20260131", 4, 2)]
    [InlineData("20260115", "20281210", 8, 1)]
    [InlineData("20261231", "20260101", 4, 1)]
    public void A_range_of_dates_is_made_of_few_kinds_of_periods(string? first, string? last, int digits, int most) =>
        Periods.Split(first, last, digits).Count().ShouldBeLessThanOrEqualTo(most);

    [Theory]
    [InlineData(false, null, "files")]
    [InlineData(true, null, "latest")]
    [InlineData(true, true, "latest")]
    [InlineData(false, true, "latest")]
    [InlineData(false, false, "files - latest")]
    [InlineData(true, false, null)]
    public void Whole_series_are_counted_by_coverage(bool latest, bool? current, string? column)
    {
        var query = new FileQuery { StartDate = "20260101", Latest = latest, Current = current };
        CoverageStatements.Counted(Ready(query)).ShouldBe(column);
        CoverageStatements.Counted(Ready(query with { MajorVersions = [1] })).ShouldBeNull("versions take a series apart");
        CoverageStatements
            .Counted(Ready(query) with { Scope = ReadScope.Team with { AsOf = 7 } })
            .ShouldBeNull("nothing is kept of the past");
    }

    private static ReadyQuery Ready(FileQuery query) =>
        new(
            query,
            ReadScope.Team,
            [new(1, "science", "mag", "l1a", "norm", "cdf"), new(2, "science", "mag", "l2", "norm", "cdf")],
            IsAll: false
        );
}
