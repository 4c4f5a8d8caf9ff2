namespace OpenSdc.Server.Objects;

/// <summary>
/// Limits how fast objects are read: all readers that share it together take no more than a rate. What was not used
/// is not made up for later.
/// </summary>
/// <param name="bytesPerSecond">The rate; 0 for as fast as it goes.</param>
/// <param name="clock">The clock.</param>
internal sealed class ReadThrottle(long bytesPerSecond, TimeProvider clock)
{
    // A timer is no finer than this; shorter waits are added up.
    private static readonly TimeSpan ShortestWait = TimeSpan.FromMilliseconds(10);

    // Long enough for a queue of requests to drain, short enough that work goes on under load that never ends.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);
    private const int MostPauses = 4;

    private readonly Lock gate = new();
    private long due;

    public static ReadThrottle None { get; } = new(0, TimeProvider.System);

    /// <summary>What an object costs beside its bytes, however few they are: it is also a seek and a row.</summary>
    public TimeSpan PerObject { get; init; }

    /// <summary>Whether the readers pause while requests wait for a processor.</summary>
    public bool YieldsToRequests { get; init; }

    /// <summary>Waits until the bytes just read are paid for.</summary>
    public ValueTask TookAsync(int bytes, CancellationToken cancel) =>
        bytesPerSecond == 0 ? ValueTask.CompletedTask : PayAsync((double)bytes / bytesPerSecond, cancel);

    /// <summary>Waits until the object just read is paid for.</summary>
    public ValueTask EndObjectAsync(CancellationToken cancel) =>
        PerObject == TimeSpan.Zero ? ValueTask.CompletedTask : PayAsync(PerObject.TotalSeconds, cancel);

    private async ValueTask PayAsync(double seconds, CancellationToken cancel)
    {
        TimeSpan wait;
        lock (gate)
        {
            var now = clock.GetTimestamp();
            due = Math.Max(due, now) + (long)(seconds * clock.TimestampFrequency);
            wait = clock.GetElapsedTime(now, due);
        }

        if (wait >= ShortestWait)
            await Task.Delay(wait, clock, cancel);
        for (var i = 0; i < MostPauses && YieldsToRequests && ThreadPool.PendingWorkItemCount > Environment.ProcessorCount; i++)
            await Task.Delay(Pause, clock, cancel);
    }
}
