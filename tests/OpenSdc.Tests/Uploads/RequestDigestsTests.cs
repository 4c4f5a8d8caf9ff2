using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Uploads;

/// <summary>Digests that a PUT promises: right ones are held to, wrong and malformed ones are refused and nothing is stored.</summary>
public class RequestDigestsTests(ArchiveFixture fixture) : IClassFixture<ArchiveFixture>
{
    private static readonly byte[] Bytes = Encoding.ASCII.GetBytes("the bytes of a file");
    private static readonly string Md5 = Convert.ToBase64String(CryptographicOperations.HashData(HashAlgorithmName.MD5, Bytes));
    private static readonly string Sha256 = Convert.ToBase64String(SHA256.HashData(Bytes));
    private static readonly string Sha512 = Convert.ToBase64String(SHA512.HashData(Bytes));
    private static readonly string Sha1 = Convert.ToBase64String(CryptographicOperations.HashData(HashAlgorithmName.SHA1, Bytes));

    // Computed bit by bit below, apart from the archive's own code, whose tables and instructions they check.
    private static readonly string Crc32 = Crc(Bytes, 32, 0xEDB88320);
    private static readonly string Crc32C = Crc(Bytes, 32, 0x82F63B78);
    private static readonly string Crc64 = Crc(Bytes, 64, 0x9A6C9329AC4BC9B5);
    private static readonly string Wrong256 = Convert.ToBase64String(SHA256.HashData([1]));

    private readonly RunningArchive archive = fixture.Archive;

