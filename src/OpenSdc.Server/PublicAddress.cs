namespace OpenSdc.Server;

/// <summary>What signed URLs begin with: the setting, or the address under which this request reached the service.</summary>
internal sealed class PublicAddress(ServerOptions options)
{
    private readonly string? fixedAddress = options.PublicUrl?.AbsoluteUri.TrimEnd('/');

    public string Of(HttpContext context) => fixedAddress ?? string.Concat(context.Request.Scheme, "://", context.Request.Host.Value);
}
