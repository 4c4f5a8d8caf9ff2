using System.Diagnostics;
using Microsoft.AspNetCore.Http.Features;

namespace OpenSdc.Server;

/// <summary>
/// Logs the requests that the web server refuses before any of our code runs: a path with NUL or raw bytes
/// beyond ASCII, a line or headers that are too long, no Host. The server answers them with a bare status;
/// nothing is written here.
/// </summary>
internal sealed class RefusedRequests(RequestLog log) : IObserver<KeyValuePair<string, object?>>
{
    private const string Event = "Microsoft.AspNetCore.Server.Kestrel.BadRequest";

    /// <summary>Asks for this one event only, so that the framework makes nothing for the requests that are well.</summary>
    public static void Listen(DiagnosticListener listener, RequestLog log) =>
        listener.Subscribe(new RefusedRequests(log), name => name == Event);

    public void OnNext(KeyValuePair<string, object?> value)
    {
        if (value.Key != Event || value.Value is not IFeatureCollection features
            || features.Get<IBadRequestExceptionFeature>()?.Error is not BadHttpRequestException refusal)
            return;
        var client = features.Get<IHttpConnectionFeature>()?.RemoteIpAddress;
        log.Unreadable(refusal.StatusCode, client?.ToString(), features.Get<IHttpRequestIdentifierFeature>()?.TraceIdentifier ?? "");
    }

    public void OnCompleted()
    {
    }

    public void OnError(Exception error)
    {
    }
}
