using System.Net;
using System.Security.Cryptography;
using OpenSdc.Load.Hostile;
using OpenSdc.Tests.Deploy;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests;

/// <summary>
/// Nobody gets another caller's answer, whatever others do on their connections, also after they have
/// stopped. What was shared by mistake stays shared until the process ends, so that good clients go on when
/// the hostile ones have gone.
/// </summary>
/// <remarks>
/// On a disk, where the server is a process of its own: <c>CrosstalkTests</c> of the fault tests. They take
/// all processors for as long as they run, so that no other test runs beside them: stores would not answer
/// those in time.
/// </remarks>
[Collection(nameof(Alone))]
public sealed class CrosstalkTests
{
    private const int GoodOnes = 6;
    private const int HostileOnes = 12;

    [Fact]
    public async Task Over_PostgreSQL_and_S3_beside_requests_that_are_refused()
    {
        await using var archive = await RunningArchive.StartAsync(setup: ArchiveSetup.Of("S3 and PostgreSQL"));
        var target = WireTarget.Of(archive.Endpoint);
        await ShouldKeepApartAsync(
            target,
            archive,
            uploadEvery: 32,
            bytesPassHere: false,
            requests: 9_000,
            RefusedMode.Pipelined,
            RefusedMode.TransferCoding,
            RefusedMode.Unpipelined
        );
    }

    [Fact]
    public async Task Through_the_nginx_site_beside_requests_that_are_refused()
    {
        await using var archive = await RunningArchive.StartAsync(options => options with { TrustedProxies = [IPAddress.Loopback] });
        await using var site = await NginxSite.StartAsync(archive.Endpoint);
        var target = new WireTarget("127.0.0.1", site.Port, "sdc.example.org", IsTls: true);
        await ShouldKeepApartAsync(
            target,
            archive,
            uploadEvery: 1,
            bytesPassHere: true,
            requests: 9_000,
            RefusedMode.ThroughProxy,
            RefusedMode.Pipelined,
            RefusedMode.Unpipelined
        );
    }

    private static async Task ShouldKeepApartAsync(
        WireTarget target, RunningArchive archive, int uploadEvery, bool bytesPassHere, int requests, params RefusedMode[] modes)
    {
        var good = new GoodClients(target, await PublishAsync(archive), uploadEvery, bytesPassHere);
        await good.PrepareAsync();
        foreach (var mode in modes)
        {
            using var stop = new CancellationTokenSource();
            var hostile = new RefusedClients(target, mode);
            var attack = hostile.RunAsync(HostileOnes, stop.Token);
            await good.RunAsync(mode.ToString().ToLowerInvariant(), GoodOnes, requests);
            await stop.CancelAsync();
            await attack;
            hostile.Connections.ShouldBeGreaterThan(HostileOnes, "nobody attacked");
            ShouldBeNone([.. good.Faults, .. hostile.Faults], good.Answered, $"beside {mode}");
        }

        await good.RunAsync("after", GoodOnes, requests);
        ShouldBeNone(good.Faults, good.Answered, "after the attack");
        good.Answered.ShouldBe((modes.Length + 1) * requests);
    }

    private static void ShouldBeNone(IReadOnlyCollection<string> faults, int answered, string when) =>
        faults.Count.ShouldBe(0, $"{faults.Count} of {answered} answers {when} were wrong:\n{string.Join('\n', faults.Take(5))}");

    private static async Task<KnownFile[]> PublishAsync(RunningArchive archive)
    {
        var files = new List<KnownFile>();
        foreach (var size in (int[])[1, 1000, 20_000, 100_000, 140_000, 200_000])
        {
            var bytes = RandomNumberGenerator.GetBytes(size);
            var name = ArchiveFixture.NewName();
            await archive.UploadAsync(name, bytes);
            files.Add(new KnownFile(name, Convert.ToHexStringLower(SHA256.HashData(bytes))));
        }

        return [.. files];
    }
}
