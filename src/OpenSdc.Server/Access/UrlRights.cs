using System.Globalization;
using OpenSdc.Server.Objects;

namespace OpenSdc.Server.Access;

/// <summary>
/// Signed URLs say for whom they were signed, and end with the right of that caller: at the latest when its
/// credentials end, and earlier where these are revoked. The right is looked at again when the URL is used.
/// </summary>
internal sealed class UrlRights(SignedUrls urls, KeyRing keys, AccessPolicy policy, ServerOptions options, TimeProvider clock)
{
    private const string OfKey = "key:";
    private const string OfToken = "token:";

    /// <summary>The absolute URL that allows a caller one method on one key for a number of seconds.</summary>
    public string Sign(string baseUrl, string method, string key, int lifetime, Caller caller) =>
        urls.Sign(baseUrl, method, key, Lifetime(lifetime, caller), SignedFor(caller));

    /// <summary>The same for a path that is no object's: of one part of an upload.</summary>
    public string SignPath(string baseUrl, string method, string path, int lifetime, Caller caller) =>
        urls.SignPath(baseUrl, method, path, Lifetime(lifetime, caller), SignedFor(caller));

    /// <summary>Seconds that a URL of the store itself lives, where nobody looks at the right again.</summary>
    public int LifetimeAtStore(int lifetime, Caller caller) => Math.Max(1, Lifetime(policy.LifetimeAtStore(lifetime), caller));

    /// <summary>
    /// Sets the caller of a request that comes by a signed URL. Null where it may pass; otherwise the
    /// sentence that says why not.
    /// </summary>
    public string? Refuse(HttpContext context, string method, string key)
    {
        if (urls.Refuse(method, key, context.Request.Query, out var signedFor) is { } sentence)
            return sentence;
        var (caller, ended) = signedFor is null ? (policy.WithoutCredentials, null)
            : signedFor.StartsWith(OfKey, StringComparison.Ordinal) ? OfKeyId(signedFor[OfKey.Length..])
            : OfTokenBearer(signedFor);
        if (caller is null)
            return ended;
        context.Features.Set(caller);
        return null;
    }

    /// <summary>
    /// Looks at the right again, after the bytes have come: a key may have been revoked meanwhile. Null where
    /// it still holds; otherwise the sentence that says why not.
    /// </summary>
    public async ValueTask<string?> EndedAsync(HttpContext context)
    {
        var caller = context.Caller();
        if (!caller.HasKey)
            return null;
        await keys.RefreshAsync(context.RequestAborted);
        return OfKeyId(caller.Name[OfKey.Length..]).Ended;
    }

    /// <summary>See <see cref="SignedUrls.SecondsLeft"/>.</summary>
    public long SecondsLeft(HttpContext context) => urls.SecondsLeft(context.Request.Query);

    private int Lifetime(int lifetime, Caller caller) =>
        caller.Expires is { } ends ? (int)Math.Clamp((ends - clock.GetUtcNow()).TotalSeconds, 0, lifetime) : lifetime;

    /// <summary>A key is looked up again when the URL is used; a token ends by itself, and what it allowed stands in the URL.</summary>
    private static string? SignedFor(Caller caller) =>
        caller.IsAnonymous ? null
        : caller.HasKey ? caller.Name
        : string.Create(CultureInfo.InvariantCulture, $"{OfToken}{(int)caller.Scopes}:{caller.Name}");

    private (Caller? Caller, string? Ended) OfKeyId(string id) =>
        keys.Find(id) is not { } key ? (null, "The API key that the URL was signed for is gone; ask for a new URL.")
        : key.Fault(clock.GetUtcNow()) is { } fault ? (null, $"The right that the URL was signed for has ended: {fault}")
        : (key.Caller, null);

    private (Caller? Caller, string? Ended) OfTokenBearer(string signedFor)
    {
        if (options.OidcIssuer is not { } issuer || !signedFor.EndsWith($" ({issuer})", StringComparison.Ordinal))
            return (
                null,
                "The URL was signed for a token of an issuer whose tokens this archive does not take any more; ask for a new URL."
            );
        var parts = signedFor[OfToken.Length..].Split(':', 2);
        return (new Caller(parts[1], (Scopes)int.Parse(parts[0], CultureInfo.InvariantCulture)), null);
    }
}
