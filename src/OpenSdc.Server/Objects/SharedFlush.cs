using System.Diagnostics;

namespace OpenSdc.Server.Objects;

/// <summary>
/// Flushes that are asked for while others are being made wait for those, and are then made together: a few side by
/// side, more of them by one flush of the whole file system, which writes blocks that they share once.
/// </summary>
/// <remarks>
/// <para>How it works: one thread takes all that wait. Whoever is to be flushed says with it what <see cref="Mark"/> was before the first
/// change that the flush is to make durable.</para>
/// <para>Watch for: a flush of the whole file system may fail over what somebody else has begun, and the system tells
/// of each failure once only: that one's own flush,
/// later, would succeed. So a failure counts for all that was changed since a mark before it, and for nothing that is
/// begun after it.</para>
/// <para>Watch for: it also writes what others have written to the same file system. One that took long is not made
/// again for ten times that long, so
/// that uploads spend no more than a tenth of their time on what is not theirs.</para>
/// </remarks>
internal sealed class SharedFlush : IDisposable
{
    private const int WorthSharing = 4;
    private const int RestFactor = 10;
    private static readonly TimeSpan Long = TimeSpan.FromMilliseconds(50);

    private readonly FlushThreads threads;
    private readonly Action? whole;
    private readonly object gate = new();
    private readonly Thread thread;
    private List<Waiting> waiting = [];
    private bool ended;
    private long failures;
    private IOException? lastFailure;

    /// <param name="threads">Make flushes that are not shared, side by side.</param>
    /// <param name="whole">Flushes the whole file system; null where that cannot be relied on.</param>
    public SharedFlush(FlushThreads threads, Action? whole)
    {
        (this.threads, this.whole) = (threads, whole);
        thread = new Thread(Run, maxStackSize: 256 * 1024) { IsBackground = true, Name = "shared flush" };
        thread.Start();
    }

    /// <summary>To be read before the first change that a flush is to make durable.</summary>
    public long Mark => Volatile.Read(ref failures);

    /// <summary>Whether a flush that went well can be believed, of what was changed since a mark.</summary>
    /// <exception cref="IOException">A flush of the whole file system has failed since.</exception>
    public void Check(long mark)
    {
        if (mark != Mark)
            throw new IOException(lastFailure!.Message, lastFailure.HResult);
    }

    /// <summary>One flush, shared with others where that is cheaper.</summary>
    public Task RunAsync(long mark, Action flush) => RunAsync(mark, [flush])[0];

    /// <summary>Several flushes; a task for each.</summary>
    public Task[] RunAsync(long mark, IReadOnlyList<Action> flushes)
    {
        var more = flushes.Select(flush => new Waiting(flush, mark, TaskCreationOptions.RunContinuationsAsynchronously)).ToArray();
        Add(more);
        return Array.ConvertAll(more, each => each.Done.Task);
    }

    /// <summary>
    /// One flush, whose end is met on the thread that flushes, so that what was flushed together goes on together:
    /// what comes after it must be short, and what of it waits for another flush shares the next one.
    /// </summary>
    /// <param name="mark">See <see cref="Mark"/>.</param>
    /// <param name="path">What is flushed: one that several ask for is flushed once.</param>
    /// <param name="flush">Flushes it alone.</param>
    /// <param name="first">What is to be done before, in the order in which it was asked for and never beside another.</param>
    public Task TogetherAsync(long mark, string path, Action flush, Action? first = null)
    {
        var one = new Waiting(flush, mark, TaskCreationOptions.None) { Path = path, First = first };
        Add(one);
        return one.Done.Task;
    }

    /// <summary>Ends after the flushes that wait.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            ended = true;
            Monitor.Pulse(gate);
        }

        thread.Join();
    }

    private void Add(params ReadOnlySpan<Waiting> more)
    {
        lock (gate)
        {
            waiting.AddRange(more);
            Monitor.Pulse(gate);
        }
    }

    private void Run()
    {
        var shareFrom = 0L;
        while (Next() is { } together)
        {
            together.RemoveAll(each => !IsReady(each));
            if (whole is null || together.Count < WorthSharing || Stopwatch.GetTimestamp() < shareFrom)
            {
                FlushEach(together);
                continue;
            }

            var started = Stopwatch.GetTimestamp();
            FlushAll(together, whole);
            var took = Stopwatch.GetElapsedTime(started);
            if (took > Long)
                shareFrom = Stopwatch.GetTimestamp() + (long)(took.TotalSeconds * RestFactor * Stopwatch.Frequency);
        }
    }

    private List<Waiting>? Next()
    {
        lock (gate)
        {
            while (waiting.Count == 0)
            {
                if (ended)
                    return null;
                Monitor.Wait(gate);
            }

            var taken = waiting;
            waiting = [];
            return taken;
        }
    }

    private static bool IsReady(Waiting each)
    {
        try
        {
            each.First?.Invoke();
            return true;
        }
        catch (Exception failure)
        {
            each.Done.SetException(failure);
            return false;
        }
    }

    private void FlushEach(List<Waiting> together)
    {
        var groups = together.GroupBy(each => each.Path ?? (object)each).Select(group => group.ToArray()).ToArray();
        var others = groups.Skip(1).Select(group => threads.RunAsync(() => Flush(group))).ToArray();
        if (groups.Length > 0)
            Flush(groups[0]);
        Task.WaitAll(others);

        void Flush(Waiting[] group)
        {
            Exception? failure = null;
            try
            {
                group[0].Flush();
            }
            catch (Exception first)
            {
                failure = first;
            }

            foreach (var each in group)
                End(each, failure);
        }
    }

    private void FlushAll(List<Waiting> together, Action all)
    {
        try
        {
            all();
        }
        catch (IOException failure)
        {
            lastFailure = failure;
            Interlocked.Increment(ref failures);
        }

        foreach (var each in together)
            End(each, failure: null);
    }

    private void End(Waiting each, Exception? failure)
    {
        try
        {
            if (failure is null)
                Check(each.Mark);
        }
        catch (IOException other)
        {
            failure = other;
        }

        if (failure is null)
            each.Done.SetResult();
        else
            each.Done.SetException(failure);
    }

    private sealed class Waiting(Action flush, long mark, TaskCreationOptions going)
    {
        public Action Flush => flush;

        public long Mark => mark;

        public string? Path { get; init; }

        public Action? First { get; init; }

        public TaskCompletionSource Done { get; } = new(going);
    }
}
