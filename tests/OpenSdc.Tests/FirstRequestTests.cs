using System.Net.Sockets;
using System.Text;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests;

/// <summary>
/// A connection that sends no request gives its place back when the time for a request's headers is over. No
/// time is measured; each wait only ends.
/// </summary>
public sealed class FirstRequestTests(SlowClientTests.ImpatientArchive fixture) : IClassFixture<SlowClientTests.ImpatientArchive>
{
    [Theory]
    [InlineData("")]
    [InlineData("\r\n")]
    [InlineData("GET /health/live HTTP/1.1\r\nHost: x\r\n")]
    public async Task A_connection_on_which_no_request_comes_is_closed(string part)
    {
        using var socket = await ConnectAsync();
        if (part.Length > 0)
            await socket.SendAsync(Encoding.ASCII.GetBytes(part));
        // Long before the 130 s that a connection may be idle between two requests.
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        (await ReadAsync(socket, deadline.Token)).ShouldMatch("^(HTTP/1.1 408 |$)");
    }

    [Fact]
    public async Task Idle_connections_do_not_keep_others_away_for_long()
    {
        await using var small = await RunningArchive.StartAsync(options => options with { ClientTimeout = 2, MaxConnections = 4 });
        var held = new List<Socket>();
        try
        {
            for (var i = 0; i < 8; i++)
                held.Add(await ConnectAsync(small));
            var status = 0;
            for (var tries = 0; tries < 300 && status != 200; tries++)
            {
                await Task.Delay(100);
                using var socket = await ConnectAsync(small);
                try
                {
                    await socket.SendAsync("GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"u8.ToArray());
                    status = (await ReadAsync(socket, CancellationToken.None)).StartsWith("HTTP/1.1 200 ", StringComparison.Ordinal)
                        ? 200
                        : 0;
                }
                catch (SocketException)
                {
                    // Closed as it came: all places are taken.
                }
            }

            status.ShouldBe(200);
        }
        finally
        {
            held.ForEach(socket => socket.Dispose());
        }
    }

    [Fact]
    public async Task A_connection_that_has_had_a_request_may_be_idle_for_longer()
    {
        using var socket = await ConnectAsync();
        for (var i = 0; i < 2; i++)
        {
            await socket.SendAsync("GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray());
            var buffer = new byte[1000];
            Encoding.ASCII.GetString(buffer, 0, await socket.ReceiveAsync(buffer)).ShouldStartWith("HTTP/1.1 200 ");
            await Task.Delay(TimeSpan.FromSeconds(4));
        }
    }

    private Task<Socket> ConnectAsync() => ConnectAsync(fixture.Archive);

    private static async Task<Socket> ConnectAsync(RunningArchive archive)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(archive.Endpoint.Host, archive.Endpoint.Port);
        return socket;
    }

    /// <summary>What comes until the server closes, or resets.</summary>
    private static async Task<string> ReadAsync(Socket socket, CancellationToken deadline)
    {
        var text = new StringBuilder();
        var buffer = new byte[4096];
        try
        {
            while (await socket.ReceiveAsync(buffer, deadline) is var count and > 0)
                text.Append(Encoding.Latin1.GetString(buffer, 0, count));
        }
        catch (SocketException)
        {
            // A reset is an end as well.
        }

        return text.ToString();
    }
}
