using System.Diagnostics;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace OpenSdc.Server;

/// <summary>
/// Gives a sentence to the requests that the web server refuses before any of our code runs: a path with NUL or raw bytes beyond ASCII, a line or
/// headers that are too long, no Host. Left to itself it answers them with a bare status.
/// </summary>
/// <remarks>
/// The server tells of each on its diagnostic source before it answers, and does not answer where that has been done by then. There is no body to write to before
/// a request is read, so the sentence goes to the connection itself, after the head of the answer. The listener asks for this one event only, so that
/// the framework makes nothing for the requests that are well.
/// </remarks>
internal sealed class RefusedRequests : IObserver<KeyValuePair<string, object?>>
{
    private const string Event = "Microsoft.AspNetCore.Server.Kestrel.BadRequest";

    public static void Listen(DiagnosticListener listener) => listener.Subscribe(new RefusedRequests(), name => name == Event);

    public void OnNext(KeyValuePair<string, object?> value)
    {
        if (value.Key != Event || value.Value is not IFeatureCollection features
            || features.Get<IBadRequestExceptionFeature>()?.Error is not BadHttpRequestException refusal
            || features.Get<IHttpResponseFeature>() is not { HasStarted: false } response
            || features.Get<IHttpResponseBodyFeature>() is not { } head
            || features.Get<IConnectionTransportFeature>() is not { } connection)
            return;
        var problem = Problems.Refused(refusal.StatusCode);
        var requestId = features.Get<IHttpRequestIdentifierFeature>()?.TraceIdentifier ?? "";
        var body = Representation.PlainOf(problem, requestId);
        response.Headers.ContentType = "application/problem+json";
        response.Headers.ContentLength = body.Length;
        response.Headers.AccessControlAllowOrigin = "*";
        response.Headers.Connection = "close";
        response.Headers[Representation.RequestId] = requestId;
        // Some hundred bytes into the connection's buffer: neither waits for the client.
        _ = head.StartAsync();
        _ = connection.Transport.Output.WriteAsync(body).AsTask();
    }

    public void OnCompleted()
    {
    }

    public void OnError(Exception error)
    {
    }
}
