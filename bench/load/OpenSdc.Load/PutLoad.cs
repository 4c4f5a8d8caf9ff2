using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;

namespace OpenSdc.Load;

/// <summary>
/// PUTs one body to each URL of a file over a number of connections, the same way whoever answers: bytes go from one shared buffer
/// to the socket, nothing is kept of the answer. Any status but 2xx ends the run.
/// </summary>
internal static class PutLoad
{
    private const int BufferSize = 1 << 20;

    public static async Task<int> Run(Arguments options)
    {
        var size = options.Number("size");
        var connections = (int)options.Number("connections", 1);
        var warm = (int)options.Number("warm", 0);
        Uri[] urls = [.. File.ReadLines(options.Text("url-file"))
            .Skip((int)options.Number("skip", 0)).Take((int)options.Number("count", int.MaxValue)).Select(line => new Uri(line))];
        if (urls.Length <= warm)
            throw new UsageException($"{urls.Length} URLs leave none to measure");

        var buffer = new byte[BufferSize];
        RandomNumberGenerator.Fill(buffer);
        using var handler = new SocketsHttpHandler { AllowAutoRedirect = false, MaxConnectionsPerServer = connections };
        using var client = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };

        await PutAll(urls.AsMemory(0, warm));
        var started = Stopwatch.GetTimestamp();
        await PutAll(urls.AsMemory(warm));
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        var puts = urls.Length - warm;
        Console.WriteLine($"puts={puts} seconds={seconds:F3} puts_s={puts / seconds:F1} mb_s={puts * size / 1e6 / seconds:F1}");
        return 0;

        async Task PutAll(ReadOnlyMemory<Uri> some)
        {
            var next = -1;
            await Task.WhenAll(Enumerable.Range(0, connections).Select(_ => Task.Run(async () =>
            {
                for (var i = Interlocked.Increment(ref next); i < some.Length; i = Interlocked.Increment(ref next))
                    await Put(some.Span[i]);
            })));
        }

        async Task Put(Uri url)
        {
            using var request = new HttpRequestMessage(HttpMethod.Put, url);
            request.Content = new RepeatedBuffer(buffer, size);
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseContentRead);
            if (!response.IsSuccessStatusCode)
                throw new LoadFailedException(
                    $"PUT {url.AbsolutePath}: {(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}");
        }
    }

    private sealed class RepeatedBuffer(byte[] buffer, long size) : HttpContent
    {
        protected override bool TryComputeLength(out long length)
        {
            length = size;
            return true;
        }

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            for (var left = size; left > 0; left -= buffer.Length)
                await stream.WriteAsync(buffer.AsMemory(0, (int)Math.Min(left, buffer.Length)));
        }
    }
}
