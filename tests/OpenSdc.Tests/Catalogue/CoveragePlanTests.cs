using OpenSdc.Contract;
using OpenSdc.Server.Catalogue;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Catalogue;

/// <summary>What is asked of the kept sums is found by their key: each series of the family is a range of it, and no row is read that is not answered.</summary>
public sealed class CoveragePlanTests(CatalogueFixture fixture) : IClassFixture<CatalogueFixture>
{
    [Theory]
    [InlineData(8, "mag", "20260101", "20261231")]
    [InlineData(6, "mag", "20260101", "20261231")]
    [InlineData(4, "mag", "20260101", "20261231")]
    [InlineData(4, "mag", "20260115", "20281210")]
    [InlineData(6, "mag,swe", "20260115", null)]
    [InlineData(8, "mag", null, null)]
    [InlineData(8, "", "20260101", "20260131")]
    [InlineData(4, "", null, null)]
    public async Task Sums_are_found_by_their_key(int digits, string instruments, string? first, string? last)
    {
        var query = new FileQuery { Instruments = instruments.Split(',', StringSplitOptions.RemoveEmptyEntries), DataLevels = ["l1a", "l2"], StartDate = first, EndDate = last };
        foreach (var statement in (SqlStatement[])[CoveragePlan.Of(query, digits).Cells, CoveragePlan.CountOf(query), CoveragePlan.CountOf(query with { Latest = true })])
        {
            var plan = await fixture.PlanAsync(statement);
            var reads = plan.Where(line => line.Contains("SEARCH", StringComparison.Ordinal) || line.Contains("SCAN", StringComparison.Ordinal)).ToList();
            reads.Where(line => !line.StartsWith("SCAN found", StringComparison.Ordinal)).ShouldAllBe(line => line.Contains("USING PRIMARY KEY (digits=? AND family=?"));
            reads.Count(line => line.StartsWith("SEARCH c ", StringComparison.Ordinal) && line.Contains("extension=?", StringComparison.Ordinal)).ShouldBePositive();
            // At most the days of one series are sorted, never the answer.
            plan.ShouldNotContain("USE TEMP B-TREE FOR ORDER BY");
        }

        if (instruments == "mag")
            (await fixture.PlanAsync(CoveragePlan.Of(query, digits).Cells)).ShouldContain(line => line.StartsWith("SEARCH s USING PRIMARY KEY (digits=? AND family=? AND instrument=?", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(8, "20260115", "20270120", true)]
    [InlineData(8, null, "20261231", true)]
    [InlineData(8, null, null, true)]
    [InlineData(6, "20260201", "20270131", true)]
    [InlineData(6, "20260115", null, false)]
    [InlineData(4, null, null, false)]
    public async Task The_days_and_months_of_a_year_are_put_together_in_the_order_of_the_key(int digits, string? first, string? last, bool isTogether)
    {
        var query = new FileQuery { Instruments = ["mag"], StartDate = first, EndDate = last };
        CoveragePlan.YearsOf(query with { Latest = true }, digits).ShouldBeNull("nothing is kept of it");
        var statement = CoveragePlan.YearsOf(query, digits);
        (statement is not null).ShouldBe(isTogether);
        if (statement is not { } years)
            return;
        var plan = await fixture.PlanAsync(years);
        plan.ShouldAllBe(line => !line.Contains("TEMP B-TREE", StringComparison.Ordinal));
        plan.ShouldContain("SEARCH s USING PRIMARY KEY (digits=? AND family=? AND instrument=?)");
        plan.ShouldContain(line => line.StartsWith("SEARCH y USING PRIMARY KEY (", StringComparison.Ordinal) && line.Contains("extension=?", StringComparison.Ordinal));
        plan.ShouldContain(line => line.StartsWith("SEARCH c USING PRIMARY KEY (", StringComparison.Ordinal) && line.Contains("extension=? AND start_date>? AND start_date<?", StringComparison.Ordinal));
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
        CoveragePlan.Of(new FileQuery { StartDate = first, EndDate = last }, digits).Cells.Text.Split("UNION ALL").Length.ShouldBeLessThanOrEqualTo(most);

    [Theory]
    [InlineData(false, null, true)]
    [InlineData(true, null, true)]
    [InlineData(true, true, true)]
    [InlineData(false, true, true)]
    [InlineData(false, false, true)]
    [InlineData(true, false, false)]
    public void The_newest_of_whole_series_are_counted_by_the_sums(bool latest, bool? current, bool isCounted)
    {
        var query = new FileQuery { Instruments = ["mag"], DataLevels = ["l1a"], StartDate = "20260101", Latest = latest, Current = current };
        CoveragePlan.IsCounted(query).ShouldBe(isCounted);
        CoveragePlan.IsCounted(query with { MajorVersions = [1] }).ShouldBeFalse("versions take a series apart, and are not counted by days");
        CoveragePlan.IsCounted(query with { MajorVersions = [1], StartDate = null }).ShouldBe(!latest && current is null, "versions are counted over all time");
        CoveragePlan.IsCounted(query with { AsOf = 7 }).ShouldBeFalse("nothing is kept of the past");
    }

    [Fact]
    public async Task Files_are_summed_by_their_index_where_nothing_is_kept()
    {
        var query = new FileQuery { Instruments = ["mag"], StartDate = "20260101", EndDate = "20261231", Latest = true };
        (await fixture.PlanAsync(CoveragePlan.Of(query, 8).Cells)).ShouldContain(line => line.StartsWith("SEARCH files USING INDEX files_by_product (family=? AND instrument=?", StringComparison.Ordinal));
    }
}
