using System.Diagnostics;
using System.Net.Sockets;
using System.Text;

namespace OpenSdc.Load;

/// <summary>
/// GETs one object in one stream over a blocking socket into one buffer: the cheapest client there is, so that on a machine
/// that client and server share the server is what is measured.
/// </summary>
internal static class GetStream
{
    public static int Run(Arguments options)
    {
        var url = new Uri(options.Text("url"));
        var buffer = new byte[1 << 20];
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Connect(url.Host, url.Port);
        var started = Stopwatch.GetTimestamp();
        socket.Send(Encoding.ASCII.GetBytes($"GET {url.PathAndQuery} HTTP/1.1\r\nHost: {url.Authority}\r\nConnection: close\r\n\r\n"));

        var filled = 0;
        int headerEnd;
        while ((headerEnd = buffer.AsSpan(0, filled).IndexOf("\r\n\r\n"u8)) < 0)
        {
            var read = socket.Receive(buffer.AsSpan(filled));
            if (read == 0)
                throw new LoadFailedException("The answer ended within its header");
            filled += read;
        }

        var header = Encoding.ASCII.GetString(buffer, 0, headerEnd).Split("\r\n");
        var length = header.FirstOrDefault(line => line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase));
        if (!header[0].StartsWith("HTTP/1.1 200", StringComparison.Ordinal) || length is null)
            throw new LoadFailedException($"GET {url.AbsolutePath}: {header[0]}{(length is null ? ", no Content-Length" : "")}");

        var expected = long.Parse(length["Content-Length:".Length..]);
        long bytes = filled - headerEnd - 4;
        while (bytes < expected)
        {
            var read = socket.Receive(buffer);
            if (read == 0)
                throw new LoadFailedException($"GET {url.AbsolutePath}: {bytes} of {expected} bytes arrived");
            bytes += read;
        }

        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        Console.WriteLine($"bytes={bytes} seconds={seconds:F3} mb_s={bytes / 1e6 / seconds:F1}");
        return 0;
    }
}
