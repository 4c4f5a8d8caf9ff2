using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using OpenSdc.Cli.Demo;
using OpenSdc.Contract;
using OpenSdc.Contract.Naming;
using OpenSdc.Server;
using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Upkeep;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Upkeep;

/// <summary><c>sdc backup</c> beside an archive that serves.</summary>
public sealed class BackupTests : IDisposable
{
    private const int MostSteps = 100; // some ten are needed

    private readonly BackupSteps steps = new();

    public void Dispose() => steps.Dispose();

    [Fact]
    public async Task An_archive_on_a_disk_that_takes_no_writes_any_more_can_be_checked_and_saved()
    {
        using var archive = await FsckArchive.MakeAsync();
        archive.FlipBit(archive.Keys[3]);
        using (Mount.ReadOnly(archive.Folder))
        {
            (await archive.CheckAsync(new FsckOptions { Digest = true })).Findings.ShouldHaveSingleItem().Key.ShouldBe(archive.Keys[3]);
            var result = await steps.BackUpAsync(archive.Folder);
            (result.State.ShouldNotBeNull().Seq, result.State.Copied, result.Failed).ShouldBe((20, 19, 1));
        }

        archive.FlipBit(archive.Keys[3]);
        (await steps.BackUpAsync(archive.Folder)).Failed.ShouldBe(0);
        (await steps.RestoreAsync()).Intact.ShouldBe(20);
    }

    [Fact]
    public async Task A_backup_taken_while_uploads_arrive_holds_every_file_acknowledged_before_it_began()
    {
        await using var archive = await RunningArchive.StartAsync();
        var before = new List<UploadReceipt>();
        for (var i = 0; i < 30; i++)
            before.Add(await archive.UploadAsync(ArchiveFixture.NewName(), Encoding.ASCII.GetBytes($"before {i}")));
        using var enough = new CancellationTokenSource();
        var during = new ConcurrentBag<UploadReceipt>();
        var uploading = Enumerable.Range(0, 4).Select(async client =>
        {
            while (!enough.IsCancellationRequested)
                during.Add(await archive.UploadAsync(ArchiveFixture.NewName(), Encoding.ASCII.GetBytes($"during {client}")));
        }).ToList();
        while (during.Count < 5)
            await Task.Delay(5);

        var first = await steps.BackUpAsync(archive.Folder);
        while (during.Max(receipt => receipt.Seq) <= first.State!.Seq)
            await Task.Delay(5);
        var second = await steps.BackUpAsync(archive.Folder);
        await enough.CancelAsync();
        await Task.WhenAll(uploading);

        var head = second.State.ShouldNotBeNull().Seq;
        first.State.Seq.ShouldBeGreaterThanOrEqualTo(35);
        head.ShouldBeGreaterThan(first.State.Seq);
        second.New.ShouldBe(head - first.State.Seq);
        second.State.Copied.ShouldBe(second.New);
        (first.Failed + second.Failed).ShouldBe(0);
        (await steps.RestoreAsync()).Intact.ShouldBe(head);

        await using var restored = await RunningArchive.StartAsync(folder: steps.Restored);
        var records = (await restored.QueryAsync("")).ToDictionary(record => record.FilePath);
        records.Values.Select(record => record.Seq).Order().ShouldBe(Enumerable.Range(1, (int)head).Select(seq => (long)seq));
        foreach (var receipt in before.Concat(during.Where(each => each.Seq <= head)))
        {
            var record = records[receipt.FilePath];
            new UploadReceipt(record.FilePath, record.Size, record.Sha256, record.Seq, record.IngestionDate).ShouldBe(receipt);
            (await restored.DownloadAsync(receipt.FilePath)).ShouldBe(await archive.DownloadAsync(receipt.FilePath));
        }
    }

