using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Files;

/// <summary>Lists are compressed when asked, objects never; what an object is says its digest.</summary>
public sealed class CompressedListsTests(ArchiveFixture fixture) : IClassFixture<ArchiveFixture>
{
    private readonly RunningArchive archive = fixture.Archive;

    [Theory]
    [InlineData("/query?version=*", "gzip", "gzip")]
    [InlineData("/query?version=*", "br", "br")]
    [InlineData("/query?version=*", "gzip;q=0.5, br;q=1", "br")]
    [InlineData("/query?version=*", "gzip;q=0", null)]
    [InlineData("/query?version=*", "identity", null)]
    [InlineData("/query?version=*", null, null)]
    [InlineData("/query?format=csv", "gzip", "gzip")]
    [InlineData("/query?format=ndjson", "br", "br")]
    [InlineData("/coverage", "gzip", "gzip")]
    [InlineData("/facets", "br", "br")]
    [InlineData("/spice-query", "gzip", "gzip")]
    [InlineData("/repoint-table", "br", "br")]
    public async Task A_list_comes_as_the_request_asks(string target, string? asks, string? coding)
    {
        await archive.UploadAsync(ArchiveFixture.NewName(), [1]);
        var plain = await archive.SendAsync("GET " + target);
        var answer = await archive.SendAsync("GET " + target, headers: asks is null ? [] : [("Accept-Encoding", asks)]);
        answer.Status.ShouldBe(200);
        answer["Content-Encoding"].ShouldBe(coding);
        answer.Headers["Vary"].ShouldContain("Accept-Encoding");
        Decoded(answer, coding).ShouldBe(plain.Text);
    }

    [Fact]
    public async Task An_object_is_never_compressed_and_says_its_digest()
    {
        var (name, bytes) = (ArchiveFixture.NewName(), new byte[10_000]);
        await archive.UploadAsync(name, bytes);
        var url = await archive.DownloadUrlAsync(name);
        var digest = $"sha-256=:{Convert.ToBase64String(SHA256.HashData(bytes))}:";
        foreach (var request in (string[])["GET", "HEAD"])
        {
            var answer = await archive.SendAsync($"{request} {url}", headers: [("Accept-Encoding", "gzip, br")]);
            answer["Content-Encoding"].ShouldBeNull();
            answer.Headers["Content-Length"].ShouldBe("10000");
            answer.Headers["Repr-Digest"].ShouldBe(digest);
        }

        var range = await archive.SendAsync($"GET {url}", headers: [("Range", "bytes=0-9")]);
        (range.Status, range.Headers["Repr-Digest"]).ShouldBe((206, digest));
    }

    private static string Decoded(Answer answer, string? coding)
    {
        using var body = new MemoryStream(answer.Bytes);
        using Stream decoded = coding switch
        {
            "gzip" => new GZipStream(body, CompressionMode.Decompress),
            "br" => new BrotliStream(body, CompressionMode.Decompress),
            _ => body,
        };
        using var reader = new StreamReader(decoded, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}
