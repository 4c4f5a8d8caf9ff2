namespace OpenSdc.Server;

/// <summary>What <see cref="RequestLog"/> learns of one request from those who answer it.</summary>
internal sealed class RequestOutcome(string route)
{
    /// <summary>
    /// The pattern of the route, which is ours and not the caller's. The handler of exceptions takes it away
    /// from the request.
    /// </summary>
    public string Route => route;

    /// <summary>The code of the problem that was answered, or why the connection was cut.</summary>
    public string? Code { get; set; }

    /// <summary>Whether the service cut the connection.</summary>
    public bool IsCut { get; private set; }

    public static RequestOutcome? Of(HttpContext context) => context.Features.Get<RequestOutcome>();

    /// <summary>
    /// Cuts the connection of an answer that cannot be finished. The request's token is cancelled a moment
    /// later only, so that the log is told here.
    /// </summary>
    public static void Cut(HttpContext context, string code)
    {
        if (Of(context) is { } outcome)
            (outcome.Code, outcome.IsCut) = (code, true);
        context.Abort();
    }
}
