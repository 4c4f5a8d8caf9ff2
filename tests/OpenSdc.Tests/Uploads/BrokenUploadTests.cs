using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Uploads;

/// <summary>Bodies that are not what their headers say, over a bare socket: no HTTP client would send them.</summary>
public class BrokenUploadTests(ArchiveFixture fixture) : IClassFixture<ArchiveFixture>
{
    private readonly RunningArchive archive = fixture.Archive;

    public static TheoryData<string, string> Bodies => new()
    {
        { "Content-Length: 1000000", new string('x', 100) },
        { "Content-Length: 1000000", new string('x', 999_999) },
        { "Content-Length: 1", "" },
        { "Transfer-Encoding: chunked", "64\r\n" + new string('x', 100) },
        { "Transfer-Encoding: chunked", "64\r\n" + new string('x', 100) + "\r\n" },
        { "Transfer-Encoding: chunked", "1000\r\n" + new string('x', 100) },
    };

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task A_connection_that_is_cut_in_the_body_leaves_nothing(string framing, string body)
    {
        foreach (var reset in (bool[])[false, true])
        {
            var name = ArchiveFixture.NewName();
            using (var socket = await SendAsync(await archive.UploadUrlAsync(name), framing, body))
            {
                // Shown to be on its way before it is cut, where bytes of it have been sent at all.
                for (var tries = 0; archive.IsOnDisk && tries < 400 && archive.FilesBelow("staging").Count == 0; tries++)
                    await Task.Delay(5);
                if (archive.IsOnDisk)
                    archive.FilesBelow("staging").ShouldHaveSingleItem().ShouldEndWith(name);
                if (reset)
                    socket.LingerState = new LingerOption(enable: true, seconds: 0);
            }

            await archive.ShouldHoldNothingOfAsync(name);
            (await archive.UploadAsync(name, [1])).Size.ShouldBe(1);
        }
    }

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task A_body_that_ends_early_is_told_so_where_the_client_still_listens(string framing, string body)
    {
        var name = ArchiveFixture.NewName();
        using var socket = await SendAsync(await archive.UploadUrlAsync(name), framing, body);
        socket.Shutdown(SocketShutdown.Send);
        var answer = await ReadAsync(socket);

        // The server may also just close: a client that stops in the middle is seldom there to read.
        if (answer.Length > 0)
            answer.ShouldStartWith("HTTP/1.1 400 ");
        await archive.ShouldHoldNothingOfAsync(name);
    }

    /// <summary>To HTTP, what follows is the next request; but it is none.</summary>
    [Theory]
    [InlineData("Content-Length: 10", "0123456789 and these are too many")]
    [InlineData("Content-Length: 10", "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")]
    [InlineData("Content-Length: 10", "01234567890")]
    [InlineData("Content-Length: 0", "01234567890")]
    public async Task More_bytes_than_the_content_length_are_refused(string framing, string body)
    {
        var name = ArchiveFixture.NewName();
        using var socket = await SendAsync(await archive.UploadUrlAsync(name), framing, body);
        var answer = await ReadAsync(socket);
        answer.ShouldStartWith("HTTP/1.1 400 ");
        answer.ShouldContain("More bytes follow the body than its Content-Length says; nothing was stored.");
        await archive.ShouldHoldNothingOfAsync(name);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\r\n")]
    public async Task The_next_request_may_follow_at_once(string between)
    {
        var name = ArchiveFixture.NewName();
        using var socket = await SendAsync(
            await archive.UploadUrlAsync(name),
            "Content-Length: 10",
            $"0123456789{between}GET /health/live HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n"
        );
        var answers = await ReadAsync(socket);
        answers.ShouldStartWith("HTTP/1.1 201 ");
        answers.ShouldEndWith("live\n");
        (await archive.DownloadAsync(name)).ShouldBe("0123456789"u8.ToArray());
    }

    [Fact]
    public async Task Bytes_after_the_content_length_are_found_out_by_a_digest()
    {
        var name = ArchiveFixture.NewName();
        var digest = Convert.ToBase64String(SHA256.HashData("0123456789 and these"u8));
        using var socket = await SendAsync(
            await archive.UploadUrlAsync(name), $"Content-Length: 10\r\nx-amz-checksum-sha256: {digest}", "0123456789 and these\r\n\r\n");
        (await ReadAsync(socket)).ShouldStartWith("HTTP/1.1 400 ");
        await archive.ShouldHoldNothingOfAsync(name);
    }

    [Theory]
    [InlineData("Content-Length: nonsense")]
    [InlineData("Content-Length: -1")]
    [InlineData("Content-Length: 5\r\nContent-Length: 6")]
    [InlineData("Transfer-Encoding: nonsense")]
    public async Task Malformed_framing_is_refused(string framing)
    {
        var name = ArchiveFixture.NewName();
        using var socket = await SendAsync(await archive.UploadUrlAsync(name), framing, "01234");
        socket.Shutdown(SocketShutdown.Send);
        var answer = await ReadAsync(socket);

        // A reset may overtake the answer, since the server has not read the body.
        if (answer.Length > 0)
            answer.ShouldStartWith("HTTP/1.1 4");
        await archive.ShouldHoldNothingOfAsync(name);
    }

    [Theory]
    [InlineData("zz\r\nxx\r\n0\r\n\r\n")]
    [InlineData("5\r\n0123456789\r\n0\r\n\r\n")]
    [InlineData("fffffffffffffffff\r\nx")]
    public async Task Malformed_chunks_are_refused(string body)
    {
        var name = ArchiveFixture.NewName();
        using var socket = await SendAsync(await archive.UploadUrlAsync(name), "Transfer-Encoding: chunked", body);
        (await ReadAsync(socket)).ShouldStartWith("HTTP/1.1 400 ");
        await archive.ShouldHoldNothingOfAsync(name);
    }

    private async Task<Socket> SendAsync(string url, string framing, string body)
    {
        var target = new Uri(url).PathAndQuery;
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(archive.Endpoint.Host, archive.Endpoint.Port);
        await socket.SendAsync(
            Encoding.ASCII.GetBytes($"PUT {target} HTTP/1.1\r\nHost: {archive.Endpoint.Authority}\r\n{framing}\r\n\r\n{body}")
        );
        return socket;
    }

    private static async Task<string> ReadAsync(Socket socket)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var answer = new StringBuilder();
        var buffer = new byte[4096];
        try
        {
            while (await socket.ReceiveAsync(buffer, SocketFlags.None, deadline.Token) is var read and > 0)
                answer.Append(Encoding.UTF8.GetString(buffer, 0, read));
        }
        catch (SocketException)
        {
            // Reset by the server after its answer, since it has not read all that was sent.
        }

        return answer.ToString();
    }
}
