namespace OpenSdc.Server;

/// <summary>
/// How many lines of one kind the log takes in a second. What is beyond is counted, and the count is logged
/// when the second is over: a flood of refusals costs neither the disk nor the reader of the log.
/// </summary>
internal sealed partial class LineBudget : IDisposable
{
    public const int LinesPerSecond = 100;

    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly Lock turn = new();
    private readonly ILogger<LineBudget> logger;
    private readonly TimeProvider clock;
    private readonly ITimer timer;
    private long began;
    private int taken;
    private long left;

    public LineBudget(ILogger<LineBudget> logger, TimeProvider clock)
    {
        (this.logger, this.clock) = (logger, clock);
        began = clock.GetTimestamp();
        timer = clock.CreateTimer(static budget => ((LineBudget)budget!).Tell(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Whether one more line may be written now; otherwise it is counted.</summary>
    public bool Take()
    {
        lock (turn)
        {
            if (clock.GetElapsedTime(began) >= Second)
                (began, taken) = (clock.GetTimestamp(), 0);
            if (taken < LinesPerSecond)
            {
                taken++;
                return true;
            }

            if (left++ == 0)
                timer.Change(Second, Timeout.InfiniteTimeSpan);
            return false;
        }
    }

    public void Dispose()
    {
        timer.Dispose();
        Tell();
    }

    private void Tell()
    {
        long count;
        lock (turn)
            (count, left) = (left, 0);
        if (count > 0)
            LogLeftOut(logger, count, LinesPerSecond);
    }

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "{Count} more refusals and cut connections are not logged one by one; the log takes {LinesPerSecond} of them a second"
    )]
    private static partial void LogLeftOut(ILogger logger, long count, int linesPerSecond);
}
