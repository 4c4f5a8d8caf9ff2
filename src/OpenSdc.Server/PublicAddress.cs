using System.Net;
using Microsoft.AspNetCore.Http.Features;

namespace OpenSdc.Server;

/// <summary>What signed URLs begin with: the setting, or the address under which this request reached the service.</summary>
internal sealed class PublicAddress(ServerOptions options)
{
    private readonly string? fixedAddress = options.PublicUrl?.AbsoluteUri.TrimEnd('/');

    public string Of(HttpContext context) =>
        fixedAddress ?? string.Concat(context.Request.Scheme, "://", HostOf(context), context.Request.PathBase.ToUriComponent());

    /// <summary>
    /// A proxy says by <c>X-Forwarded-Proto</c> how it was asked. The framework takes any word that could be a scheme; one that is not of HTTP would make URLs that no
    /// client can follow, or that a browser runs, and counts as not said.
    /// </summary>
    public static Task KeepSchemeAsync(HttpContext context, RequestDelegate next)
    {
        var request = context.Request;
        if (string.Equals(request.Scheme, Uri.UriSchemeHttps, StringComparison.OrdinalIgnoreCase))
            request.Scheme = Uri.UriSchemeHttps;
        else if (request.Scheme != Uri.UriSchemeHttp)
            request.Scheme = context.Features.Get<ITlsConnectionFeature>() is null ? Uri.UriSchemeHttp : Uri.UriSchemeHttps;
        return next(context);
    }

    /// <summary>A client of HTTP/1.0 names no host; it gets the address that it has connected to.</summary>
    private static string HostOf(HttpContext context) =>
        context.Request.Host is { HasValue: true } host ? host.Value : new IPEndPoint(context.Connection.LocalIpAddress!, context.Connection.LocalPort).ToString();
}
