using OpenSdc.Contract;
using OpenSdc.Contract.Naming;
using OpenSdc.Server.Catalogue;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Catalogue;

/// <summary>What no file has is known without looking through the files, and what few products have is looked for among theirs.</summary>
public sealed class NarrowingTests(CatalogueFixture fixture) : IClassFixture<CatalogueFixture>, IAsyncLifetime
{
    private static readonly Family Science = Mission.Imap.FindFamily("science")!;

    public async ValueTask InitializeAsync()
    {
        await PublishAsync("imap_mag_l1a_norm_20260101_v001.cdf", "imap_mag_l1a_norm_20260102_v001.cdf", "imap_mag_l1b_burst_20260101_v002.0001.cdf", "imap_swe_l0_sci_20260101_20260101_v01-03.pkts");
        await PublishAsync("imap_swe_l1_sci_20260901_v001.0007.cdf", "imap_mag_l1a_norm_20260103_v001.cdf", "naif0012.tls");
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Theory]
    [InlineData("zzz*", "", null)]
    [InlineData("", "v009", null)]
    [InlineData("", "*.9999", null)]
    [InlineData("norm", "v002.0001", null)]
    [InlineData("n*", "", "mag l1a norm")]
    [InlineData("*s*", "", "mag,swe l0,l1,l1b burst,sci")]
    [InlineData("", "v001", "mag l1a norm")]
    [InlineData("", "v01-*", "swe l0 sci")]
    [InlineData("", "*1", "mag l1a,l1b ")]
    public async Task A_query_asks_for_what_there_is(string descriptor, string version, string? asked)
    {
        var query = new FileQuery { Family = "science", Descriptors = List(descriptor), Versions = List(version) };
        Narrowing.IsWorth(query, Science).ShouldBeTrue();
        Shown(await NarrowAsync(query)).ShouldBe(asked);
    }

    [Theory]
    [InlineData(null, 7, "swe l1 sci")]
    [InlineData(null, 8, null)]
    [InlineData(2, 3, null)]
    [InlineData(1, 3, "swe l0 sci")]
    public async Task Also_by_a_versions_numbers(int? major, int minor, string? asked) =>
        Shown(await NarrowAsync(new FileQuery { Family = "science", MajorVersions = major is { } m ? [m] : [], MinorVersions = [minor] })).ShouldBe(asked);

    [Fact]
    public async Task A_family_whose_files_have_no_instrument_is_asked_for_as_it_was()
    {
        var query = new FileQuery { Family = "spice", Versions = ["0012"] };
        var narrowed = await NarrowAsync(query, Mission.Imap.FindFamily("spice"));
        narrowed.ShouldNotBeNull();
        (narrowed.Instruments.Count + narrowed.DataLevels.Count).ShouldBe(0);
    }

    [Fact]
    public async Task Of_each_version_it_is_known_how_many_files_have_it()
    {
        var (before, all) = (await CountAsync("v001"), await CountAsync("*"));
        await PublishAsync("imap_mag_l1a_norm_20260104_v001.cdf");
        (await CountAsync("v001"), await CountAsync("*")).ShouldBe((before + 1, all + 1));
        await PublishAsync("imap_mag_l1a_norm_20260104_v002.cdf", "imap_mag_l1a_norm_20260105_v002.cdf", "imap_mag_l1a_norm_20260104_v001.cdf");
        (await CountAsync("v001"), await CountAsync("*")).ShouldBe((before + 1, all + 3));

        async Task<long> CountAsync(string version)
        {
            var query = new FileQuery { Family = "science", Instruments = ["mag"], Versions = [version] };
            CoveragePlan.IsCounted(query).ShouldBeTrue();
            await using var rows = await fixture.Catalogue.QueryAsync(query, Science, "item", count: true, CancellationToken.None);
            return rows.Count!.Value;
        }
    }

    private static string[] List(string value) => value.Length > 0 ? [value] : [];

    private static string? Shown(FileQuery? query) =>
        query is null ? null : $"{string.Join(',', query.Instruments)} {string.Join(',', query.DataLevels)} {string.Join(',', query.Descriptors)}";

    private ValueTask<FileQuery?> NarrowAsync(FileQuery query, Family? family = null) => fixture.Catalogue.ReadAsync(
        session => Narrowing.NarrowAsync(each => session.Statement(each.Text, each.Values), query, family ?? Science, CancellationToken.None), CancellationToken.None);

    private Task<Recorded[]> PublishAsync(params string[] names) => fixture.Catalogue.PublishAsync(
        [.. names.Select(name => new Publication(FileName.Parse(name, Mission.Imap).Name.ShouldNotBeNull(name), 10, new string('a', 64)))], CancellationToken.None);
}
