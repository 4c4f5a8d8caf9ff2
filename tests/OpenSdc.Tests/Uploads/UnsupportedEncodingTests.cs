using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Uploads;

/// <summary>
/// A body that is said to be coded is no file: nothing would take the coding off. Sent byte by byte, since
/// libraries repair such requests.
/// </summary>
public class UnsupportedEncodingTests(ArchiveFixture fixture) : IClassFixture<ArchiveFixture>
{
    private readonly RunningArchive archive = fixture.Archive;

    [Theory]
    [InlineData("Content-Encoding", "gzip")]
    [InlineData("Content-Encoding", "identity, br")]
    [InlineData("Content-Encoding", "aws-chunked")]
    [InlineData("Transfer-Encoding", "gzip, chunked")]
    [InlineData("Transfer-Encoding", "chunked, chunked")]
    [InlineData("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD")]
    [InlineData("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER")]
    [InlineData("x-amz-decoded-content-length", "4")]
    [InlineData("Content-Transfer-Encoding", "base64")]
    public async Task It_is_refused_and_leaves_nothing(string header, string value)
    {
        var name = ArchiveFixture.NewName();
        var url = await archive.UploadUrlAsync(name);
        ShouldBeRefused(await PutAsync(url, header, value), header, value);
        await archive.ShouldHoldNothingOfAsync(name);
        (await archive.PutAsync(url, "file"u8.ToArray())).Status.ShouldBe(201);
    }

    [Theory]
    [InlineData("Content-Encoding", "gzip")]
    [InlineData("Transfer-Encoding", "gzip, chunked")]
    public async Task As_a_part_it_is_refused_as_well(string header, string value)
    {
        var begun = await archive.SendAsync(
            "POST /uploads",
            content: JsonContent.Create(new Dictionary<string, object> { ["filename"] = ArchiveFixture.NewName(), ["size"] = 4 })
        );
        var id = begun.Json.GetProperty("id").GetString();
        var url = (await PartsAsync()).GetProperty("urls")[0].GetProperty("url").GetString()!;
        ShouldBeRefused(await PutAsync(url, header, value), header, value);
        (await PartsAsync()).GetProperty("received").GetArrayLength().ShouldBe(0);

        async Task<JsonElement> PartsAsync() => (await archive.SendAsync($"GET /uploads/{id}/parts")).Json;
    }

    [Theory]
    [InlineData("Content-Encoding", "identity")]
    [InlineData("Content-Encoding", "")]
    [InlineData("Transfer-Encoding", "chunked")]
    [InlineData("x-amz-content-sha256", "UNSIGNED-PAYLOAD")]
    public async Task One_that_is_said_to_be_the_files_own_bytes_is_taken(string header, string value)
    {
        var name = ArchiveFixture.NewName();
        (await PutAsync(await archive.UploadUrlAsync(name), header, value)).ShouldStartWith("HTTP/1.1 201 ");
        (await archive.DownloadAsync(name)).ShouldBe("file"u8.ToArray());
    }

    private static void ShouldBeRefused(string answer, string header, string value)
    {
        answer.ShouldStartWith("HTTP/1.1 415 ");
        answer.ShouldContain("\r\nAccept-Encoding: identity\r\n");
        answer.ShouldContain("\"type\":\"urn:opensdc:problem:unsupported-encoding\"");
        answer.ShouldContain($"The header {header} says that the body is coded ({value})");
    }

    /// <summary>The whole answer to a PUT of four bytes.</summary>
    private static async Task<string> PutAsync(string url, string header, string value)
    {
        var target = new Uri(url);
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(target.Host, target.Port);
        var body = header == "Transfer-Encoding" ? "\r\n4\r\nfile\r\n0\r\n\r\n" : "Content-Length: 4\r\n\r\nfile";
        await socket.SendAsync(
            Encoding.ASCII.GetBytes(
                $"PUT {target.PathAndQuery} HTTP/1.1\r\nHost: {target.Authority}\r\nConnection: close\r\n{header}: {value}\r\n{body}"
            )
        );
        using var stream = new NetworkStream(socket);
        using var answer = new StreamReader(stream);
        return await answer.ReadToEndAsync();
    }
}
