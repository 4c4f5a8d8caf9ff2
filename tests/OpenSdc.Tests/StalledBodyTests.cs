using System.Net.Sockets;
using System.Text;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests;

/// <summary>
/// One time for every body that stands still, whatever route it is of and whoever reads it. The part that
/// came is long enough that no average over the body would end it for hours.
/// </summary>
public sealed class StalledBodyTests(StalledBodyTests.Archives fixture) : IClassFixture<StalledBodyTests.Archives>
{
    private const int Part = 60_000;

    public static TheoryData<string, string, string> Bodies => new()
    {
        { "/query", "application/json", "{\"filename\":[\"" },
        { "/query", "application/x-www-form-urlencoded", "filename=" },
        { "/query", "multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"filename\"\r\n\r\n" },
        { "/api-key/query", "application/json", "{\"filename\":[\"" },
        { "/uploads", "application/json", "{\"filename\":\"" },
        { "/authorized/uploads", "application/json", "{\"filename\":\"" },
    };

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task A_body_that_stands_still_ends_in_408(string route, string type, string start)
    {
        foreach (var framing in (string[])["Content-Length: 64000", "Transfer-Encoding: chunked"])
            await ShouldEndAsync(
                fixture.OnDisk,
                $"POST {route} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {type}\r\n{framing}",
                framing,
                start
            );
    }

    [Theory]
    [InlineData("Content-Length: 64000")]
    [InlineData("Transfer-Encoding: chunked")]
    public async Task So_does_a_notification_of_the_store(string framing) =>
        await ShouldEndAsync(
            await fixture.OnS3Async(),
            $"POST /hooks/s3 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer secret\r\nContent-Type: application/json\r\n{framing}",
            framing,
            "{\"x\":\""
        );

    [Fact]
    public async Task A_body_that_goes_on_slowly_is_waited_for()
    {
        using var socket = await ConnectAsync(fixture.OnDisk);
        // More than the least average rate.
        var body = "filename=" + string.Join(',', Enumerable.Range(0, 150).Select(n => $"imap_swe_l1a_none{n}_20260101_v001.pkts"));
        await socket.SendAsync(
            Encoding.ASCII.GetBytes(
                $"POST /query HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {body.Length}\r\n\r\n"
            )
        );
        foreach (var piece in body.Chunk(body.Length / 4))
        {
            // Less than the time for a standstill, and more in all.
            await Task.Delay(TimeSpan.FromSeconds(0.7));
            await socket.SendAsync(Encoding.ASCII.GetBytes(piece));
        }

        (await socket.ReadToEndAsync()).ShouldStartWith("HTTP/1.1 200 ");
    }

    private static async Task ShouldEndAsync(RunningArchive archive, string head, string framing, string start)
    {
        using var socket = await ConnectAsync(archive);
        var part = start + new string('x', Part - start.Length);
        await socket.SendAsync(
            Encoding.ASCII.GetBytes(framing.StartsWith('T') ? $"{head}\r\n\r\nFA00\r\n{part}" : $"{head}\r\n\r\n{part}")
        );
        var answer = await socket.ReadToEndAsync();
        answer.ShouldStartWith("HTTP/1.1 408 ");
        answer.ShouldContain("urn:opensdc:problem:too-slow");
    }

    private static async Task<Socket> ConnectAsync(RunningArchive archive)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(archive.Endpoint.Host, archive.Endpoint.Port);
        return socket;
    }

    public sealed class Archives : IAsyncLifetime
    {
        private RunningArchive? onS3;

        public RunningArchive OnDisk { get; private set; } = null!;

        public async ValueTask InitializeAsync() => OnDisk = await RunningArchive.StartAsync(options => options with { ClientTimeout = 2 });

        public async Task<RunningArchive> OnS3Async() => onS3 ??= await RunningArchive.StartAsync(
            options => CephServer.UseDirect(options) with { ClientTimeout = 2, HookSecret = "secret" });

        public async ValueTask DisposeAsync()
        {
            await OnDisk.DisposeAsync();
            if (onS3 is not null)
                await onS3.DisposeAsync();
        }
    }
}
