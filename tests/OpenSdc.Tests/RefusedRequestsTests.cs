using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests;

/// <summary>Requests that the web server refuses before any of our code runs have a sentence all the same. Over a bare socket: no HTTP client would send them.</summary>
public sealed class RefusedRequestsTests(ArchiveFixture fixture) : IClassFixture<ArchiveFixture>
{
    public static TheoryData<string, int, string> Requests => new()
    {
        { "GET /upload/imap_swe_l0_a%00b_20260101_v001.pkts HTTP/1.1\r\nHost: here", 400, "never as %00" },
        { "GET /upload/imap_swe_l0_a\0b_20260101_v001.pkts HTTP/1.1\r\nHost: here", 400, "never as %00" },
        { "GET /download/naif0012.tls%00.cdf HTTP/1.1\r\nHost: here", 400, "never as %00" },
        { "HEAD /download/naif0012.tls%00.cdf HTTP/1.1\r\nHost: here", 400, "never as %00" },
        { "GET /upload/imap_swe_l0_\u0455ci_20260101_v001.pkts HTTP/1.1\r\nHost: here", 400, "visible ASCII characters" },
        { "GET /upload/imap swe HTTP/1.1\r\nHost: here", 400, "cannot be read" },
        { "GET /query HTTP/1.1", 400, "one Host" },
        { "GET /query HTTP/1.1\r\nHost: here\r\nHost: there", 400, "one Host" },
        { "GET /query HTTP/9.9\r\nHost: here", 505, "HTTP" },
        { "nonsense", 400, "cannot be read" },
        { "GET /query?instrument=" + new string('x', 600_000) + " HTTP/1.1\r\nHost: here", 414, "524288 bytes" },
        { "GET /query HTTP/1.1\r\nHost: here\r\nX-Long: " + new string('x', 40_000), 431, "32768 bytes" },
        { "PUT /objects/imap HTTP/1.1\r\nHost: here\r\nContent-Length: 5\r\nContent-Length: 6", 400, "cannot be read" },
    };

    [Theory]
    [MemberData(nameof(Requests))]
    public async Task Each_is_answered_once_with_a_problem_and_the_connection_ends(string request, int status, string says)
    {
        var (head, body) = await AskAsync(request + "\r\n\r\n");
        head.ShouldStartWith($"HTTP/1.1 {status} ");
        head.ShouldContain("\r\nConnection: close");
        head.ShouldContain("\r\nAccess-Control-Allow-Origin: *");
        head.ShouldContain($"\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n");
        var problem = JsonDocument.Parse(body).RootElement;
        problem.GetProperty("status").GetInt32().ShouldBe(status);
        problem.GetProperty("detail").GetString()!.ShouldContain(says);
        head.ShouldContain($"\r\nX-Request-Id: {problem.GetProperty("requestId").GetString()}");
    }

    /// <summary>A second request of a connection has what the first one left behind.</summary>
    [Fact]
    public async Task One_after_a_good_request_is_answered_too()
    {
        var (_, rest) = await AskAsync("GET /health/live HTTP/1.1\r\nHost: here\r\n\r\nGET /upload/a%00b HTTP/1.1\r\nHost: here\r\n\r\n");
        rest.ShouldStartWith("live\nHTTP/1.1 400 ");
        rest.ShouldEndWith("}");
        rest.ShouldContain("never as %00");
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
