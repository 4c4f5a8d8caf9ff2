using System.IO.Pipelines;
using Microsoft.AspNetCore.Http.Features;

namespace OpenSdc.Server;

/// <summary>
/// The body of a request, whoever reads it and by what: a read for which nothing comes within the time that a
/// client may stand still ends in 408. It takes the place of the web server's reader before the first
/// handler, so that no route can read a body without it.
/// </summary>
/// <remarks>
/// The buffers are the web server's. This type holds none, and hands on each result of the reader below it.
/// </remarks>
internal sealed class TimedBody(PipeReader body, TimeSpan limit, TimeProvider clock) : PipeReader, IRequestBodyPipeFeature
{
    PipeReader IRequestBodyPipeFeature.Reader => this;

    /// <summary>Middleware: times the body of each request that has one.</summary>
    public static Func<HttpContext, RequestDelegate, Task> Middleware(ServerOptions options, TimeProvider clock)
    {
        var limit = TimeSpan.FromSeconds(options.ClientTimeout);
        return (context, next) =>
        {
            if (context.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: true })
            {
                var timed = new TimedBody(context.Request.BodyReader, limit, clock);
                // Some read the stream and some the pipe.
                context.Request.Body = timed.AsStream(leaveOpen: true);
                context.Features.Set<IRequestBodyPipeFeature>(timed);
            }

            return next(context);
        };
    }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        var reading = body.ReadAsync(cancellationToken);
        // No timer where the bytes are there already, as those of small bodies are.
        return reading.IsCompleted ? reading : WaitAsync(reading);
    }

    public override bool TryRead(out ReadResult result) => body.TryRead(out result);

    public override void AdvanceTo(SequencePosition consumed) => body.AdvanceTo(consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => body.AdvanceTo(consumed, examined);

    public override void CancelPendingRead() => body.CancelPendingRead();

    public override void Complete(Exception? exception = null) => body.Complete(exception);

    private async ValueTask<ReadResult> WaitAsync(ValueTask<ReadResult> reading)
    {
        var stall = new Stall(body);
        ReadResult read;
        // Disposing waits for a call that has begun: it must not cancel a later read.
        await using (clock.CreateTimer(static stall => ((Stall)stall!).End(), stall, limit, Timeout.InfiniteTimeSpan))
            read = await reading;
        if (!stall.HasEnded)
            return read;
        body.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        throw new BadHttpRequestException("The body stands still.", StatusCodes.Status408RequestTimeout);
    }

    private sealed class Stall(PipeReader body)
    {
        private volatile bool hasEnded;

        public bool HasEnded => hasEnded;

        public void End()
        {
            hasEnded = true;
            body.CancelPendingRead();
        }
    }
}
