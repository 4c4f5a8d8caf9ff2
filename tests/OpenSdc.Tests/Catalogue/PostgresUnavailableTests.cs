using System.Globalization;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using OpenSdc.Contract.Naming;
using Shouldly;
using Xunit;
using Archive = OpenSdc.Server.Catalogue.Catalogue;

namespace OpenSdc.Tests.Catalogue;

/// <summary>
/// The database goes and comes while the archive serves: callers are told to come again, nothing is lost, and
/// nobody has to start anything again.
/// </summary>
public sealed class PostgresUnavailableTests : IAsyncLifetime
{
    private readonly string folder = PostgresServer.NewFolder("away");
    private readonly int port = PostgresServer.FreePort();
    private string database = "";
    private RunningArchive archive = null!;

    public async ValueTask InitializeAsync()
    {
        database = Up();
        archive = await RunningArchive.StartAsync(options => options with { Catalogue = database });
    }

    public async ValueTask DisposeAsync()
    {
        await archive.DisposeAsync();
        PostgresServer.Script("kill", folder);
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData("down")]
    [InlineData("kill")]
    public async Task While_it_is_away_callers_are_told_to_come_again_and_then_all_goes_on(string end)
    {
        var name = ArchiveFixture.NewName();
        var before = await archive.UploadAsync(name, [1, 2, 3]);
        var late = ArchiveFixture.NewName();
        var lateUrl = await archive.UploadUrlAsync(late);
        for (var i = 0; i < 20; i++)
            await archive.QueryAsync("instrument=swe");

        PostgresServer.Script(end, folder);
        foreach (
            var request in (string[])
                [
                    "GET /query?instrument=swe",
                    "GET /query?instrument=swe&limit=10",
                    "GET /coverage",
                    "GET /facets",
                    $"GET /download/{name}",
                    $"GET /upload/{ArchiveFixture.NewName()}",
                ]
        )
        {
            var answer = await archive.SendAsync(request);
            (answer.Status, answer["Retry-After"]).ShouldBe((503, "5"), $"{request}: {answer.Text}");
            answer.Json.GetProperty("type").GetString().ShouldBe("urn:opensdc:problem:catalogue-unavailable");
            answer["Access-Control-Allow-Origin"].ShouldBe("*");
        }

        var refused = await archive.PutAsync(lateUrl, [4, 5]);
        refused.Status.ShouldBe(503, refused.Text);
        refused["Retry-After"].ShouldNotBeNull();
        var ready = await archive.SendAsync("GET /health/ready");
        (ready.Status, ready.Json.GetProperty("status").GetString()).ShouldBe((503, "failing"));
        (await archive.SendAsync("GET /health/live")).Status.ShouldBe(200);

        Up();
        // Every connection that the archive has is broken, and the first caller after all does not notice.
        (await archive.QueryAsync($"filename={name}")).ShouldHaveSingleItem().Sha256.ShouldBe(before.Sha256);
        (await archive.DownloadAsync(name)).ShouldBe([1, 2, 3]);
        var after = await SoonAsync(() => archive.PutAsync(lateUrl, [4, 5]));
        after.Status.ShouldBe(201, after.Text);
        after.Json.GetProperty("seq").GetInt64().ShouldBe(before.Seq + 1);
        (await SoonAsync(() => archive.SendAsync("GET /health/ready"))).Status.ShouldBe(200);
    }

