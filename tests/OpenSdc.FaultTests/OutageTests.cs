using System.Diagnostics;
using Shouldly;
using Xunit;

namespace OpenSdc.FaultTests;

/// <summary>A disk that cannot be written for a while: uploads are refused with a sentence, everything else goes on, and service resumes by itself.</summary>
public sealed class OutageTests
{
    private const int Changes = (1 << (int)Call.Write) | (1 << (int)Call.Flush) | (1 << (int)Call.Link) | (1 << (int)Call.Truncate) | (1 << (int)Call.Mkdir);
    private const int Uploads = 8;
    private const int TmpfsMegabytes = 24;
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

    [Fact]
    public async Task A_disk_that_is_full_at_any_step_refuses_the_upload_and_takes_it_when_there_is_room()
    {
        using var folder = new TemporaryFolder();
        using var small = await SmallDisk.MountAsync(folder.Path, TmpfsMegabytes);
        var data = Path.Combine(small.Path, "data");
        var ballast = Path.Combine(small.Path, "ballast");
        var ledger = new Ledger();
        var (taken, refused) = (0, 0);
        // The disk is smaller than the room that is kept free by default: here it is to run full.
        await using var archive = await Archive.StartAsync(data, shim: null, "--free-space-floor", "0");
        var first = (await archive.UploadAsync("imap_swe_l1b_first_20260101_v001.cdf", new Content(1, 100_000))).Receipt;

        // An upload needs some ten blocks: with each number of free blocks it comes one step further.
        for (var free = 0; free < 40; free++)
        {
            Fill(ballast, small.Path, free * Block);
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

        await Run.SayAsync($"full disk: of 40 uploads with 0 to 39 free blocks {taken} were taken, {refused} refused, all taken with room again; {ledger.Faults.Count} faults");
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

    /// <summary>A file system of a few megabytes in memory.</summary>
    private sealed class SmallDisk(string path) : IDisposable
    {
        public string Path => path;

        /// <summary>Only root may mount: for anyone else the test is skipped, where a skip is allowed.</summary>
        public static async Task<SmallDisk> MountAsync(string folder, int megabytes)
        {
            var path = Directory.CreateDirectory(System.IO.Path.Combine(folder, "small")).FullName;
            var status = await CallAsync("mount", "-t", "tmpfs", "-o", $"size={megabytes}m", "tmpfs", path);
            if (status != 0 && !Run.InCi)
                Assert.Skip("A small tmpfs cannot be mounted without root; this test was skipped.");
            status.ShouldBe(0, "a small tmpfs must be mountable in CI");
            return new SmallDisk(path);
        }

        // Lazily: the archive on it may be a moment in ending.
        public void Dispose() => CallAsync("umount", "-l", path).GetAwaiter().GetResult();

        private static async Task<int> CallAsync(string program, params string[] arguments)
        {
            using var process = Process.Start(program, arguments);
            await process.WaitForExitAsync();
            return process.ExitCode;
        }
    }
}
