using OpenSdc.Load.Hostile;
using Shouldly;
using Xunit;

namespace OpenSdc.FaultTests;

/// <summary>
/// Nobody gets another caller's answer, and nobody gets an answer twice, whatever others do on their
/// connections, also after they have stopped. What was shared by mistake stays shared until the process ends,
/// so that good clients go on when the hostile ones have gone.
/// </summary>
/// <remarks>
/// The server is a process of its own: two of its threads must run at the same moment to send or release one
/// array twice, which they seldom do where the clients' threads are of the same pool. A server that writes
/// answers of its own beside those of the web server fails by the second answer to a refused request, and
/// after the resets by answers of other callers.
/// </remarks>
public sealed class CrosstalkTests
{
    private const int GoodOnes = 6;
    private const int HostileOnes = 12;
    private const int Requests = 21_000;
    private const int RequestsAfter = 60_000;
    private const int Resets = 60_000;

    [Theory]
    [InlineData(RefusedMode.Pipelined)]
    [InlineData(RefusedMode.TransferCoding)]
    [InlineData(RefusedMode.Unpipelined)]
    public async Task Everybody_gets_own_answers_beside_requests_that_are_refused(RefusedMode mode)
    {
        using var folder = new TemporaryFolder();
        await using var archive = await Archive.StartAsync(folder.Data);
        var target = WireTarget.Of(archive.Address);
        var good = await GoodClientsAsync(archive, target);
        using var stop = new CancellationTokenSource();
        var hostile = new RefusedClients(target, mode);
        var attack = hostile.RunAsync(HostileOnes, stop.Token);
        await good.RunAsync("beside", GoodOnes, Requests);
        await stop.CancelAsync();
        await attack;
        var beside = good.Faults.Count;
        await good.RunAsync("after", GoodOnes, Requests);
        await Run.SayAsync(
            $"crosstalk beside {mode}: {hostile.Connections} hostile connections, {hostile.Faults.Count} of them answered wrongly; "
                + $"{good.Answered} answers compared, wrong: {beside} beside, {good.Faults.Count - beside} after"
        );
        hostile.Connections.ShouldBeGreaterThan(HostileOnes, "nobody attacked");
        ShouldBeNone(good, hostile);
        good.Answered.ShouldBe(2 * Requests);
    }

    /// <summary>
    /// The hostile client comes first and alone: the server's processors are then free for the two threads
    /// that must meet.
    /// </summary>
    [Fact]
    public async Task Everybody_gets_own_answers_after_connections_that_were_reset()
    {
        using var folder = new TemporaryFolder();
        await using var archive = await Archive.StartAsync(folder.Data);
        var target = WireTarget.Of(archive.Address);
        var good = await GoodClientsAsync(archive, target);
        var hostile = new RefusedClients(target, RefusedMode.Reset);
        await hostile.RunAsync(Resets);
        await good.RunAsync("after", GoodOnes, RequestsAfter);
        await Run.SayAsync($"crosstalk after {hostile.Connections} resets: {good.Answered} answers compared, {good.Faults.Count} wrong");
        ShouldBeNone(good, hostile);
        good.Answered.ShouldBe(RequestsAfter);
    }

    private static void ShouldBeNone(GoodClients good, RefusedClients hostile)
    {
        string[] faults = [.. good.Faults, .. hostile.Faults];
        faults.Length.ShouldBe(0, string.Join('\n', faults.Take(5)));
    }

    private static async Task<GoodClients> GoodClientsAsync(Archive archive, WireTarget target)
    {
        using var http = new HttpClient { BaseAddress = archive.Address };
        var good = new GoodClients(target, await HostileRun.PublishAsync(http), uploadEvery: 1, bytesPassHere: true);
        await good.PrepareAsync();
        return good;
    }
}