    [Fact]
    public async Task The_catalogue_is_copied_as_of_one_moment_and_never_begun_anew_beside_a_busy_writer()
    {
        await using var archive = await RunningArchive.StartAsync();
        var catalogue = archive.Services.GetRequiredService<OpenSdc.Server.Catalogue.Catalogue>();
        var batches = 0;
        for (; batches < 60; batches++)
            await catalogue.PublishAsync(Publications(batches), CancellationToken.None);
        var head = await catalogue.HeadAsync(CancellationToken.None);
        using var enough = new CancellationTokenSource();
        var writing = Task.Run(async () =>
        {
            for (; !enough.IsCancellationRequested; Interlocked.Increment(ref batches))
                await catalogue.PublishAsync(Publications(batches), CancellationToken.None);
        });

        var copied = new List<int>();
        var taken = Path.Combine(Directory.CreateDirectory(steps.Folder).FullName, "copy.sqlite");
        try
        {
            CatalogueCopy.Take(
                Path.Combine(archive.Folder, "catalogue.sqlite"),
                taken,
                (_, done) =>
                {
                    copied.Add(done);
                    // Between any two steps there is a commit at least; without the snapshot each would begin the copy anew, for ever.
                    copied.Count.ShouldBeLessThan(MostSteps, "the copy is begun anew");
                    var seen = Volatile.Read(ref batches);
                    SpinWait
                        .SpinUntil(() => Volatile.Read(ref batches) > seen + 1, TimeSpan.FromSeconds(20))
                        .ShouldBeTrue("the writer is held up by the copy");
                },
                CancellationToken.None
            );
        }
        finally
        {
            await enough.CancelAsync();
            await writing;
        }

        copied.Count.ShouldBeGreaterThan(2);
        copied.ShouldBeInOrder();
        using var copy = new CatalogueCopy(taken);
        copy.Fault(thorough: true).ShouldBeNull();
        copy.Head.ShouldBeGreaterThanOrEqualTo(head);
        copy.Head.ShouldBeLessThan(await catalogue.HeadAsync(CancellationToken.None));
        Directory.EnumerateFiles(steps.Folder).ShouldBe([taken]);
    }

    [Fact]
    public async Task The_manifests_together_list_each_object_once_and_sha256sum_takes_them()
    {
        await using var archive = await RunningArchive.StartAsync();
        await archive.UploadAsync(ArchiveFixture.NewName(), [1]);
        await archive.UploadAsync(ArchiveFixture.NewName(), [2, 2]);
        await steps.BackUpAsync(archive.Folder);
        await archive.UploadAsync(ArchiveFixture.NewName(), [3, 3, 3]);
        await steps.BackUpAsync(archive.Folder);
        await steps.BackUpAsync(archive.Folder);

        steps
            .Files()
            .Where(file => !file.StartsWith("objects/", StringComparison.Ordinal))
            .ShouldBe([
                "backup.json",
                "catalogue.sqlite",
                "manifests/manifest-1-2.txt",
                "manifests/manifest-3-3.txt",
                "manifests/missing.txt",
                "mission.json",
                "signing.key",
            ]);
        (await File.ReadAllLinesAsync(Path.Combine(steps.Folder, "manifests/manifest-3-3.txt")))[0].ShouldBe("# 3 3");
        if (!OperatingSystem.IsWindows())
            File.GetUnixFileMode(Path.Combine(steps.Folder, "signing.key")).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        foreach (var folder in new[] { steps.Folder, archive.Folder })
        {
            var check = new ProcessStartInfo(
                "sh",
                ["-c", $"cd {folder} && cat {steps.Folder}/manifests/manifest-*.txt | sha256sum --check --strict"]
            )
            {
                RedirectStandardOutput = true,
                UseShellExecute = false,
            };
            using var process = Process.Start(check).ShouldNotBeNull();
            (await process.StandardOutput.ReadToEndAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries).Length.ShouldBe(3);
            await process.WaitForExitAsync();
            process.ExitCode.ShouldBe(0);
        }
    }

