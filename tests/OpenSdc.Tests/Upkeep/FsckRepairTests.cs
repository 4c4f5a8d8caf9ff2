using System.Globalization;
using OpenSdc.Server;
using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Upkeep;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Upkeep;

public sealed class FsckRepairTests
{
    [Fact]
    public async Task Coverage_and_notes_that_do_not_follow_from_the_records_are_made_again()
    {
        using var archive = await FsckArchive.MakeAsync();
        archive.Run("UPDATE coverage SET files = 7 WHERE digits = 8; UPDATE files SET superseded_by = 3 WHERE seq = 5");
        var (found, findings) = await archive.CheckAsync();
        (found.Outcome, found.Counts[FsckKind.Derived]).ShouldBe((FsckOutcome.Problems, 2));
        findings
            .Select(each => (each.Kind, each.Key, each.Action))
            .ShouldBe([(FsckKind.Derived, "coverage", FsckAction.Derive), (FsckKind.Derived, "superseded_by", FsckAction.Derive)]);
        using (var copy = new CatalogueCopy(Path.Combine(archive.Folder, "catalogue.sqlite")))
        {
            copy.Fault(thorough: true).ShouldNotBeNull().ShouldContain("coverage");
            copy.Fault(thorough: false).ShouldBeNull();
        }

        (await archive.RepairAsync("2")).Report.Outcome.ShouldBe(FsckOutcome.Repaired);
        (await archive.CheckAsync()).Report.Outcome.ShouldBe(FsckOutcome.Clean);
    }

    [Fact]
    public async Task A_well_named_object_is_adopted_with_a_date_no_earlier_than_the_newest()
    {
        using var archive = await FsckArchive.MakeAsync();
        var key = archive.Put(FsckArchive.NameOf(5, "other").Key);
        File.SetLastWriteTimeUtc(archive.PathOf(key), new DateTime(2026, 3, 4, 5, 6, 7, DateTimeKind.Utc));
        (await archive.RepairAsync()).Report.Outcome.ShouldBe(FsckOutcome.Repaired);
        using var open = await archive.OpenAsync();
        var newest = (await open.Catalogue.FindAsync(FsckArchive.NameOf(19).Key, ReadScope.Team, CancellationToken.None))
            .ShouldNotBeNull()
            .IngestionDate;
        (await open.Catalogue.FindAsync(key, ReadScope.Team, CancellationToken.None))
            .ShouldNotBeNull()
            .ShouldSatisfyAllConditions(
                record => record.Seq.ShouldBe(21),
                record => record.IngestionDate.ShouldBe(newest),
                record => record.Size.ShouldBe(18)
            );
        (await open.Integrity.WasAdoptedAsync(21, CancellationToken.None)).ShouldBeTrue();
        (await archive.CheckAsync(new FsckOptions { Digest = true })).Report.Outcome.ShouldBe(FsckOutcome.Clean);
    }

    [Fact]
    public async Task What_has_no_place_goes_to_the_quarantine_and_never_over_another()
    {
        using var archive = await FsckArchive.MakeAsync();
        foreach (var text in new[] { "first", "second", "third" })
        {
            archive.Put("imap/notes.txt", text);
            (await archive.RepairAsync()).Report.Outcome.ShouldBe(FsckOutcome.Repaired);
        }

        Directory
            .GetFiles(Path.Combine(archive.Folder, "quarantine", "imap"))
            .Order(StringComparer.Ordinal)
            .Select(File.ReadAllText)
            .ShouldBe(["first", "second", "third"]);
        (await archive.CheckAsync()).Report.Outcome.ShouldBe(FsckOutcome.Clean);
    }

    [Fact]
    public async Task Records_are_marked_once_and_stay_a_problem()
    {
        using var archive = await FsckArchive.MakeAsync();
        File.Delete(archive.PathOf(archive.Keys[0]));
        archive.Truncate(archive.Keys[1]);
        archive.FlipBit(archive.Keys[2]);
        (await archive.RepairAsync()).Report.ShouldSatisfyAllConditions(
            report => report.Outcome.ShouldBe(FsckOutcome.Repaired),
            report => report.Done.ShouldBe(3));
        using var open = await archive.OpenAsync();
        (await open.Integrity.CountAsync(CancellationToken.None)).ShouldBe(3);
        var events = archive.Rows("changes");
        (await archive.RepairAsync()).Report.ShouldSatisfyAllConditions(
            report => report.Outcome.ShouldBe(FsckOutcome.Problems),
            report => report.Changes.ShouldBe(0),
            report => report.Log.ShouldBeNull());
        archive.Rows("changes").ShouldBe(events);
    }

