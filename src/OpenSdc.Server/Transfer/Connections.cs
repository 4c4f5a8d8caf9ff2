using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace OpenSdc.Server.Transfer;

/// <summary>How bytes come and go below HTTP: larger pieces than the web server takes by itself, and <see cref="SocketOutput"/> for what is sent.</summary>
internal static class Connections
{
    // As many as threads that work at a time; a connection keeps to one of them.
    private static readonly SendQueue[] Queues = [.. Enumerable.Range(0, Math.Min(Environment.ProcessorCount, 16)).Select(_ => new SendQueue())];
    private static int opened;

    public static void Set(KestrelServerOptions kestrel, ServerOptions options) =>
        kestrel.ConfigureEndpointDefaults(endpoint => endpoint.Use(next => connection => SendDirectlyAsync(connection, next, TimeSpan.FromSeconds(options.ClientTimeout))));

    private static async Task SendDirectlyAsync(ConnectionContext connection, ConnectionDelegate next, TimeSpan patience)
    {
        if (connection.Features.Get<IConnectionSocketFeature>()?.Socket is not { } socket)
        {
            await next(connection);
            return;
        }

        using var output = new SocketOutput(socket, Queues[(uint)Interlocked.Increment(ref opened) % (uint)Queues.Length]);
        var transport = connection.Transport;
        connection.Transport = new Duplex(transport.Input, output);
        connection.Features.Set(output);
        try
        {
            await next(connection);
            await output.SendAllAsync(CancellationToken.None).AsTask().WaitAsync(patience);
        }
        catch (TimeoutException)
        {
            connection.Abort(new ConnectionAbortedException("The client takes nothing of the end of its answer."));
        }
        finally
        {
            connection.Transport = transport;
        }
    }

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}

/// <summary>
/// Memory for what connections receive, in blocks of 64 KiB: a body is then read by calls of that much instead of 4 KiB. An idle connection holds no block.
/// </summary>
internal sealed class ReceiveMemory : IMemoryPoolFactory<byte>
{
    private const int BlockSize = 64 * 1024;

    public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => new Blocks();

    private sealed class Blocks : MemoryPool<byte>
    {
        public override int MaxBufferSize => Shared.MaxBufferSize;

        public override IMemoryOwner<byte> Rent(int minBufferSize = -1) => Shared.Rent(Math.Max(minBufferSize, BlockSize));

        protected override void Dispose(bool disposing)
        {
        }
    }
}
