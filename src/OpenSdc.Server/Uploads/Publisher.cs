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
/// Uploads that arrive while one batch is being written form the next one: they share the flushes of their folders and one
/// transaction. Nothing is acknowledged before the transaction that holds it is on the disk.
/// </remarks>
internal sealed class Publisher(IObjectStore store, Catalogue.Catalogue catalogue, Telemetry telemetry) : BackgroundService
{
    private const int LargestBatch = 256;

    private readonly Channel<Pending> queue = Channel.CreateBounded<Pending>(4096);

    /// <summary>Publishes a flushed upload. Returns when it is durable and visible, or was refused.</summary>
    public async Task<PublishOutcome> PublishAsync(FileName name, StagedObject staged, string sha256, CancellationToken cancel)
    {
        var pending = new Pending(new Publication(name, staged.Length, sha256), staged);
        var started = Stopwatch.GetTimestamp();
        await queue.Writer.WriteAsync(pending, cancel);
        // From here on the upload belongs to the batch: a caller who hangs up does not change what happens to it.
        var outcome = await pending.Done.Task;
        telemetry.Published(started);
        return outcome;
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
        bool[]? named = null;
        try
        {
            named = await store.NameAsync([.. batch.Select(pending => pending.Staged)], CancellationToken.None);
            var mine = batch.Where((_, i) => named[i]).ToList();
            var recorded = mine.Count > 0 ? await catalogue.PublishAsync([.. mine.Select(pending => pending.Publication)], CancellationToken.None) : [];
            for (var i = 0; i < recorded.Length; i++)
                mine[i].End(recorded[i].Receipt, recorded[i].IsNew);
            foreach (var late in batch.Where((_, i) => !named[i]))
                late.End((await RecordOfTakenKeyAsync(late)).Receipt, isNew: false);
        }
        catch (Exception failure)
        {
            await TakeBackAsync(batch, named);
            foreach (var pending in batch)
                pending.Done.TrySetException(failure);
        }
    }

    /// <summary>The key had an object: normally one with a record; without one it is adopted where its bytes are those of the upload.</summary>
    private async Task<Recorded> RecordOfTakenKeyAsync(Pending late)
    {
        if (await catalogue.FindAsync(late.Staged.Key, CancellationToken.None) is { } receipt)
            return new Recorded(receipt, IsNew: false);
        using var there = await store.OpenAsync(late.Staged.Key, CancellationToken.None);
        var publication = late.Publication;
        return there is not null && there.Length == publication.Size && await ObjectDigest.OfAsync(there, CancellationToken.None) == publication.Sha256
            ? (await catalogue.PublishAsync([publication], CancellationToken.None))[0]
            : default;
    }

    /// <summary>After a failure: a key without a record goes, so that the upload can be tried again; one that got its record stays.</summary>
    private async Task TakeBackAsync(List<Pending> batch, bool[]? named)
    {
        if (named is null)
            return;
        for (var i = 0; i < named.Length; i++)
        {
            if (named[i] && !batch[i].Done.Task.IsCompleted && await catalogue.FindAsync(batch[i].Staged.Key, CancellationToken.None) is null)
                await store.UnnameAsync(batch[i].Staged, CancellationToken.None);
        }
    }

    private sealed record Pending(Publication Publication, StagedObject Staged)
    {
        public TaskCompletionSource<PublishOutcome> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void End(UploadReceipt? receipt, bool isNew) =>
            Done.TrySetResult(receipt is not null && receipt.Sha256 == Publication.Sha256 && receipt.Size == Publication.Size
                ? new PublishOutcome(receipt, isNew)
                : default);
    }
}
