using System.IO.Pipelines;

namespace OpenSdc.Server;

/// <summary>
/// Aborts the request of a client that stops reading its response. The web server's own minimum rate is an
/// average over the whole response: after a gigabyte at full speed a client could stall for weeks, with a
/// file or a snapshot of the database held open. <see cref="TimedBody"/> does the same for request bodies.
/// </summary>
internal sealed class StallTimeout(ServerOptions options, TimeProvider clock)
{
    /// <summary>
    /// As many bytes are written at most before a flush. Long answers write about as many: the least rate
    /// that is let pass is this in the time that a client may stand still.
    /// </summary>
    public const int LargestFlush = 128 * 1024;

    private readonly TimeSpan limit = TimeSpan.FromSeconds(options.ClientTimeout);

    /// <summary>
    /// Sends what was written, at most <see cref="LargestFlush"/> bytes; a client that does not take it in
    /// good time is cut off. A flush waits for as many bytes at the most, and what the kernel holds before it
    /// is bounded by <see cref="Limits.Unsent"/>, so that a slow client always gets through one in time.
    /// </summary>
    public ValueTask<FlushResult> FlushAsync(HttpContext context)
    {
        var flushing = context.Response.BodyWriter.FlushAsync(context.RequestAborted);
        return flushing.IsCompleted ? flushing : WaitAsync(flushing, context);
    }

    private async ValueTask<FlushResult> WaitAsync(ValueTask<FlushResult> flushing, HttpContext context)
    {
        // Disposing waits for a call that has begun: it must not cut off the next request of the connection.
        await using var timer = clock.CreateTimer(
            static context => RequestOutcome.Cut((HttpContext)context!, "too-slow"),
            context,
            limit,
            Timeout.InfiniteTimeSpan
        );
        return await flushing;
    }
}
