using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using OpenSdc.Server;
using OpenSdc.Server.Catalogue;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Upkeep;

/// <summary>Stored bytes are read again and again; what is not right is marked, told and not served, until it is right again.</summary>
public sealed class ScrubTests
{
    public static TheoryData<string, string> Harms => new()
    {
        { "flip", "damaged" }, { "truncate", "damaged" }, { "lengthen", "damaged" }, { "delete", "lost" },
    };

    [Theory]
    [MemberData(nameof(Harms))]
    public async Task Harm_is_found_told_and_not_served_and_mending_it_serves_the_file_again(string harm, string kind)
    {
        await using var archive = await UpkeepArchive.StartAsync();
        var before = await archive.UploadAsync([1]);
        var bytes = RandomNumberGenerator.GetBytes(300_000);
        var file = await archive.UploadAsync(bytes);
        var after = await archive.UploadAsync([2]);
        Harm(file.Path, harm);

        await archive.RunUntilEventsAsync(file.Seq, "published", kind);
        await archive.RunUntilAsync(async () => await archive.VerifiedAsync(after.Seq) != "", "the file after it is verified");
        (await archive.VerifiedAsync(before.Seq)).ShouldNotBeEmpty();
        (await archive.VerifiedAsync(file.Seq)).ShouldBeEmpty();
        await archive.ShouldSoonMeasureAsync($"opensdc.integrity.changes{{kind={kind}}}", 1);
        await archive.ShouldSoonMeasureAsync("opensdc.corrupt_or_missing.files", 1);
        (await archive.Running.SendAsync("GET /health/ready")).Json.GetProperty("corrupt_or_missing_files").GetInt64().ShouldBe(1);

        foreach (
            var (method, headers) in new (string, (string, string)[])[] { ("GET", []), ("HEAD", []), ("GET", [("Range", "bytes=0-9")]) }
        )
            (await archive.GetAsync(file.Name, method, headers)).Status.ShouldBe(500);
        (await archive.GetAsync(file.Name)).Json.GetProperty("type").GetString().ShouldBe("urn:opensdc:problem:" + kind);
        (await archive.Running.DownloadAsync(before.Name)).ShouldBe([1]);
        (await archive.Running.QueryAsync($"filename={file.Name}")).Length.ShouldBe(1);

        await File.WriteAllBytesAsync(file.Path, bytes);
        await archive.RunUntilEventsAsync(file.Seq, "published", kind, "sound");
        (await archive.Running.DownloadAsync(file.Name)).AsSpan().SequenceEqual(bytes).ShouldBeTrue();
        await archive.ShouldSoonMeasureAsync("opensdc.corrupt_or_missing.files", 0);
    }

    [Fact]
    public async Task Each_file_is_verified_again_in_the_next_round_and_the_position_survives_a_restart()
    {
        await using var archive = await UpkeepArchive.StartAsync(options => options with { ScrubRate = 1000 });
        var files = new List<(string Name, long Seq, string Path)>();
        for (var i = 0; i < 4; i++)
            files.Add(await archive.UploadAsync(RandomNumberGenerator.GetBytes(1_000_000)));

        // A file takes a quarter of an hour and more at this rate, so that the restart comes in the middle of a round.
        await archive.RunUntilAsync(async () => await archive.VerifiedAsync(files[1].Seq) != "", "the second file is verified");
        (await archive.VerifiedAsync(files[3].Seq)).ShouldBeEmpty();
        var first = await archive.VerifiedAsync(files[0].Seq);
        await archive.Running.RestartAsync();
        await archive.RunUntilAsync(async () => await archive.VerifiedAsync(files[3].Seq) != "", "the last file is verified");
        (await archive.VerifiedAsync(files[0].Seq)).ShouldBe(first, "the round went on where it was");
        await archive.RunUntilAsync(async () => await archive.VerifiedAsync(files[0].Seq) != first, "the next round");
    }

