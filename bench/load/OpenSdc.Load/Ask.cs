using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace OpenSdc.Load;

/// <summary>
/// GETs the paths of a file one after the other, or each over several connections at once, and prints how
/// long the first byte of the body and the whole of it took. It is a blocking socket with one buffer, a new
/// one for each request: the cheapest client there is. What is not a complete 200 ends the run.
/// </summary>
internal static class Ask
{
    public static int Run(Arguments options)
    {
        var server = new Uri(options.Text("url"));
        var paths = File.ReadAllLines(options.Text("paths"));
        var count = options.Number("count", paths.Length);
        var streams = (int)options.Number("streams", 1);
        var row = options.Text("rows", "objects") == "lines" ? (byte)'\n' : (byte)'{';
        var answers = new List<Answer>();
        foreach (var path in Enumerable.Range(0, (int)options.Number("warm", 0)).Select(i => paths[i % paths.Length]))
            Get(server, path, row);
        var started = Stopwatch.GetTimestamp();
        for (var i = 0; i < count; i++)
        {
            var path = paths[i % paths.Length];
            var some = new Answer[streams];
            var threads = Enumerable.Range(0, streams).Select(n => new Thread(() => some[n] = Get(server, path, row))).ToList();
            if (streams == 1)
                some[0] = Get(server, path, row);
            else
                threads.ForEach(thread => thread.Start());
            if (streams > 1)
                threads.ForEach(thread => thread.Join());
            if (Array.Exists(some, each => each.Failure is not null))
                throw new LoadFailedException($"{path}: {some.First(each => each.Failure is not null).Failure}");
            answers.AddRange(some);
        }

        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"seconds={seconds:F3} rows={answers.Average(each => each.Rows):F0} bytes={answers.Average(each => each.Bytes):F0} "
                    + $"median_ms={At(0.5, each => each.All):F2} p99_ms={At(0.99, each => each.All):F2} most_ms={At(1, each => each.All):F2} first_ms={At(0.5, each => each.First):F2} first_most_ms={At(1, each => each.First):F2}"
            )
        );
        return 0;

        double At(double share, Func<Answer, double> time)
        {
            var times = answers.Select(time).Order().ToList();
            return times[Math.Min(times.Count - 1, (int)(times.Count * share))];
        }
    }

    private static Answer Get(Uri server, string path, byte row)
    {
        var buffer = new byte[1 << 18];
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Connect(server.Host, server.Port);
        var started = Stopwatch.GetTimestamp();
        socket.Send(Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: {server.Authority}\r\nConnection: close\r\n\r\n"));
        var (filled, header) = (0, -1);
        while (header < 0 || filled == header + 4)
        {
            var read = socket.Receive(buffer.AsSpan(filled));
            if (read == 0)
                return new Answer { Failure = "it ended within its header" };
            filled += read;
            header = header < 0 ? buffer.AsSpan(0, filled).IndexOf("\r\n\r\n"u8) : header;
        }

        var first = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        var head = Encoding.ASCII.GetString(buffer, 0, header);
        if (!head.StartsWith("HTTP/1.1 200", StringComparison.Ordinal))
            return new Answer { Failure = Encoding.ASCII.GetString(buffer, 0, Math.Min(filled, 600)) };
        long bytes = filled - header - 4, rows = buffer.AsSpan(header + 4, filled - header - 4).Count(row);
        var end = new byte[5];
        Keep(end, buffer.AsSpan(0, filled));
        for (int read; (read = socket.Receive(buffer)) > 0;)
        {
            bytes += read;
            rows += buffer.AsSpan(0, read).Count(row);
            Keep(end, buffer.AsSpan(0, read));
        }

        var all = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        var isWhole = head.Contains("chunked", StringComparison.Ordinal)
            ? end.AsSpan().SequenceEqual("0\r\n\r\n"u8)
            : head.Contains($"Content-Length: {bytes}", StringComparison.Ordinal);
        return new Answer
        {
            First = first,
            All = all,
            Rows = rows,
            Bytes = bytes,
            Failure = isWhole ? null : "it was cut",
        };
    }

    /// <summary>The last five bytes, of which a piece may have fewer.</summary>
    private static void Keep(byte[] end, ReadOnlySpan<byte> piece)
    {
        piece = piece.Length > end.Length ? piece[^end.Length..] : piece;
        end.AsSpan(piece.Length).CopyTo(end);
        piece.CopyTo(end.AsSpan(end.Length - piece.Length));
    }

    private readonly struct Answer
    {
        public double First { get; init; }

        public double All { get; init; }

        public long Rows { get; init; }

        public long Bytes { get; init; }

        public string? Failure { get; init; }
    }
}
