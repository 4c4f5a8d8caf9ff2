using System.Globalization;
using OpenSdc.Contract;
using OpenSdc.Contract.Naming;
using OpenSdc.Server.Catalogue;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Catalogue;

/// <summary>A page in another order than that of paths reads few files, and the sums of few cells; what it answers is held against the definition by <see cref="QueryPlanTests"/>.</summary>
public sealed class SortedPageTests(CatalogueFixture fixture) : IClassFixture<CatalogueFixture>, IAsyncLifetime
{
    private const int Days = 1000;
    private const int All = Days * 2;

    private static readonly Family Science = Mission.Imap.FindFamily("science")!;

    // Of two products a file a day. The sizes of one grow, those of the other shrink, and nobody else is as large in the middle.
    public async ValueTask InitializeAsync()
    {
        var days = Enumerable.Range(0, Days).Select(day => new DateOnly(2026, 1, 1).AddDays(day).ToString("yyyyMMdd", CultureInfo.InvariantCulture)).ToList();
        await fixture.Catalogue.PublishAsync(
            [
                .. days.Select((day, i) => Of($"imap_mag_l1a_norm_{day}_v001.cdf", i)),
                .. days.Select((day, i) => Of($"imap_swe_l1_sci_{day}_v00{(i % 100 == 0 ? 2 : 1)}.cdf", Days - i)),
            ], CancellationToken.None);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Theory]
    [InlineData("size", false)]
    [InlineData("size", true)]
    [InlineData("start_date", false)]
    [InlineData("start_date", true)]
    public async Task A_page_is_led_to_its_files_by_the_sums(string column, bool descending)
    {
        var query = new FileQuery { Family = "science", Sort = [new(column, descending)], Limit = 10 };
        (await ReadAsync(query)).ShouldBeInRange(10, 40);
        (await ReadAsync(query with { Offset = 20 })).ShouldBeInRange(30, 80);
        (await ReadAsync(query with { StartDate = "20260210", EndDate = "20271115" })).ShouldBeInRange(10, 40);
        (await ReadAsync(query with { Instruments = ["swe"] })).ShouldBeInRange(10, 40);
        // Cells that came later are not looked at, nor gone by where something of them did.
        (await ReadAsync(query with { AsOf = All - 5 })).ShouldBeInRange(10, 40);
        (await ReadAsync(query with { AsOf = Days })).ShouldBeInRange(10, 40);
        (await ReadAsync(query with { Offset = 2000 })).ShouldBe(All, "a page so far back is no better led to");
    }

    [Fact]
    public async Task Under_a_filter_that_no_sums_are_kept_by_more_cells_are_looked_at_and_all_where_they_have_too_little()
    {
        var query = new FileQuery { Family = "science", Sort = [new("size", true)], Limit = 10 };
        (await ReadAsync(query with { MinorVersions = [1] })).ShouldBeInRange(80, 200);
        (await ReadAsync(query with { MinorVersions = [2] })).ShouldBe(All, "one of a hundred has it");
    }

    [Fact]
    public async Task Of_few_days_only_their_files_are_read_whatever_the_order()
    {
        var query = new FileQuery { Family = "science", Sort = [new("version", true)], StartDate = "20260301", EndDate = "20260305" };
        (await ReadAsync(query)).ShouldBe(10);
        (await ReadAsync(query with { EndDate = "20270305" })).ShouldBe(All);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_order_of_paths_is_read_from_its_index_either_way(bool descending)
    {
        var query = new FileQuery { Family = "science", Sort = [new("file_path", descending)], MinorVersions = [1], Limit = 10 };
        SortedPage.IsWorth(query, Science).ShouldBeTrue("few days of it would be");
        (await StatementAsync(query)).ShouldBeNull();
        var plan = await fixture.PlanAsync(QueryPlan.Of(query, Science, "item").ShouldHaveSingleItem());
        plan.ShouldHaveSingleItem().ShouldContain("(file_path>? AND file_path<?)");
    }

    private static Publication Of(string name, int size) => new(FileName.Parse(name, Mission.Imap).Name.ShouldNotBeNull(name), size, new string('a', 64));

    /// <summary>How many files the statement of a page looks at; all of them where it has no statement of its own.</summary>
    private async Task<int> ReadAsync(FileQuery query)
    {
        if (await StatementAsync(query) is not { } statement)
            return All;
        (await fixture.PlanAsync(statement)).ShouldAllBe(line => !line.StartsWith("SCAN files", StringComparison.Ordinal) && !line.StartsWith("SCAN coverage", StringComparison.Ordinal));
        var found = statement.Text.IndexOf("seq IN (", StringComparison.Ordinal) + "seq IN (".Length;
        var among = statement.Text[found..statement.Text.IndexOf("\n)", found, StringComparison.Ordinal)];
        // What leads comes first, and so do its values.
        var values = statement.Values[..Enumerable.Range(0, statement.Values.Length).Count(i => among.Contains($"@p{i}", StringComparison.Ordinal))];
        return await fixture.Catalogue.ReadAsync(
            async session => Convert.ToInt32(await session.Statement($"SELECT COUNT(*) FROM ({among})", values).ExecuteScalarAsync(), CultureInfo.InvariantCulture), CancellationToken.None);
    }

    private ValueTask<SqlStatement?> StatementAsync(FileQuery query) => fixture.Catalogue.ReadAsync(
        session => SortedPage.StatementAsync(each => session.Statement(each.Text, each.Values), query, Science, All, "item", CancellationToken.None), CancellationToken.None);
}