    [Fact]
    public async Task Operators_see_how_far_the_round_is_and_when_the_last_whole_one_ended()
    {
        await using var archive = await UpkeepArchive.StartAsync(options => options with { ScrubRate = 1000 });
        var files = new List<(string Name, long Seq, string Path)>();
        for (var i = 0; i < 4; i++)
            files.Add(await archive.UploadAsync(RandomNumberGenerator.GetBytes(1_000_000)));
        await archive.RunUntilAsync(async () => await archive.VerifiedAsync(files[1].Seq) != "", "the second file is verified");
        await archive.RunUntilAsync(
            async () => await ScrubAsync() is { } scrub && scrub.GetProperty("progress").GetDouble() is > 0 and < 1,
            "the middle of a round is told"
        );
        await archive.RunUntilAsync(async () => await archive.VerifiedAsync(files[3].Seq) != "", "the last file is verified");
        await archive.RunUntilAsync(
            async () =>
                await ScrubAsync() is { } scrub
                && scrub.TryGetProperty("round_ended", out _)
                && scrub.GetProperty("progress").GetDouble() == 1,
            "the end of a round is told"
        );
        var told = (await ScrubAsync())!.Value;
        string.CompareOrdinal(told.GetProperty("round_began").GetString(), told.GetProperty("round_ended").GetString()).ShouldBeLessThan(0);
        await archive.ShouldSoonMeasureAsync("opensdc.scrub.round.progress", 1);

        var age = archive.Measured("opensdc.scrub.round.age");
        archive.Clock.Advance(TimeSpan.FromHours(3));
        (archive.Measured("opensdc.scrub.round.age") - age).ShouldBe(TimeSpan.FromHours(3).TotalSeconds, tolerance: 1);

        async Task<JsonElement?> ScrubAsync() =>
            (await archive.Running.SendAsync("GET /health/ready")).Json.TryGetProperty("scrub", out var scrub) ? scrub : null;
    }

    [Fact]
    public async Task A_rate_of_zero_turns_it_off_and_a_stop_does_not_wait_for_it()
    {
        await using var off = await UpkeepArchive.StartAsync(options => options with { ScrubRate = 0 });
        var file = await off.UploadAsync([1]);
        for (var i = 0; i < 200; i++)
            off.Clock.Advance(TimeSpan.FromHours(1));
        (await off.VerifiedAsync(file.Seq)).ShouldBeEmpty();
        (await off.Running.SendAsync("GET /health/ready")).Json.TryGetProperty("scrub", out _).ShouldBeFalse();

        // At one byte a second this file would take a day, and its clock stands still.
        await using var slow = await UpkeepArchive.StartAsync(options => options with { ScrubRate = 1 });
        await slow.UploadAsync(new byte[100_000]);
        await slow.Running.RestartAsync();
    }

    [Fact]
    public async Task What_another_process_has_marked_is_seen_by_the_next_request()
    {
        await using var archive = await UpkeepArchive.StartAsync(options => options with { ScrubRate = 0 });
        var file = await archive.UploadAsync([1, 2, 3]);
        using var dialect = new Sqlite(Path.Combine(archive.Running.Folder, "catalogue.sqlite"));
        using var telemetry = new Telemetry();
        using var catalogue = new Server.Catalogue.Catalogue(dialect, TimeProvider.System, telemetry);
        var integrity = new IntegrityState(catalogue, TimeProvider.System);

        (await integrity.MarkAsync(file.Seq, ChangeKind.Lost, "as fsck found", CancellationToken.None)).ShouldBeTrue();
        (await archive.GetAsync(file.Name)).Status.ShouldBe(500);
        (await integrity.MarkAsync(file.Seq, ChangeKind.Lost, "found once more", CancellationToken.None)).ShouldBeFalse();
        (await integrity.MarkAsync(file.Seq, ChangeKind.Sound, "mended", CancellationToken.None)).ShouldBeTrue();
        (await archive.Running.DownloadAsync(file.Name)).ShouldBe([1, 2, 3]);
        (await archive.EventsAsync(file.Seq)).ShouldBe(["published", "lost", "sound"]);
    }

    private static void Harm(string path, string harm)
    {
        using var file = File.Open(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        switch (harm)
        {
            case "delete":
                File.Delete(path);
                break;
            case "truncate":
                file.SetLength(file.Length - 1);
                break;
            case "lengthen":
                file.SetLength(file.Length + 1);
                break;
            default:
                file.Dispose();
                UpkeepArchive.FlipBit(path, 200_000);
                break;
        }
    }
}
