using System.Security.Cryptography;
using OpenSdc.Server;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Objects;

/// <summary>A disk that takes no more: uploads are refused and nothing is stored, the rest goes on, and room mends it.</summary>
public sealed class FullDiskTests
{
    [Fact]
    public async Task A_file_that_does_not_fit_is_refused_and_fits_once_there_is_room()
    {
        using var disk = Mount.Small("4m");
        await using var archive = await RunningArchive.StartAsync(options => options with { FreeSpaceFloor = 0 }, folder: disk.Folder);
        var first = ArchiveFixture.NewName();
        await archive.UploadAsync(first, new byte[1000]);
        var filler = Path.Combine(disk.Folder, "filler");
        await File.WriteAllBytesAsync(filler, new byte[1_500_000]);

        var name = ArchiveFixture.NewName();
        var bytes = RandomNumberGenerator.GetBytes(2_700_000);
        var url = await archive.UploadUrlAsync(name);
        for (var tries = 0; tries < 3; tries++)
        {
            var refused = await archive.PutAsync(url, bytes);
            refused.Status.ShouldBe(507, refused.Text);
            refused.Json.GetProperty("detail").GetString().ShouldBe("The archive has no room left; nothing was stored. Try again later.");
            await archive.ShouldHoldNothingOfAsync(name);
        }

        (await archive.DownloadAsync(first)).Length.ShouldBe(1000);
        File.Delete(filler);
        (await archive.PutAsync(url, bytes)).Status.ShouldBe(201);
        (await archive.DownloadAsync(name)).AsSpan().SequenceEqual(bytes).ShouldBeTrue();
    }

    /// <summary>
    /// Where the last page goes decides what fails: staging, the folder, or the catalogue's journal. Each
    /// must end the same way.
    /// </summary>
    [Fact]
    public async Task Whichever_write_takes_the_last_page_an_upload_is_stored_whole_or_not_at_all()
    {
        using var disk = Mount.Small("5m");
        await using var archive = await RunningArchive.StartAsync(options => options with { FreeSpaceFloor = 0 }, folder: disk.Folder);
        var filler = Path.Combine(disk.Folder, "filler");
        var statuses = new List<int>();
        for (var free = 0; free <= 40; free++)
        {
            Fill(filler, new DriveInfo(disk.Folder), leave: free * 4096);
            var name = $"imap_swe_l1a_free{free}_202601{free % 28 + 1:D2}_v001.pkts";
            var url = await archive.UploadUrlAsync(name);
            var answer = await archive.PutAsync(url, [1]);
            statuses.Add(answer.Status);
            answer.Status.ShouldBeOneOf(201, 507);
            if (answer.Status == 507)
            {
                (await archive.QueryAsync($"filename={name}")).ShouldBeEmpty();
                (await archive.SendAsync($"GET /download/{name}")).Status.ShouldBe(404);
            }

            File.Delete(filler);
            (await archive.PutAsync(url, [1])).Status.ShouldBe(
                answer.Status == 507 ? 201 : 200,
                $"with {free} pages free and then room again"
            );
            (await archive.DownloadAsync(name)).ShouldBe([1]);
        }

        // What a failed commit has left is settled by the upload after it.
        await archive.ShouldSoonStageNothingAsync();
        archive.FilesBelow("objects").Count.ShouldBe(41);
        statuses.ShouldContain(507);
        statuses.ShouldContain(201);
        (await archive.QueryAsync(""))
            .Select(record => record.Seq)
            .Order()
            .ShouldBe(Enumerable.Range(1, 41).Select(i => (long)i), "without gaps");
    }

    [Fact]
    public async Task Where_staging_cannot_be_written_uploads_are_refused_and_downloads_go_on()
    {
        await using var archive = await RunningArchive.StartAsync();
        var first = ArchiveFixture.NewName();
        await archive.UploadAsync(first, [1, 2, 3]);
        var name = ArchiveFixture.NewName();
        var url = await archive.UploadUrlAsync(name);
        using (Mount.ReadOnly(Path.Combine(archive.Folder, "staging")))
        {
            var refused = await archive.PutAsync(url, [1]);
            refused.Status.ShouldBe(503, refused.Text);
            refused
                .Json.GetProperty("detail")
                .GetString()
                .ShouldBe("The archive cannot write at the moment; the upload is not acknowledged, so send it again later.");
            refused["Retry-After"].ShouldNotBeNull();
            await archive.ShouldHoldNothingOfAsync(name);
            (await archive.DownloadAsync(first)).ShouldBe([1, 2, 3]);
        }

        (await archive.PutAsync(url, [1])).Status.ShouldBe(201);
    }

    [Fact]
    public async Task A_data_folder_that_cannot_be_written_stops_the_start_with_a_sentence()
    {
        await using var archive = await RunningArchive.StartAsync();
        var folder = Directory.CreateDirectory(Path.Combine(archive.Folder, "other")).FullName;
        using (Mount.ReadOnly(folder))
        {
            var fault = await Should.ThrowAsync<SettingException>(() => RunningArchive.StartAsync(folder: folder));
            fault.Message.ShouldStartWith($"The data folder {folder} cannot be ");
        }
    }

    [Fact]
    public async Task A_full_disk_stops_the_start_with_a_sentence_and_room_lets_it_start()
    {
        using var disk = Mount.Small("3m");
        var name = ArchiveFixture.NewName();
        await using (var archive = await RunningArchive.StartAsync(options => options with { FreeSpaceFloor = 0 }, folder: disk.Folder))
            await archive.UploadAsync(name, [1]);
        var filler = Path.Combine(disk.Folder, "filler");
        Fill(filler, new DriveInfo(disk.Folder), leave: 0);
        (await Should.ThrowAsync<SettingException>(() => RunningArchive.StartAsync(folder: disk.Folder))).Message.ShouldStartWith(
            "The catalogue cannot be opened; is there room"
        );

        // A tenth of a megabyte is enough, and the floor does not keep it from starting.
        File.Delete(filler);
        Fill(filler, new DriveInfo(disk.Folder), leave: 100_000);
        await using var again = await RunningArchive.StartAsync(folder: disk.Folder);
        (await again.DownloadAsync(name)).ShouldBe([1]);
        (await again.SendAsync("GET /health/ready")).Json.GetProperty("status").GetString().ShouldBe("read-only");
    }

    [Fact]
    public async Task A_data_folder_serves_one_archive_at_a_time()
    {
        await using var archive = await RunningArchive.StartAsync();
        var fault = await Should.ThrowAsync<SettingException>(() => RunningArchive.StartAsync(folder: archive.Folder));
        fault.Message.ShouldContain("is another archive running on it?");
    }

    [Fact]
    public async Task A_data_folder_that_is_read_only_is_told_as_what_it_is()
    {
        var folder = Directory.CreateTempSubdirectory("opensdc-").FullName;
        try
        {
            await using (await RunningArchive.StartAsync(folder: folder))
            {
            }

            using (Mount.ReadOnly(folder))
            {
                var fault = await Should.ThrowAsync<SettingException>(() => RunningArchive.StartAsync(folder: folder));
                fault.Message.ShouldStartWith($"The data folder {folder} cannot be used: it lies on a file system that is read-only");
                fault.Message.ShouldNotContain("another archive");
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Fill(string path, DriveInfo disk, long leave)
    {
        using var file = File.Create(path);
        var page = new byte[4096];
        while (disk.AvailableFreeSpace > leave)
            RandomAccess.Write(file.SafeFileHandle, page, file.Length);
    }
}
