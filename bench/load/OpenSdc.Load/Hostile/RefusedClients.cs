using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Sockets;
using System.Text;

namespace OpenSdc.Load.Hostile;

/// <summary>How requests that the web server refuses come to it.</summary>
public enum RefusedMode
{
    /// <summary>Three good requests and a refused one in a single write.</summary>
    Pipelined,

    /// <summary>The same with a transfer coding that nobody knows instead of a path that nobody may ask for.</summary>
    TransferCoding,

    /// <summary>Each request after the answer to the one before it.</summary>
    Unpipelined,

    /// <summary>
    /// Requests that a proxy hands on and the web server behind it refuses: bytes beyond ASCII in the path,
    /// more headers than it takes.
    /// </summary>
    ThroughProxy,

    /// <summary>
    /// One good request and a refused one in a single write, and the connection reset while they are
    /// answered: both answers fail, as close together as can be.
    /// </summary>
    Reset,
}

/// <summary>Connections that send good requests and then one that is refused, again and again, until they are stopped.</summary>
internal sealed class RefusedClients(WireTarget target, RefusedMode mode)
{
    // What the server takes from the first byte to the answer: the reset is to hit any step of it.
    private const int LongestTimeToReset = 60; // microseconds

    private readonly ConcurrentQueue<string> faults = new();
    private int connections;

    /// <summary>Good answers that were not the right ones, and refused requests that were not refused.</summary>
    public IReadOnlyCollection<string> Faults => faults;

    public int Connections => connections;

    private string Good => $"GET /health/live HTTP/1.1\r\nHost: {target.Name}\r\n\r\n";

    /// <summary>Goes on until it is stopped.</summary>
    public Task RunAsync(int clients, CancellationToken stop) => RunAsync(clients, () => !stop.IsCancellationRequested);

    /// <summary>Makes so many connections, one after the other.</summary>
    public Task RunAsync(int connectionsInAll) => RunAsync(1, () => connections < connectionsInAll);

    private async Task RunAsync(int clients, Func<bool> isLeft) =>
        await Task.WhenAll(
            Enumerable
                .Range(0, clients)
                .Select(i =>
                    Task.Run(async () =>
                    {
                        for (var n = i; isLeft(); n++)
                        {
                            try
                            {
                                await OnceAsync(n);
                            }
                            catch (Exception cut) when (cut is IOException or SocketException)
                            {
                                // The server may reset a connection on which it has refused a request.
                            }
                            catch (InvalidDataException wrong)
                            {
                                faults.Enqueue($"refused client: {wrong.Message}");
                            }

            Interlocked.Increment(ref connections);
        }
    })));

    private async Task OnceAsync(int n)
    {
        await using var wire = await Wire.ConnectAsync(target);
        if (mode == RefusedMode.Reset)
        {
            await wire.WriteAsync(Good + Refused(n));
            var written = Stopwatch.GetTimestamp();
            var pause = Random.Shared.Next(LongestTimeToReset);
            while (Stopwatch.GetElapsedTime(written).TotalMicroseconds < pause)
                Thread.SpinWait(10);
            wire.ResetOnDispose();
            return;
        }

        if (mode is RefusedMode.Pipelined or RefusedMode.TransferCoding)
        {
            await wire.WriteAsync(Good + Good + Good + Refused(n));
            for (var i = 0; i < 3; i++)
                ShouldBeLive(await wire.ReadAsync());
        }
        else
        {
            for (var i = 0; i < 3; i++)
            {
                await wire.WriteAsync(Good);
                ShouldBeLive(await wire.ReadAsync());
            }

            await wire.WriteAsync(Refused(n));
        }

        var refusal = await wire.ReadAsync();
        if (refusal is { Status: < 400 or >= 600 })
            faults.Enqueue($"a request that is to be refused was answered {refusal.Status}: {refusal.Text}");
        // The same bytes once more, or those of somebody else.
        if (refusal is { IsLast: true } && await wire.ReadAsync() is { } more)
            faults.Enqueue($"after the last answer of a connection came {more.Status}: {more.Text}");
    }

    private string Refused(int n) => mode switch
    {
        RefusedMode.TransferCoding => $"POST /query HTTP/1.1\r\nHost: {target.Name}\r\nTransfer-Encoding: foo\r\n\r\n",
        RefusedMode.ThroughProxy when n % 2 == 0 => $"GET /upload/a\u00e9b HTTP/1.1\r\nHost: {target.Name}\r\n\r\n",
        RefusedMode.ThroughProxy => $"GET /query HTTP/1.1\r\nHost: {target.Name}\r\n{ManyHeaders()}\r\n",
        _ => $"GET /%00 HTTP/1.1\r\nHost: {target.Name}\r\n\r\n",
    };

    private void ShouldBeLive(WireAnswer? answer)
    {
        if (answer is not ({ Status: 200, Text: "live\n" } or null))
            faults.Enqueue($"/health/live was answered {answer.Status}: {answer.Text}");
    }

    private static string ManyHeaders()
    {
        var headers = new StringBuilder();
        for (var i = 0; i < 120; i++)
            headers.Append("X-More-").Append(i).Append(": x\r\n");
        return headers.ToString();
    }
}
