using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using OpenSdc.Tests.Cli;
using OpenSdc.Tests.Upkeep;
using OpenSdc.Tests.Uploads;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Objects;

/// <summary>Uploads end before the disk does; finding and fetching go on, the operator is told, and nobody restarts anything.</summary>
public sealed class StorageHealthTests
{
    private const int Floor = 8 << 20;
    private const int PartSize = 5 << 20;

    [Fact]
    public async Task Uploads_leave_the_floor_free_and_are_taken_again_when_there_is_room()
    {
        using var disk = Mount.Small("24m");
        await using var archive = await StartAsync(disk);
        using var measurements = new Measurements(archive);
        var first = ArchiveFixture.NewName();
        await archive.UploadAsync(first, [1, 2, 3]);
        var name = ArchiveFixture.NewName();
        var url = await archive.UploadUrlAsync(name);
        var large = new byte[17 << 20];

        (await archive.PutAsync(url, large)).Status.ShouldBe(507, "its length alone says that it would eat the floor");
        (await archive.SendAsync($"PUT {url}", content: new Unmeasured(large))).Status.ShouldBe(507, "found out while the chunks come");
        await archive.ShouldHoldNothingOfAsync(name);
        (await ReadyAsync(archive)).ShouldBe((200, "ready", "taken"));
        new DriveInfo(disk.Folder).AvailableFreeSpace.ShouldBeGreaterThan(Floor);

        var filler = Path.Combine(disk.Folder, "filler");
        await File.WriteAllBytesAsync(filler, new byte[20 << 20]);
        (await archive.PutAsync(url, [1])).Status.ShouldBe(507);
        (await ReadyAsync(archive)).ShouldBe((200, "read-only", "refused"));
        measurements.Of("opensdc.storage.writable").ShouldBe(0);
        measurements.Of("opensdc.storage.free").ShouldBeInRange(1, Floor);
        (await archive.DownloadAsync(first)).ShouldBe([1, 2, 3]);
        (await archive.QueryAsync($"filename={first}")).Length.ShouldBe(1);
        (await archive.PutAsync(await SameUrlAsync(archive, url, first), [1, 2, 3])).Status.ShouldBe(
            200,
            "the same bytes again need no room"
        );

        File.Delete(filler);
        (await archive.PutAsync(url, [1])).Status.ShouldBe(201);
        measurements.Of("opensdc.storage.writable").ShouldBe(1);
        (await ReadyAsync(archive)).ShouldBe((200, "ready", "taken"));
    }

    [Fact]
    public async Task The_log_says_once_that_room_has_ended_and_once_that_it_is_back()
    {
        using var disk = Mount.Small("24m");
        var (sdc, _) = await SdcProcess.ServeAsync(disk.Folder, $"--free-space-floor {Floor} --log-format text");
        await using (sdc)
        {
            Lines("space").ShouldBeEmpty();
            for (var round = 1; round <= 2; round++)
            {
                var filler = Path.Combine(disk.Folder, "filler");
                await File.WriteAllBytesAsync(filler, new byte[18 << 20]);
                await UntilAsync(() => Lines("Uploads are refused (insufficient-storage)").Count == round);
                await Task.Delay(TimeSpan.FromSeconds(2));
                File.Delete(filler);
                await UntilAsync(() => Lines("There is space again").Count == round);
                Lines("Uploads are refused (insufficient-storage)").Count.ShouldBe(round);
            }
        }

        List<string> Lines(string text) =>
            [.. (sdc.Output + sdc.Errors).Split('\n').Where(line => line.Contains(text, StringComparison.Ordinal))];

        static async Task UntilAsync(Func<bool> isSo)
        {
            for (var tries = 0; !isSo(); tries++)
            {
                tries.ShouldBeLessThan(400);
                await Task.Delay(25);
            }
        }
    }

    [Fact]
    public async Task A_disk_without_a_byte_takes_no_uploads_also_without_a_floor()
    {
        using var disk = Mount.Small("8m");
        await using var archive = await RunningArchive.StartAsync(options => options with { FreeSpaceFloor = 0 }, folder: disk.Folder);
        var url = await archive.UploadUrlAsync(ArchiveFixture.NewName());
        using (var filler = File.Create(Path.Combine(disk.Folder, "filler"), bufferSize: 0))
        {
            var block = new byte[4096];
            while (new DriveInfo(disk.Folder).AvailableFreeSpace > 0)
                await filler.WriteAsync(block);
        }

        (await ReadyAsync(archive)).ShouldBe((200, "read-only", "refused"));
        (await archive.PutAsync(url, [1])).Status.ShouldBe(507);
        File.Delete(Path.Combine(disk.Folder, "filler"));
        (await ReadyAsync(archive)).ShouldBe((200, "ready", "taken"));
        (await archive.PutAsync(url, [1])).Status.ShouldBe(201);
    }

