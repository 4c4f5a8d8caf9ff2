using System.Net.Sockets;
using System.Text;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests;

/// <summary>
/// Requests that the web server refuses before any of our code runs get the web server's bare answer. Over a
/// bare socket: no HTTP client would send them.
/// </summary>
public sealed class RefusedRequestsTests(ArchiveFixture fixture) : IClassFixture<ArchiveFixture>
{
    public static TheoryData<string, int> Requests => new()
    {
        { "GET /upload/imap_swe_l0_a%00b_20260101_v001.pkts HTTP/1.1\r\nHost: here", 400 },
        { "GET /upload/imap_swe_l0_a\0b_20260101_v001.pkts HTTP/1.1\r\nHost: here", 400 },
        { "GET /download/naif0012.tls%00.cdf HTTP/1.1\r\nHost: here", 400 },
        { "HEAD /download/naif0012.tls%00.cdf HTTP/1.1\r\nHost: here", 400 },
        { "GET /upload/imap_swe_l0_\u0455ci_20260101_v001.pkts HTTP/1.1\r\nHost: here", 400 },
        { "GET /upload/imap swe HTTP/1.1\r\nHost: here", 400 },
        { "GET /query HTTP/1.1", 400 },
        { "GET /query HTTP/1.1\r\nHost: here\r\nHost: there", 400 },
        { "GET /query HTTP/9.9\r\nHost: here", 505 },
        { "nonsense", 400 },
        { "GET /query?instrument=" + new string('x', 600_000) + " HTTP/1.1\r\nHost: here", 414 },
        { "GET /query HTTP/1.1\r\nHost: here\r\nX-Long: " + new string('x', 40_000), 431 },
        { "PUT /objects/imap HTTP/1.1\r\nHost: here\r\nContent-Length: 5\r\nContent-Length: 6", 400 },
    };

    [Theory]
    [MemberData(nameof(Requests))]
    public async Task Each_gets_one_bare_answer_and_the_connection_ends(string request, int status)
    {
        var (head, body) = await AskAsync(request + "\r\n\r\n");
        head.ShouldStartWith($"HTTP/1.1 {status} ");
        head.ShouldContain("\r\nConnection: close");
        head.ShouldContain("\r\nContent-Length: 0");
        body.ShouldBe("");
    }

    /// <summary>A second request of a connection has what the first one left behind.</summary>
    [Fact]
    public async Task One_after_a_good_request_is_answered_too()
    {
        var (_, rest) = await AskAsync("GET /health/live HTTP/1.1\r\nHost: here\r\n\r\nGET /upload/a%00b HTTP/1.1\r\nHost: here\r\n\r\n");
        rest.ShouldStartWith("live\nHTTP/1.1 400 ");
    }

    [Fact]
    public async Task A_client_that_names_no_host_gets_a_url_that_it_can_follow()
    {
        var (head, body) = await AskAsync("GET /upload/imap_swe_l0_sci_20260101_v001.pkts HTTP/1.0\r\n\r\n");
        head.ShouldStartWith("HTTP/1.1 200 ");
        body.ShouldStartWith($"\"{fixture.Archive.Address}/objects/imap/");
    }

    private async Task<(string Head, string Body)> AskAsync(string request)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(fixture.Archive.Endpoint.Host, fixture.Archive.Endpoint.Port);
        await socket.SendAsync(Encoding.UTF8.GetBytes(request));
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var answer = new StringBuilder();
        var buffer = new byte[4096];
        while (await socket.ReceiveAsync(buffer, SocketFlags.None, deadline.Token) is var read and > 0)
            answer.Append(Encoding.UTF8.GetString(buffer, 0, read));
        var parts = answer.ToString().Split("\r\n\r\n", 2);
        return (parts[0], parts[1]);
    }
}
