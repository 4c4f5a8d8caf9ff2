using OpenSdc.Contract;
using OpenSdc.Contract.Naming;
using OpenSdc.Server.Catalogue;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Catalogue;

/// <summary>A page in the order of versions is one of few versions; that it has the right files is held against the definition by <see cref="QueryPlanTests"/>.</summary>
public sealed class VersionPageTests : IAsyncLifetime
{
    private static readonly Family Science = Mission.Imap.FindFamily("science")!;

    private readonly CatalogueFixture fixture = new(TimeProvider.System, new SqliteDatabase());

    public async ValueTask InitializeAsync()
    {
        await fixture.InitializeAsync();
        await PublishAsync(
            "mag_l1_norm_20260101_v001.cdf", "mag_l1_norm_20260102_v001.cdf", "mag_l1_norm_20260103_v001.cdf", "mag_l1_norm_20260102_v002.cdf", "mag_l1_norm_20260103_v002.cdf",
            "swe_l1_sci_20260101_20260102_v01-02.cdf", "swe_l1_sci_20260101_v001.0002.cdf");
    }

    public ValueTask DisposeAsync() => fixture.DisposeAsync();

    [Theory]
    [InlineData("-version", 0, 3, "v001.0002+v002+v01-02 by -version 0+3")]
    [InlineData("-version", 3, 2, "v001+v002 by -version 1+2")]
    [InlineData("-version", 1, 1, "v001.0002+v01-02 by -version 1+1")]
    [InlineData("version,-size", 0, 4, "v001+v002 by version,-size 0+4")]
    [InlineData("version", 7, 9, "")]
    public async Task It_is_asked_for_by_the_versions_that_it_has(string sort, int offset, int limit, string asked) =>
        Shown(await QueriesAsync(Page(sort, limit) with { Offset = offset })).ShouldBe(asked);

    /// <summary>Of a version that many files have the first are found in the order of the page; of others all of its files are put in order once, however many versions they have.</summary>
    [Theory]
    [InlineData("version", 0, 5, "v000 by file_path 0+5")]
    [InlineData("version,-size", 2, 3, "v000 by -size 2+3")]
    [InlineData("version", 35, 5, "v000 by version 35+5")]
    [InlineData("-version", 0, 9, "v001+v001.0002+v002+v01-02 by -version 0+7; v000 by file_path 0+2")]
    [InlineData("-version", 3, 9, "v001+v002 by -version 1+4; v000 by file_path 0+5")]
    [InlineData("-version,size", 0, 9, null)]
    public async Task Of_one_that_many_files_have_only_the_first_few_are_looked_for(string sort, int offset, int limit, string? asked)
    {
        await PublishAsync([.. Enumerable.Range(1, 50).Select(file => $"mag_l1_n{file}_20260101_v000.cdf")]);
        Shown(await QueriesAsync(Page(sort, limit) with { Offset = offset })).ShouldBe(asked);
    }

    [Fact]
    public async Task Only_of_versions_and_products_that_are_asked_for()
    {
        Shown(await QueriesAsync(Page("version", 4) with { Instruments = ["swe"] })).ShouldBe("v001.0002+v01-02 by version 0+2");
        Shown(await QueriesAsync(Page("version", 4) with { Versions = ["*2"] })).ShouldBe("v001.0002+v002+v01-02 by version 0+4");
        Shown(await QueriesAsync(Page("version", 4) with { MajorVersions = [1], MinorVersions = [1] })).ShouldBe("");
    }

    [Fact]
    public async Task Of_an_earlier_state_what_came_later_is_not_counted()
    {
        Shown(await QueriesAsync(Page("-version", 3) with { AsOf = 6 })).ShouldBe("v001.0002+v002+v01-02 by -version 0+3");
        Shown(await QueriesAsync(Page("-version", 3) with { AsOf = 4, Offset = 1 })).ShouldBe("v001 by -version 0+3");
        Shown(await QueriesAsync(Page("-version", 3) with { AsOf = 6, Instruments = ["swe"] })).ShouldBe("v001.0002+v01-02 by -version 0+1");
    }

    [Fact]
    public async Task Not_where_it_is_unknown_how_many_files_each_version_has_or_where_versions_are_many()
    {
        VersionPage.IsWorth(Page("version", 4) with { Limit = null }, Science).ShouldBeFalse();
        VersionPage.IsWorth(Page("size", 4), Science).ShouldBeFalse();
        (await QueriesAsync(Page("version", 4) with { Latest = true })).ShouldBeNull();
        (await QueriesAsync(Page("version", 4) with { StartDate = "20260102" })).ShouldBeNull();
        await PublishAsync([.. Enumerable.Range(3, 60).Select(version => $"mag_l1_norm_20260101_v{version:D3}.cdf")]);
        (await QueriesAsync(Page("-version", 50))).ShouldNotBeNull("the first two files are of two versions");
        (await QueriesAsync(Page("-version", 51))).ShouldBeNull();
    }

    private static FileQuery Page(string sort, int limit) => new()
    {
        Family = "science",
        Sort = [.. sort.Split(',').Select(each => new SortField(each.TrimStart('-'), each[0] == '-'))],
        Limit = limit,
    };

    private static string? Shown(IReadOnlyList<FileQuery>? queries) => queries is null ? null : string.Join("; ", queries.Select(query =>
        $"{string.Join('+', query.Versions.Order(StringComparer.Ordinal))} by {string.Join(',', query.Sort.Select(each => (each.Descending ? "-" : "") + each.Column))} {query.Offset}+{query.Limit}"));

    private async Task<IReadOnlyList<FileQuery>?> QueriesAsync(FileQuery query)
    {
        VersionPage.IsWorth(query, Science).ShouldBeTrue();
        var head = await fixture.Catalogue.HeadAsync(CancellationToken.None);
        return await fixture.Catalogue.ReadAsync(session => VersionPage.QueriesAsync(each => session.Statement(each.Text, each.Values), query, head, CancellationToken.None), CancellationToken.None);
    }

    private Task<Recorded[]> PublishAsync(params string[] names) => fixture.Catalogue.PublishAsync(
        [.. names.Select(name => new Publication(FileName.Parse("imap_" + name, Mission.Imap).Name.ShouldNotBeNull(name), 10, new string('a', 64)))], CancellationToken.None);
}