    [Fact]
    public async Task Uploads_that_announce_much_and_send_little_keep_no_room_from_others()
    {
        using var disk = Mount.Small("24m");
        await using var archive = await RunningArchive.StartAsync(
            options => options with { FreeSpaceFloor = Floor, UploadPartSize = PartSize },
            folder: disk.Folder
        );
        var begun = (await archive.PostAsync("/uploads", $$"""{"filename":"{{ArchiveFixture.NewName()}}","size":{{PartSize}}}"""))
            .Json.GetProperty("id")
            .GetString();
        var part = (await archive.SendAsync($"GET /uploads/{begun}/parts")).Json.GetProperty("urls")[0].GetProperty("url").GetString()!;
        var trickling = new List<Socket>();
        try
        {
            for (var i = 0; i < 5; i++)
                trickling.Add(await TrickleAsync(archive, await archive.UploadUrlAsync(ArchiveFixture.NewName()), 10 << 20));
            trickling.Add(await TrickleAsync(archive, part, PartSize));
            await UploadSteps.UntilAsync(
                "all of them are being received",
                () => Task.FromResult(archive.FilesBelow("staging").Count == 5 && archive.FilesBelow("parts").Count == 1)
            );
            (await archive.PutAsync(await archive.UploadUrlAsync(ArchiveFixture.NewName()), new byte[10 << 20])).Status.ShouldBe(201);
            (await ReadyAsync(archive)).ShouldBe((200, "ready", "taken"));
            (await archive.PutAsync(await archive.UploadUrlAsync(ArchiveFixture.NewName()), new byte[10 << 20])).Status.ShouldBe(
                507,
                "what is on the disk counts"
            );
        }
        finally
        {
            trickling.ForEach(each => each.Dispose());
        }

        await archive.ShouldSoonStageNothingAsync();

        static async Task<Socket> TrickleAsync(RunningArchive archive, string url, int announced)
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(archive.Endpoint.Host, archive.Endpoint.Port);
            await socket.SendAsync(Encoding.ASCII.GetBytes(
                $"PUT {new Uri(url).PathAndQuery} HTTP/1.1\r\nHost: {archive.Endpoint.Authority}\r\nContent-Length: {announced}\r\n\r\nx"));
            return socket;
        }
    }

    [Fact]
    public async Task Many_uploads_at_once_do_not_eat_the_floor_together()
    {
        using var disk = Mount.Small("24m");
        await using var archive = await StartAsync(disk);
        var urls = new List<string>();
        for (var i = 0; i < 6; i++)
            urls.Add(await archive.UploadUrlAsync(ArchiveFixture.NewName()));
        var least = long.MaxValue;
        using var ended = new CancellationTokenSource();
        var watching = Task.Run(async () =>
        {
            for (var drive = new DriveInfo(disk.Folder); !ended.IsCancellationRequested; await Task.Delay(1))
                least = Math.Min(least, drive.AvailableFreeSpace);
        });
        var stored = await Task.WhenAll(
            urls.Select(
                (url, i) => IsStoredAsync(url, i % 2 == 0 ? new Unmeasured(new byte[6 << 20]) : new ByteArrayContent(new byte[6 << 20]))
            )
        );
        await ended.CancelAsync();
        await watching;
        stored.ShouldContain(false, "36 MiB have no room on 16");
        // The catalogue's log is written below it.
        least.ShouldBeGreaterThan(Floor - (1 << 20));
        await archive.ShouldSoonStageNothingAsync();
        (await archive.QueryAsync("")).Length.ShouldBe(stored.Count(each => each));

        async Task<bool> IsStoredAsync(string url, HttpContent content)
        {
            try
            {
                var answer = await archive.SendAsync($"PUT {url}", content: content);
                answer.Status.ShouldBeOneOf(201, 507);
                return answer.Status == 201;
            }
            catch (HttpRequestException)
            {
                // Refused while it was still sending, and this client does not read the answer then.
                return false;
            }
        }
    }

    [Fact]
    public async Task A_refusal_for_room_is_logged()
    {
        using var disk = Mount.Small("24m");
        var (sdc, address) = await SdcProcess.ServeAsync(disk.Folder, $"--free-space-floor {Floor} --log-format text");
        await using (sdc)
        {
            using var client = new HttpClient();
            for (var i = 0; i < 3; i++)
            {
                var url = (await client.GetStringAsync(new Uri(new Uri(address), $"/upload/imap_swe_l1a_room{i}_20260101_v001.pkts"))).Trim(
                    '"'
                );
                using var content = new ByteArrayContent(new byte[17 << 20]);
                using var answer = await client.PutAsync(url, content);
                ((int)answer.StatusCode).ShouldBe(507);
            }

            await UploadSteps.UntilAsync("all three are in the log", () => Task.FromResult(Said() == 3));

            int Said() =>
                (sdc.Output + sdc.Errors)
                    .Split('\n')
                    .Sum(line =>
                        line.Contains("Refused imap/swe/l1a/2026/01/imap_swe_l1a_room", StringComparison.Ordinal)
                        && line.Contains($"has at least {17 << 20} bytes", StringComparison.Ordinal)
                            ? 1
                        : line.IndexOf("Refused ", StringComparison.Ordinal) is >= 0 and var at
                        && line.Contains(" more uploads", StringComparison.Ordinal)
                            ? int.Parse(line[(at + 8)..].Split(' ')[0])
                        : 0
                    );
        }
    }

    [Fact]
    public async Task A_catalogue_that_cannot_be_written_refuses_uploads_until_it_can()
    {
        await using var archive = await RunningArchive.StartAsync();
        var first = ArchiveFixture.NewName();
        await archive.UploadAsync(first, [1, 2, 3]);
        var name = ArchiveFixture.NewName();
        var url = await archive.UploadUrlAsync(name);
        using (Immutable(Path.Combine(archive.Folder, "catalogue.sqlite-wal")))
        {
            for (var tries = 0; tries < 3; tries++)
            {
                var refused = await archive.PutAsync(url, [1]);
                refused.Status.ShouldBe(503, refused.Text);
                refused["Retry-After"].ShouldNotBeNull();
            }

            (await ReadyAsync(archive)).ShouldBe((200, "read-only", "refused"));
            (await archive.DownloadAsync(first)).ShouldBe([1, 2, 3]);
            (await archive.QueryAsync($"filename={name}")).ShouldBeEmpty();
            (await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => archive.QueryAsync($"filename={first}")))).ShouldAllBe(found =>
                found.Length == 1
            );
        }

        (await archive.PutAsync(url, [1])).Status.ShouldBe(201);
        (await archive.DownloadAsync(name)).ShouldBe([1]);
        (await ReadyAsync(archive)).ShouldBe((200, "ready", "taken"));
        await archive.ShouldSoonStageNothingAsync();
        (await archive.QueryAsync("")).Select(record => record.Seq).Order().ShouldBe([1, 2]);
    }

    [Fact]
    public async Task A_read_only_staging_folder_is_told_and_recovered_from_without_an_upload()
    {
        await using var archive = await RunningArchive.StartAsync();
        var url = await archive.UploadUrlAsync(ArchiveFixture.NewName());
        using (Mount.ReadOnly(Path.Combine(archive.Folder, "staging")))
        {
            (await archive.PutAsync(url, [1])).Status.ShouldBe(503);
            (await ReadyAsync(archive)).ShouldBe((200, "read-only", "refused"));
        }

        for (var tries = 0; tries < 400 && (await ReadyAsync(archive)).Status != "ready"; tries++)
            await Task.Delay(25);
        (await ReadyAsync(archive)).ShouldBe((200, "ready", "taken"));
    }

    [Fact]
    public async Task The_operators_documentation_names_every_metric_that_is_there()
    {
        await using var archive = await RunningArchive.StartAsync();
        await archive.UploadAsync(ArchiveFixture.NewName(), [1]);
        var documented = await File.ReadAllTextAsync(Path.Combine(SharedData.RepositoryRoot, "docs", "operate.md"));
        var measured = (await archive.SendAsync("GET /metrics")).Text.Split('\n')
            .Where(line => line.StartsWith("# TYPE opensdc_", StringComparison.Ordinal)).Select(line => line.Split(' ')[2]).ToList();
        measured.ShouldContain("opensdc_storage_writable");
        measured.ShouldContain("opensdc_corrupt_or_missing_files");
        foreach (var name in measured)
            documented.ShouldContain("`" + name);
    }

    private static Task<RunningArchive> StartAsync(Mount disk) =>
        RunningArchive.StartAsync(options => options with { FreeSpaceFloor = Floor }, folder: disk.Folder);

    private static async Task<(int Code, string Status, string Uploads)> ReadyAsync(RunningArchive archive)
    {
        var answer = await archive.SendAsync("GET /health/ready");
        return (answer.Status, answer.Json.GetProperty("status").GetString()!, answer.Json.GetProperty("uploads").GetString()!);
    }

    /// <summary>A URL to PUT a file to that is there already: /upload gives none any more.</summary>
    private static Task<string> SameUrlAsync(RunningArchive archive, string url, string name)
    {
        var signer = (Server.Objects.SignedUrls)archive.Services.GetService(typeof(Server.Objects.SignedUrls))!;
        return Task.FromResult(signer.Sign(new Uri(url).GetLeftPart(UriPartial.Authority), "PUT", RunningArchive.KeyOf(name), 60));
    }

    /// <summary>A file that nobody may write, root and open handles included.</summary>
    private static Undo Immutable(string path)
    {
        if (Run("+i", path) != 0)
            SharedData.SkipOrFail("This test makes a file immutable (chattr +i), which only root on a file system that knows it may do.");
        return new Undo(() => Run("-i", path).ShouldBe(0));
    }

    private static int Run(string change, string path)
    {
        using var process = Process.Start(
            new ProcessStartInfo("chattr", [change, path]) { RedirectStandardError = true, UseShellExecute = false }
        )!;
        process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode;
    }

    private sealed class Undo(Action undo) : IDisposable
    {
        public void Dispose() => undo();
    }

    /// <summary>A body without a Content-Length.</summary>
    private sealed class Unmeasured(byte[] bytes) : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, System.Net.TransportContext? context) =>
            stream.WriteAsync(bytes).AsTask();

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
