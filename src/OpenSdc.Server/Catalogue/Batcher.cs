namespace OpenSdc.Server.Catalogue;

/// <summary>
/// Items that come while one batch is worked on share the next one: one transaction for many callers, and no
/// wait for whoever comes alone.
/// </summary>
/// <param name="run">Works on a batch and gives a result for each item, in order. Where it fails, it has
/// failed for each caller.</param>
internal sealed class Batcher<TItem, TResult>(Func<IReadOnlyList<TItem>, Task<IReadOnlyList<TResult>>> run)
{
    private const int LargestBatch = 256;

    private readonly Lock gate = new();
    private readonly Queue<Waiting> waiting = new();
    private bool isRunning;

    public Task<TResult> RunAsync(TItem item)
    {
        var mine = new Waiting(item);
        lock (gate)
        {
            waiting.Enqueue(mine);
            if (isRunning)
                return mine.Done.Task;
            isRunning = true;
        }

        // What belongs to this caller's request is not the next ones'.
        using (ExecutionContext.SuppressFlow())
            _ = Task.Run(RunAllAsync);
        return mine.Done.Task;
    }

    private async Task RunAllAsync()
    {
        while (Next() is { Count: > 0 } batch)
        {
            try
            {
                var results = await run([.. batch.Select(each => each.Item)]);
                for (var i = 0; i < batch.Count; i++)
                    batch[i].Done.SetResult(results[i]);
            }
            catch (Exception failure)
            {
                // It is the callers': each of them meets it.
                foreach (var each in batch)
                    each.Done.TrySetException(failure);
            }
        }
    }

    private List<Waiting> Next()
    {
        lock (gate)
        {
            var batch = new List<Waiting>();
            while (batch.Count < LargestBatch && waiting.TryDequeue(out var next))
                batch.Add(next);
            isRunning = batch.Count > 0;
            return batch;
        }
    }

    private sealed class Waiting(TItem item)
    {
        public TItem Item => item;

        public TaskCompletionSource<TResult> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
