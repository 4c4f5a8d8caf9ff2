using System.Text.Encodings.Web;
using System.Text.Json;
using OpenSdc.Server.Upkeep;

namespace OpenSdc.Cli;

/// <summary>The report of <c>sdc fsck</c> in words: what was compared, then each kind of finding with its first few.</summary>
internal static class FsckWords
{
    /// <summary>What each kind is, before its number.</summary>
    private static readonly Dictionary<string, string> Titles = new(StringComparer.Ordinal)
    {
        [FsckKind.Orphan] = "Objects without a record, where their names say",
        [FsckKind.Misplaced] = "Objects without a record, at another key than their names'",
        [FsckKind.Foreign] = "What is no file of the archive",
        [FsckKind.Lost] = "Records without an object",
        [FsckKind.Size] = "Objects of another size than recorded",
        [FsckKind.Digest] = "Objects with other bytes than recorded",
        [FsckKind.Unreadable] = "Objects that cannot be read",
        [FsckKind.Returned] = "Files marked lost or damaged that are right again",
        [FsckKind.LeftOver] = "Left-overs in staging",
        [FsckKind.Derived] = "Derived data that does not follow from the records",
    };

    public static async Task WriteAsync(TextWriter output, FsckReport report, int show, CancellationToken cancel)
    {
        await output.WriteLineAsync(
            $"Compared {Count(report.Records, "record")} with {Count(report.Objects, "object")} ({Size(report.ObjectBytes)}) in {report.Seconds:0.0} s"
                + (
                    report.Digest
                        ? $"; read {Count(report.FilesRead, "object")}, {Size(report.BytesRead)}."
                        : "; sizes only, --digest reads every byte."
                )
        );
        if (report.SeqAfter != report.SeqBefore)
            await output.WriteLineAsync($"Published meanwhile: {report.SeqAfter - report.SeqBefore}.");
        if (report.Young > 0)
            await output.WriteLineAsync($"Younger than this check, and so left to the next: {report.Young} without a record.");
        foreach (var (kind, count) in report.Counts.Where(each => each.Value > 0))
        {
            await output.WriteLineAsync($"\n{Titles[kind]}: {count}");
            await ListAsync(output, report, kind, count, show, cancel);
        }

        await output.WriteLineAsync("\n" + Verdict(report));
    }

    public static async Task WriteAsync(TextWriter output, FsckUndoReport report)
    {
        foreach (var sentence in report.Left)
            await output.WriteLineAsync($"Not undone: {Shown(sentence)}");
        await output.WriteLineAsync(
            $"Undone: {Count(report.Undone, "action")}; {report.Left.Count} could not be. The undo's own log: {report.Log}"
        );
    }

    private static async Task ListAsync(TextWriter output, FsckReport report, string kind, long count, int show, CancellationToken cancel)
    {
        var shown = 0;
        // The findings lie in a file; it is read once a kind, so that no kind's first few wait for another's many.
        await foreach (var finding in report.Findings.WithCancellation(cancel))
        {
            if (shown == Math.Min(show, count))
                break;
            if (finding.Kind != kind)
                continue;
            await output.WriteLineAsync($"  {Shown(finding.Key)}\n    {Shown(finding.Detail)}{Becoming(finding)}");
            shown++;
        }

        if (count > shown)
            await output.WriteLineAsync($"  … and {count - shown} more; --json names all.");
    }

    private static string Becoming(FsckFinding finding) => (finding.Outcome, finding.Action) switch
    {
        ("left", _) => " Left as it is.",
        (not null, FsckAction.Adopt) => " It has its record now.",
        (not null, FsckAction.Quarantine) => " It is in the quarantine now.",
        (not null, FsckAction.Derive) => " It is made again now.",
        (not null, FsckAction.Clear) => " The mark is gone now.",
        (not null, FsckAction.MarkLost) => " It is marked lost now.",
        (not null, _) => " It is marked damaged now.",
        (null, FsckAction.Adopt) => " --repair gives it a record.",
        (null, FsckAction.Quarantine) => " --repair moves it to the quarantine.",
        (null, FsckAction.Derive) => " --repair makes it again.",
        (null, FsckAction.Clear) => " --repair takes the mark away.",
        (null, FsckAction.MarkLost) => " --repair marks it lost.",
        (null, FsckAction.MarkDamaged) => " --repair marks it damaged.",
        _ => "",
    };

    private static string Verdict(FsckReport report) =>
        report.Outcome switch
        {
            FsckOutcome.Clean => "Clean: every record has its object, and every object its record.",
            FsckOutcome.Repaired => $"Repaired: {Count(report.Done, "change")} made. Log, for --undo: {report.Log}",
            FsckOutcome.Stopped =>
                $"Stopped: the repair would make {Count(report.Changes, "change")}, and --max-changes allows {report.AllowedChanges}. Nothing was changed. "
                    + "Is everything mounted, and is it the right catalogue? If so, give a higher --max-changes.",
            _ when report.Log is not null => $"Problems are left: {Count(report.Done, "change")} made. Log, for --undo: {report.Log}",
            _ when report.Repair => "Problems are left, and no repair is known for them.",
            _ when report.Changes == 0 =>
                "Problems found, and none that --repair changes: they are marked already, or are for a person to see to. Nothing was changed.",
            _ => $"Problems found. Nothing was changed; --repair would make {Count(report.Changes, "change")}.",
        };

    // Names in the folder are anyone's: as in JSON, what would move a terminal's cursor is written as \u001b and the like.
    private static string Shown(string text) =>
        JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).Value.Replace("\\\"", "\"", StringComparison.Ordinal);

    private static string Count(long number, string what) => LongTask.Count(number, what, what + "s");

    private static string Size(long bytes)
    {
        string[] units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
        var unit = 0;
        double value = bytes;
        for (; value >= 1024 && unit < units.Length - 1; unit++)
            value /= 1024;
        return unit == 0 ? $"{bytes} B" : $"{value:0.0} {units[unit]}";
    }
}
