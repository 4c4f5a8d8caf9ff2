using System.Diagnostics;
using OpenSdc.Server;
using OpenSdc.Server.Upkeep;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Upkeep;

public sealed class FsckDigestTests
{
    [Fact]
    public async Task A_reading_that_was_stopped_goes_on_and_reports_on_the_whole()
    {
        using var archive = await FsckArchive.MakeAsync(200);
        archive.FlipBit(archive.Keys[3]);
        archive.FlipBit(archive.Keys[190]);
        var file = Path.Combine(archive.Folder, "position");
        var options = new FsckOptions { Digest = true, Resume = file, Readers = 3, Rate = 500_000 };
        var progress = new UpkeepProgress();
        using var stop = new CancellationTokenSource();
        var stopped = archive.CheckAsync(options, progress: progress, cancel: stop.Token);
        while (progress.Files < 60)
            await Task.Delay(5);
        await stop.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => stopped);

        var (report, findings) = await archive.CheckAsync(options with { Rate = 0 });
        report.FilesRead.ShouldBeInRange(100, 150);
        findings.Select(finding => finding.Key).Order(StringComparer.Ordinal).ShouldBe([archive.Keys[3], archive.Keys[190]]);
        File.Exists(file).ShouldBeFalse();
        (await archive.CheckAsync(options with { Rate = 0 })).Report.FilesRead.ShouldBe(200);
    }

    [Fact]
    public async Task A_position_of_another_archive_is_refused()
    {
        using var archive = await FsckArchive.MakeAsync(2);
        var file = Path.Combine(archive.Folder, "position");
        File.WriteAllText(file, "{\"data\":\"/another\"}\n");
        (
            await Should.ThrowAsync<SettingException>(() => archive.CheckAsync(new FsckOptions { Digest = true, Resume = file }))
        ).Message.ShouldContain("/another");
    }

    [Fact]
    public async Task A_torn_position_counts_up_to_the_tear()
    {
        using var archive = await FsckArchive.MakeAsync(20);
        var file = Path.Combine(archive.Folder, "position");
        File.WriteAllText(file, $$"""
            {"data":"{{archive.Folder}}"}
            {"position":"{{archive.Keys[4]}}"}
            {"position":"{{archive.Keys[12]}}
            """);
        (await archive.CheckAsync(new FsckOptions { Digest = true, Resume = file })).Report.FilesRead.ShouldBe(15);
    }

    [Fact]
    public async Task All_readers_together_keep_the_rate()
    {
        using var archive = await FsckArchive.MakeAsync(100);
        var started = Stopwatch.GetTimestamp();
        var (report, _) = await archive.CheckAsync(new FsckOptions { Digest = true, Readers = 4, Rate = 100_000 });
        report.BytesRead.ShouldBeGreaterThan(100_000);
        Stopwatch.GetElapsedTime(started).TotalSeconds.ShouldBeGreaterThan(report.BytesRead / 100_000.0 * 0.9);
    }
}
