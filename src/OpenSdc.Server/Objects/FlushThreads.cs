using System.Collections.Concurrent;

namespace OpenSdc.Server.Objects;

/// <summary>
/// Threads that do nothing but wait for the disk. Flushes that run side by side share the file system's journal commits,
/// and the thread pool keeps its few threads for requests.
/// </summary>
internal sealed class FlushThreads : IDisposable
{
    private readonly BlockingCollection<(Action Flush, TaskCompletionSource Done)> work = [];

    private readonly int most;
    private int threads;
    private int waiting;

    public FlushThreads(int most) => this.most = most;

    /// <summary>Runs one flush beside the others that are under way.</summary>
    public Task RunAsync(Action flush)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        // A thread is made when the first flush comes that would have to wait for one.
        if (Interlocked.Increment(ref waiting) > Volatile.Read(ref threads) && Interlocked.Increment(ref threads) <= most)
            new Thread(Run, maxStackSize: 128 * 1024) { IsBackground = true, Name = "flush" }.Start();
        work.Add((flush, done));
        return done.Task;
    }

    public void Dispose() => work.CompleteAdding();

    private void Run()
    {
        foreach (var (flush, done) in work.GetConsumingEnumerable())
        {
            try
            {
                flush();
                Interlocked.Decrement(ref waiting);
                done.SetResult();
            }
            catch (Exception failure)
            {
                Interlocked.Decrement(ref waiting);
                done.SetException(failure);
            }
        }
    }
}
