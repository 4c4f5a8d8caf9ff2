using System.Collections.Concurrent;

namespace OpenSdc.Server.Transfer;

/// <summary>Short answers of many connections, sent by one thread one after the other.</summary>
internal sealed class SendQueue : IThreadPoolWorkItem
{
    private readonly ConcurrentQueue<SocketOutput> waiting = new();
    private int isRunning;

    public void Add(SocketOutput output)
    {
        waiting.Enqueue(output);
        if (Interlocked.Exchange(ref isRunning, 1) == 0)
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    public void Execute()
    {
        do
        {
            while (waiting.TryDequeue(out var output))
                output.SendQueued();
            Interlocked.Exchange(ref isRunning, 0);
            // One that came between the last look and the end finds nobody running, or has found somebody who no longer looks.
        }
        while (!waiting.IsEmpty && Interlocked.Exchange(ref isRunning, 1) == 0);
    }
}
