using System.Globalization;
using OpenSdc.Load.Hostile;

namespace OpenSdc.Load;

/// <summary>Good clients alone and beside hostile ones, as lines of <c>name=value</c>; 1 where an answer was wrong.</summary>
internal static class HostileLoad
{
    public static async Task<int> Run(Arguments options)
    {
        var outcome = await HostileRun.RunAsync(
            new Uri(options.Text("url")),
            TimeSpan.FromSeconds(options.Number("alone", 20)),
            TimeSpan.FromSeconds(options.Number("beside", 60)),
            (int)options.Number("idle", 4096),
            CancellationToken.None
        );
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"p99_alone_ms={outcome.P99Alone:F1} p99_beside_ms={outcome.P99Beside:F1} answers={outcome.Answered} wrong={outcome.Faults.Count} "
            )
                + $"idle={outcome.MostIdle} refused_connections={outcome.Refused} "
                + string.Join(' ', outcome.Statuses.OrderBy(each => each.Key).Select(each => $"hostile_{each.Key}={each.Value}"))
        );
        foreach (var fault in outcome.Faults.Take(10))
            Console.WriteLine(fault);
        return outcome.Faults.Count == 0 && !outcome.WrongStatuses.Any() ? 0 : 1;
    }
}
