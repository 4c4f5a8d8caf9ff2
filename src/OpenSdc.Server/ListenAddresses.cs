using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Routing.Template;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace OpenSdc.Server;

/// <summary>Whom an address to listen on, or a route, is for.</summary>
[Flags]
internal enum AddressKind
{
    /// <summary>Nobody.</summary>
    None = 0,

    /// <summary>Clients of the archive.</summary>
    Public = 1,

    /// <summary>Those who run it: measurements, notifications of the bucket, details of health.</summary>
    Operators = 2,
}

/// <summary>
/// The addresses to listen on, and whom each is for. A connection carries the kind of the address that
/// accepted it, so that no header, and no spelling of a path, leads from a public address to an operator's
/// route.
/// </summary>
internal sealed class ListenAddresses
{
    private static readonly ListenAddresses OfPublic = new(AddressKind.Public);
    private static readonly ListenAddresses OfOperators = new(AddressKind.Operators);
    private static readonly ListenAddresses OfBoth = new(AddressKind.Public | AddressKind.Operators);

    private readonly AddressKind kind;

    private ListenAddresses(AddressKind kind) => this.kind = kind;

    /// <summary>
    /// Listens on the addresses of the settings, the public ones first. Kestrel counts connections for each
    /// address, so that a full public one leaves the operators' free.
    /// </summary>
    public static void Set(KestrelServerOptions kestrel, ServerOptions options)
    {
        var publicOnes = options.OperatorUrls is null && IsPrivate(options) ? OfBoth : OfPublic;
        foreach (var url in options.Urls.Split(';'))
            Listen(kestrel, url, publicOnes, options);
        foreach (var url in options.OperatorUrls?.Split(';') ?? [])
            Listen(kestrel, url, OfOperators, options);
    }

    /// <summary>Whether the connection of a request came in at an operators' address.</summary>
    public static bool IsOperators(HttpContext context) => KindOf(context).HasFlag(AddressKind.Operators);

    /// <summary>Whether it came in at an address that is for operators alone.</summary>
    public static bool IsOnlyOperators(HttpContext context) => KindOf(context) == AddressKind.Operators;

    /// <summary>Answers 404 where a route is not for the address that the request came in at. A route without a mark is public.</summary>
    public static Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (context.GetEndpoint() is not { } endpoint)
            return next(context);
        var meant = endpoint is RouteEndpoint route ? MeantFor(route) : MeantForPath(context);
        return (meant & KindOf(context)) != AddressKind.None ? next(context)
            : (meant == AddressKind.Operators ? Problems.OfStatus(404) : Problems.NotForOperators).ExecuteAsync(context);
    }

    private static AddressKind MeantFor(RouteEndpoint route) => route.Metadata.GetMetadata<ForAddress>()?.Kind ?? AddressKind.Public;

    /// <summary>
    /// Whom the routes of a path are for, whatever their methods: routing answers 405 by itself where none of
    /// them has the request's, and that too would tell that there are some.
    /// </summary>
    private static AddressKind MeantForPath(HttpContext context) =>
        context
            .RequestServices.GetRequiredService<EndpointDataSource>()
            .Endpoints.OfType<RouteEndpoint>()
            .Where(route => new TemplateMatcher(new RouteTemplate(route.RoutePattern), []).TryMatch(context.Request.Path, []))
            .Aggregate(AddressKind.None, (sum, route) => sum | MeantFor(route));

    /// <summary>
    /// Whether nobody else than this machine can reach the archive: it listens on loopback, and no setting
    /// speaks of a proxy in front.
    /// </summary>
    public static bool IsPrivate(ServerOptions options) =>
        options is { PublicUrl: null, TrustedProxies.Count: 0, TrustedNetworks.Count: 0 } && AreLoopback(options.Urls);

    /// <summary>Whether only this machine reaches each of the addresses of a setting.</summary>
    public static bool AreLoopback(string? urls) => urls is null || urls.Split(';').All(url => IsLoopback(BindingAddress.Parse(url).Host));

    private static bool IsLoopback(string host) =>
        host == "localhost" || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address));

    private static AddressKind KindOf(HttpContext context)
    {
        var accepted = context.Features.Get<ListenAddresses>()?.kind ?? AddressKind.Public;
        // An address is for both where only this machine reaches it; what comes through a proxy that no setting names is from elsewhere.
        return accepted == OfBoth.kind && ProxySigns.Find(context.Request) is not null ? AddressKind.Public : accepted;
    }

    private static void Listen(KestrelServerOptions kestrel, string url, ListenAddresses addresses, ServerOptions options)
    {
        var address = BindingAddress.Parse(url);
        if (address.Host == "localhost")
            kestrel.ListenLocalhost(address.Port, Mark);
        else if (IPAddress.TryParse(address.Host, out var number))
            kestrel.Listen(number, address.Port, Mark);
        else
            kestrel.ListenAnyIP(address.Port, Mark);

        void Mark(ListenOptions listen)
        {
            listen.Use(next => connection =>
            {
                connection.Features.Set(addresses);
                return next(connection);
            });
            if (address.Scheme == Uri.UriSchemeHttps)
                TlsCertificate.Use(listen, options);
        }
    }
}

/// <summary>Mark of a route that is not for the public alone.</summary>
internal sealed record ForAddress(AddressKind Kind);
