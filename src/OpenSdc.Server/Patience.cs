using System.IO.Pipelines;
using OpenSdc.Server.Transfer;

namespace OpenSdc.Server;

/// <summary>
/// Ends the wait for a client that stands still. The web server's own minimum rates are averages over a whole body: a client that has sent or taken a
/// gigabyte at full speed may, by them, stand still for weeks, with a staging file or a snapshot of the database in its hands.
/// </summary>
internal sealed class Patience(ServerOptions options, TimeProvider clock)
{
    private readonly TimeSpan limit = TimeSpan.FromSeconds(options.ClientTimeout);

    /// <summary>Waits for bytes of a request's body; a body of which none come for too long ends as one that comes too slowly does, in 408.</summary>
    public ValueTask<ReadResult> ReadAsync(PipeReader body, CancellationToken cancel)
    {
        var reading = body.ReadAsync(cancel);
        // No timer where the bytes are there already, as those of small files are.
        return reading.IsCompleted ? reading : WaitAsync(reading, body);
    }

    /// <summary>Sends what was written; a client that takes nothing of it for too long is cut off.</summary>
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
        var progress = new Progress(context);
        using var timer = clock.CreateTimer(static progress => ((Progress)progress!).Look(), progress, limit, limit);
        return await flushing;
    }

    /// <summary>A client that takes little is waited for, and one that takes nothing is not.</summary>
    private sealed class Progress(HttpContext context)
    {
        private readonly SocketOutput? output = context.Features.Get<SocketOutput>();
        private long sent = context.Features.Get<SocketOutput>()?.Sent ?? 0;

        public void Look()
        {
            if (output is null || output.Sent == sent)
                context.Abort();
            else
                sent = output.Sent;
        }
    }
}
