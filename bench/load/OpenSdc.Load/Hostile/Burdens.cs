using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace OpenSdc.Load.Hostile;

/// <summary>
/// What some clients do to an archive while others work: they read long listings slowly, send uploads byte by
/// byte, send large bodies, have requests refused, and open connections on which nothing comes. Everything
/// goes on until it is stopped; a connection that the server ends is made again.
/// </summary>
internal sealed class Burdens(WireTarget target, IReadOnlyList<string> uploadTargets)
{
    private const int SlowReaders = 64;
    private const int BigBodies = 4;
    private const int RefusedOnes = 4;
    private const int Trickle = 512;

    // Above the rate at which a reader is cut off.
    private const int SlowRate = 6 * 1024;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    private readonly ConcurrentDictionary<int, int> statuses = new();
    private readonly TaskCompletionSource idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly RefusedClients refused = new(target, RefusedMode.Pipelined);

    /// <summary>How many answers there were of each status, but for those to refused requests.</summary>
    public IReadOnlyDictionary<int, int> Statuses => statuses;

    public IReadOnlyCollection<string> Faults => refused.Faults;

    public int RefusedConnections => refused.Connections;

    /// <summary>Idle connections that were open at once at the most.</summary>
    public int MostIdle { get; private set; }

    /// <summary>Ends when all idle connections have been opened, or no more could be.</summary>
    public Task Idle => idle.Task;

    public async Task RunAsync(int connections, CancellationToken stop)
    {
        var all = new List<Task> { refused.RunAsync(RefusedOnes, stop), HoldIdleAsync(connections, stop) };
        for (var i = 0; i < SlowReaders; i++)
            all.Add(AgainAsync(i % 2 == 0 ? "GET /query" : "GET /query?limit=10000", ReadSlowlyAsync, stop));
        all.AddRange(uploadTargets.Select(each => AgainAsync($"PUT {each}", TrickleAsync, stop)));
        for (var i = 0; i < BigBodies; i++)
            all.Add(AgainAsync("POST /query", SendBigBodyAsync, stop));
        await Task.WhenAll(all);
    }

    private async Task AgainAsync(string request, Func<NetworkStream, string, CancellationToken, Task> once, CancellationToken stop)
    {
        await Task.Yield();
        while (!stop.IsCancellationRequested)
        {
            try
            {
                using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                await socket.ConnectAsync(target.Host, target.Port, stop);
                await using var stream = new NetworkStream(socket);
                await once(stream, $"{request} HTTP/1.1\r\nHost: {target.Name}\r\n", stop);
                await Task.Delay(Pause, stop);
            }
            catch (Exception end) when (end is IOException or SocketException or OperationCanceledException)
            {
                // Cut off by the server, or stopped.
            }
        }
    }

    private async Task ReadSlowlyAsync(NetworkStream stream, string head, CancellationToken stop)
    {
        await WriteAsync(stream, head + "\r\n", stop);
        var buffer = new byte[SlowRate / 4];
        var isFirst = true;
        while (await stream.ReadAsync(buffer, stop) is var read and > 0)
        {
            if (isFirst)
                Count(buffer.AsSpan(0, read));
            isFirst = false;
            await Task.Delay(Pause, stop);
        }
    }

    /// <summary>Announces a gigabyte and sends some bytes a second.</summary>
    private async Task TrickleAsync(NetworkStream stream, string head, CancellationToken stop)
    {
        await WriteAsync(stream, $"{head}Content-Length: 1073741824\r\n\r\n", stop);
        var piece = new byte[Trickle / 4];
        while (stream is { DataAvailable: false })
        {
            await stream.WriteAsync(piece, stop);
            await Task.Delay(Pause, stop);
        }

        await CountAsync(stream, stop);
    }

    /// <summary>As many names as a query may have at the most, in its largest body.</summary>
    private async Task SendBigBodyAsync(NetworkStream stream, string head, CancellationToken stop)
    {
        var names = string.Join(
            "\",\"",
            Enumerable
                .Range(0, 9000)
                .Select(n => string.Create(CultureInfo.InvariantCulture, $"imap_swe_l1a_none{n}{new string('x', 180)}_20260101_v001.pkts"))
        );
        var body = $"{{\"filename\":[\"{names}\"]}}";
        await WriteAsync(
            stream,
            $"{head}Content-Type: application/json\r\nConnection: close\r\nContent-Length: {body.Length}\r\n\r\n{body}",
            stop
        );
        await CountAsync(stream, stop);
    }

    /// <summary>Opens connections and leaves them alone; those that the server ends are opened again.</summary>
    private async Task HoldIdleAsync(int count, CancellationToken stop)
    {
        var held = new Socket?[count];
        try
        {
            while (true)
            {
                for (var i = 0; i < count; i++)
                {
                    if (held[i] is { } open && !(open.Poll(0, SelectMode.SelectRead) && open.Available == 0))
                        continue;
                    held[i]?.Dispose();
                    held[i] = new Socket(SocketType.Stream, ProtocolType.Tcp);
                    await held[i]!.ConnectAsync(target.Host, target.Port, stop);
                }

                MostIdle = Math.Max(MostIdle, held.Count(each => each is not null));
                idle.TrySetResult();
                await Task.Delay(Pause, stop);
            }
        }
        catch (Exception end) when (end is SocketException or OperationCanceledException)
        {
            // Stopped, or there are no more connections to be had.
        }
        finally
        {
            idle.TrySetResult();
            foreach (var each in held)
                each?.Dispose();
        }
    }

    private async Task CountAsync(NetworkStream stream, CancellationToken stop)
    {
        var buffer = new byte[64 * 1024];
        var read = await stream.ReadAsync(buffer, stop);
        Count(buffer.AsSpan(0, read));
        while (await stream.ReadAsync(buffer, stop) > 0)
        {
        }
    }

    private void Count(ReadOnlySpan<byte> start)
    {
        if (start.Length > 12 && int.TryParse(start[9..12], CultureInfo.InvariantCulture, out var status))
            statuses.AddOrUpdate(status, 1, (_, seen) => seen + 1);
    }

    private static ValueTask WriteAsync(NetworkStream stream, string text, CancellationToken stop) =>
        stream.WriteAsync(Encoding.ASCII.GetBytes(text), stop);
}
