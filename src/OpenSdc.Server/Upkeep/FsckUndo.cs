using OpenSdc.Server.Catalogue;

namespace OpenSdc.Server.Upkeep;

/// <summary>
/// Undoes what a log says was done: what was moved goes back, what was marked gets the mark it had.
/// </summary>
/// <remarks>
/// A record that an adoption made cannot be taken away: the ledger has no gaps, and readers may have seen its
/// number. Its object goes to the quarantine and the record is marked lost, each of it an event; the file
/// stays listed, and cannot be fetched. Each thing is undone only where it still is as the log left it; what
/// was done last is undone first, since it may stand on what was done before.
/// </remarks>
internal sealed class FsckUndo(OpenArchive archive, FsckActions actions, string logName)
{
    private readonly List<string> left = [];
    private long undone;

    /// <param name="lines">The log's lines, from the last.</param>
    /// <param name="cancel">Ends it between two actions.</param>
    public async Task<(long Undone, IReadOnlyList<string> Left)> RunAsync(IEnumerable<FsckLogLine> lines, CancellationToken cancel)
    {
        // An action stands in the log twice, its end first as the log is read here; at most one batch of ends waits for its intents.
        var ended = new HashSet<long>();
        foreach (var line in lines)
        {
            cancel.ThrowIfCancellationRequested();
            switch (line.Step)
            {
                case "done":
                    ended.Add(line.Number);
                    Count(line, await UndoAsync(line, cancel));
                    break;
                case "not-done":
                    ended.Add(line.Number);
                    break;
                // The process ended between an intent and its end: what there is tells what was done.
                case "intent" when !ended.Remove(line.Number) && await WasDoneAsync(line, cancel):
                    Count(line, await UndoAsync(line, cancel));
                    break;
            }
        }

        return (undone, left);
    }

    private void Count(FsckLogLine line, string? reason)
    {
        if (reason is null)
            undone++;
        else
            left.Add($"{line.Action} of {line.Key}: {reason}");
    }

    private Task<string?> UndoAsync(FsckLogLine line, CancellationToken cancel) => line.Action switch
    {
        FsckActions.Adopt => UndoAdoptionAsync(line, cancel),
        FsckActions.Mark => UndoMarkAsync(line, cancel),
        FsckActions.Quarantine => actions.ReturnAsync(line.Place!, line.Key, cancel),
        FsckActions.Return => actions.QuarantineAsync(line.Key, cancel),
        FsckActions.Derive => Task.FromResult<string?>("It follows from the records, and what it said before was wrong."),
        _ => Task.FromResult<string?>("This program does not know this action."),
    };

    private async Task<string?> UndoAdoptionAsync(FsckLogLine line, CancellationToken cancel)
    {
        if (await archive.Catalogue.FindAsync(line.Key, ReadScope.All, cancel) is not { } record || record.Sha256 != line.Sha256)
            return "Its record is another one.";
        if (await archive.Integrity.OfAsync(record.Seq, cancel) is { } mark)
            return $"It is marked {mark} meanwhile.";
        // First the mark: a reader is told that the file is lost rather than that something is wrong.
        var detail = $"Its adoption was undone, by the log {logName}; the object went to the quarantine.";
        return await actions.MarkAsync(line.Key, record.Seq, ChangeKind.Sound, ChangeKind.Lost, detail, long.MaxValue, cancel)
            ?? await actions.QuarantineAsync(line.Key, cancel);
    }

    private async Task<string?> UndoMarkAsync(FsckLogLine line, CancellationToken cancel) =>
        (await archive.Integrity.OfAsync(line.Seq!.Value, cancel) ?? ChangeKind.Sound) == line.To
            ? await actions.MarkAsync(
                line.Key,
                line.Seq.Value,
                line.To!,
                line.From!,
                $"The mark was undone, by the log {logName}.",
                long.MaxValue,
                cancel
            )
            : "Its mark has changed since.";

    private async Task<bool> WasDoneAsync(FsckLogLine line, CancellationToken cancel)
    {
        switch (line.Action)
        {
            case FsckActions.Adopt:
                return await archive.Catalogue.FindAsync(line.Key, ReadScope.All, cancel) is { } record && record.Sha256 == line.Sha256
                    && await archive.Integrity.WasAdoptedAsync(record.Seq, cancel);
            case FsckActions.Derive:
                return true;
            case FsckActions.Mark:
                return (await archive.Integrity.OfAsync(line.Seq!.Value, cancel) ?? ChangeKind.Sound) == line.To;
            case FsckActions.Quarantine:
                // Where both places have it, the move was begun only: the key has all that it should.
                using (var there = await archive.Store.OpenAsync(line.Key, cancel))
                    return there is null;
            default:
                using (var there = await archive.Store.OpenAsync(line.Key, cancel))
                    return there is not null;
        }
    }
}
