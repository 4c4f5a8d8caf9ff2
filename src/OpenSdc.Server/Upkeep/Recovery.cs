using System.Diagnostics;
using OpenSdc.Server.Catalogue;

namespace OpenSdc.Server.Upkeep;

/// <summary>
/// At start, before anything is served: finishes or removes the uploads that were on their way when the
/// process ended. Takes time in proportion to those, not to the archive.
/// </summary>
internal sealed partial class Recovery(Catalogue.Catalogue catalogue, UnfinishedWork unfinished, ILogger<Recovery> logger)
    : BackgroundService
{
    private readonly TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when requests may be served; fails where the archive cannot be brought to a consistent state.</summary>
    public Task Done => done.Task;

    public bool IsDone => done.Task.IsCompletedSuccessfully;

    /// <summary>
    /// Until it is done only the operator's routes are served: an upload on its way is settled before its
    /// name can be asked for again.
    /// </summary>
    public Task InvokeAsync(HttpContext context, RequestDelegate next) =>
        IsDone
        || context.Request.Path.StartsWithSegments("/health", StringComparison.Ordinal)
        || context.Request.Path.StartsWithSegments("/metrics", StringComparison.Ordinal)
            ? next(context)
            : Problems.NotReady.ExecuteAsync(context);

    protected override async Task ExecuteAsync(CancellationToken cancel)
    {
        try
        {
            await RecoverAsync(cancel);
            done.SetResult();
        }
        catch (Exception failure)
        {
            done.SetException(failure);
            throw;
        }
    }

    private async Task RecoverAsync(CancellationToken cancel)
    {
        var started = Stopwatch.GetTimestamp();

        // What the database found in its log is on the disk before anyone is told of it again.
        await catalogue.CommitNothingAsync(cancel);
        var (finished, removed) = await unfinished.SettleAsync(cancel);
        LogDone(finished, removed, Stopwatch.GetElapsedTime(started).TotalMilliseconds);
    }

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "Recovered: {Finished} uploads finished, {Removed} removed from staging, in {Milliseconds:0.0} ms"
    )]
    private partial void LogDone(int finished, int removed, double milliseconds);
}
