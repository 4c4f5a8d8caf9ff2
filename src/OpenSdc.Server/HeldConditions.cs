namespace OpenSdc.Server;

/// <summary>
/// Which conditions a route holds, as metadata of its endpoint. The others are refused by name on that route:
/// a client that sends one relies on it. Two kinds of routes are without it: objects, which hold all of them,
/// and those that never answer 2xx, where HTTP says that conditions are ignored (RFC 9110, section 13.2.1),
/// such as the redirect of <c>/download</c>, whose caller sends them again to the address that it is
/// redirected to.
/// </summary>
internal sealed class HeldConditions(params string[] held)
{
    public static HeldConditions None { get; } = new();

    /// <summary>A listing has an entity tag and no date.</summary>
    public static HeldConditions OfListing { get; } = new("If-None-Match");

    public static HeldConditions OfUpload { get; } = new("If-Match", "If-None-Match", "If-Unmodified-Since");

    private static readonly string[] All = ["If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "If-Range"];

    /// <summary>Refuses a request with a condition that its route does not hold.</summary>
    public static Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<HeldConditions>() is not { } route)
            return next(context);
        foreach (var header in All)
        {
            if (context.Request.Headers.ContainsKey(header) && !route.Holds(header))
                return Problems.ConditionNotHeld(header, context.Request.Method, route.held).ExecuteAsync(context);
        }

        return next(context);
    }

    private readonly string[] held = held;

    private bool Holds(string header) => Array.IndexOf(held, header) >= 0;
}
