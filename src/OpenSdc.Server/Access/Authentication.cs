using Microsoft.Extensions.Primitives;

namespace OpenSdc.Server.Access;

/// <summary>
/// Finds out who sent a request, and whether it may call the route, before the handler runs. Credentials that
/// are wrong are an error on every route that reads them, never passed over.
/// </summary>
internal sealed class Authentication(AccessPolicy policy, KeyRing keys, AccessTokens tokens, TimeProvider clock)
{
    private const string KeyHeader = "x-api-key";
    private const string Bearer = "Bearer ";

    /// <summary>
    /// Refuses what did not come straight from this machine, where the archive is open because only this
    /// machine reaches it. On every path, also of no route.
    /// </summary>
    public Task RefuseProxiesAsync(HttpContext context, RequestDelegate next) =>
        policy.IsOnlyLocal && ProxySigns.Find(context.Request) is { } sign
            ? Problems.ThroughProxy(sign).ExecuteAsync(context)
            : next(context);

    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<Needs>() is not { } needs)
        {
            await next(context);
            return;
        }

        await keys.RefreshAsync(context.RequestAborted);
        if (!needs.IsSignature && await RefusalAsync(context, needs) is { } refusal)
        {
            if (refusal.Status == StatusCodes.Status401Unauthorized)
                context.Response.Headers.WWWAuthenticate = tokens.Challenge(context, refusal);
            await refusal.ExecuteAsync(context);
            return;
        }

        await next(context);
    }

    /// <summary>Sets the caller; the problem where its credentials are wrong, or do not allow the route.</summary>
    private async Task<Problem?> RefusalAsync(HttpContext context, Needs needs)
    {
        var (caller, problem) = await IdentifyAsync(context);
        if (caller is null)
            return problem;
        context.Features.Set(caller);
        // What a cache may keep depends on the caller.
        PublicAnswers.Set(context);
        if (needs.Scope == Scopes.None || caller.Has(needs.Scope))
            return null;
        return caller.IsAnonymous
            ? Problems.NoCredentials(
                "This request needs credentials: an API key in the header x-api-key, or a token in the header Authorization."
            )
            : Problems.Denied(needs.Denial);
    }

    private async Task<(Caller? Caller, Problem? Problem)> IdentifyAsync(HttpContext context)
    {
        var headers = context.Request.Headers;
        Caller? caller = null;
        if (!StringValues.IsNullOrEmpty(headers.Authorization))
        {
            var given = headers.Authorization.ToString();
            if (!given.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase))
                return (
                    null,
                    Problems.BadToken(
                        "The header Authorization has a scheme that this archive does not take; allowed: Bearer, and a token."
                    )
                );
            (caller, var problem) = await tokens.ReadAsync(context);
            if (caller is null)
                return (null, problem);
        }

        if (!StringValues.IsNullOrEmpty(headers[KeyHeader]))
        {
            var text = headers[KeyHeader].ToString();
            if (KeyText.Fault(text) is { } malformed)
                return (null, Problems.BadKey(malformed));
            if (keys.FindByText(text) is not { } key)
                return (null, Problems.BadKey("This archive has no such API key."));
            if (key.Fault(clock.GetUtcNow()) is { } ended)
                return (null, Problems.BadKey(ended));
            keys.Use(key);
            // Of two that are both right, the key names the caller, as its rights are the archive's own.
            caller = key.Caller;
        }

        if (caller is null && !policy.IsOpen && context.GetEndpoint()!.Metadata.GetMetadata<CredentialsExpected>() is { } expected)
            return (null, Problems.NoCredentials(expected.Sentence));
        return (caller ?? policy.WithoutCredentials, null);
    }
}

/// <summary>The caller of a request.</summary>
internal static class CallerOfRequest
{
    /// <summary>
    /// Who sent the request. Routes that do not read credentials have no caller but <see
    /// cref="Access.Caller.Anonymous"/>.
    /// </summary>
    public static Caller Caller(this HttpContext context) => context.Features.Get<Caller>() ?? Access.Caller.Anonymous;
}
