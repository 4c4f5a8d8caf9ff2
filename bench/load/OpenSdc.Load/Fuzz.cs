using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;

namespace OpenSdc.Load;

/// <summary>
/// Sends the queries of <see cref="FuzzQueries"/>: first all of them over several connections, to see that
/// each is answered or refused; then a sample one after the other, with what each costs the server's process
/// in processor time. Every query carries a limit, so that what is measured is finding and not streaming.
/// </summary>
internal static class Fuzz
{
    // Of the kernel's clock ticks, in which it counts processor time.
    private const double MillisecondsATick = 10;

    // 414 and 431 are the web server's, for lines that no handler sees; 0 is its way of not reading on.
    private static readonly int[] Allowed = [200, 304, 400, 414, 431];

    public static async Task<int> Run(Arguments options)
    {
        var url = options.Text("url").TrimEnd('/');
        var count = options.Number("count", 100_000);
        var queries = new FuzzQueries((int)options.Number("seed", 4), limit: options.Text("limit", "100"));
        using var client = new HttpClient(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false })
        {
            Timeout = TimeSpan.FromMinutes(5),
        };

        var statuses = new ConcurrentDictionary<int, long>();
        var wrong = new ConcurrentQueue<string>();
        var started = Stopwatch.GetTimestamp();
        await Parallel.ForAsync(
            0,
            count,
            new ParallelOptions { MaxDegreeOfParallelism = (int)options.Number("connections", 8) },
            async (number, cancel) =>
            {
                var status = await AskAsync(client, url, queries[number], cancel);
                statuses.AddOrUpdate(status, 1, (_, seen) => seen + 1);
                if (!Allowed.Contains(status))
                    wrong.Enqueue($"status={status} number={number} query={Shown(queries[number])}");
            }
        );
        Console.WriteLine(
            $"sent={count} seconds={Stopwatch.GetElapsedTime(started).TotalSeconds:F0} "
                + string.Join(' ', statuses.OrderBy(each => each.Key).Select(each => $"status_{each.Key}={each.Value}"))
                + $" wrong={wrong.Count}"
        );
        foreach (var line in wrong.Take(20))
            Console.WriteLine(line);

        if (options.Has("pid"))
            await MeasureAsync(client, url, queries, options);
        return wrong.IsEmpty ? 0 : 1;
    }

    /// <summary>
    /// The cost of each query of a sample. A tick is coarse, so a query that costs one or more is asked
    /// again, a few times over, and counted by the mean of these.
    /// </summary>
    private static async Task MeasureAsync(HttpClient client, string url, FuzzQueries queries, Arguments options)
    {
        var stat = $"/proc/{options.Number("pid")}/stat";
        var sample = options.Number("sample", 5000);
        var costs = new List<(double Milliseconds, long Number)>();
        for (long number = 0; number < sample; number++)
        {
            var cost = await CostAsync(number, 1);
            if (cost > 0)
                cost = await CostAsync(number, cost > 200 ? 1 : 10);
            costs.Add((cost, number));
        }

        costs.Sort((a, b) => b.Milliseconds.CompareTo(a.Milliseconds));
        Console.WriteLine($"sample={sample} cpu_ms_max={costs[0].Milliseconds:F0} cpu_ms_p99={costs[(int)(sample / 100)].Milliseconds:F1} "
            + $"cpu_ms_mean={costs.Average(each => each.Milliseconds):F2} over_50ms={costs.Count(each => each.Milliseconds > 50)}");
        foreach (var (milliseconds, number) in costs.TakeWhile(each => each.Milliseconds > 20).Take((int)options.Number("show", 60)))
            Console.WriteLine($"cpu_ms={milliseconds:F0} number={number} query={Shown(queries[number])}");

        async Task<double> CostAsync(long number, int times)
        {
            var before = Ticks(stat);
            for (var i = 0; i < times; i++)
                await AskAsync(client, url, queries[number], CancellationToken.None);
            return (Ticks(stat) - before) * MillisecondsATick / times;
        }
    }

    private static async Task<int> AskAsync(HttpClient client, string url, string query, CancellationToken cancel)
    {
        var address = new Uri($"{url}/query?{query}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        try
        {
            using var answer = await client.GetAsync(address, HttpCompletionOption.ResponseHeadersRead, cancel);
            await answer.Content.CopyToAsync(Stream.Null, cancel);
            return (int)answer.StatusCode;
        }
        catch (HttpRequestException) when (query.Length > 512 * 1024)
        {
            // It closed the connection while the line was still being written.
            return (int)HttpStatusCode.RequestUriTooLong;
        }
    }

    /// <summary>User and system time of a process: the 14th and 15th field, counted behind its name, which may hold anything.</summary>
    private static long Ticks(string stat)
    {
        var text = File.ReadAllText(stat);
        var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
        return long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture);
    }

    private static string Shown(string query) => query.Length <= 300 ? query : $"{query[..300]}… ({query.Length} characters)";
}
