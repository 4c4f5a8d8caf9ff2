using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace OpenSdc.Server;

/// <summary>What one client may take of the service, set explicitly, each with its reason.</summary>
internal static class Limits
{
    public static void Set(KestrelServerLimits limits)
    {
        // Only a PUT to a signed URL has a body, and that handler counts it against its own limit.
        limits.MaxRequestBodySize = 64 * 1024;

        // A query may name a thousand files; a longer line is refused by the server before any of our code sees it.
        limits.MaxRequestLineSize = 512 * 1024;
        limits.MaxRequestBufferSize = 1024 * 1024;
        limits.MaxRequestHeadersTotalSize = 32 * 1024;

        // A client that sends or takes fewer bytes than this in a second holds a connection, and perhaps a database snapshot, for nothing.
        limits.MinRequestBodyDataRate = new MinDataRate(bytesPerSecond: 240, gracePeriod: TimeSpan.FromSeconds(10));
        limits.MinResponseDataRate = new MinDataRate(bytesPerSecond: 240, gracePeriod: TimeSpan.FromSeconds(10));
        limits.RequestHeadersTimeout = TimeSpan.FromSeconds(30);
        limits.KeepAliveTimeout = TimeSpan.FromSeconds(130);
    }
}