    public static TheoryData<string, string, int, string> Promises => new()
    {
        { "Content-MD5", Md5, 201, "" },
        { "content-md5", Md5, 201, "" },
        { "x-amz-checksum-sha256", Sha256, 201, "" },
        { "X-Amz-Checksum-SHA256", Sha256, 201, "" },
        { "Content-Digest", $"sha-256=:{Sha256}:", 201, "" },
        { "Content-Digest", $"sha-512=:{Sha512}:", 201, "" },
        { "Content-Digest", $"sha-512=:{Sha512}:, sha-256=:{Sha256}:", 201, "" },
        { "Repr-Digest", $"sha-256=:{Sha256}:", 201, "" },
        { "Repr-Digest", $"sha-512=:{Sha512}:", 201, "" },
        { "Content-Digest", $"md5=:{Md5}:, sha=:{Sha1}:, crc32c=:{Crc32C}:", 201, "" },
        { "x-amz-checksum-crc32", Crc32, 201, "" },
        { "x-amz-checksum-crc32c", Crc32C, 201, "" },
        { "x-amz-checksum-crc64nvme", Crc64, 201, "" },
        { "x-amz-checksum-sha1", Sha1, 201, "" },
        { "x-amz-checksum-type", "FULL_OBJECT", 201, "" },
        { "x-amz-content-sha256", Convert.ToHexStringLower(SHA256.HashData(Bytes)), 201, "" },
        { "x-amz-content-sha256", "UNSIGNED-PAYLOAD", 201, "" },
        { "Digest", $"SHA-256={Sha256},MD5={Md5}", 201, "" },
        { "Digest", $"sha={Sha1}", 201, "" },
        { "x-goog-hash", $"crc32c={Crc32C},md5={Md5}", 201, "" },
        { "Want-Repr-Digest", "sha-256=1", 201, "" },

        { "x-amz-checksum-crc32", "AAAAAA==", 400, "digest-mismatch" },
        { "x-amz-checksum-crc32c", "AAAAAA==", 400, "digest-mismatch" },
        { "x-amz-checksum-crc64nvme", "AAAAAAAAAAA=", 400, "digest-mismatch" },
        { "x-amz-checksum-sha1", Convert.ToBase64String(new byte[20]), 400, "digest-mismatch" },
        { "x-amz-content-sha256", new string('0', 64), 400, "digest-mismatch" },
        { "Digest", $"SHA-256={Wrong256}", 400, "digest-mismatch" },
        { "Content-Digest", "crc32c=:AAAAAA==:", 400, "digest-mismatch" },

        { "Content-Digest", "unixsum=:AAA=:", 400, "bad-digest-header" },
        { "Repr-Digest", $"sha-256=:{Sha256}:, adler=:AAAAAA==:", 400, "bad-digest-header" },
        { "Digest", "UNIXcksum=123", 400, "bad-digest-header" },
        { "x-amz-checksum-xxhash64", "AAAAAAAAAAA=", 400, "bad-digest-header" },
        { "x-amz-checksum-type", "COMPOSITE", 400, "bad-digest-header" },
        { "x-amz-checksum-sha256", $"{Sha256}-2", 400, "bad-digest-header" },
        { "x-amz-content-sha256", "nonsense", 400, "bad-digest-header" },
        { "x-amz-sdk-checksum-algorithm", "CRC32", 400, "bad-digest-header" },
        { "X-Bz-Content-Sha1", "00", 400, "bad-digest-header" },
        { "Trailer", "x-amz-checksum-crc32", 400, "bad-digest-header" },

        { "Content-MD5", Convert.ToBase64String(CryptographicOperations.HashData(HashAlgorithmName.MD5, [1])), 400, "digest-mismatch" },
        { "x-amz-checksum-sha256", Wrong256, 400, "digest-mismatch" },
        { "Content-Digest", $"sha-256=:{Wrong256}:", 400, "digest-mismatch" },
        { "Content-Digest", $"sha-256=:{Sha256}:, sha-512=:{Convert.ToBase64String(SHA512.HashData([1]))}:", 400, "digest-mismatch" },
        { "Repr-Digest", $"sha-256=:{Wrong256}:", 400, "digest-mismatch" },
        { "Repr-Digest", $"md5=:{Md5}:, sha-256=:{Wrong256}:", 400, "digest-mismatch" },

        { "Content-MD5", "nonsense", 400, "bad-digest-header" },
        { "Content-MD5", Sha256, 400, "bad-digest-header" },
        { "Content-MD5", Md5.TrimEnd('='), 400, "bad-digest-header" },
        { "x-amz-checksum-sha256", Convert.ToHexString(SHA256.HashData(Bytes)), 400, "bad-digest-header" },
        { "x-amz-checksum-sha256", Md5, 400, "bad-digest-header" },
        { "Content-Digest", $"sha-256={Sha256}", 400, "bad-digest-header" },
        { "Content-Digest", "sha-256", 400, "bad-digest-header" },
        { "Content-Digest", "sha-256=:", 400, "bad-digest-header" },
        { "Content-Digest", $"sha-256=:{Md5}:", 400, "bad-digest-header" },
        { "Repr-Digest", "sha-512=:!:", 400, "bad-digest-header" },
    };

    [Theory]
    [MemberData(nameof(Promises))]
    public async Task A_promise_is_held_to(string header, string value, int status, string code)
    {
        var name = ArchiveFixture.NewName();
        var answer = await archive.PutAsync(await archive.UploadUrlAsync(name), Bytes, (header, value));
        answer.Status.ShouldBe(status, answer.Text);
        if (status == 201)
        {
            (await archive.DownloadAsync(name)).ShouldBe(Bytes);
            return;
        }

        answer.Json.GetProperty("type").GetString().ShouldBe("urn:opensdc:problem:" + code);
        answer.Json.GetProperty("detail").GetString()!.ShouldContain($"The header {header} ", Case.Insensitive);
        await archive.ShouldHoldNothingOfAsync(name);
    }

    [Fact]
    public void The_checksums_are_those_of_the_published_check_values()
    {
        var check = "123456789"u8.ToArray();
        Crc(check, 32, 0xEDB88320).ShouldBe(Convert.ToBase64String([0xCB, 0xF4, 0x39, 0x26]));
        Crc(check, 32, 0x82F63B78).ShouldBe(Convert.ToBase64String([0xE3, 0x06, 0x92, 0x83]));
        Crc(check, 64, 0x9A6C9329AC4BC9B5).ShouldBe(Convert.ToBase64String([0xAE, 0x8B, 0x14, 0x86, 0x0A, 0x79, 0x98, 0x88]));
    }

