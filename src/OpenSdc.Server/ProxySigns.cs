using System.Net;

namespace OpenSdc.Server;

/// <summary>
/// What shows that a request did not come straight from a program on this machine, where only such are
/// expected: a header that proxies add, or a <c>Host</c> that names another machine. Browsers send such a
/// <c>Host</c> too, for a page whose name was pointed at loopback (DNS rebinding).
/// </summary>
internal static class ProxySigns
{
    private static readonly string[] Names =
    [
        "Forwarded",
        "Via",
        "X-Real-IP",
        "X-Client-IP",
        "X-Cluster-Client-IP",
        "X-ProxyUser-Ip",
        "True-Client-IP",
        "Fastly-Client-IP",
        "Cdn-Loop",
        "X-Amzn-Trace-Id",
    ];

    private static readonly string[] Beginnings = ["X-Forwarded-", "X-Original-", "CF-", "X-Envoy-"];

    /// <summary>The sign, for a sentence; null where there is none.</summary>
    public static string? Find(HttpRequest request)
    {
        foreach (var (name, _) in request.Headers)
        {
            if (
                Names.Contains(name, StringComparer.OrdinalIgnoreCase)
                || Beginnings.Any(beginning => name.StartsWith(beginning, StringComparison.OrdinalIgnoreCase))
            )
                return $"header {ShownText.Of(name)}";
        }

        return IsLocal(request.Host) ? null : $"header Host: {ShownText.Of(request.Host.Value ?? "")}";
    }

    // An archive that only its own machine reaches listens on loopback alone, so that its addresses are such as well.
    private static bool IsLocal(HostString host) =>
        host.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Host, out var address) && IPAddress.IsLoopback(address));
}
