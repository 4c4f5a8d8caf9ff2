namespace OpenSdc.Server.Upkeep;

/// <summary>Holds a background task to a rate, smoothly: what it could not use while it waited it does not make up for later.</summary>
internal sealed class Pace(long bytesPerSecond, TimeProvider clock)
{
    // A timer is no finer than this; smaller debts are added up.
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(10);

    // Long enough for a queue of requests to drain, short enough that work goes on under load that never ends.
    private static readonly TimeSpan Courtesy = TimeSpan.FromMilliseconds(50);
    private const int MostCourtesies = 4;

    private long due = clock.GetTimestamp();

    /// <summary>Waits until the work just done is paid for, and a little longer while requests wait for a processor.</summary>
    /// <param name="bytes">How much was read.</param>
    /// <param name="least">What it costs at least, however few the bytes: an object is also a seek and a row.</param>
    /// <param name="cancel">Ends the wait at once.</param>
    public async ValueTask TookAsync(long bytes, TimeSpan least, CancellationToken cancel)
    {
        var cost = TimeSpan.FromSeconds(Math.Max((double)bytes / bytesPerSecond, least.TotalSeconds));
        var now = clock.GetTimestamp();
        due = Math.Max(due, now) + (long)(cost.TotalSeconds * clock.TimestampFrequency);
        var wait = clock.GetElapsedTime(now, due);
        if (wait >= Shortest)
            await Task.Delay(wait, clock, cancel);
        for (var i = 0; i < MostCourtesies && ThreadPool.PendingWorkItemCount > Environment.ProcessorCount; i++)
            await Task.Delay(Courtesy, clock, cancel);
    }
}
