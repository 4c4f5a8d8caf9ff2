using OpenSdc.Contract.Naming;
using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Objects;

namespace OpenSdc.Server.Upkeep;

/// <summary>
/// Deals with what a check found: records for well-named objects, the quarantine for what has no place, marks for records without
/// their bytes. Deletes nothing, overwrites nothing, and looks at each thing again before it changes anything.
/// </summary>
internal sealed class FsckRepair(OpenArchive archive, FsckActions actions, FsckOptions options, ObjectVerifier verifier)
{
    // As many as a batch of the publisher: they share one transaction and two flushes of the log.
    private const int AdoptedAtOnce = 256;
    private const string Changed = "It has changed since it was found; check again.";

    /// <summary>Repairs; <paramref name="results"/> gets each finding with its outcome.</summary>
    public async Task RunAsync(FsckFindings findings, FsckFindings results, CancellationToken cancel)
    {
        var orphans = new List<FsckFinding>(AdoptedAtOnce);
        await foreach (var finding in findings.ReadAsync(cancel))
        {
            switch (finding.Action)
            {
                case FsckAction.Adopt:
                    orphans.Add(finding);
                    if (orphans.Count == AdoptedAtOnce)
                        await AdoptAsync(orphans, results, cancel);
                    break;
                case FsckAction.Quarantine:
                    results.Add(Ended(finding, await QuarantineAsync(finding, cancel)));
                    break;
                case FsckAction.Derive:
                    results.Add(Ended(finding, await actions.DeriveAsync(finding.Key, cancel)));
                    break;
                case FsckAction.None:
                    results.Add(Ended(finding, finding.Detail));
                    break;
                default:
                    results.Add(Ended(finding, await MarkAsync(finding, cancel)));
                    break;
            }
        }

        await AdoptAsync(orphans, results, cancel);
    }

    /// <summary>The files are read first, side by side and outside any transaction: uploads go on meanwhile.</summary>
    private async Task AdoptAsync(List<FsckFinding> orphans, FsckFindings results, CancellationToken cancel)
    {
        // Dates of ingestion never run backwards.
        orphans.Sort((a, b) => Nullable.Compare(a.Written, b.Written));
        var prepared = new (Publication? Publication, string? Reason)[orphans.Count];
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = options.Readers, CancellationToken = cancel };
        await Parallel.ForAsync(0, orphans.Count, parallel, async (i, token) => prepared[i] = await PrepareAsync(orphans[i], token));

        List<Publication> ready = [.. prepared.Select(each => each.Publication).OfType<Publication>()];
        if (ready.Count > 0)
            await actions.AdoptAsync(ready, cancel);
        for (var i = 0; i < prepared.Length; i++)
            results.Add(Ended(orphans[i], prepared[i].Reason));
        orphans.Clear();
    }

    private async ValueTask<(Publication? Publication, string? Reason)> PrepareAsync(FsckFinding orphan, CancellationToken cancel)
    {
        try
        {
            using var stored = await archive.Store.OpenAsync(orphan.Key, cancel);
            if (stored is null)
                return (null, "It is not there any more.");
            var digest = await verifier.DigestAsync(stored, cancel);
            if (stored.Length != orphan.Size)
                return (null, "It is still being written.");
            await archive.Store.FlushAsync(orphan.Key, cancel);
            var name = FileName.Parse(orphan.Key[(orphan.Key.LastIndexOf('/') + 1)..], archive.Mission).Name!;
            return (new Publication(name, stored.Length, digest) { IngestedAt = orphan.Written, Change = ChangeKind.Adopted }, null);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return (null, $"It cannot be read: {failure.Message}");
        }
    }

    private async Task<string?> QuarantineAsync(FsckFinding finding, CancellationToken cancel) =>
        await archive.Catalogue.FindAsync(finding.Key, ReadScope.All, cancel) is null
            ? await actions.QuarantineAsync(finding.Key, cancel)
            : "It got a record meanwhile.";

    private async Task<string?> MarkAsync(FsckFinding finding, CancellationToken cancel)
    {
        if (await archive.Integrity.BySeqAsync(finding.Seq!.Value - 1, 1, cancel) is not [var record])
            return Changed;
        // What the length told needs no reading; a digest is computed once more, so that one read gone wrong marks nothing.
        var now = finding is { Kind: FsckKind.Lost, Detail: var detail } && detail == ObjectVerdict.NotAFile.Sentence
            ? finding
            : FsckFinding.Of(record, await (finding.Kind is FsckKind.Digest or FsckKind.Returned or FsckKind.Unreadable
                ? verifier.VerifyAsync(archive.Store.OpenAsync, record.ToObject(), cancel)
                : ObjectVerifier.VerifyLengthAsync(archive.Store.OpenAsync, record.ToObject(), cancel)));
        if (record.Mark != finding.Mark || now?.Action != finding.Action)
            return Changed;
        var to = finding.Action switch
        {
            FsckAction.MarkLost => ChangeKind.Lost,
            FsckAction.MarkDamaged => ChangeKind.Damaged,
            _ => ChangeKind.Sound,
        };
        return await actions.MarkAsync(finding.Key, record.Seq, record.Mark ?? ChangeKind.Sound, to, finding.Detail, record.AsOf, cancel);
    }

    private static FsckFinding Ended(FsckFinding finding, string? reason) =>
        reason is null ? finding with { Outcome = "done" } : finding with { Outcome = "left", Detail = reason };
}
