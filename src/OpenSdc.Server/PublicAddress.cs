using System.Net;

namespace OpenSdc.Server;

/// <summary>What signed URLs begin with: the setting, or the address under which this request reached the service.</summary>
internal sealed class PublicAddress(ServerOptions options)
{
    private readonly string? fixedAddress = options.PublicUrl?.AbsoluteUri.TrimEnd('/');

    public string Of(HttpContext context) =>
        fixedAddress ?? string.Concat(context.Request.Scheme, "://", HostOf(context), context.Request.PathBase.ToUriComponent());

    /// <summary>A client of HTTP/1.0 names no host; it gets the address that it has connected to.</summary>
    private static string HostOf(HttpContext context) =>
        context.Request.Host is { HasValue: true } host
            ? host.Value
            : new IPEndPoint(context.Connection.LocalIpAddress!, context.Connection.LocalPort).ToString();
}
