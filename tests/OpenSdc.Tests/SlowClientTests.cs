using System.Net.Sockets;
using System.Text;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using OpenSdc.Contract.Naming;
using OpenSdc.Server.Catalogue;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests;

/// <summary>
/// Clients that stand still, over bare sockets: what they hold is taken from them. No time is measured; each
/// wait only ends.
/// </summary>
public sealed class SlowClientTests(SlowClientTests.ImpatientArchive fixture) : IClassFixture<SlowClientTests.ImpatientArchive>
{
    private readonly RunningArchive archive = fixture.Archive;

    [Fact]
    public async Task Headers_that_come_byte_by_byte_are_not_waited_for()
    {
        using var socket = await ConnectAsync();
        var sent = 0;
        try
        {
            foreach (var letter in $"GET /query HTTP/1.1\r\nHost: x\r\nX-Slow: {new string('y', 100_000)}")
            {
                await socket.SendAsync(new[] { (byte)letter });
                sent++;
                if (socket.Available > 0)
                    break;
                await Task.Delay(100);
            }
        }
        catch (SocketException)
        {
            // Closed while the next byte was sent.
        }

        sent.ShouldBeLessThan(10_000);
        (await socket.ReadToEndAsync()).ShouldMatch("^(HTTP/1.1 408 |$)");
    }

    [Theory]
    [InlineData("Content-Length: 10000000", 100)]
    [InlineData("Content-Length: 10000000", 6_000_000)]
    [InlineData("Transfer-Encoding: chunked", 6_000_000)]
    public async Task A_body_that_stands_still_ends_in_408_and_leaves_nothing(string framing, int count)
    {
        var name = ArchiveFixture.NewName();
        var url = await archive.UploadUrlAsync(name);
        using var socket = await ConnectAsync();
        var chunk = framing.StartsWith('T') ? "989680\r\n" : "";
        await socket.SendAsync(
            Encoding.ASCII.GetBytes(
                $"PUT {new Uri(url).PathAndQuery} HTTP/1.1\r\nHost: {archive.Endpoint.Authority}\r\n{framing}\r\n\r\n{chunk}{new string('x', count)}"
            )
        );
        var answer = await socket.ReadToEndAsync();
        answer.ShouldStartWith("HTTP/1.1 408 ");
        answer.ShouldContain("urn:opensdc:problem:too-slow");
        await archive.ShouldHoldNothingOfAsync(name);
    }

    [Fact]
    public async Task A_reader_that_stops_reading_a_long_listing_gives_its_snapshot_back()
    {
        await fixture.FillAsync();
        using var socket = await ConnectAsync();
        socket.ReceiveBufferSize = 4096;
        await socket.SendAsync(Encoding.ASCII.GetBytes($"GET /query HTTP/1.1\r\nHost: {archive.Endpoint.Authority}\r\n\r\n"));
        await socket.ReceiveAsync(new byte[100]);

        // A checkpoint cannot empty the log while a snapshot of it is held, and a newer publication makes the snapshot an old one.
        await archive.UploadAsync(ArchiveFixture.NewName(), [1]);
        (await IsCheckpointHeldUpAsync()).ShouldBeTrue("the listing is so long that its end is not in anybody's buffers");
        for (var tries = 0; tries < 600 && await IsCheckpointHeldUpAsync(); tries++)
            await Task.Delay(50);
        (await IsCheckpointHeldUpAsync()).ShouldBeFalse();
        (await socket.ReadToEndAsync()).ShouldNotEndWith("]\r\n0\r\n\r\n");
    }

    [Fact]
    public async Task A_reader_that_stops_reading_an_object_is_cut_off()
    {
        var name = ArchiveFixture.NewName();
        await archive.UploadAsync(name, new byte[32 << 20]);
        using var socket = await ConnectAsync();
        socket.ReceiveBufferSize = 4096;
        var target = new Uri(await archive.DownloadUrlAsync(name)).PathAndQuery;
        await socket.SendAsync(Encoding.ASCII.GetBytes($"GET {target} HTTP/1.1\r\nHost: {archive.Endpoint.Authority}\r\n\r\n"));
        await socket.ReceiveAsync(new byte[100]);
        await Task.Delay(TimeSpan.FromSeconds(6));
        (await socket.ReadToEndAsync()).Length.ShouldBeLessThan(32 << 20);
    }

    [Fact]
    public async Task Connections_beyond_the_most_are_closed()
    {
        await using var small = await RunningArchive.StartAsync(options => options with { MaxConnections = 3 });
        var held = new List<Socket>();
        try
        {
            var closed = 0;
            for (var i = 0; i < 6; i++)
            {
                var socket = await ConnectAsync(small);
                held.Add(socket);
                await socket.SendAsync("GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray());
                closed += await ReceivesAsync(socket) ? 0 : 1;
            }

            closed.ShouldBeGreaterThanOrEqualTo(3);
            closed.ShouldBeLessThan(6);
        }
        finally
        {
            held.ForEach(socket => socket.Dispose());
        }
    }

    private static async Task<bool> ReceivesAsync(Socket socket)
    {
        try
        {
            return await socket.ReceiveAsync(new byte[100]) > 0;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private async Task<bool> IsCheckpointHeldUpAsync()
    {
        await using var connection = new SqliteConnection(
            $"Data Source={Path.Combine(archive.Folder, "catalogue.sqlite")};Pooling=False;Default Timeout=1"
        );
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA wal_checkpoint(TRUNCATE)";
        await using var reader = await command.ExecuteReaderAsync();
        await reader.ReadAsync();
        return reader.GetInt64(0) != 0;
    }

    private async Task<Socket> ConnectAsync(RunningArchive? to = null)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync((to ?? archive).Endpoint.Host, (to ?? archive).Endpoint.Port);
        return socket;
    }

    public sealed class ImpatientArchive : IAsyncLifetime
    {
        public RunningArchive Archive { get; private set; } = null!;

        public async ValueTask InitializeAsync() =>
            Archive = await RunningArchive.StartAsync(options => options with { ClientTimeout = 2 });

        public ValueTask DisposeAsync() => Archive.DisposeAsync();

        /// <summary>Records without objects: enough for a listing of some ten megabytes.</summary>
        public async Task FillAsync()
        {
            var catalogue = Archive.Services.GetRequiredService<Server.Catalogue.Catalogue>();
            foreach (var numbers in Enumerable.Range(1, 30_000).Chunk(1000))
            {
                await catalogue.PublishAsync(
                    [
                        .. numbers.Select(i => new Publication(
                            FileName.Parse($"imap_swe_l1b_fill{i}_20260101_v001.pkts", Mission.Imap).Name!,
                            1,
                            new string('0', 64)
                        )),
                    ],
                    CancellationToken.None
                );
            }
        }
    }
}
