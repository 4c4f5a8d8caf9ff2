using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.Extensions.Primitives;

namespace OpenSdc.Server;

/// <summary>
/// What trusted proxies say of a request: its client, scheme, host, port and path prefix
/// (<c>X-Forwarded-For</c>, <c>-Proto</c>, <c>-Host</c>, <c>-Port</c>, <c>-Prefix</c>). Several proxies in a
/// row are followed from the nearest on, as far as each is trusted. Headers of anybody else are ignored.
/// </summary>
internal static class TrustedProxyHeaders
{
    private const string ForwardedPort = "X-Forwarded-Port";
    private const string ForwardedFor = "X-Forwarded-For";

    public static void Use(WebApplication app, ServerOptions options)
    {
        if (options.TrustedProxies.Count + options.TrustedNetworks.Count == 0)
            return;
        // How many proxies are trusted is told by the addresses that they say they were called from. Where
        // they say none, the nearest one alone is believed: what stands before its words may be a client's.
        app.Use(NoteHopsAsync);
        app.UseWhen(
            static context => context.Request.Headers.ContainsKey(ForwardedFor),
            each => each.UseForwardedHeaders(Trusting(options, limit: null))
        );
        app.UseWhen(
            static context => context.Features.Get<Hops>() is { Entries: 0 },
            each => each.UseForwardedHeaders(Trusting(options, limit: 1))
        );
        app.Use(ApplyAsync);
    }

    private static ForwardedHeadersOptions Trusting(ServerOptions options, int? limit)
    {
        var forwarded = new ForwardedHeadersOptions { ForwardedHeaders = ForwardedHeaders.All, ForwardLimit = limit };
        // Both hold this machine by default, which is a proxy only where it is named as one.
        forwarded.KnownProxies.Clear();
        forwarded.KnownIPNetworks.Clear();
        foreach (var proxy in options.TrustedProxies)
            forwarded.KnownProxies.Add(proxy);
        foreach (var network in options.TrustedNetworks)
            forwarded.KnownIPNetworks.Add(network);
        return forwarded;
    }

    /// <summary>Notes what the framework is about to replace.</summary>
    private static Task NoteHopsAsync(HttpContext context, RequestDelegate next)
    {
        var headers = context.Request.Headers;
        // The framework takes away what it has used, so that the difference tells how many proxies it trusted.
        context.Features.Set(new Hops(Count(headers), headers.ContainsKey("X-Forwarded-Host")));
        return next(context);
    }

    private static Task ApplyAsync(HttpContext context, RequestDelegate next)
    {
        KeepScheme(context);
        // A prefix is put before paths, which begin with a slash.
        if (context.Request.PathBase.Value is ['/', .., '/'] or "/")
            context.Request.PathBase = context.Request.PathBase.Value!.TrimEnd('/');
        var headers = context.Request.Headers;
        var hops = context.Features.Get<Hops>()!;
        if (headers.TryGetValue(ForwardedPort, out var ports) && hops.Entries - Count(headers) is var used and > 0)
            ApplyPort(context.Request, ports, used, hops.NamesHost);
        return next(context);
    }

    /// <summary>
    /// The framework takes any word that could be a scheme; one that is not of HTTP would make URLs that no
    /// client can follow, or that a browser runs, and counts as not said.
    /// </summary>
    private static void KeepScheme(HttpContext context)
    {
        var request = context.Request;
        if (string.Equals(request.Scheme, Uri.UriSchemeHttps, StringComparison.OrdinalIgnoreCase))
            request.Scheme = Uri.UriSchemeHttps;
        else if (request.Scheme != Uri.UriSchemeHttp)
            request.Scheme = context.Features.Get<ITlsConnectionFeature>() is null ? Uri.UriSchemeHttp : Uri.UriSchemeHttps;
    }

    /// <summary>
    /// A proxy that passes the host on without its port names the port by itself. A port that stands in
    /// <c>X-Forwarded-Host</c> is what the client wrote, and stays.
    /// </summary>
    private static void ApplyPort(HttpRequest request, StringValues ports, int used, bool namesHost)
    {
        var entries = ports.ToString().Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (!request.Host.HasValue || (namesHost && request.Host.Port is not null) || entries.Length == 0)
            return;
        // One entry for each proxy, the nearest last; a single one is that of whoever set it.
        if (
            !ushort.TryParse(entries[Math.Max(0, entries.Length - used)], NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            || port == 0
        )
            return;
        var isDefault = port == (request.Scheme == Uri.UriSchemeHttps ? 443 : 80);
        request.Host = isDefault ? new HostString(request.Host.Host) : new HostString(request.Host.Host, port);
    }

    private static int Count(IHeaderDictionary headers) =>
        headers[ForwardedFor]
            .Sum(value => value?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Length ?? 0);

    private sealed record Hops(int Entries, bool NamesHost);
}
