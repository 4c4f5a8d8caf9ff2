using System.Net;
using OpenSdc.Server.Access;

namespace OpenSdc.Server;

/// <summary>
/// What every answer carries: any origin may read it, whether the request names one or not, and how long it
/// may be kept. A change is taken from the archive's own pages and from the origins of a setting; another
/// page that a browser shows cannot upload or delete with the access of who looks at it.
/// </summary>
internal sealed class PublicAnswers(ServerOptions options)
{
    /// <summary>Not kept by anybody: errors, what holds a signed URL, what is so at this moment only.</summary>
    public const string NeverKept = "no-store";

    /// <summary>Kept, and asked for by its tag each time.</summary>
    public const string AskedAgain = "no-cache";

    private const string Readable =
        "ETag, WWW-Authenticate, Link, OpenSDC-Count, OpenSDC-Seq, OpenSDC-Left-Out, OpenSDC-Visibility, OpenSDC-Default-Versions, OpenSDC-History, Location, Content-Disposition, Content-Range, Accept-Ranges, Retry-After, X-Request-Id, OpenSDC-Upload-Id";

    private const string Credentials = "Authorization, x-api-key";
    private const string Reading = "GET, HEAD, OPTIONS";
    private const string Everything = "GET, HEAD, PUT, POST, DELETE, OPTIONS";

    private readonly string? own = options.PublicUrl?.GetLeftPart(UriPartial.Authority);

    public Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        var (request, headers) = (context.Request, context.Response.Headers);
        Set(context);
        var origin = request.Headers.Origin.Count == 0 ? null : request.Headers.Origin.ToString();
        var mayWrite = origin is null || MayWrite(origin, request);
        if (!HttpMethods.IsOptions(request.Method))
            return mayWrite || HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method)
                ? next(context)
                : Problems.ForeignOrigin.ExecuteAsync(context);

        headers.AccessControlAllowMethods = mayWrite ? Everything : Reading;
        headers.AccessControlAllowHeaders = request.Headers.AccessControlRequestHeaders.Count > 0
            ? request.Headers.AccessControlRequestHeaders
            : "*";
        headers.AccessControlMaxAge = "86400";
        headers.Vary = "Origin, Access-Control-Request-Headers";
        context.Response.StatusCode = 204;
        return Task.CompletedTask;
    }

    /// <summary>Sets the headers anew, as an answer to an exception begins without any.</summary>
    public static void Set(HttpContext context)
    {
        var headers = context.Response.Headers;
        headers.AccessControlAllowOrigin = "*";
        headers.AccessControlExposeHeaders = Readable;
        var metadata = context.GetEndpoint()?.Metadata;
        var caching = metadata?.GetMetadata<Caching>();
        var control = caching?.Control ?? NeverKept;
        // What a caller sees by its rights is for no cache that others share.
        headers.CacheControl = control == NeverKept || context.Caller().IsAnonymous ? control : control + ", private";
        var readsCredentials = metadata?.GetMetadata<Needs>() is { IsSignature: false };
        if (caching?.Vary is { } vary)
            headers.Vary = readsCredentials ? $"{vary}, {Credentials}" : vary;
        else if (readsCredentials)
            headers.Vary = Credentials;
    }

    /// <summary>
    /// The archive's own origin is that of its public URL. Without one it is the address of the request,
    /// where that is a number or localhost: any other name may be made to lead here by whoever owns it.
    /// </summary>
    private bool MayWrite(string origin, HttpRequest request)
    {
        if (options.WriteOrigins.Contains("*") || options.WriteOrigins.Contains(origin, StringComparer.OrdinalIgnoreCase))
            return true;
        if (own is not null)
            return string.Equals(origin, own, StringComparison.OrdinalIgnoreCase);
        var host = request.Host.Host;
        return (host == "localhost" || IPAddress.TryParse(host, out _))
            && string.Equals(origin, $"{request.Scheme}://{request.Host.Value}", StringComparison.OrdinalIgnoreCase);
    }
}

/// <summary>
/// Mark of a route: what its answers say of caches, unless they are errors, and which header of a request
/// chooses among them.
/// </summary>
internal sealed record Caching(string Control, string? Vary = null);
