using System.Threading.Channels;
using OpenSdc.Server.Catalogue;

namespace OpenSdc.Server.Uploads;

/// <summary>
/// Records uploads when they are asked for, before their URL is given out: a store takes what is sent to it, and an upload of which nobody knew would be
/// acknowledged and lost. Those that are asked for while one transaction is on its way to the disk share the next one.
/// </summary>
internal sealed class RecordUploads(UploadLedger ledger) : BackgroundService
{
    private const int LargestBatch = 256;

    private readonly Channel<Pending> queue = Channel.CreateBounded<Pending>(4096);

    /// <summary>Records one; false where its key has a file already.</summary>
    public async Task<bool> OpenAsync(RecordedUpload upload, CancellationToken cancel)
    {
        var pending = new Pending(upload);
        await queue.Writer.WriteAsync(pending, cancel);
        return await pending.Done.Task;
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        queue.Writer.TryComplete();
        // At the deadline those that are left have not been given their URL.
        await (ExecuteTask ?? Task.CompletedTask).WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await base.StopAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var batch = new List<Pending>(LargestBatch);
        while (await queue.Reader.WaitToReadAsync(CancellationToken.None))
        {
            while (batch.Count < LargestBatch && queue.Reader.TryRead(out var pending))
                batch.Add(pending);
            try
            {
                var opened = await ledger.OpenAsync([.. batch.Select(pending => pending.Upload)], CancellationToken.None);
                foreach (var pending in batch)
                    pending.Done.SetResult(opened.Contains(pending.Upload.Id));
            }
            catch (Exception failure)
            {
                foreach (var pending in batch)
                    pending.Done.TrySetException(failure);
            }

            batch.Clear();
        }
    }

    private sealed record Pending(RecordedUpload Upload)
    {
        public TaskCompletionSource<bool> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
