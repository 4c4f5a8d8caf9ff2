using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;

namespace OpenSdc.Load.Hostile;

/// <summary>What came of good clients: alone, beside hostile ones, and after these had gone.</summary>
/// <param name="P99Alone">The 99th percentile of their answers' times, in milliseconds.</param>
/// <param name="P99Beside">The same beside the others.</param>
/// <param name="Answered">Answers that were compared with their requests.</param>
/// <param name="Faults">The wrong ones of them.</param>
/// <param name="Statuses">What the hostile clients were answered.</param>
/// <param name="MostIdle">Idle connections that were open at once.</param>
/// <param name="Refused">Connections with a refused request.</param>
internal sealed record HostileOutcome(
    double P99Alone,
    double P99Beside,
    int Answered,
    IReadOnlyCollection<string> Faults,
    IReadOnlyDictionary<int, int> Statuses,
    int MostIdle,
    int Refused
)
{
    /// <summary>Answers to the hostile clients that an archive may not give: of the errors of a server only 503 is promised.</summary>
    public IEnumerable<int> WrongStatuses => Statuses.Keys.Where(status => status >= 500 && status != 503);
}

/// <summary>Runs good clients against an archive on a disk: a while alone, as long beside hostile ones, and a while after.</summary>
internal static class HostileRun
{
    private const int GoodOnes = 4;
    private const int Trickling = 32;

    public static async Task<HostileOutcome> RunAsync(Uri archive, TimeSpan alone, TimeSpan beside, int idle, CancellationToken cancel)
    {
        var target = WireTarget.Of(archive);
        using var http = new HttpClient { BaseAddress = archive, Timeout = TimeSpan.FromMinutes(2) };
        var good = new GoodClients(target, await PublishAsync(http), uploadEvery: 1, bytesPassHere: true);
        await good.PrepareAsync();
        await ForAsync(TimeSpan.FromTicks(alone.Ticks / 3), "warm");
        good.TakeTimes();
        await ForAsync(alone, "alone");
        var timesAlone = good.TakeTimes();

        var uploads = new List<string>();
        for (var i = 0; i < Trickling; i++)
            uploads.Add(
                await UploadTargetAsync(http, string.Create(CultureInfo.InvariantCulture, $"imap_swe_l1a_trickle{i}_20260101_v001.pkts"))
            );
        var burdens = new Burdens(target, uploads);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var hostile = burdens.RunAsync(idle, stop.Token);
        await burdens.Idle;
        await ForAsync(beside, "beside");
        var timesBeside = good.TakeTimes();
        await stop.CancelAsync();
        await hostile;
        await ForAsync(TimeSpan.FromTicks(alone.Ticks / 3), "after");
        return new HostileOutcome(
            P99(timesAlone),
            P99(timesBeside),
            good.Answered,
            [.. good.Faults, .. burdens.Faults],
            burdens.Statuses,
            burdens.MostIdle,
            burdens.RefusedConnections
        );

        async Task ForAsync(TimeSpan time, string mark)
        {
            using var end = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            end.CancelAfter(time);
            await good.RunAsync(mark, GoodOnes, end.Token);
        }
    }

    /// <summary>Uploads the files that good clients ask for.</summary>
    public static async Task<KnownFile[]> PublishAsync(HttpClient http)
    {
        var files = new List<KnownFile>();
        foreach (var size in (int[])[1, 1000, 20_000, 100_000, 140_000, 200_000])
        {
            var bytes = RandomNumberGenerator.GetBytes(size);
            var name = string.Create(CultureInfo.InvariantCulture, $"imap_swe_l1a_known{size}_20260101_v001.pkts");
            using var answer = await http.PutAsync(await UploadTargetAsync(http, name), new ByteArrayContent(bytes));
            answer.EnsureSuccessStatusCode();
            files.Add(new KnownFile(name, Convert.ToHexStringLower(SHA256.HashData(bytes))));
        }

        return [.. files];
    }

    private static double P99(double[] ascending) => ascending.Length == 0 ? 0 : ascending[(int)((ascending.Length - 1) * 0.99)];

    private static async Task<string> UploadTargetAsync(HttpClient http, string name) =>
        new Uri(JsonSerializer.Deserialize<string>(await http.GetStringAsync($"/upload/{name}"))!).PathAndQuery;
}
