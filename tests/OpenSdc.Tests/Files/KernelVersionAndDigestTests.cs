using System.Security.Cryptography;
using System.Text;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Files;

/// <summary>Files are found by their digest, and kernels by the version that their names write, in both catalogues.</summary>
public sealed class KernelVersionAndDigestTests
{
    private static readonly string[] Names =
    [
        "imap_recon_od005_20250925_20251101_v01.bsp",
        "imap_recon_od005_20250925_20251101_v02.bsp",
        "imap_sdc_metakernel_2026_v001.tm",
        "imap_2026_001_a01.spice.mk",
        "imap_2026_001_2026_002_01.ah.bc",
        "naif0012.tls",
        "imap_swe_l1_sci_20260901_v001.cdf",
        "imap_swe_l1_sci_20260901_v002.cdf",
    ];

    public static TheoryData<string> EachCatalogue => [.. ArchiveSetup.OfEachCatalogue];

    [Theory]
    [MemberData(nameof(EachCatalogue))]
    public async Task Kernels_are_found_by_their_versions_as_written_and_as_recorded(string setup)
    {
        await using var archive = await FilledAsync(setup);
        (await FoundAsync("table=spice&version=v02")).ShouldBe([1]);
        (await FoundAsync("table=spice&version=02")).ShouldBe([1]);
        (await FoundAsync("table=spice&version=v001")).ShouldBe([2]);
        (await FoundAsync("table=spice&version=001")).ShouldBe([2]);
        (await FoundAsync("table=spice&version=a01")).ShouldBe([0, 3, 4]);
        (await FoundAsync("table=spice&version=0012")).ShouldBe([5]);
        (await FoundAsync("table=spice&version=v02,0012")).ShouldBe([1, 5]);
        (await FoundAsync("table=spice&version=v00*")).ShouldBe([2, 5]);
        (await FoundAsync("table=spice&version=Latest&descriptor=ephemeris_reconstructed")).ShouldBe([1]);
        (await FoundAsync("version=v001")).ShouldBe([6]);
        (await FoundAsync($"filename={Names[1]}&version=v02")).ShouldBe([1]);
        var refused = await archive.SendAsync("GET /query?table=spice&version=x01");
        refused.Status.ShouldBe(400);
        refused.Json.GetProperty("detail").GetString().ShouldNotBeNull().ShouldContain("v001");

        async Task<int[]> FoundAsync(string query) =>
            [.. (await archive.QueryAsync(query)).Select(each => Array.IndexOf(Names, Path.GetFileName(each.FilePath))).Order()];
    }

    [Theory]
    [MemberData(nameof(EachCatalogue))]
    public async Task Files_are_found_by_their_digest(string setup)
    {
        await using var archive = await FilledAsync(setup);
        var sha256 = Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(Names[5])));
        var same = Convert.ToHexStringLower(SHA256.HashData("same"u8));
        (await FoundAsync($"sha256={sha256}")).ShouldBe([5], "without a table files of any family");
        (await FoundAsync($"sha256={sha256.ToUpperInvariant()}")).ShouldBe([5]);
        (await FoundAsync($"sha256={same}")).ShouldBe([6, 7]);
        (await FoundAsync($"sha256={same}&latest=true")).ShouldBe([7]);
        (await FoundAsync($"sha256={same},{sha256}&sort=-size&limit=10")).ShouldBe([5, 6, 7]);
        (await FoundAsync($"sha256={same}&table=science&instrument=swe&descriptor=sci&data_level=l1&version=v001")).ShouldBe([6]);
        (await FoundAsync($"sha256={same}&filename={Names[7]}")).ShouldBe([7]);
        (await FoundAsync($"sha256={same}&since_seq=7&as_of=8")).ShouldBe([7]);
        (await FoundAsync($"sha256={sha256}&table=science")).ShouldBeEmpty();
        (await FoundAsync($"sha256={sha256[..16]}{new string('0', 48)}")).ShouldBeEmpty("all digits count");
        (await archive.SendAsync($"GET /query?sha256={same}&count=true&limit=1"))["OpenSDC-Count"].ShouldBe("2");
        (await archive.SendAsync($"GET /facets?sha256={same}")).Json.GetProperty("files").GetInt64().ShouldBe(2);
        (await archive.SendAsync($"GET /coverage?sha256={sha256}")).Json.GetArrayLength().ShouldBe(1);
        foreach (var bad in (string[])["", "x", sha256[1..], sha256 + "0", new string('g', 64), "*"])
            (await archive.SendAsync($"GET /query?sha256={bad}")).Status.ShouldBe(400, bad);

        async Task<int[]> FoundAsync(string query) =>
            [.. (await archive.QueryAsync(query)).Select(each => Array.IndexOf(Names, Path.GetFileName(each.FilePath))).Order()];
    }

    private static async Task<RunningArchive> FilledAsync(string setup)
    {
        var archive = await RunningArchive.StartAsync(setup: ArchiveSetup.Of(setup));
        for (var i = 0; i < Names.Length; i++)
            await archive.UploadAsync(Names[i], i < 6 ? Encoding.ASCII.GetBytes(Names[i]) : "same"u8.ToArray());
        return archive;
    }
}
