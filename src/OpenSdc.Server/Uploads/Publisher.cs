using System.Diagnostics;
using OpenSdc.Contract;
using OpenSdc.Contract.Naming;
using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Objects;

namespace OpenSdc.Server.Uploads;

/// <summary>
/// What became of an upload: published now, published before with the same bytes, or refused since other
/// bytes are there.
/// </summary>
internal readonly record struct PublishOutcome(UploadReceipt? Receipt, bool IsNew);

/// <summary>
/// The only writer of file rows. Every upload, whatever the store, ends here: bytes verified → the claim to
/// the key, where the store is shared → object at its key → row and change in one transaction with the next
/// number.
/// </summary>
/// <remarks>
/// <para>Uploads are placed side by side, and all that are placed while one transaction is on its way share the next one. Nothing is acknowledged before the transaction that holds it
/// is on the disk.</para>
/// <para>Watch for: a commit that fails may still have left its pages in the database's log, where a later start would find them. Its uploads stay unsettled, object and staging in
/// place, until a later commit has gone through; only then is it certain which of them have a record. In a
/// shared store the claim is what remembers them.</para>
/// </remarks>
internal sealed class Publisher(IObjectStore store, Catalogue.Catalogue catalogue, ClaimedKeys claimed, Telemetry telemetry)
    : IHostedService
{
    private readonly List<StagedObject> unsettled = [];
    private readonly KeyTurns turns = new();
    private readonly Lock gate = new();
    private readonly TaskCompletionSource allEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Batcher<Placed, Recorded>? recording;
    private int underWay;
    private bool isEnding;

    // Made when it is first used: its work is a method of this object.
    private Batcher<Placed, Recorded> Recording => LazyInitializer.EnsureInitialized(ref recording, () => new(RecordBatchAsync));

    /// <summary>Publishes an upload that is checked. Returns when it is durable and visible, or was refused.</summary>
    /// <param name="name">The file.</param>
    /// <param name="staged">Its bytes.</param>
    /// <param name="sha256">Their digest.</param>
    /// <param name="cancel">Gives up before anything is placed.</param>
    /// <param name="ingestedAt">The date of ingestion, where it is not the present moment.</param>
    /// <param name="audit">The entry of the audit that goes with the record; null for none.</param>
    public async Task<PublishOutcome> PublishAsync(
        FileName name,
        StagedObject staged,
        string sha256,
        CancellationToken cancel,
        DateTimeOffset? ingestedAt = null,
        AuditEntry? audit = null
    )
    {
        staged.Sha256 = sha256;
        var started = Stopwatch.GetTimestamp();
        cancel.ThrowIfCancellationRequested();
        Begin();
        try
        {
            var publication = new Publication(name, staged.Length, sha256) { IngestedAt = ingestedAt, Audit = audit };
            // From here on a caller who hangs up does not change what happens to the upload. Of those of one
            // key the first is recorded before the next is placed.
            var recorded = await turns.RunAsync(name.Key, () => store.Capabilities.IsShared
                ? claimed.PublishAsync(publication, staged, RecordAsync)
                : PlaceAndRecordAsync(publication, staged));
            telemetry.Published(started);
            return recorded.IsThere && publication.Has(recorded.Receipt) ? new PublishOutcome(recorded.Receipt, recorded.IsNew) : default;
        }
        finally
        {
            End();
        }
    }

    /// <summary>
    /// Records an upload whose object lies at its key already, placed under the upload's claim: its record,
    /// its end and the end of the claim are one transaction. Where that fails nothing has to be undone: claim
    /// and object wait for whoever takes the upload or the key next.
    /// </summary>
    public Task<Recorded> RecordAsync(Publication publication) => Recording.RunAsync(new Placed(publication, Staged: null, IsPlaced: true));

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>
    /// Returns after the uploads that are under way have been published, or at the deadline: those that are
    /// left were not acknowledged.
    /// </summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        lock (gate)
        {
            isEnding = true;
            if (underWay == 0)
                allEnded.TrySetResult();
        }

        await allEnded.Task.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private void Begin()
    {
        lock (gate)
        {
            if (isEnding)
                throw new OperationCanceledException("The service ends.");
            underWay++;
        }
    }

    private void End()
    {
        lock (gate)
        {
            underWay--;
            if (isEnding && underWay == 0)
                allEnded.TrySetResult();
        }
    }

    private async Task<Recorded> PlaceAndRecordAsync(Publication publication, StagedObject staged)
    {
        var result = await store.PlaceAsync(staged, CancellationToken.None);
        if (result.Failure is { } failure)
            throw failure;
        return await Recording.RunAsync(new Placed(publication, staged, result.IsPlaced));
    }

    private async Task<IReadOnlyList<Recorded>> RecordBatchAsync(IReadOnlyList<Placed> batch)
    {
        var results = new Recorded[batch.Count];
        var placed = Enumerable.Range(0, batch.Count).Where(i => batch[i].IsPlaced).ToList();
        foreach (var (i, recorded) in placed.Zip(await RecordPlacedAsync([.. placed.Select(i => batch[i])])))
        {
            results[i] = recorded;
            if (
                recorded is { IsThere: true, IsNew: false }
                && batch[i].Staged is { } late
                && !await MayStayAsync(batch[i].Publication, recorded)
            )
                await store.RevertAsync(late, CancellationToken.None);
        }

        for (var i = 0; i < results.Length; i++)
        {
            if (!batch[i].IsPlaced)
                results[i] = await RecordTakenAsync(batch[i]);
        }

        return results;
    }

    /// <summary>
    /// The key was free although it has a record: its object was lost, which these bytes mend where they are
    /// the same, or purged, and nothing may come back.
    /// </summary>
    private async Task<bool> MayStayAsync(Publication publication, Recorded recorded) =>
        publication.Has(recorded.Receipt) && await catalogue.HasAsync(recorded.Receipt.FilePath, ReadScope.Team, CancellationToken.None);

    private async Task<IReadOnlyList<Recorded>> RecordPlacedAsync(IReadOnlyList<Placed> batch)
    {
        try
        {
            await SettleAsync();
            return batch.Count == 0
                ? []
                : await catalogue.PublishAsync([.. batch.Select(each => each.Publication)], CancellationToken.None);
        }
        catch
        {
            // Before anyone hears of it: an upload that is let go takes its staging name with it.
            foreach (var staged in batch.Select(each => each.Staged).OfType<StagedObject>())
            {
                staged.Keep();
                unsettled.Add(staged);
            }

            throw;
        }
    }

    /// <summary>After a commit that failed: finds out what it left, and removes the uploads that have no record.</summary>
    private async Task SettleAsync()
    {
        if (unsettled.Count == 0)
            return;
        await catalogue.CommitNothingAsync(CancellationToken.None);
        while (unsettled.Count > 0)
        {
            var staged = unsettled[^1];
            if (await catalogue.FindAsync(staged.Key, ReadScope.All, CancellationToken.None) is null)
                await store.RevertAsync(staged, CancellationToken.None);
            await staged.RemoveAsync();
            unsettled.RemoveAt(unsettled.Count - 1);
        }
    }

    /// <summary>
    /// The key had an object: normally one with a record; without one it is adopted where its bytes are those
    /// of the upload.
    /// </summary>
    private async Task<Recorded> RecordTakenAsync(Placed late)
    {
        var publication = late.Publication;
        var key = publication.Name.Key;
        if (await catalogue.FindAsync(key, ReadScope.All, CancellationToken.None) is { } receipt)
            return new Recorded(receipt, IsNew: false);
        using var there = await store.OpenAsync(key, CancellationToken.None);
        if (there is null)
        {
            // The upload that held the key could not be recorded and has given it back since: it is free for this one.
            var again = await store.PlaceAsync(late.Staged!, CancellationToken.None);
            if (again.Failure is { } failure)
                throw failure;
            return again.IsPlaced ? (await RecordPlacedAsync([late]))[0] : default;
        }

        if (
            !(await ObjectVerifier.Unthrottled.VerifyAsync(there, new(key, publication.Size, publication.Sha256), CancellationToken.None))
                .ThrowIfUnreadable()
                .IsIntact
        )
            return default;
        await store.FlushAsync(key, CancellationToken.None);
        return new Recorded((await catalogue.PublishAsync([publication], CancellationToken.None))[0].Receipt, IsNew: false);
    }

    /// <summary>An upload that waits for its record.</summary>
    private sealed record Placed(Publication Publication, StagedObject? Staged, bool IsPlaced);
}
