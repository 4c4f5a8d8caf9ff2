using System.Diagnostics;
using Shouldly;
using Xunit;

namespace OpenSdc.FaultTests.Replicas;

/// <summary>
/// Anything may fall at any moment: a replica, the database, an object store, the gateway. Sixteen clients
/// upload through two replicas meanwhile; when the last fault is mended, everything ends within 30 s as it
/// should have, and nothing that was acknowledged is lost or another.
/// </summary>
public sealed class ReplicaTests
{
    private const int Clients = 16;
    private static readonly TimeSpan Convergence = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData("direct", 14)]
    [InlineData("through", 7)]
    public async Task No_fault_of_any_part_loses_what_was_acknowledged(string transfers, int usual)
    {
        var faults = Run.Number("OPENSDC_FAULT_OUTAGES", usual);
        var seed = Run.Number("OPENSDC_FAULT_SEED", Random.Shared.Next());
        await Run.SayAsync($"replicas: {faults} faults with OPENSDC_FAULT_SEED={seed}");
        using var folder = new TemporaryFolder();
        await using var cluster = await Cluster.StartAsync(folder.Path, transfers);
        var random = new Random(seed);
        var ledger = new Ledger();
        var clients = Enumerable
            .Range(0, Clients)
            .Select(i => new ReplicaClient(i, random.Next(), cluster, ledger, transfers == "direct"))
            .ToList();
        using CancellationTokenSource stop = new(),
            giveUp = new();
        var load = Task.WhenAll(clients.Select(client => Task.Run(() => client.RunAsync(stop.Token, giveUp.Token))));
        var clock = Stopwatch.StartNew();
        var hit = new SortedDictionary<string, int>(StringComparer.Ordinal);
        IReadOnlyList<string> order = [];

        await Task.Delay(3000);
        for (var fault = 1; fault <= faults; fault++)
        {
            // Each part once, in any order, and again.
            if ((fault - 1) % Cluster.Parts.Count == 0)
                order = [.. Cluster.Parts.OrderBy(_ => random.Next())];
            var part = order[(fault - 1) % Cluster.Parts.Count];
            hit[part] = hit.GetValueOrDefault(part) + 1;
            await cluster.KillAsync(part);
            await Task.Delay(random.Next(200, 4000));
            await cluster.MendAsync(part);
            await Task.Delay(random.Next(500, 3000));
            if (load.IsFaulted)
                await load;
            ledger.Faults.ShouldBeEmpty($"after fault {fault} ({part}), seed {seed}\n{Logs(cluster)}");
        }

        // Whatever is under way ends, and nothing new is begun.
        var mended = Stopwatch.GetTimestamp();
        await stop.CancelAsync();
        giveUp.CancelAfter(Convergence);
        await load;
        await SettleAsync(cluster, ledger, mended);
        var converged = Stopwatch.GetElapsedTime(mended);
        ledger.Faults.ShouldBeEmpty($"when all faults were mended, seed {seed}\n{Logs(cluster)}");

        for (var i = 0; i < Cluster.Replicas; i++)
            await Inspection.ListsAllAsync(cluster[i], ledger);
        await Inspection.DownloadAllAsync(cluster[0], ledger);
        await Inspection.FsckAsync(ledger, cluster.Settings);
        var visible = clients.SelectMany(client => client.Visible).Order().ToList();
        await Run.SayAsync(
            $"replicas, {transfers}: {faults} faults ({string.Join(", ", hit.Select(each => $"{each.Key} {each.Value}×"))}) in {clock.Elapsed.TotalSeconds:0} s; {ledger}; "
                + $"{clients.Sum(client => client.TriedAgain)} requests tried again; converged {converged.TotalSeconds:0.0} s after the last fault; "
                + (
                    visible.Count == 0
                        ? ""
                        : $"published after {visible[visible.Count / 2].TotalMilliseconds:0} ms in the median, {visible[visible.Count * 99 / 100].TotalMilliseconds:0} ms p99"
                )
        );
        foreach (var client in clients)
            client.Dispose();
        ledger.Faults.ShouldBeEmpty($"at the end, seed {seed}\n{Logs(cluster)}");
        ledger.Acknowledged.ShouldBeGreaterThan(faults);
        ledger.Verified.ShouldBeGreaterThanOrEqualTo(ledger.Acknowledged);
        clients.Sum(client => client.TriedAgain).ShouldBeGreaterThan(0);
    }

    /// <summary>Also what no client waits for has ended: the two replicas agree on the newest number, and it stands still.</summary>
    private static async Task SettleAsync(Cluster cluster, Ledger ledger, long mended)
    {
        var last = (-1, -1);
        while (true)
        {
            var now = ((await Inspection.ListAsync(cluster[0], ledger)).Count, (await Inspection.ListAsync(cluster[1], ledger)).Count);
            if (now.Item1 == now.Item2 && now == last)
                return;
            last = now;
            if (Stopwatch.GetElapsedTime(mended) > Convergence)
            {
                ledger.Faults.Enqueue(
                    $"The replicas list {now.Item1} and {now.Item2} files {Convergence.TotalSeconds} s after the last fault"
                );
                return;
            }

            await Task.Delay(1000);
        }
    }

    private static string Logs(Cluster cluster) =>
        string.Join('\n', Enumerable.Range(0, Cluster.Replicas).Select(i => $"replica {i}:\n{cluster[i].Log}"));
}