    [Fact]
    public async Task The_mark_goes_when_the_right_bytes_are_back()
    {
        using var archive = await FsckArchive.MakeAsync();
        var (lost, damaged, other) = (archive.Keys[0], archive.Keys[1], archive.Keys[2]);
        var away = Path.Combine(archive.Folder, "away");
        File.Move(archive.PathOf(lost), away);
        archive.FlipBit(damaged);
        archive.FlipBit(other);
        await archive.RepairAsync();
        File.Move(away, archive.PathOf(lost));
        archive.FlipBit(damaged);

        // Marked files are read whether or not all others are.
        var (report, findings) = await archive.CheckAsync();
        findings.Select(finding => (finding.Key, finding.Kind)).Order().ShouldBe(
            new[] { (lost, FsckKind.Returned), (damaged, FsckKind.Returned), (other, FsckKind.Digest) }.Order());
        report.Changes.ShouldBe(2);
        (await archive.RepairAsync(digest: false)).Report.Done.ShouldBe(2);
        archive
            .Rows("corrupt_or_missing")
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .ShouldHaveSingleItem()
            .ShouldContain("damaged");
    }

    [Theory]
    [InlineData(20, "1%", 1, true)]
    [InlineData(20, "1%", 2, false)]
    [InlineData(20, "10%", 2, true)]
    [InlineData(20, "0", 1, false)]
    [InlineData(20, "0%", 1, false)]
    [InlineData(20, "3", 3, true)]
    [InlineData(20, "3", 4, false)]
    public async Task More_changes_than_allowed_change_nothing(int files, string cap, int faults, bool passes)
    {
        using var archive = await FsckArchive.MakeAsync(files);
        for (var i = 0; i < faults; i++)
            archive.Truncate(archive.Keys[i]);
        var before = archive.Everything();
        (await archive.RepairAsync(cap)).Report.Outcome.ShouldBe(passes ? FsckOutcome.Repaired : FsckOutcome.Stopped);
        if (!passes)
            archive.Everything().ShouldBe(before);
    }

    [Theory]
    [InlineData("2.5%", "2.5", true)]
    [InlineData("7", "7", false)]
    [InlineData("101%", null, false)]
    [InlineData("-1", null, false)]
    [InlineData("", null, false)]
    [InlineData("1%%", null, false)]
    [InlineData("some", null, false)]
    public void The_cap_is_a_number_or_a_share(string text, string? amount, bool isPercentage) =>
        ChangeCap
            .Parse(text)
            .ShouldBe(amount is null ? null : new ChangeCap(decimal.Parse(amount, CultureInfo.InvariantCulture), isPercentage));

    [Fact]
    public async Task Undo_gives_back_what_was_moved_and_marked()
    {
        using var archive = await FsckArchive.MakeAsync();
        archive.Truncate(archive.Keys[0]);
        File.Delete(archive.PathOf(archive.Keys[1]));
        archive.Put("two\nlines", "kept");
        archive.Put("imap/swe/l1/2026/08/" + FsckArchive.NameOf(1).Name);
        FsckArchive.Shell($"ln -s . '{archive.PathOf("loop")}'");
        var objects = archive.Everything("fsck", "quarantine").Split("\n1|", 2)[0];
        var log = (await archive.RepairAsync()).Report.Log.ShouldNotBeNull();

        var undo = await archive.UndoAsync(log);
        (undo.Undone, undo.Left.Count).ShouldBe((5, 0));
        DoneIn(undo.Log).ShouldBe(DoneIn(log).Reverse(), "what was done last is undone first");
        archive.Everything("fsck", "quarantine").Split("\n1|", 2)[0].ShouldBe(objects);
        archive.Rows("corrupt_or_missing").ShouldBeEmpty();
        Directory.GetFiles(Path.Combine(archive.Folder, "quarantine"), "*", SearchOption.AllDirectories).ShouldBeEmpty();
        (await archive.CheckAsync()).Report.Changes.ShouldBe(5);

        // An undo can be undone like any repair.
        (await archive.UndoAsync(undo.Log)).ShouldSatisfyAllConditions(
            again => again.Undone.ShouldBe(5),
            again => again.Left.ShouldBeEmpty()
        );
        (await archive.CheckAsync()).Report.Changes.ShouldBe(0);
    }

