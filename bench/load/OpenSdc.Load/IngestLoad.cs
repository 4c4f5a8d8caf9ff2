using System.Collections.Concurrent;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;

namespace OpenSdc.Load;

/// <summary>
/// Takes files the whole way into archives that share a catalogue: asks each archive in turn for a URL, PUTs
/// small files of different bytes, and sees by one repeated query when each becomes visible. Prints files a
/// second from the first question to the last file visible, and the time from the end of a PUT to the query
/// that lists its file.
/// </summary>
internal static class IngestLoad
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(60);

    public static async Task<int> Run(Arguments options)
    {
        var archives = options.Text("urls").Split(',').Select(url => url.TrimEnd('/')).ToArray();
        var count = (int)options.Number("count");
        var size = (int)options.Number("size", 1024);
        var connections = (int)options.Number("connections", 16);
        var rate = options.Number("rate", 0);
        var tag = options.Text("tag", "i" + Environment.ProcessId);
        using var handler = new SocketsHttpHandler { AllowAutoRedirect = false, MaxConnectionsPerServer = connections + 1 };
        using var client = new HttpClient(handler) { Timeout = TimeSpan.FromSeconds(60) };
        var put = new ConcurrentDictionary<string, long>(StringComparer.Ordinal);
        var visible = new ConcurrentDictionary<string, long>(StringComparer.Ordinal);
        using var stop = new CancellationTokenSource();

        var seq = await HeadAsync(client, archives[0]);
        var looking = Task.Run(() => LookAsync(client, archives, seq, visible, stop.Token));
        var started = Stopwatch.GetTimestamp();
        var next = -1;
        await Task.WhenAll(Enumerable.Range(0, connections).Select(_ => Task.Run(async () =>
        {
            for (var i = Interlocked.Increment(ref next); i < count; i = Interlocked.Increment(ref next))
            {
                if (rate > 0 && TimeSpan.FromSeconds((double)i / rate) - Stopwatch.GetElapsedTime(started) is { Ticks: > 0 } early)
                    await Task.Delay(early);
                var name = NameGenerator.ForUpload(tag, i);
                await PutAsync(client, archives[i % archives.Length], name, size);
                put[name] = Stopwatch.GetTimestamp();
            }
        })));
        var sent = Stopwatch.GetElapsedTime(started).TotalSeconds;
        for (
            var waiting = Stopwatch.GetTimestamp();
            visible.Count < count && Stopwatch.GetElapsedTime(waiting) < LongestWait && !looking.IsCompleted;

        )
            await Task.Delay(LookEvery);
        await stop.CancelAsync();
        await looking;
        if (visible.Count < count)
            throw new LoadFailedException(
                $"{count - visible.Count} of {count} files did not become visible within {LongestWait.TotalSeconds:F0} s of the last PUT"
            );

        var seconds = Stopwatch.GetElapsedTime(started, visible.Values.Max()).TotalSeconds;
        // A query may list a file before its PUT's answer has come back here.
        var times = put.Select(each => Math.Max(0, Stopwatch.GetElapsedTime(each.Value, visible[each.Key]).TotalMilliseconds))
            .Order()
            .ToArray();
        Console.WriteLine(
            $"files={count} seconds={seconds:F2} files_s={count / seconds:F1} puts_s={count / sent:F1} p50_ms={times[count / 2]:F0} p99_ms={times[(int)(count * 0.99)]:F0} max_ms={times[^1]:F0}"
        );
        return 0;
    }

    private static async Task PutAsync(HttpClient client, string archive, string name, int size)
    {
        using var asked = await client.GetAsync(new Uri($"{archive}/upload/{name}"));
        var text = await asked.Content.ReadAsStringAsync();
        if (!asked.IsSuccessStatusCode)
            throw new LoadFailedException($"upload {name}: {(int)asked.StatusCode} {text}");
        using var body = new ByteArrayContent(RandomNumberGenerator.GetBytes(size));
        using var answer = await client.PutAsync(new Uri(JsonSerializer.Deserialize<string>(text)!), body);
        if (!answer.IsSuccessStatusCode)
            throw new LoadFailedException($"PUT {name}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
    }

    private static async Task LookAsync(
        HttpClient client,
        string[] archives,
        long seq,
        ConcurrentDictionary<string, long> visible,
        CancellationToken stop
    )
    {
        for (var turn = 0; !stop.IsCancellationRequested; turn++)
        {
            var lines = await client.GetStringAsync(
                new Uri($"{archives[turn % archives.Length]}/query?table=science&format=ndjson&fields=file_path,seq&since_seq={seq}"),
                CancellationToken.None
            );
            var now = Stopwatch.GetTimestamp();
            foreach (var line in lines.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                using var record = JsonDocument.Parse(line);
                visible.TryAdd(Path.GetFileName(record.RootElement.GetProperty("file_path").GetString()!), now);
                seq = Math.Max(seq, record.RootElement.GetProperty("seq").GetInt64());
            }

            await Task.Delay(LookEvery, CancellationToken.None);
        }
    }

    /// <summary>The number of the newest file: every file is listed once, which is little in an archive that was just begun.</summary>
    private static async Task<long> HeadAsync(HttpClient client, string archive)
    {
        var lines = await client.GetStringAsync(new Uri($"{archive}/query?table=science&format=ndjson&fields=seq"));
        return lines.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line =>
        {
            using var record = JsonDocument.Parse(line);
            return record.RootElement.GetProperty("seq").GetInt64();
        }).DefaultIfEmpty(0).Max();
    }
}
