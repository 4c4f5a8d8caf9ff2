using System.Net;
using System.Net.Sockets;

namespace OpenSdc.FaultTests.Replicas;

/// <summary>Stands between a server and one of its services. Where either side closes a connection, the other is closed at once.</summary>
internal abstract class Proxy : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stop = new();
    private readonly int target;
    private readonly Task accepting;

    protected Proxy(Crossing crossing, int target)
    {
        (Crossing, this.target) = (crossing, target);
        listener.Start();
        accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    protected Crossing Crossing { get; }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        listener.Dispose();
        await accepting;
        stop.Dispose();
    }

    /// <summary>Passes on what one connection brings, in both directions, until either side closes it.</summary>
    protected abstract Task PassAsync(Stream client, Stream service, CancellationToken cancel);

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _ = ServeAsync(await listener.AcceptTcpClientAsync(stop.Token));
        }
        catch (Exception ended) when (ended is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var service = new TcpClient { NoDelay = true };
        using (client)
        {
            client.NoDelay = true;
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(stop.Token);
            try
            {
                await service.ConnectAsync(IPAddress.Loopback, target, ended.Token);
                await PassAsync(client.GetStream(), service.GetStream(), ended.Token);
            }
            catch (Exception cut) when (cut is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
            {
                // One side has gone: so does the other.
            }

            // What a dead server has left unsent must not be sent now, in good order, by its proxy.
            service.LingerState = new LingerOption(true, 0);
        }
    }

    /// <summary>Both directions of a connection; the first that ends, ends both.</summary>
    protected static async Task BothAsync(Func<CancellationToken, Task> one, Func<CancellationToken, Task> other, CancellationToken cancel)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        Task[] both = [one(ended.Token), other(ended.Token)];
        await Task.WhenAny(both);
        await ended.CancelAsync();
        await Task.WhenAll(both);
    }
}
