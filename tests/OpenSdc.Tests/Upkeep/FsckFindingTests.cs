using OpenSdc.Server;
using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Objects;
using OpenSdc.Server.Upkeep;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Upkeep;

public sealed class FsckFindingTests
{
    [Fact]
    public async Task A_whole_archive_is_clean()
    {
        using var archive = await FsckArchive.MakeAsync();
        var (report, findings) = await archive.CheckAsync(new FsckOptions { Digest = true });
        (report.Outcome, report.Records, report.Objects, report.FilesRead).ShouldBe((FsckOutcome.Clean, 20, 20, 20));
        findings.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_flipped_bit_is_found_by_reading_only()
    {
        using var archive = await FsckArchive.MakeAsync();
        archive.FlipBit(archive.Keys[3]);
        (await archive.CheckAsync()).Report.Outcome.ShouldBe(FsckOutcome.Clean);
        var finding = (await archive.CheckAsync(new FsckOptions { Digest = true })).Findings.ShouldHaveSingleItem();
        (finding.Kind, finding.Key, finding.Action).ShouldBe((FsckKind.Digest, archive.Keys[3], FsckAction.MarkDamaged));
    }

    [Fact]
    public async Task A_truncated_object_is_found_at_sight()
    {
        using var archive = await FsckArchive.MakeAsync();
        archive.Truncate(archive.Keys[5]);
        var finding = (await archive.CheckAsync()).Findings.ShouldHaveSingleItem();
        (finding.Kind, finding.Key, finding.Action).ShouldBe((FsckKind.Size, archive.Keys[5], FsckAction.MarkDamaged));
    }

    [Fact]
    public async Task An_object_at_the_key_of_a_purged_file_is_named()
    {
        using var archive = await FsckArchive.MakeAsync();
        var key = archive.Keys[4];
        using (var open = await archive.OpenAsync())
        {
            var (withdrawals, audit) = (new Withdrawals(open.Catalogue, TimeProvider.System), AuditEntry.OfLocal("test", key));
            (await withdrawals.WithdrawAsync(key, "wrong", null, audit, CancellationToken.None)).ShouldBe(WithdrawalOutcome.Done);
            (await archive.CheckAsync()).Report.Outcome.ShouldBe(FsckOutcome.Clean, "a withdrawn file has its object until it is purged");
            var (_, token) = await withdrawals.PreparePurgeAsync(key, CancellationToken.None);
            (await withdrawals.PurgeAsync(key, token!, audit, CancellationToken.None)).ShouldBe(WithdrawalOutcome.Done);
        }

        var finding = (await archive.CheckAsync()).Findings.ShouldHaveSingleItem();
        (finding.Kind, finding.Key, finding.Action).ShouldBe((FsckKind.Foreign, key, FsckAction.None));
        File.Delete(archive.PathOf(key));
        (await archive.CheckAsync()).Report.Outcome.ShouldBe(FsckOutcome.Clean);
    }

    [Fact]
    public async Task A_deleted_object_is_a_record_without_one()
    {
        using var archive = await FsckArchive.MakeAsync();
        foreach (var key in new[] { archive.Keys[0], archive.Keys[7], archive.Keys[^1] })
            File.Delete(archive.PathOf(key));
        var (_, findings) = await archive.CheckAsync();
        findings.Select(finding => finding.Key).ShouldBe([archive.Keys[0], archive.Keys[7], archive.Keys[^1]]);
        findings.ShouldAllBe(finding => finding.Kind == FsckKind.Lost && finding.Action == FsckAction.MarkLost);
    }

    [Theory]
    [InlineData("imap/swe/l1/2026/09/imap_swe_l1_sci_20260901_v001.0002.cdf", FsckKind.Orphan, FsckAction.Adopt)]
    [InlineData("imap/swe/l1/2026/08/imap_swe_l1_sci_20260901_v001.0002.cdf", FsckKind.Misplaced, FsckAction.Quarantine)]
    [InlineData("imap_swe_l1_sci_20260901_v001.0002.cdf", FsckKind.Misplaced, FsckAction.Quarantine)]
    [InlineData("imap/swe/l1/2026/09/notes.txt", FsckKind.Foreign, FsckAction.Quarantine)]
    [InlineData("a file of someone's", FsckKind.Foreign, FsckAction.Quarantine)]
    [InlineData("zzz", FsckKind.Foreign, FsckAction.Quarantine)]
    [InlineData("two\nlines", FsckKind.Foreign, FsckAction.Quarantine)]
    [InlineData("-rf", FsckKind.Foreign, FsckAction.Quarantine)]
    [InlineData(".hidden", FsckKind.Foreign, FsckAction.Quarantine)]
    public async Task An_object_without_a_record(string key, string kind, string action)
    {
        using var archive = await FsckArchive.MakeAsync();
        archive.Put(key);
        var finding = (await archive.CheckAsync()).Findings.ShouldHaveSingleItem();
        (finding.Kind, finding.Key, finding.Action).ShouldBe((kind, key, action));
    }

    [Fact]
    public async Task What_is_no_file_is_told_and_neither_opened_nor_followed()
    {
        using var archive = await FsckArchive.MakeAsync();
        File.Delete(archive.PathOf(archive.Keys[1]));
        FsckArchive.Shell(
            $"cd '{archive.PathOf("")}' && ln -s . loop && ln -s .. imap/up && ln -s /nowhere dangling && mkfifo pipe && mkfifo '{archive.Keys[1]}'"
        );
        var (_, findings) = await archive.CheckAsync(new FsckOptions { Digest = true });
        findings
            .Where(finding => finding.Kind == FsckKind.Foreign)
            .Select(finding => finding.Key)
            .Order(StringComparer.Ordinal)
            .ShouldBe(["dangling", "imap/up", "loop", "pipe"]);
        findings
            .Single(finding => finding.Kind != FsckKind.Foreign)
            .ShouldSatisfyAllConditions(finding => finding.Kind.ShouldBe(FsckKind.Lost), finding => finding.Key.ShouldBe(archive.Keys[1]));
    }

    [Fact]
    public async Task A_link_in_place_of_a_recorded_object_is_left_to_a_person()
    {
        using var archive = await FsckArchive.MakeAsync();
        var away = Path.Combine(archive.Folder, "elsewhere");
        File.Move(archive.PathOf(archive.Keys[2]), away);
        File.CreateSymbolicLink(archive.PathOf(archive.Keys[2]), away);
        var finding = (await archive.RepairAsync()).Findings.ShouldHaveSingleItem();
        (finding.Kind, finding.Action, finding.Outcome).ShouldBe((FsckKind.Foreign, FsckAction.None, null));
        archive.Rows("corrupt_or_missing").ShouldBeEmpty();
    }

    [Fact]
    public async Task Names_that_are_no_text_are_told_and_left()
    {
        using var archive = await FsckArchive.MakeAsync();
        FsckArchive.Shell(
            $"cd '{archive.PathOf("")}' && echo x > \"$(printf 'bad\\377')\" && mkdir \"$(printf 'dir\\376')\" && echo x > \"$(printf 'dir\\376')/file\""
        );
        archive.Put("zzz");
        var (_, findings) = await archive.RepairAsync();
        findings
            .Select(finding => (finding.Key, finding.Outcome))
            .Order()
            .ShouldBe([("bad\uFFFD", "left"), ("dir\uFFFD", "left"), ("zzz", "done")]);
    }

    [Fact]
    public async Task Left_overs_count_when_nobody_serves_or_after_a_day()
    {
        using var archive = await FsckArchive.MakeAsync();
        var slot = Directory.CreateDirectory(Path.Combine(archive.Folder, "staging", "0042")).FullName;
        File.WriteAllText(Path.Combine(slot, "imap_swe_l1_sci_20260901_v001.0002.cdf"), "half");
        (await archive.CheckAsync()).Findings.ShouldHaveSingleItem().Kind.ShouldBe(FsckKind.LeftOver);
        using (DataFolder.Open(archive.Folder))
        {
            (await archive.CheckAsync()).Findings.ShouldBeEmpty();
            (await archive.CheckAsync(clock: FsckArchive.Ahead(25))).Findings.ShouldHaveSingleItem().Kind.ShouldBe(FsckKind.LeftOver);
        }
    }

    [Fact]
    public async Task An_object_that_is_just_being_published_is_left_to_the_next()
    {
        using var archive = await FsckArchive.MakeAsync();
        var name = FsckArchive.NameOf(5, "other");
        var slot = Directory.CreateDirectory(Path.Combine(archive.Folder, "staging", "0042")).FullName;
        File.WriteAllText(Path.Combine(slot, name.Name), "whole");
        archive.Put(name.Key, "whole");
        using (DataFolder.Open(archive.Folder))
            (await archive.CheckAsync()).ShouldSatisfyAllConditions(
                check => check.Findings.ShouldBeEmpty(),
                check => check.Report.Young.ShouldBe(1)
            );
        (await archive.CheckAsync()).Findings.Select(finding => finding.Kind).ShouldBe([FsckKind.Orphan, FsckKind.LeftOver]);
    }

    [Fact]
    public async Task What_is_younger_than_the_check_is_left_to_the_next()
    {
        using var archive = await FsckArchive.MakeAsync();
        File.SetLastWriteTimeUtc(archive.PathOf(archive.Put("zzz")), DateTime.UtcNow.AddYears(-1));
        var (report, findings) = await archive.CheckAsync(clock: FsckArchive.Ahead(-1));
        (report.Outcome, report.Young, findings.Count).ShouldBe((FsckOutcome.Clean, 1, 0));
    }

    [Fact]
    public async Task A_dry_run_changes_nothing()
    {
        using var archive = await FsckArchive.MakeAsync();
        archive.FlipBit(archive.Keys[0]);
        archive.Truncate(archive.Keys[1]);
        File.Delete(archive.PathOf(archive.Keys[2]));
        archive.Put("zzz");
        archive.Put(FsckArchive.NameOf(1, "other").Key);
        var before = archive.Everything();
        (await archive.CheckAsync(new FsckOptions { Digest = true })).Report.Changes.ShouldBe(5);
        archive.Everything().ShouldBe(before);
        Directory
            .GetFileSystemEntries(archive.Folder)
            .Select(Path.GetFileName)
            .Order(StringComparer.Ordinal)
            .ShouldBe(["catalogue.sqlite", "objects", "staging"]);
    }

    [Fact]
    public async Task Without_a_catalogue_every_object_is_without_a_record_and_a_dry_run_makes_none()
    {
        using var archive = await FsckArchive.MakeAsync();
        File.Delete(Path.Combine(archive.Folder, "catalogue.sqlite"));
        var (report, _) = await archive.CheckAsync();
        (report.Counts[FsckKind.Orphan], report.Records).ShouldBe((20, 0));
        (await archive.RepairAsync("1%")).Report.Outcome.ShouldBe(FsckOutcome.Stopped);
        File.Exists(Path.Combine(archive.Folder, "catalogue.sqlite")).ShouldBeFalse();
        (await archive.RepairAsync("100%")).Report.Outcome.ShouldBe(FsckOutcome.Repaired);
        (await archive.CheckAsync(new FsckOptions { Digest = true })).Report.ShouldSatisfyAllConditions(
            after => after.Outcome.ShouldBe(FsckOutcome.Clean),
            after => after.Records.ShouldBe(20));
    }

    [Theory]
    [InlineData(null, 5, FsckAction.MarkDamaged)]
    [InlineData("damaged", 5, FsckAction.None)]
    [InlineData("lost", 5, FsckAction.MarkDamaged)]
    [InlineData("lost", 13, FsckAction.None)]
    [InlineData(null, 13, FsckAction.None)]
    public void An_object_that_cannot_be_read_is_marked_where_the_disk_itself_failed(string? before, int errno, string action)
    {
        var finding = FsckFinding
            .Of(new KeptFile(1, "key", 2, "digest", before, 1), ObjectVerdict.OfFailure(new IOException("It fails.", errno)))
            .ShouldNotBeNull();
        (finding.Kind, finding.Action).ShouldBe((FsckKind.Unreadable, action));
    }

    [Fact]
    public async Task A_folder_without_an_archive_is_refused()
    {
        var folder = Directory.CreateTempSubdirectory("opensdc-fsck-test-");
        await Should.ThrowAsync<SettingException>(() =>
            Fsck.RunAsync(
                new ServerOptions { Data = folder.FullName },
                new FsckOptions(),
                new UpkeepProgress(),
                TimeProvider.System,
                CancellationToken.None
            )
        );
        folder.EnumerateFileSystemInfos().ShouldBeEmpty();
        folder.Delete();
    }
}
