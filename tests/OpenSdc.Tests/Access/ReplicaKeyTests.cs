using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using OpenSdc.Server;
using OpenSdc.Server.Access;
using OpenSdc.Tests.Uploads;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Access;

/// <summary>Two replicas on one PostgreSQL database: what one revokes, the other refuses within a second.</summary>
public sealed class ReplicaKeyTests
{
    [Fact]
    public async Task A_key_that_one_replica_revokes_is_refused_by_the_other()
    {
        await using var closed = await ConfiguredArchive.StartAsync(Shared());
        await using var other = await OtherAsync(closed);
        var (id, key) = await closed.AddAsync("""{"owner":"a","scopes":["read","upload"]}""");
        await UploadSteps.UntilAsync("the other replica takes the key", async () => await StatusAsync(other, key) == 200);
        var asked = await other.SendAsync("GET /upload/imap_mag_l1a_replica_20260101_v001.cdf", headers: key);
        asked.Status.ShouldBe(200, asked.Text);

        (await closed.Archive.SendAsync($"DELETE /keys/{id}", headers: closed.Admin)).Status.ShouldBe(204);

        (await StatusAsync(closed.Archive, key)).ShouldBe(403);
        await UploadSteps.UntilAsync("the other replica refuses the key", async () => await StatusAsync(other, key) == 403);
        (await other.PutAsync(asked.Json.GetString()!, [1])).Status.ShouldBe(403, "the URL was signed for the key");
    }

    [Fact]
    public async Task A_replica_answers_by_no_keys_that_are_older_than_a_second()
    {
        await using var closed = await ConfiguredArchive.StartAsync(Shared());
        var (id, key) = await closed.AddAsync("""{"owner":"a","scopes":["read"]}""");
        var text = key.Item2;
        var services = closed.Archive.Services;
        var clock = new FakeTimeProvider();
        using var ring = ActivatorUtilities.CreateInstance<KeyRing>(services, clock);
        await ring.OpenAsync(TestContext.Current.CancellationToken);
        (await FaultAsync()).ShouldBeNull();

        (await closed.Archive.SendAsync($"DELETE /keys/{id}", headers: closed.Admin)).Status.ShouldBe(204);

        // Time has stood still for this one: it may answer by what it read.
        (await FaultAsync()).ShouldBeNull();
        clock.Advance(TimeSpan.FromSeconds(1));
        (await FaultAsync()).ShouldNotBeNull();
        KeyRing.LongestAge.ShouldBeLessThanOrEqualTo(TimeSpan.FromSeconds(1));

        async Task<string?> FaultAsync()
        {
            await ring.RefreshAsync(TestContext.Current.CancellationToken);
            return ring.FindByText(text).ShouldNotBeNull().Fault(clock.GetUtcNow());
        }
    }

    private static Func<ServerOptions, ServerOptions> Shared()
    {
        var database = PostgresServer.NewDatabase();
        var objects = CephServer.Use(new ServerOptions());
        return options => options with { Catalogue = database, Objects = objects.Objects, S3Endpoint = objects.S3Endpoint };
    }

    private static Task<RunningArchive> OtherAsync(ClosedArchive closed)
    {
        var shared = closed.Archive.Services.GetRequiredService<ServerOptions>();
        return RunningArchive.StartAsync(options => shared with { Data = options.Data });
    }

    private static async Task<int> StatusAsync(RunningArchive archive, (string, string) key) =>
        (await archive.SendAsync("GET /api-key/query?limit=1", headers: key)).Status;
}
