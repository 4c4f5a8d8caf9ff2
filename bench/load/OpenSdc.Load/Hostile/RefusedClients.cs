using System.Collections.Concurrent;
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

    /// <summary>Requests that a proxy hands on and the web server behind it refuses: bytes beyond ASCII in the path, more headers than it takes.</summary>
    ThroughProxy,
}

/// <summary>Connections that send good requests and then one that is refused, again and again, until they are stopped.</summary>
internal sealed class RefusedClients(WireTarget target, RefusedMode mode)
{
    private readonly ConcurrentQueue<string> faults = new();
    private int connections;

    /// <summary>Good answers that were not the right ones, and refused requests that were not refused.</summary>
    public IReadOnlyCollection<string> Faults => faults;

    public int Connections => connections;

    private string Good => $"GET /health/live HTTP/1.1\r\nHost: {target.Name}\r\n\r\n";

    public async Task RunAsync(int clients, CancellationToken stop) => await Task.WhenAll(Enumerable.Range(0, clients).Select(i => Task.Run(async () =>
    {
        for (var n = i; !stop.IsCancellationRequested; n++)
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

        if (await wire.ReadAsync() is { Status: < 400 or >= 600 } taken)
            faults.Enqueue($"a request that is to be refused was answered {taken.Status}: {taken.Text}");
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
