using System.Diagnostics;
using System.Globalization;

namespace OpenSdc.Load;

/// <summary>
/// How long an archive takes to answer an anonymous caller about files that are not released, beside names
/// that it does not have: in pairs, each in a random order, one request at a time. Each absent name is an
/// unreleased one with another version, so that both stand at the same place of every index.
/// </summary>
internal static class TimingLoad
{
    private const int Warm = 500;

    // Of two samples of n values from one distribution the rank statistic lies this close to 1/2 in all but 3 of 1000 runs: 3 / sqrt(6 n).
    private const double Deviations = 3;

    private static readonly string[] Routes =
    [
        "/download/",
        "/query?filename=",
        "/query?table=science&filename=",
        "/changes?filename=",
        "/facets?filename=",
        "/upload/",
    ];

    public static async Task<int> RunAsync(Arguments options)
    {
        var (rows, count) = ((int)options.Number("rows"), (int)options.Number("count", 5000));
        var generator = new NameGenerator(rows);
        var random = new Random(1);
        using var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false })
        {
            BaseAddress = new Uri(options.Text("url")),
        };
        foreach (var route in Routes)
        {
            var (unreleased, absent) = (new List<double>(), new List<double>());
            for (var i = -Warm; i < count; i++)
            {
                // The first convention has two digits for the version, of which files use the first few.
                var number =
                    random.Next(rows / 10 / ReleaseLoad.Alternating / 2) * 2 * ReleaseLoad.Alternating
                    + ReleaseLoad.Alternating
                    + random.Next(ReleaseLoad.Alternating);
                var name = generator[number].Name;
                var other = name.Replace("_v01-0", "_v01-7", StringComparison.Ordinal);
                var isFirst = random.Next(2) == 0;
                var (one, two) = (await AskAsync(isFirst ? name : other), await AskAsync(isFirst ? other : name));
                if (one.Status != two.Status || one.Length != two.Length)
                    throw new LoadFailedException(
                        $"{route}{name}: {one.Status} with {one.Length} bytes, and {two.Status} with {two.Length} for an absent name"
                    );
                if (i < 0)
                    continue;
                unreleased.Add(isFirst ? one.Microseconds : two.Microseconds);
                absent.Add(isFirst ? two.Microseconds : one.Microseconds);
            }

            var rank = Rank(unreleased, absent);
            var bound = Deviations / Math.Sqrt(6.0 * count);
            Console.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"timing route={route} unreleased_p50_us={At(unreleased, 50):F0} absent_p50_us={At(absent, 50):F0} unreleased_p99_us={At(unreleased, 99):F0} absent_p99_us={At(absent, 99):F0} rank={rank:F3} bound={bound:F3} told_apart={(Math.Abs(rank - 0.5) > bound ? "yes" : "no")}"
                )
            );

            async Task<(int Status, int Length, double Microseconds)> AskAsync(string name)
            {
                var started = Stopwatch.GetTimestamp();
                using var answer = await client.GetAsync(new Uri(route + name, UriKind.Relative));
                var bytes = await answer.Content.ReadAsByteArrayAsync();
                return ((int)answer.StatusCode, bytes.Length, Stopwatch.GetElapsedTime(started).TotalMicroseconds);
            }
        }

        return 0;
    }

    private static double At(List<double> times, int percent) =>
        times.Order().ElementAt(Math.Min(times.Count - 1, times.Count * percent / 100));

    /// <summary>
    /// How often a time of the first is longer than one of the second, of all pairs: 1/2 where the two cannot
    /// be told apart (Mann and Whitney).
    /// </summary>
    private static double Rank(List<double> first, List<double> second)
    {
        var sorted = second.Order().ToList();
        return first.Average(time =>
        {
            var (low, high) = (sorted.BinarySearch(time), 0);
            low = low < 0 ? ~low : low;
            for (high = low; low > 0 && sorted[low - 1] == time;)
                low--;
            while (high < sorted.Count && sorted[high] == time)
                high++;
            return (low + high) / 2.0 / sorted.Count;
        });
    }
}
