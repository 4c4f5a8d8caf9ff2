using System.Diagnostics;
using Shouldly;
using Xunit;

namespace OpenSdc.FaultTests;

/// <summary>
/// The plug is pulled, again and again. Sixteen clients upload to the real service, which is killed by
/// SIGKILL at random moments, in uploads and in recovery; after each restart it is held against everything
/// that it ever acknowledged. After every tenth kill, and at the end, all of it is fetched and <c>sdc
/// fsck</c> compares catalogue and objects.
/// </summary>
public sealed class KillTests
{
    private const int Clients = 16;
    private const int FullCheckEach = 10;

    [Fact]
    public async Task No_kill_loses_what_was_acknowledged_or_shows_what_was_not_whole()
    {
        var kills = Run.Number("OPENSDC_FAULT_KILLS", 100);
        var seed = Run.Number("OPENSDC_FAULT_SEED", Random.Shared.Next());
        await Run.SayAsync($"kills: {kills} with OPENSDC_FAULT_SEED={seed}");
        using var folder = new TemporaryFolder();
        var random = new Random(seed);
        var ledger = new Ledger();
        var clients = Enumerable.Range(0, Clients).Select(i => new UploadClient(i, random.Next(), ledger)).ToList();
        var recoveries = new List<double>();
        var clock = Stopwatch.StartNew();

        for (var kill = 1; kill <= kills; kill++)
        {
            if (random.Next(10) == 0)
                await KillWhileStartingAsync(folder.Data, random);
            await using var archive = await Archive.StartAsync(folder.Data);
            recoveries.Add(archive.TimeToReady.TotalMilliseconds);
            await Inspection.AfterRestartAsync(archive, folder.Data, ledger, downloadAll: kill % FullCheckEach == 0);
            if (kill % FullCheckEach == 0)
                await Inspection.FsckAsync(folder.Data, ledger);
            ledger.Faults.ShouldBeEmpty($"after kill {kill - 1}, seed {seed}\n{archive.Log}");

            using var stop = new CancellationTokenSource();
            var load = Task.WhenAll(clients.Select(client => Task.Run(() => client.RunAsync(archive, stop.Token))));
            await Task.Delay(random.Next(200, 700));
            await archive.KillAsync();
            await stop.CancelAsync();
            await load;
            ledger.Faults.ShouldBeEmpty($"before kill {kill}, seed {seed}\n{archive.Log}");
        }

        await using (var archive = await Archive.StartAsync(folder.Data))
        {
            recoveries.Add(archive.TimeToReady.TotalMilliseconds);
            await Inspection.AfterRestartAsync(archive, folder.Data, ledger, downloadAll: true);
            await Inspection.WalkAsync(archive, folder.Data, ledger);
            await Inspection.FsckAsync(folder.Data, ledger);
        }

        recoveries.Sort();
        await Run.SayAsync(
            $"kills: {kills} in {clock.Elapsed.TotalSeconds:0} s; {ledger}; ready again after {recoveries[recoveries.Count / 2]:0} ms in the median, {recoveries[^1]:0} ms at most"
        );
        ledger.Faults.ShouldBeEmpty($"at the end, seed {seed}");
        ledger.Acknowledged.ShouldBeGreaterThan(kills);
        ledger.Verified.ShouldBeGreaterThanOrEqualTo(ledger.Acknowledged);
        ledger.Unanswered.ShouldBeGreaterThan(0);
    }

    /// <summary>Recovery itself is killed too: somewhere between the start of the process and its first second.</summary>
    private static async Task KillWhileStartingAsync(string data, Random random)
    {
        await using var archive = Archive.Launch(data, shim: null);
        await Task.Delay(random.Next(100, 700));
        await archive.KillAsync();
    }
}
