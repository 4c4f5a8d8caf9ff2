using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using OpenSdc.Server.Catalogue;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Files;

/// <summary>Readers are told which files cannot be fetched, and are not led to them. On both databases.</summary>
public sealed class IntegrityTests
{
    public static TheoryData<string> Setups => [.. ArchiveSetup.OfEachCatalogue];

    [Theory]
    [MemberData(nameof(Setups))]
    public async Task A_listing_says_which_files_are_lost_or_damaged_and_finds_them(string setup)
    {
        await using var archive = await RunningArchive.StartAsync(setup: ArchiveSetup.Of(setup));
        var names = await UploadAsync(
            archive,
            "imap_swe_l0_one_20260101_v001.pkts",
            "imap_swe_l0_two_20260101_v001.pkts",
            "imap_swe_l0_three_20260101_v001.pkts"
        );
        await MarkAsync(archive, names[0], ChangeKind.Lost);
        await MarkAsync(archive, names[1], ChangeKind.Damaged);

        (await NamesAsync(archive, "integrity=lost")).ShouldBe([names[0]]);
        (await NamesAsync(archive, "integrity=damaged")).ShouldBe([names[1]]);
        (await NamesAsync(archive, "integrity=intact")).ShouldBe([names[2]]);
        (await NamesAsync(archive, "integrity=lost,damaged")).ShouldBe([names[0], names[1]], ignoreOrder: true);
        (await NamesAsync(archive, "integrity=intact,lost,damaged")).Count.ShouldBe(3);
        (await archive.SendAsync("GET /query?count=true&limit=1&integrity=lost&instrument=swe"))["OpenSDC-Count"].ShouldBe("1");
        (await NamesAsync(archive, "integrity=lost&sort=-size&limit=10")).ShouldBe([names[0]]);
        var records = (await archive.SendAsync("GET /query")).Json.EnumerateArray().ToDictionary(each => Name(each), each => each);
        records[names[0]].GetProperty("integrity").GetString().ShouldBe("lost");
        records[names[1]].GetProperty("integrity").GetString().ShouldBe("damaged");
        records[names[2]].TryGetProperty("integrity", out _).ShouldBeFalse();
        (await archive.SendAsync("GET /facets?integrity=lost")).Json.GetProperty("files").GetInt64().ShouldBe(1);
        (await archive.SendAsync("GET /query?format=csv&fields=integrity")).Text.ReplaceLineEndings("\n").Split('\n').ShouldContain("lost");

        var refused = await archive.SendAsync("GET /query?integrity=broken");
        refused.Status.ShouldBe(400);
        refused.Text.ShouldContain("intact, lost, damaged");
    }

    [Theory]
    [MemberData(nameof(Setups))]
    public async Task Lists_of_what_is_to_be_fetched_leave_it_out_and_say_how_many(string setup)
    {
        await using var archive = await RunningArchive.StartAsync(setup: ArchiveSetup.Of(setup));
        var names = await UploadAsync(archive, "imap_swe_l0_one_20260101_v001.pkts", "imap_swe_l0_two_20260101_v001.pkts");
        foreach (var format in (string[])["urls", "sha256sum"])
            (await archive.SendAsync($"GET /query?format={format}"))["OpenSDC-Left-Out"].ShouldBeNull();
        await MarkAsync(archive, names[0], ChangeKind.Lost);
        foreach (var format in (string[])["urls", "sha256sum"])
        {
            var answer = await archive.SendAsync($"GET /query?format={format}");
            answer["OpenSDC-Left-Out"].ShouldBe("1");
            answer.Text.ShouldNotContain(names[0]);
            answer.Text.ShouldContain(names[1]);
            (await archive.SendAsync($"GET /query?format={format}&filename={names[0]}")).Text.ShouldBe("");
            (await archive.SendAsync($"GET /query?format={format}&integrity=lost")).Text.ShouldBe("");
        }
    }

    [Theory]
    [MemberData(nameof(Setups))]
    public async Task Latest_passes_over_a_lost_file_until_it_is_there_again(string setup)
    {
        await using var archive = await RunningArchive.StartAsync(setup: ArchiveSetup.Of(setup));
        var names = await UploadAsync(
            archive,
            "imap_swe_l0_one_20260101_v001.pkts",
            "imap_swe_l0_one_20260101_v002.pkts",
            "imap_swe_l0_two_20260101_v001.pkts"
        );
        await MarkAsync(archive, names[1], ChangeKind.Lost);
        foreach (var query in (string[])["latest=true", "version=latest", "latest=true&instrument=swe&sort=start_date&limit=10"])
            (await NamesAsync(archive, query)).ShouldBe([names[0], names[2]], ignoreOrder: true, query);
        (await archive.SendAsync("GET /coverage?latest=true&instrument=swe"))
            .Json.EnumerateArray()
            .Sum(each => each.GetProperty("files").GetInt64())
            .ShouldBe(2);
        await MarkAsync(archive, names[1], ChangeKind.Sound);
        (await NamesAsync(archive, "latest=true")).ShouldBe([names[1], names[2]], ignoreOrder: true);
    }

    [Theory]
    [MemberData(nameof(Setups))]
    public async Task A_mark_changes_the_tag_of_a_listing(string setup)
    {
        await using var archive = await RunningArchive.StartAsync(setup: ArchiveSetup.Of(setup));
        var names = await UploadAsync(archive, "imap_swe_l0_one_20260101_v001.pkts");
        foreach (var kind in (string[])[ChangeKind.Lost, ChangeKind.Sound])
        {
            var tag = (await archive.SendAsync("GET /query"))["ETag"]!;
            (await archive.SendAsync("GET /query", headers: [("If-None-Match", tag)])).Status.ShouldBe(304);
            await MarkAsync(archive, names[0], kind);
            (await archive.SendAsync("GET /query", headers: [("If-None-Match", tag)])).Status.ShouldBe(200);
        }
    }

    private static async Task<List<string>> UploadAsync(RunningArchive archive, params string[] names)
    {
        foreach (var name in names)
            await archive.UploadAsync(name, [1, 2, 3]);
        return [.. names];
    }

    private static async Task MarkAsync(RunningArchive archive, string name, string kind)
    {
        var seq = (await archive.SendAsync($"GET /query?filename={name}")).Json.EnumerateArray().Single().GetProperty("seq").GetInt64();
        (
            await archive.Services.GetRequiredService<IntegrityState>().MarkAsync(seq, kind, "by a test", CancellationToken.None)
        ).ShouldBeTrue();
    }

    private static async Task<List<string>> NamesAsync(RunningArchive archive, string query)
    {
        var answer = await archive.SendAsync($"GET /query?{query}");
        answer.Status.ShouldBe(200, answer.Text);
        return [.. answer.Json.EnumerateArray().Select(Name)];
    }

    private static string Name(JsonElement record) => record.GetProperty("file_path").GetString()!.Split('/')[^1];
}
