using System.Data.Common;
using System.Diagnostics;
using System.Threading.Channels;
using OpenSdc.Contract;
using OpenSdc.Contract.Naming;
using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Objects;

namespace OpenSdc.Server.Uploads;

/// <summary>What became of an upload: published now, published before with the same bytes, or refused since other bytes are there.</summary>
internal readonly record struct PublishOutcome(UploadReceipt? Receipt, bool IsNew);

/// <summary>
/// The only writer of file rows. Every upload, whatever the store, ends here: bytes verified and flushed → object at its key → row and
/// event in one transaction with the next number.
/// </summary>
/// <remarks>
/// <para>Two steps: the store flushes uploads and gives them their names, those that come at once together, and all that has its name is recorded in one transaction, while
/// the next uploads get theirs. Nothing is acknowledged before the transaction that holds it is on the disk.</para>
/// <para>Watch for: a commit that fails may still have left its pages in the database's log, where a later start would find them. Its uploads stay
/// unsettled, names and staging in place, until a later commit has gone through; only then is it certain which of them have a record.</para>
/// </remarks>
internal sealed class Publisher(IObjectStore store, Catalogue.Catalogue catalogue, Telemetry telemetry) : BackgroundService
{
    private const int LargestBatch = 256;

    private readonly List<StagedObject> unsettled = [];
    // There are never more in it than requests under way.
    private readonly Channel<Pending> named = Channel.CreateUnbounded<Pending>();
    private readonly Lock gate = new();
    private readonly TaskCompletionSource allNamed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int underWay;
    private bool isEnding;

    /// <summary>Publishes an upload that is checked and not yet flushed. Returns when it is durable and visible, or was refused.</summary>
    public async Task<PublishOutcome> PublishAsync(FileName name, StagedObject staged, string sha256, CancellationToken cancel)
    {
        staged.Sha256 = sha256;
        var pending = new Pending(new Publication(name, staged.Length, sha256), staged);
        var started = Stopwatch.GetTimestamp();
        cancel.ThrowIfCancellationRequested();
        Begin();
        // From here on the upload belongs to the batch: a caller who hangs up does not change what happens to it.
        store.FlushAndName(staged, outcome => End(pending, outcome));
        var published = await pending.Done.Task;
        telemetry.Published(started);
        return published;
    }

    /// <summary>
    /// Records an upload whose object lies at its key already, put there under the upload's claim: its record, its end and the end of the claim are one
    /// transaction. Where that fails nothing has to be undone: claim and object wait for whoever takes the upload next.
    /// </summary>
    public async Task<Recorded> RecordAsync(Publication publication, CancellationToken cancel)
    {
        var pending = new Pending(publication, Staged: null);
        await named.Writer.WriteAsync(pending, cancel);
        await pending.Done.Task;
        return pending.Recorded;
    }

    /// <summary>Stops after the uploads that are waiting have been published, or at the deadline: those that are left were not acknowledged.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        lock (gate)
        {
            isEnding = true;
            if (underWay == 0)
                allNamed.TrySetResult();
        }

        await allNamed.Task.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        named.Writer.TryComplete();
        await (ExecuteTask ?? Task.CompletedTask).WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await base.StopAsync(cancellationToken);
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => RecordAllAsync();

    private void Begin()
    {
        lock (gate)
        {
            if (isEnding)
                throw new OperationCanceledException("The service ends.");
            underWay++;
        }
    }

    private void End(Pending pending, Naming outcome)
    {
        pending.IsNamed = outcome.IsNamed;
        if (outcome.Failure is { } failure)
            pending.Done.SetException(failure);
        else
            named.Writer.TryWrite(pending);
        lock (gate)
        {
            underWay--;
            if (isEnding && underWay == 0)
                allNamed.TrySetResult();
        }
    }

    private async Task RecordAllAsync()
    {
        await foreach (var batch in BatchesOf(named.Reader))
        {
            try
            {
                await RecordAsync([.. batch.Where(pending => pending.IsNamed)]);
                // After those that were named: the winner of such a key is among them, or was recorded before.
                foreach (var late in batch.Where(pending => !pending.IsNamed))
                    await EndTakenAsync(late);
            }
            catch (Exception failure)
            {
                foreach (var pending in batch)
                    pending.Done.TrySetException(failure);
            }
        }
    }

    private static async IAsyncEnumerable<List<Pending>> BatchesOf(ChannelReader<Pending> waiting)
    {
        while (await waiting.WaitToReadAsync())
        {
            var batch = new List<Pending>();
            while (batch.Count < LargestBatch && waiting.TryRead(out var pending))
                batch.Add(pending);
            yield return batch;
        }
    }

    private async Task RecordAsync(List<Pending> batch)
    {
        try
        {
            await SettleAsync();
            if (batch.Count == 0)
                return;
            var recorded = await catalogue.PublishAsync([.. batch.Select(pending => pending.Publication)], CancellationToken.None);
            for (var i = 0; i < recorded.Length; i++)
                batch[i].End(recorded[i]);
        }
        catch
        {
            // Before anyone hears of it: an upload that is let go takes its staging name with it.
            foreach (var staged in batch.Select(pending => pending.Staged).OfType<StagedObject>())
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
            if (await catalogue.FindAsync(staged.Key, ReadScope.Team, CancellationToken.None) is null)
                await store.UnnameAsync(staged, CancellationToken.None);
            await staged.RemoveAsync();
            unsettled.RemoveAt(unsettled.Count - 1);
        }
    }

    /// <summary>The key had an object: normally one with a record; without one it is adopted where its bytes are those of the upload.</summary>
    private async Task EndTakenAsync(Pending late)
    {
        var (key, publication) = (late.Publication.Name.Key, late.Publication);
        var receipt = await catalogue.FindAsync(key, ReadScope.Team, CancellationToken.None);
        if (receipt is null)
        {
            using var there = await store.OpenAsync(key, CancellationToken.None);
            if (there is null && await IsNamedNowAsync(late.Staged!))
            {
                await RecordAsync([late]);
                return;
            }

            if (there is not null && (await ObjectVerifier.Unthrottled.VerifyAsync(there, new(key, publication.Size, publication.Sha256), CancellationToken.None)).ThrowIfUnreadable().IsIntact)
            {
                await store.FlushAsync(key, CancellationToken.None);
                receipt = (await catalogue.PublishAsync([publication], CancellationToken.None))[0].Receipt;
            }
        }

        late.End(receipt is null ? default : new Recorded(receipt, IsNew: false));
    }

    /// <summary>The upload that held the key could not be recorded and has given it back since: it is free for this one.</summary>
    private async Task<bool> IsNamedNowAsync(StagedObject staged)
    {
        var naming = (await store.NameAsync([staged], CancellationToken.None))[0];
        return naming.Failure is { } failure ? throw failure : naming.IsNamed;
    }

    private sealed record Pending(Publication Publication, StagedObject? Staged)
    {
        // What comes without a staged object lies at its key already.
        public bool IsNamed { get; set; } = Staged is null;

        public TaskCompletionSource<PublishOutcome> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Recorded Recorded { get; private set; }

        public void End(Recorded recorded)
        {
            Recorded = recorded;
            Done.TrySetResult(recorded.IsThere && Publication.Has(recorded.Receipt) ? new PublishOutcome(recorded.Receipt, recorded.IsNew) : default);
        }
    }
}
