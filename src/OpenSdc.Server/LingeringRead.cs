using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace OpenSdc.Server;

/// <summary>
/// Reads on after an early refusal: most clients send their whole body before they look at the answer, and
/// closing the connection while bytes come destroys an answer that was not read yet (RFC 9112, section 9.6).
/// What is read is thrown away, for at most 30 s or 1 GiB a request.
/// </summary>
/// <remarks>
/// At most 64 connections are read so at once; the others get what the web server does by itself, some
/// seconds.
/// </remarks>
internal sealed class LingeringRead(TimeProvider clock)
{
    private const long MostBytes = 1L << 30;
    private const int MostAtOnce = 64;
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    // Of a client that sent no length, nobody knows whether anything comes.
    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(2);

    private int reading;

    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        await next(context);
        if (context.Response.StatusCode < 400 || !IsOneByOne(context.Request.Protocol) || context.RequestAborted.IsCancellationRequested)
            return;
        // A client that was too slow has had its time.
        if (context.Response.StatusCode == StatusCodes.Status408RequestTimeout || BodyOf(context) is not { } body)
            return;
        try
        {
            if (Interlocked.Increment(ref reading) <= MostAtOnce)
                await ReadOnAsync(context, body);
        }
        finally
        {
            Interlocked.Decrement(ref reading);
        }
    }

    // Over HTTP/2 each request ends by itself.
    private static bool IsOneByOne(string protocol) => HttpProtocol.IsHttp11(protocol) || HttpProtocol.IsHttp10(protocol);

    /// <summary>What is to be read on; null where nothing is.</summary>
    private static PipeReader? BodyOf(HttpContext context)
    {
        // Of a body without a length the web server knows nothing: its bytes stand where the next request would.
        if (context.Response.StatusCode == StatusCodes.Status411LengthRequired)
            return context.Features.Get<IConnectionTransportFeature>()?.Transport.Input;
        if (
            context.Features.Get<IHttpRequestBodyDetectionFeature>() is not { CanHaveBody: true }
            || context.Features.Get<IHttpMaxRequestBodySizeFeature>() is not { } size
        )
            return null;
        // Who waits for 100 Continue sends nothing after a refusal.
        if (!size.IsReadOnly && context.Request.Headers.Expect.Count > 0)
            return null;
        if (!size.IsReadOnly)
            size.MaxRequestBodySize = null;
        return context.Request.BodyReader;
    }

    private async Task ReadOnAsync(HttpContext context, PipeReader body)
    {
        var silence = context.Response.StatusCode == StatusCodes.Status411LengthRequired ? LongestSilence : Longest;
        var started = clock.GetTimestamp();
        var ended = false;
        try
        {
            await context.Response.CompleteAsync();
            // Disposing waits for a call that has begun: after the request there is no body left to cancel,
            // and nobody would catch what that throws.
            await using var timer = clock.CreateTimer(
                static body => ((PipeReader)body!).CancelPendingRead(),
                body,
                silence,
                Timeout.InfiniteTimeSpan
            );
            for (long total = 0; !ended && total < MostBytes && clock.GetElapsedTime(started) < Longest; )
            {
                var read = await body.ReadAsync(context.RequestAborted);
                total += read.Buffer.Length;
                body.AdvanceTo(read.Buffer.End);
                // Nothing is on its way that closing the connection would meet.
                if (read.IsCanceled && silence == LongestSilence)
                    return;
                if (read.IsCanceled)
                    break;
                ended = read.IsCompleted;
                var rest = Longest - clock.GetElapsedTime(started);
                timer.Change(
                    rest < silence ? TimeSpan.FromMilliseconds(Math.Max(1, rest.TotalMilliseconds)) : silence,
                    Timeout.InfiniteTimeSpan
                );
            }
        }
        catch (Exception failure) when (failure is IOException or OperationCanceledException)
        {
            // The client has gone, or its body makes no sense; it was answered.
            return;
        }

        if (!ended)
            context.Abort();
    }
}