    [Fact]
    public async Task Killed_while_look_ups_are_away_together_each_of_their_callers_is_told_to_come_again()
    {
        var name = ArchiveFixture.NewName();
        await archive.UploadAsync(name, [1]);
        Task<Answer>[] asked;
        var alone = new NpgsqlConnectionStringBuilder(database) { Pooling = false }.ConnectionString;
        await using (var holder = new NpgsqlConnection(alone))
        {
            await holder.OpenAsync();
            await using var hold = new NpgsqlCommand("BEGIN; LOCK TABLE files IN ACCESS EXCLUSIVE MODE", holder);
            await hold.ExecuteNonQueryAsync();
            asked = [.. Enumerable.Range(0, 40).Select(_ => archive.SendAsync($"GET /query?filename={name}"))];
            // Not in the holder's transaction, which would be shown its first look again and again.
            await using var beside = new NpgsqlConnection(alone);
            await beside.OpenAsync();
            await using var look = new NpgsqlCommand("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'", beside);
            while ((long)(await look.ExecuteScalarAsync())! < Server.Catalogue.LookupBatcher.MostAway)
                await Task.Delay(10);
            asked.ShouldAllBe(each => !each.IsCompleted);
            PostgresServer.Script("kill", folder);
        }

        foreach (var answer in await Task.WhenAll(asked))
            (answer.Status, answer["Retry-After"]).ShouldBe((503, "5"), answer.Text);
        Up();
        (await archive.QueryAsync($"filename={name}")).ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Restarted_between_two_requests_it_is_not_noticed()
    {
        var name = ArchiveFixture.NewName();
        await archive.UploadAsync(name, [1]);
        for (var i = 0; i < 5; i++)
        {
            PostgresServer.Script("down", folder);
            Up();
            (await archive.QueryAsync($"filename={name}")).ShouldHaveSingleItem();
            var next = await archive.UploadAsync(ArchiveFixture.NewName(), [1]);
            next.Seq.ShouldBe(i + 2);
        }
    }

    [Fact]
    public async Task A_stream_that_is_cut_ends_as_a_broken_connection_and_not_as_a_whole_answer()
    {
        await FillAsync(100_000);
        // A client that takes little ahead: otherwise the whole answer may be on its way before the database goes.
        using var client = new HttpClient(new SocketsHttpHandler { ConnectCallback = ConnectAsync });
        using var answer = await client.GetAsync(
            new Uri(archive.Endpoint, "/query?table=science&format=ndjson"),
            HttpCompletionOption.ResponseHeadersRead
        );
        await using var stream = await answer.Content.ReadAsStreamAsync();
        var buffer = new byte[1000];
        await stream.ReadExactlyAsync(buffer);
        PostgresServer.Script("kill", folder);
        await Should.ThrowAsync<Exception>(async () =>
        {
            var lines = 0L;
            for (int read; (read = await stream.ReadAsync(buffer)) > 0;)
                lines += buffer.AsSpan(0, read).Count((byte)'\n');
            // Small answers fit into the buffers on the way; this one does not.
            lines.ShouldBeLessThan(0);
        });
        Up();
        (await SoonAsync(() => archive.SendAsync("GET /query?table=science&limit=1"))).Status.ShouldBe(200);

        static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancel)
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 16 * 1024 };
            await socket.ConnectAsync(context.DnsEndPoint, cancel);
            return new NetworkStream(socket, ownsSocket: true);
        }
    }

    [Fact]
    public async Task Too_many_connections_are_answered_as_a_database_that_is_away()
    {
        await using (var change = new NpgsqlConnection(database))
        {
            await change.OpenAsync();
            await using var command = new NpgsqlCommand(
                "CREATE ROLE guest LOGIN CONNECTION LIMIT 0; GRANT ALL ON ALL TABLES IN SCHEMA public TO guest",
                change
            );
            await command.ExecuteNonQueryAsync();
        }

        using var dialect = new Server.Catalogue.Postgres(
            new NpgsqlConnectionStringBuilder(database) { Username = "guest" }.ConnectionString,
            TimeProvider.System
        );
        using var telemetry = new Server.Telemetry();
        using var catalogue = new Archive(dialect, TimeProvider.System, telemetry) { ReleasesAll = true };
        var refusal = await Should.ThrowAsync<PostgresException>(() => catalogue.HeadAsync(CancellationToken.None).AsTask());
        refusal.SqlState.ShouldBe(PostgresErrorCodes.TooManyConnections);
        catalogue.IsUnavailable(refusal).ShouldBeTrue();
    }

    private string Up() => PostgresServer.Script("up", folder, port.ToString(CultureInfo.InvariantCulture), "durable");

    private async Task FillAsync(int files)
    {
        var catalogue = archive.Services.GetRequiredService<Archive>();
        await catalogue.PublishAsync(
            [
                .. Enumerable
                    .Range(0, files)
                    .Select(i => new Server.Catalogue.Publication(
                        FileName
                            .Parse(string.Create(CultureInfo.InvariantCulture, $"imap_swe_l1a_n{i:D6}_20260101_v001.pkts"), Mission.Imap)
                            .Name!,
                        i,
                        new string('a', 64)
                    )),
            ],
            CancellationToken.None
        );
    }

    /// <summary>The first answer that is no 503; the archive probes once a second whether it can write again.</summary>
    private static async Task<Answer> SoonAsync(Func<Task<Answer>> ask)
    {
        for (var tries = 0; ; tries++)
        {
            var answer = await ask();
            if (answer.Status != 503 || tries == 200)
                return answer;
            await Task.Delay(50);
        }
    }
}
