using System.Net.Sockets;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace OpenSdc.Server;

/// <summary>
/// What one client may take of the service, set explicitly, each with its reason. <see cref="StallTimeout"/>
/// and <see cref="TimedBody"/> end what stands still.
/// </summary>
internal static class Limits
{
    /// <summary>
    /// Bytes that the kernel takes for a connection beyond what is on its way. Its send buffer grows to
    /// megabytes, and a client that reads slowly but steadily would look as if it took nothing until all of
    /// that had gone.
    /// </summary>
    public const int Unsent = 128 * 1024;

    private const int LongestLine = 512 * 1024;
    private const int MostHeaders = 100;
    private const int LargestHeaders = 32 * 1024;

    // Of Linux; the sockets that a listening one accepts have it too.
    private const int TcpLevel = 6; // IPPROTO_TCP
    private const int NotSentLowWater = 25; // TCP_NOTSENT_LOWAT

    public static void Set(SocketTransportOptions sockets) => sockets.CreateBoundListenSocket = address =>
    {
        var socket = SocketTransportOptions.CreateDefaultBoundListenSocket(address);
        if (OperatingSystem.IsLinux() && socket.AddressFamily is AddressFamily.InterNetwork or AddressFamily.InterNetworkV6)
            socket.SetRawSocketOption(TcpLevel, NotSentLowWater, BitConverter.GetBytes(Unsent));
        return socket;
    };

    public static void Set(KestrelServerLimits limits, ServerOptions options)
    {
        var stillness = TimeSpan.FromSeconds(options.ClientTimeout);

        // Each open connection costs a file handle and some kilobytes, at worst MaxRequestBufferSize: better
        // to refuse the next than to fail all.
        limits.MaxConcurrentConnections = options.MaxConnections;

        // Upgraded connections leave the limits below behind them; the service has no use for any.
        limits.MaxConcurrentUpgradedConnections = 0;

        // Only a PUT to a signed URL and a POST of a query have a body, and their handlers set limits of their own.
        limits.MaxRequestBodySize = 64 * 1024;

        // A query may name a thousand files; a longer line is refused by the server before any of our code sees it.
        limits.MaxRequestLineSize = LongestLine;

        // What is read ahead of a handler. It must hold the longest request line.
        limits.MaxRequestBufferSize = 1024 * 1024;

        // A client sends a dozen headers, a proxy some more; a key or a signature is the longest of them.
        limits.MaxRequestHeaderCount = MostHeaders;
        limits.MaxRequestHeadersTotalSize = LargestHeaders;

        // The average over a whole body. A link may be slow, but at fewer bytes than these an upload outlives its URL many times over.
        limits.MinRequestBodyDataRate = new MinDataRate(bytesPerSecond: 240, gracePeriod: stillness);

        // The same rate that StallTimeout asks for, for answers that are written in one piece.
        limits.MinResponseDataRate = new MinDataRate(
            bytesPerSecond: StallTimeout.LargestFlush / stillness.TotalSeconds,
            gracePeriod: stillness
        );

        // From the first byte of a request to the end of its headers: they fit into a few packets.
        // FirstRequest counts it from the beginning of a connection.
        limits.RequestHeadersTimeout = stillness;

        // Longer than the 60 to 120 s of common proxies and clients, so that it is they who close an idle
        // connection and no request meets a closed one.
        limits.KeepAliveTimeout = TimeSpan.FromSeconds(130);
    }
}