    [Fact]
    public async Task A_backup_that_is_interrupted_leaves_no_half_one_and_the_next_goes_on()
    {
        await using var archive = await RunningArchive.StartAsync();
        await DemoArchive.FillAsync(archive.Services, 600, CancellationToken.None);
        var lost = (await archive.Services.GetRequiredService<IntegrityState>().BySeqAsync(299, 1, CancellationToken.None))[0].Key;
        var away = Path.Combine(archive.Folder, "away");
        File.Move(Path.Combine(archive.Folder, "objects", lost), away);
        using var interrupt = new CancellationTokenSource();
        // The second of three batches finds that an object is gone; there the operator stops it.
        await Should.ThrowAsync<OperationCanceledException>(() =>
            steps.BackUpAsync(archive.Folder, report: _ => interrupt.Cancel(), cancel: interrupt.Token)
        );
        steps
            .Files()
            .ShouldNotContain(file =>
                !file.StartsWith("objects/", StringComparison.Ordinal) && !file.EndsWith(".partial", StringComparison.Ordinal)
            );
        steps.Files().Count(file => file.StartsWith("objects/", StringComparison.Ordinal)).ShouldBe(511);
        await Should.ThrowAsync<SettingException>(steps.VerifyAsync);

        File.Move(away, Path.Combine(archive.Folder, "objects", lost));
        (await steps.BackUpAsync(archive.Folder)).Failed.ShouldBe(0);
        steps.Files().ShouldNotContain(file => file.Contains(".partial", StringComparison.Ordinal));
        (await steps.VerifyAsync()).Intact.ShouldBe(600);
    }

    [Fact]
    public async Task A_damaged_object_is_told_and_not_copied_and_comes_later_when_it_is_right_again()
    {
        await using var archive = await RunningArchive.StartAsync();
        var good = await archive.UploadAsync(ArchiveFixture.NewName(), [1, 2, 3]);
        var bad = await archive.UploadAsync(ArchiveFixture.NewName(), [4, 5, 6]);
        BackupSteps.Damage(archive.Folder, bad.FilePath);
        (await steps.BackUpAsync(archive.Folder)).Failed.ShouldBe(1);
        steps.Told.ShouldBe([$"corrupt: {bad.FilePath} (seq 2)"]);
        steps.Files().ShouldContain($"objects/{good.FilePath}");
        steps.Files().ShouldNotContain($"objects/{bad.FilePath}");
        (await steps.BackUpAsync(archive.Folder)).Failed.ShouldBe(1, "it is missing until it is there");

        // Once the archive itself knows, it is no news any more.
        await archive
            .Services.GetRequiredService<IntegrityState>()
            .MarkAsync(2, ChangeKind.Damaged, "found by a check", CancellationToken.None);
        var known = await steps.BackUpAsync(archive.Folder);
        (known.Failed, known.KnownLost, known.State!.Missing).ShouldBe((0, 1, 1));

        BackupSteps.Damage(archive.Folder, bad.FilePath);
        var whole = await steps.BackUpAsync(archive.Folder);
        (whole.Failed, whole.KnownLost, whole.State!.Missing, whole.State.Copied).ShouldBe((0, 0, 0, 1));
        steps.Files().ShouldContain($"objects/{bad.FilePath}");
        steps.Files().Count(file => file.StartsWith("manifests/late-", StringComparison.Ordinal)).ShouldBe(1);
    }

    [Fact]
    public async Task A_folder_that_holds_something_else_is_refused_and_left_as_it_is()
    {
        await using var archive = await RunningArchive.StartAsync();
        await using var other = await RunningArchive.StartAsync();
        await archive.UploadAsync(ArchiveFixture.NewName(), [1]);
        await other.UploadAsync(ArchiveFixture.NewName(), [1]);
        await steps.BackUpAsync(archive.Folder);
        var before = steps.Files();
        (await Should.ThrowAsync<SettingException>(() => steps.BackUpAsync(other.Folder))).Message.ShouldContain("two archives");
        (await Should.ThrowAsync<SettingException>(() => steps.BackUpAsync(archive.Folder, catalogueOnly: true))).Message.ShouldContain(
            "two sorts"
        );
        (await Should.ThrowAsync<SettingException>(() => RunningArchive.StartAsync(folder: steps.Folder))).Message.ShouldContain(
            "is a backup"
        );
        (await steps.VerifyAsync()).Failed.ShouldBe(0);
        steps.Files().Where(file => !file.EndsWith(".partial", StringComparison.Ordinal)).ShouldBe(before);
    }

    private static List<Publication> Publications(int batch) =>
    [
        .. Enumerable.Range(0, 256).Select(i => new Publication(
            FileName.Parse($"imap_swe_l1a_b{batch}n{i}_20260101_v001.pkts", Mission.Imap).Name.ShouldNotBeNull(), 1, new string('0', 64))),
    ];
}
