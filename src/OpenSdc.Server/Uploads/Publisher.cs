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
/// <para>Uploads that arrive while one batch is being written form the next one: they share the flushes of their folders and one
/// transaction. Nothing is acknowledged before the transaction that holds it is on the disk.</para>
/// <para>Watch for: a commit that fails may still have left its pages in the database's log, where a later start would find them. Its uploads stay
/// unsettled, names and staging in place, until a later commit has gone through; only then is it certain which of them have a record.</para>
/// </remarks>
internal sealed class Publisher(IObjectStore store, Catalogue.Catalogue catalogue, Telemetry telemetry) : BackgroundService
{
    private const int LargestBatch = 256;

    private readonly List<StagedObject> unsettled = [];
    private readonly Channel<Pending> queue = Channel.CreateBounded<Pending>(4096);

    /// <summary>Publishes a flushed upload. Returns when it is durable and visible, or was refused.</summary>
    public async Task<PublishOutcome> PublishAsync(FileName name, StagedObject staged, string sha256, CancellationToken cancel)
    {
        staged.Sha256 = sha256;
        var pending = new Pending(new Publication(name, staged.Length, sha256), staged);
        var started = Stopwatch.GetTimestamp();
        await queue.Writer.WriteAsync(pending, cancel);
        // From here on the upload belongs to the batch: a caller who hangs up does not change what happens to it.
        var outcome = await pending.Done.Task;
        telemetry.Published(started);
        return outcome;
    }

    /// <summary>
    /// Records an upload whose object lies at its key already, put there under the upload's claim: its record, its end and the end of the claim are one
    /// transaction. Where that fails nothing has to be undone: claim and object wait for whoever takes the upload next.
    /// </summary>
    public async Task<Recorded> RecordAsync(Publication named, CancellationToken cancel)
    {
        var pending = new Pending(named, Staged: null);
        await queue.Writer.WriteAsync(pending, cancel);
        await pending.Done.Task;
        return pending.Recorded;
    }

    /// <summary>Stops after the uploads that are waiting have been published.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        queue.Writer.TryComplete();
        await (ExecuteTask ?? Task.CompletedTask).WaitAsync(cancellationToken);
        await base.StopAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var batch = new List<Pending>(LargestBatch);
        while (await queue.Reader.WaitToReadAsync(CancellationToken.None))
        {
            while (batch.Count < LargestBatch && queue.Reader.TryRead(out var pending))
                batch.Add(pending);
            await PublishAsync(batch);
            batch.Clear();
        }
    }

    private async Task PublishAsync(List<Pending> batch)
    {
        try
        {
            await SettleAsync();
            await NameAsync([.. batch.Where(pending => pending.Staged is not null)]);
            await RecordAsync([.. batch.Where(pending => pending.IsNamed)]);
            foreach (var late in batch.Where(pending => !pending.Done.Task.IsCompleted))
                late.End(new Recorded((await RecordOfTakenKeyAsync(late))!, IsNew: false));
        }
        catch (Exception failure)
        {
            foreach (var pending in batch)
                pending.Done.TrySetException(failure);
        }
    }

    private async Task NameAsync(List<Pending> staged)
    {
        if (staged.Count == 0)
            return;
        var namings = await store.NameAsync([.. staged.Select(pending => pending.Staged!)], CancellationToken.None);
        for (var i = 0; i < namings.Length; i++)
        {
            staged[i].IsNamed = namings[i].IsNamed;
            if (namings[i].Failure is { } failure)
                staged[i].Done.SetException(failure);
        }
    }

    private async Task RecordAsync(List<Pending> named)
    {
        if (named.Count == 0)
            return;
        try
        {
            var recorded = await catalogue.PublishAsync([.. named.Select(pending => pending.Publication)], CancellationToken.None);
            for (var i = 0; i < recorded.Length; i++)
                named[i].End(recorded[i]);
        }
        catch
        {
            // Before anyone hears of it: an upload that is let go takes its staging name with it.
            foreach (var staged in named.Select(pending => pending.Staged).OfType<StagedObject>())
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
            if (await catalogue.FindAsync(staged.Key, CancellationToken.None) is null)
                await store.UnnameAsync(staged, CancellationToken.None);
            await staged.RemoveAsync();
            unsettled.RemoveAt(unsettled.Count - 1);
        }
    }

    /// <summary>The key had an object: normally one with a record; without one it is adopted where its bytes are those of the upload.</summary>
    private async Task<UploadReceipt?> RecordOfTakenKeyAsync(Pending late)
    {
        var (key, publication) = (late.Publication.Name.Key, late.Publication);
        if (await catalogue.FindAsync(key, CancellationToken.None) is { } receipt)
            return receipt;
        using var there = await store.OpenAsync(key, CancellationToken.None);
        if (there is null || there.Length != publication.Size || await ObjectDigest.OfAsync(there, CancellationToken.None) != publication.Sha256)
            return null;
        await store.FlushAsync(key, CancellationToken.None);
        return (await catalogue.PublishAsync([publication], CancellationToken.None))[0].Receipt;
    }

    private sealed record Pending(Publication Publication, StagedObject? Staged)
    {
        public TaskCompletionSource<PublishOutcome> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool IsNamed { get; set; } = Staged is null;

        public Recorded Recorded { get; private set; }

        public void End(Recorded recorded)
        {
            Recorded = recorded;
            Done.TrySetResult(recorded.IsThere && Publication.Has(recorded.Receipt) ? new PublishOutcome(recorded.Receipt, recorded.IsNew) : default);
        }
    }
}
