using System.Collections.Concurrent;
using System.Diagnostics;
using Shouldly;
using Xunit;

namespace OpenSdc.FaultTests;

/// <summary>
/// Two hundred clients of mixed work for a minute: no server error but the refusal of long listings beyond
/// their places, every byte right, and memory that does not grow.
/// </summary>
public sealed class SoakTests
{
    private const int Clients = 200;
    private const double MostGrowth = 1.25;
    private const long Slack = 32 << 20;

    private readonly ConcurrentDictionary<int, int> answers = new();
    private readonly ConcurrentQueue<string> faults = new();
    private readonly ConcurrentBag<(string Name, Content Content)> published = [];
    private int verified;
    private int refused;

    [Fact]
    public async Task Two_hundred_clients_meet_no_server_error_and_memory_stays_flat()
    {
        var seconds = Run.Number("OPENSDC_SOAK_SECONDS", 60);
        using var folder = new TemporaryFolder();
        // Listings follow each other without a break, so that the catalogue's log is never emptied; what
        // happens to them beyond its most has a test of its own.
        await using var archive = await Archive.StartAsync(folder.Data, shim: null, "--max-log-size", $"{64L << 30}");
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(seconds));
        var work = Task.WhenAll(Enumerable.Range(0, Clients).Select(i => Task.Run(() => RunAsync(archive, i, stop.Token))));
        var sizes = new List<long>();
        while (!work.IsCompleted)
        {
            sizes.Add(archive.ResidentSize);
            await Task.WhenAny(work, Task.Delay(500));
        }

        await work;
        var ledger = new Ledger();
        var records = await Inspection.ListAsync(archive, ledger);
        records.Count.ShouldBe(published.Count, "every acknowledged file is listed, and no other");
        await Inspection.WalkAsync(archive, folder.Data, ledger);
        foreach (var (name, content) in published.Where(each => records[each.Name].Sha256 != each.Content.Sha256))
            faults.Enqueue($"{name} is recorded with another digest");

        var third = sizes.Count / 3;
        var (middle, last) = (sizes.Skip(third).Take(third).Average(), sizes.Skip(2 * third).Average());
        await Run.SayAsync(
            $"soak: {Clients} clients for {seconds} s; answers {string.Join(", ", answers.OrderBy(a => a.Key).Select(a => $"{a.Key}: {a.Value}"))}; "
                + $"{published.Count} published, {verified} downloads verified; {refused} long listings refused; memory {middle / 1e6:0} MB in the middle third, {last / 1e6:0} MB in the last"
        );
        faults.ShouldBeEmpty(archive.Log);
        ledger.Faults.ShouldBeEmpty();
        answers.Keys.ShouldAllBe(status => status < 500);
        last.ShouldBeLessThan((middle * MostGrowth) + Slack, "memory grows");
    }

    private async Task RunAsync(Archive archive, int client, CancellationToken stop)
    {
        var random = new Random(client);
        var mine = new List<(string Name, Content Content)>();
        for (var n = 0; !stop.IsCancellationRequested; n++)
        {
            var dice = random.Next(100);
            if (mine.Count == 0 || dice < 20)
                await UploadAsync(archive, $"imap_hit_l1b_soak{client:D3}-{n:D5}_2026{1 + (n % 12):D2}01_v001.cdf", random, mine);
            else if (dice < 45)
                await DownloadAsync(archive, mine[random.Next(mine.Count)]);
            else
                await AskAsync(archive, dice, mine[random.Next(mine.Count)].Name, random);
        }
    }

    private async Task UploadAsync(Archive archive, string name, Random random, List<(string, Content)> mine)
    {
        var url = Count(await archive.GetAsync($"/upload/{name}"), 200);
        var content = new Content((ulong)random.NextInt64(), (int)Math.Pow(2, random.NextDouble() * (random.Next(20) == 0 ? 21 : 15)));
        var target = new Uri(System.Text.Json.JsonSerializer.Deserialize<string>(url.Body)!).PathAndQuery;
        if (Count(await archive.SendAsync(HttpMethod.Put, target, content.Body()), 201).Status != 201)
            return;
        mine.Add((name, content));
        published.Add((name, content));
    }

    private async Task DownloadAsync(Archive archive, (string Name, Content Content) file)
    {
        var receipt = new Contract.UploadReceipt("", file.Content.Size, file.Content.Sha256, 0, "");
        if (await Inspection.DownloadAsync(archive, file.Name, receipt) is { } fault)
            faults.Enqueue(fault);
        else
            Interlocked.Increment(ref verified);
    }

    private async Task AskAsync(Archive archive, int dice, string name, Random random)
    {
        var (method, target, expected) = dice switch
        {
            < 65 => (HttpMethod.Get, $"/query?filename={name}", 200),
            < 69 => (HttpMethod.Get, $"/query?instrument=hit&start_date=2026{random.Next(1, 13):D2}01&limit=1000", 200),
            < 70 => (HttpMethod.Get, "/query", 200),
            < 80 => (HttpMethod.Head, $"/download/{name}", 302),
            < 84 => (HttpMethod.Get, "/query?colour=red", 400),
            < 88 => (HttpMethod.Get, "/upload/no-such-name.txt", 400),
            < 91 => (HttpMethod.Get, "/download/imap_hit_l1b_absent_20260101_v001.cdf", 404),
            < 94 => (HttpMethod.Get, $"/upload/{name}", 409),
            < 97 => (HttpMethod.Put, $"/objects/imap/hit/{name}?expires=9999999999&signature=none", 403),
            _ => (HttpMethod.Get, "/health/ready", 200),
        };
        try
        {
            Count(await archive.SendAsync(method, target), expected, isListing: dice is >= 65 and < 70);
        }
        catch (HttpRequestException cut)
        {
            faults.Enqueue($"{method} {target} ended early: {cut.InnerException?.Message ?? cut.Message}");
        }
    }

    private Answer Count(Answer answer, int expected, bool isListing = false)
    {
        // Long answers beyond max-listings are refused at once: two hundred clients ask for more of them than two cores can send.
        if (isListing && answer.Status == 503 && answer.Body.Contains("urn:opensdc:problem:too-many-listings", StringComparison.Ordinal))
        {
            Interlocked.Increment(ref refused);
            return answer;
        }

        answers.AddOrUpdate(answer.Status, 1, (_, count) => count + 1);
        if (answer.Status != expected)
            faults.Enqueue($"Answered {answer} instead of {expected}");
        return answer;
    }
}
