using OpenSdc.Tests;
using Shouldly;
using Xunit;

namespace OpenSdc.FaultTests;

/// <summary>
/// A disk that cannot be written for a while: uploads are refused with a sentence, everything else goes on,
/// and service resumes by itself.
/// </summary>
public sealed class OutageTests
{
    private const int Changes =
        (1 << (int)Call.Write) | (1 << (int)Call.Flush) | (1 << (int)Call.Link) | (1 << (int)Call.Truncate) | (1 << (int)Call.Mkdir);
    private const int Uploads = 8;
    private const int SlowUploads = 4;
    private const int Block = 4096;

    /// <summary>The database's own file fills up, the log cannot be flushed, and so on: each place alone, and all of them.</summary>
    [Theory]
    [InlineData(Shim.InputOutput, 1 << (int)Call.Flush, "")]
    [InlineData(Shim.InputOutput, 1 << (int)Call.Flush, "staging/")]
    [InlineData(Shim.InputOutput, 1 << (int)Call.Flush, "objects/")]
    [InlineData(Shim.InputOutput, 1 << (int)Call.Flush, "catalogue.sqlite-wal")]
    [InlineData(Shim.NoSpace, 1 << (int)Call.Write, "catalogue.sqlite-wal")]
    [InlineData(Shim.NoSpace, Changes, "")]
    [InlineData(Shim.ReadOnly, Changes, "")]
    public async Task While_calls_fail_uploads_are_refused_and_afterwards_taken(int error, int kinds, string part)
    {
        using var scene = new Scene();
        await scene.StartAsync();
        var what = $"errno {error}, {part}";
        var uploads = new List<(string Name, Content Content, string Target)>();
        for (var i = 0; i < Uploads; i++)
            uploads.Add(await scene.NewUploadAsync($"outage-{i}"));

        scene.Shim.StartTrace();
        scene.Shim.Arm(1, FaultAction.Fail, error, kinds, part, repeat: int.MaxValue);
        foreach (var answer in await Task.WhenAll(uploads.Select(upload => scene.PutAsync(upload.Target, upload.Content))))
        {
            if (answer.Status is not (503 or 507) || !answer.Body.Contains("\"detail\"", StringComparison.Ordinal))
                scene.Fault($"{what}: answered {answer}");
        }

        foreach (var (name, _, _) in uploads)
        {
            if (await scene.IsVisibleAsync(name))
                scene.Fault($"{what}: {name} was refused, but is visible");
        }

        await scene.OthersGoOnAsync(what);
        scene.Shim.Disarm();
        foreach (var (name, content, target) in uploads)
            await scene.TryAgainAsync(name, content, target, what);
        await scene.RestartAsync(what);
        scene.Faults.ShouldBeEmpty(string.Join('\n', scene.Faults));
    }

    /// <summary>No flush ends until the reads have been answered: uploads wait for theirs, and nobody else does.</summary>
    [Fact]
    public async Task While_the_disk_is_slow_uploads_wait_for_their_flushes_and_everything_else_goes_on()
    {
        using var scene = new Scene();
        await scene.StartAsync();
        var uploads = new List<(string Name, Content Content, string Target)>();
        for (var i = 0; i < SlowUploads; i++)
            uploads.Add(await scene.NewUploadAsync($"slow-{i}"));
        scene.Shim.StartTrace();
        scene.Shim.Arm(1, FaultAction.Hold, kinds: 1 << (int)Call.Flush, repeat: int.MaxValue);
        var answers = uploads.ConvertAll(upload => scene.PutAsync(upload.Target, upload.Content));

        while (scene.Shim.Fired == 0)
            await Task.Delay(10, TestContext.Current.CancellationToken);
        await scene.ReadsGoOnAsync("a slow disk");
        answers.ShouldAllBe(answer => !answer.IsCompleted, "the reads were answered while all uploads waited");
        scene.Shim.Disarm();
        foreach (var ((name, _, _), answer) in uploads.Zip(answers))
        {
            scene.Take(await answer, name, "a slow disk");
            scene.Expect(Protocol.Violation(scene.Shim.Trace(), (await answer).Receipt.FilePath), name);
        }

        await scene.RestartAsync("a slow disk");
        scene.Faults.ShouldBeEmpty(string.Join('\n', scene.Faults));
    }

    [Fact]
    public async Task A_disk_that_is_full_at_any_step_refuses_the_upload_and_takes_it_when_there_is_room()
    {
        using var small = Mount.Small("24m");
        var data = Path.Combine(small.Folder, "data");
        var ballast = Path.Combine(small.Folder, "ballast");
        var ledger = new Ledger();
        var (taken, refused) = (0, 0);
        // The disk is smaller than the room that is kept free by default: here it is to run full.
        await using var archive = await Archive.StartAsync(data, shim: null, "--free-space-floor", "0");
        var first = (await archive.UploadAsync("imap_swe_l1b_first_20260101_v001.cdf", new Content(1, 100_000))).Receipt;

        // An upload needs some ten blocks: with each number of free blocks it comes one step further.
        for (var free = 0; free < 40; free++)
        {
            Fill(ballast, small.Folder, free * Block);
            var name = $"imap_swe_l1b_full-{free:D2}_{2027 + (free / 12)}{1 + (free % 12):D2}01_v001.cdf";
            var file = new TrackedFile(name, await archive.UploadTargetAsync(name));
            ledger.Files[name] = file;
            var content = new Content((ulong)free, 20_000);
            file.Sending(content);
            var answer = await archive.SendAsync(HttpMethod.Put, file.Target, content.Body());
            if (answer.Status == 201)
                taken++;
            else
                refused++;
            if (answer.Status is not (201 or 507 or 503))
                ledger.Faults.Enqueue($"With {free} free blocks: {answer}");
            if (await Inspection.DownloadAsync(archive, Path.GetFileName(first.FilePath), first) is { } fault)
                ledger.Faults.Enqueue($"With {free} free blocks: {fault}");

            File.Delete(ballast);
            answer = await archive.SendAsync(HttpMethod.Put, file.Target, content.Body());
            ledger.Count(answer, answer.IsReceipt ? file.Accept(answer.Receipt) : $"With room again after {free} free blocks: {answer}");
        }

        await Run.SayAsync(
            $"full disk: of 40 uploads with 0 to 39 free blocks {taken} were taken, {refused} refused, all taken with room again; {ledger.Faults.Count} faults"
        );
        ledger.Faults.ShouldBeEmpty(archive.Log);
        taken.ShouldBeGreaterThan(0);
        refused.ShouldBeGreaterThan(0);
    }

    private static void Fill(string ballast, string disk, int free)
    {
        using var file = File.Create(ballast);
        var rest = new DriveInfo(disk).AvailableFreeSpace - free;
        file.Write(new byte[Math.Max(0, rest)]);
    }
}
