namespace OpenSdc.Server.Access;

/// <summary>Finds out who sent a request, before its handler runs.</summary>
internal static class Authentication
{
    public static Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        context.Features.Set(Caller.Anyone);
        return next(context);
    }
}

/// <summary>The caller of a request.</summary>
internal static class CallerOfRequest
{
    /// <summary>Who sent the request. Routes that ignore credentials have no caller but <see cref="Access.Caller.Anonymous"/>.</summary>
    public static Caller Caller(this HttpContext context) => context.Features.Get<Caller>() ?? Access.Caller.Anonymous;
}