    [Theory]
    [InlineData("Trailer: x-amz-checksum-crc32", "x-amz-checksum-crc32: CRC32", 201)]
    [InlineData("x-amz-trailer: x-amz-checksum-crc64nvme", "x-amz-checksum-crc64nvme: CRC64", 201)]
    [InlineData("Trailer: Repr-Digest", "Repr-Digest: crc32c=:CRCC:", 201)]
    [InlineData("X-Nothing: announced", "Repr-Digest: sha-256=:SHA256:", 201)]
    [InlineData("Trailer: x-amz-checksum-crc32", "x-amz-checksum-crc32: AAAAAA==", 400)]
    [InlineData("X-Nothing: announced", "Content-MD5: AAAAAAAAAAAAAAAAAAAAAA==", 400)]
    [InlineData("X-Nothing: announced", "Repr-Digest: sha-256=:WRONG:", 400)]
    [InlineData("Trailer: x-amz-checksum-crc32", "X-Nothing: came", 400)]
    [InlineData("Trailer: x-amz-checksum-xxhash64", "x-amz-checksum-xxhash64: AAAAAAAAAAA=", 400)]
    public async Task A_promise_in_the_trailers_is_held_to(string header, string trailer, int status)
    {
        var name = ArchiveFixture.NewName();
        var url = new Uri(await archive.UploadUrlAsync(name));
        trailer = trailer
            .Replace("CRC32", Crc32)
            .Replace("CRC64", Crc64)
            .Replace("CRCC", Crc32C)
            .Replace("SHA256", Sha256)
            .Replace("WRONG", Wrong256);
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(url.Host, url.Port);
        await socket.SendAsync(
            Encoding.ASCII.GetBytes(
                $"PUT {url.PathAndQuery} HTTP/1.1\r\nHost: {url.Authority}\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n{header}\r\n\r\n"
                    + $"{Bytes.Length:x}\r\n{Encoding.ASCII.GetString(Bytes)}\r\n0\r\n{trailer}\r\n\r\n"
            )
        );
        using var answer = new StreamReader(new NetworkStream(socket));
        (await answer.ReadToEndAsync()).ShouldStartWith($"HTTP/1.1 {status} ");
        if (status != 201)
            await archive.ShouldHoldNothingOfAsync(name);
    }

    private static string Crc(byte[] bytes, int bits, ulong polynomial)
    {
        var all = ulong.MaxValue >> (64 - bits);
        var crc = all;
        foreach (var one in bytes)
        {
            crc ^= one;
            for (var bit = 0; bit < 8; bit++)
                crc = (crc & 1) == 0 ? crc >> 1 : (crc >> 1) ^ polynomial;
        }

        crc ^= all;
        return Convert.ToBase64String([.. Enumerable.Range(1, bits / 8).Select(i => (byte)(crc >> (bits - (8 * i))))]);
    }

    [Fact]
    public async Task A_repeated_upload_is_held_to_its_promise_too()
    {
        var name = ArchiveFixture.NewName();
        var url = await archive.UploadUrlAsync(name);
        (await archive.PutAsync(url, Bytes)).Status.ShouldBe(201);
        (await archive.PutAsync(url, Bytes, ("x-amz-checksum-sha256", Wrong256))).Status.ShouldBe(400);
        (await archive.PutAsync(url, Bytes, ("x-amz-checksum-sha256", Sha256))).Status.ShouldBe(200);
    }

    [Fact]
    public async Task After_a_refused_upload_the_name_is_still_free()
    {
        var name = ArchiveFixture.NewName();
        var url = await archive.UploadUrlAsync(name);
        (await archive.PutAsync(url, Bytes, ("Content-MD5", Convert.ToBase64String(new byte[16])))).Status.ShouldBe(400);
        (await archive.PutAsync(url, [1, 2, 3])).Status.ShouldBe(201);
    }
}
