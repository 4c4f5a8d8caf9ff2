using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace OpenSdc.Server;

/// <summary>
/// Ends a connection on which no request has come in the time that its headers may take. The web server
/// counts that time from a request's first byte; a client that never sends one would keep its place among
/// <c>max-connections</c> for as long as a connection may be idle between two requests.
/// </summary>
internal sealed class FirstRequest(ITimer timer)
{
    public static void Watch(KestrelServerOptions kestrel, ServerOptions options, TimeProvider clock)
    {
        var limit = TimeSpan.FromSeconds(options.ClientTimeout);
        kestrel.ConfigureEndpointDefaults(endpoint =>
            endpoint.Use(next =>
                async connection =>
                {
                    await using var timer = clock.CreateTimer(
                        static connection =>
                            ((ConnectionContext)connection!).Abort(new ConnectionAbortedException("No request came in time.")),
                        connection,
                        limit,
                        Timeout.InfiniteTimeSpan
                    );
                    connection.Features.Set(new FirstRequest(timer));
                    await next(connection);
                }
            )
        );
    }

    /// <summary>Middleware: a request has come, with all its headers. From here on the web server's own limits count.</summary>
    public static Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        context.Features.Get<FirstRequest>()?.Came();
        return next(context);
    }

    // Any number of times: a timer that has been disposed stays so.
    private void Came() => timer.Dispose();
}
