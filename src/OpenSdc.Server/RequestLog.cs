using Microsoft.AspNetCore.Diagnostics;

namespace OpenSdc.Server;

/// <summary>
/// One line for every refusal (status 400 and above) and every connection that was cut in the middle of an
/// answer; with the setting <c>access-log</c> one for every request. The route is named, never the path, so
/// that no text of a caller reaches the log.
/// </summary>
internal sealed partial class RequestLog(
    ServerOptions options,
    LineBudget budget,
    Drain drain,
    ILogger<RequestLog> logger,
    TimeProvider clock
)
{
    // A method is a token of HTTP; nobody needs a longer one.
    private const int LongestMethod = 16;

    /// <summary>Remembers the code of the problem that answers a request.</summary>
    public static void Remember(HttpContext context, string code)
    {
        if (RequestOutcome.Of(context) is { } outcome)
            outcome.Code = code;
    }

    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        var started = options.AccessLog ? clock.GetTimestamp() : 0;
        if (options.AccessLog)
            context.Response.Headers[Representation.RequestId] = context.TraceIdentifier;
        var outcome = new RequestOutcome((context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? "");
        context.Features.Set(outcome);
        var failed = true;
        drain.Begin();
        try
        {
            await next(context);
            failed = false;
        }
        finally
        {
            drain.End();
            // A client that goes away after its refusal was refused all the same.
            var isCut = failed || outcome.IsCut || (outcome.Code is null && context.RequestAborted.IsCancellationRequested);
            if (!IsLogged(context) && (isCut || context.Response.StatusCode >= 400))
                LogLine(context, outcome, isCut);
            else if (options.AccessLog)
                LogAccess(
                    logger,
                    Method(context),
                    outcome.Route,
                    context.Response.StatusCode,
                    clock.GetElapsedTime(started).TotalMilliseconds,
                    Client(context),
                    context.TraceIdentifier
                );
        }
    }

    /// <summary>A request that the web server refused before any of our code ran.</summary>
    public void Unreadable(int status, string? client, string requestId)
    {
        if (logger.IsEnabled(LogLevel.Information) && (options.AccessLog || budget.Take()))
            LogRefused(logger, "", "", status, "unreadable", client ?? "", requestId);
    }

    private void LogLine(HttpContext context, RequestOutcome outcome, bool isCut)
    {
        if (!logger.IsEnabled(LogLevel.Information) || !(options.AccessLog || budget.Take()))
            return;
        var (method, route, status) = (Method(context), outcome.Route, context.Response.StatusCode);
        if (isCut)
            LogCut(logger, method, route, status, outcome.Code ?? "client-gone", Client(context), context.TraceIdentifier);
        else
            LogRefused(logger, method, route, status, outcome.Code ?? "", Client(context), context.TraceIdentifier);
    }

    // UnexpectedErrors has written a line of its own about these.
    private static bool IsLogged(HttpContext context) =>
        context.Features.Get<IExceptionHandlerFeature>()?.Error is not (null or BadHttpRequestException)
        && context.Response.StatusCode >= 500;

    /// <summary>The method as the log and the audit write it.</summary>
    public static string Method(HttpContext context) =>
        context.Request.Method is { Length: <= LongestMethod } method ? method : context.Request.Method[..LongestMethod];

    public static string Client(HttpContext context) => context.Connection.RemoteIpAddress?.ToString() ?? "";

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "{Method} {Route} is refused: {Status} {Code}; client {Client}, request {RequestId}"
    )]
    private static partial void LogRefused(
        ILogger logger,
        string method,
        string route,
        int status,
        string code,
        string client,
        string requestId
    );

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "{Method} {Route} ended with its connection, status {Status} {Code}; client {Client}, request {RequestId}"
    )]
    private static partial void LogCut(
        ILogger logger,
        string method,
        string route,
        int status,
        string code,
        string client,
        string requestId
    );

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "{Method} {Route} {Status} in {Milliseconds:0.0} ms; client {Client}, request {RequestId}"
    )]
    private static partial void LogAccess(
        ILogger logger,
        string method,
        string route,
        int status,
        double milliseconds,
        string client,
        string requestId
    );
}