    private static IEnumerable<string> DoneIn(string log) =>
        [.. FsckLog.Read(log).Where(line => line.Step == "done").Select(line => line.Key)];

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(3000)]
    public void A_log_is_read_from_both_ends(int lines)
    {
        var file = Path.GetTempFileName();
        try
        {
            // Lines of many lengths, over several blocks, and one that a crash cut short.
            File.WriteAllLines(
                file,
                Enumerable
                    .Range(1, lines)
                    .Select(n => $$"""{"step":"done","action":"mark","number":{{n}},"key":"{{new string('k', n % 300)}}"}""")
            );
            File.AppendAllText(file, """{"step":"do""");
            FsckLog.Read(file).Select(line => line.Number).ShouldBe(Enumerable.Range(1, lines).Select(n => (long)n));
            FsckLog.ReadBackwards(file).ShouldBe(FsckLog.Read(file).Reverse());
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task An_adoption_is_undone_by_a_mark_since_the_ledger_has_no_gaps()
    {
        using var archive = await FsckArchive.MakeAsync();
        var key = archive.Put(FsckArchive.NameOf(5, "other").Key);
        var files = (await archive.RepairAsync()).Report.Log!;
        var rows = archive.Rows("files");
        (await archive.UndoAsync(files)).Left.ShouldBeEmpty();
        archive.Rows("files").Replace(",\"integrity\":\"lost\"", "", StringComparison.Ordinal).ShouldBe(rows);
        File.Exists(archive.PathOf(key)).ShouldBeFalse();
        File.ReadAllText(Path.Combine(archive.Folder, "quarantine", key)).ShouldBe("bytes of an orphan");
        using var open = await archive.OpenAsync();
        (await open.Integrity.OfAsync(21, CancellationToken.None)).ShouldBe(ChangeKind.Lost);
        (await archive.UndoAsync(files)).Left.ShouldHaveSingleItem().ShouldContain("marked lost");
    }

    [Fact]
    public async Task Undo_after_a_crash_goes_by_what_was_done()
    {
        using var archive = await FsckArchive.MakeAsync();
        archive.Put("moved", "moved");
        archive.Put("not-moved", "not moved");
        var key = archive.Put(FsckArchive.NameOf(5, "other").Key);
        archive.Truncate(archive.Keys[0]);
        var log = (await archive.RepairAsync()).Report.Log!;
        await archive.UndoAsync(log);
        await archive.RepairAsync();

        // The same log as a crash leaves it: intents only, the last line torn; one of the moves was never made.
        File.Move(Path.Combine(archive.Folder, "quarantine", "not-moved"), archive.PathOf("not-moved"));
        var intents = File.ReadAllLines(log).Where(line => !line.Contains("\"done\"", StringComparison.Ordinal));
        File.WriteAllText(log, string.Join('\n', intents) + "\n{\"at\":\"2026-");
        var undo = await archive.UndoAsync(log);
        File.ReadAllText(archive.PathOf("moved")).ShouldBe("moved");
        File.ReadAllText(archive.PathOf("not-moved")).ShouldBe("not moved");
        archive.Rows("corrupt_or_missing").ShouldNotContain("damaged");
        undo.Left.ShouldHaveSingleItem().ShouldStartWith("adopt of " + key); // marked lost by the first undo already
    }

    [Fact]
    public async Task Undo_takes_a_log_of_this_archive_only()
    {
        using var archive = await FsckArchive.MakeAsync(1);
        using var other = await FsckArchive.MakeAsync(1);
        archive.Put("zzz");
        var log = (await archive.RepairAsync()).Report.Log!;
        (await Should.ThrowAsync<SettingException>(() => other.UndoAsync(log))).Message.ShouldContain(archive.Folder);
        (await Should.ThrowAsync<SettingException>(() => archive.UndoAsync(archive.PathOf(archive.Keys[0])))).Message.ShouldContain(
            "is none"
        );
    }

    [Fact]
    public async Task A_log_that_leads_out_of_the_archive_is_not_followed()
    {
        using var archive = await FsckArchive.MakeAsync(1);
        var outside = Path.Combine(archive.Folder, "outside");
        File.WriteAllText(outside, "mine");
        var log = Path.Combine(archive.Folder, "made-up.log");
        File.WriteAllText(log, $$"""
            {"step":"start","action":"repair","key":"{{archive.Folder}}"}
            {"step":"done","action":"quarantine","number":1,"key":"../stolen","place":"../outside"}

            """);
        (await archive.UndoAsync(log)).Left.ShouldHaveSingleItem().ShouldContain("leads out of");
        File.Exists(outside).ShouldBeTrue();
    }

    [Fact]
    public async Task Two_repairs_do_not_run_at_once()
    {
        using var archive = await FsckArchive.MakeAsync();
        archive.Put("zzz");
        using (var open = await archive.OpenAsync())
        using (new FsckLog(open, "repair", TimeProvider.System))
            await Should.ThrowAsync<SettingException>(() => archive.RepairAsync());
        (await archive.RepairAsync()).Report.Outcome.ShouldBe(FsckOutcome.Repaired);
    }
}
