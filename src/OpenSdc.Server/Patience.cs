using System.IO.Pipelines;

namespace OpenSdc.Server;

/// <summary>
/// Ends the wait for a client that stands still. The web server's own minimum rates are averages over a whole body: a client that has sent or taken a
/// gigabyte at full speed may, by them, stand still for weeks, with a staging file or a snapshot of the database in its hands.
/// </summary>
internal sealed class Patience(ServerOptions options, TimeProvider clock)
{
    /// <summary>As many bytes are written at most before a flush.</summary>
    public const int LargestFlush = 128 * 1024;

    private readonly TimeSpan limit = TimeSpan.FromSeconds(options.ClientTimeout);

    /// <summary>Waits for bytes of a request's body; a body of which none come for too long ends as one that comes too slowly does, in 408.</summary>
    public ValueTask<ReadResult> ReadAsync(PipeReader body, CancellationToken cancel)
    {
        var reading = body.ReadAsync(cancel);
        // No timer where the bytes are there already, as those of small files are.
        return reading.IsCompleted ? reading : WaitAsync(reading, body);
    }

    /// <summary>
    /// Sends what was written, at most <see cref="LargestFlush"/> bytes; a client that does not take it in good time is cut off. A flush waits for as many bytes at the most, and what the
    /// kernel holds before it is bounded by <see cref="Limits.Unsent"/>, so that a slow client always gets through one in time.
    /// </summary>
    public ValueTask<FlushResult> FlushAsync(HttpContext context)
    {
        var flushing = context.Response.BodyWriter.FlushAsync(context.RequestAborted);
        return flushing.IsCompleted ? flushing : WaitAsync(flushing, context);
    }

    private async ValueTask<ReadResult> WaitAsync(ValueTask<ReadResult> reading, PipeReader body)
    {
        using var timer = clock.CreateTimer(static body => ((PipeReader)body!).CancelPendingRead(), body, limit, Timeout.InfiniteTimeSpan);
        var read = await reading;
        return read.IsCanceled ? throw new BadHttpRequestException("The body stands still.", StatusCodes.Status408RequestTimeout) : read;
    }

    private async ValueTask<FlushResult> WaitAsync(ValueTask<FlushResult> flushing, HttpContext context)
    {
        using var timer = clock.CreateTimer(static context => ((HttpContext)context!).Abort(), context, limit, Timeout.InfiniteTimeSpan);
        return await flushing;
    }
}
