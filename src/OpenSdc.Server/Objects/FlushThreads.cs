namespace OpenSdc.Server.Objects;

/// <summary>
/// Threads that do nothing but wait for the disk. Flushes that run side by side share the file system's journal commits,
/// and the thread pool keeps its few threads for requests.
/// </summary>
/// <remarks>
/// Idle threads wait on a monitor, which sleeps at once. The waits of the concurrent collections spin first: with a flush each few
/// microseconds that was a third of the processor's time, taken from the requests.
/// </remarks>
internal sealed class FlushThreads(int most) : IDisposable
{
    private readonly object gate = new();
    private readonly Queue<(Action Flush, TaskCompletionSource Done)> work = new();
    private int threads;
    private int idle; // threads that wait and have not been promised any work
    private bool ended;

    /// <summary>Runs one flush beside the others that are under way.</summary>
    public Task RunAsync(Action flush)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var more = false;
        lock (gate)
        {
            work.Enqueue((flush, done));
            if (idle > 0)
            {
                idle--;
                Monitor.Pulse(gate);
            }
            else if (threads < most)
            {
                threads++;
                more = true;
            }
        }

        if (more)
            new Thread(Run, maxStackSize: 128 * 1024) { IsBackground = true, Name = "flush" }.Start();
        return done.Task;
    }

    /// <summary>Ends the threads after the flushes that are waiting.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            ended = true;
            Monitor.PulseAll(gate);
        }
    }

    private void Run()
    {
        while (Next() is { } next)
        {
            try
            {
                next.Flush();
                next.Done.SetResult();
            }
            catch (Exception failure)
            {
                next.Done.SetException(failure);
            }
        }
    }

    private (Action Flush, TaskCompletionSource Done)? Next()
    {
        lock (gate)
        {
            while (work.Count == 0)
            {
                if (ended)
                    return null;
                idle++;
                Monitor.Wait(gate);
            }

            return work.Dequeue();
        }
    }
}
