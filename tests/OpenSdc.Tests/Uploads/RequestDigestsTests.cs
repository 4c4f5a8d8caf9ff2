using System.Security.Cryptography;
using System.Text;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Uploads;

/// <summary>Digests that a PUT promises: right ones are held to, wrong and malformed ones are refused and nothing is stored.</summary>
public sealed class RequestDigestsTests(ArchiveFixture fixture) : IClassFixture<ArchiveFixture>
{
    private static readonly byte[] Bytes = Encoding.ASCII.GetBytes("the bytes of a file");
    private static readonly string Md5 = Convert.ToBase64String(CryptographicOperations.HashData(HashAlgorithmName.MD5, Bytes));
    private static readonly string Sha256 = Convert.ToBase64String(SHA256.HashData(Bytes));
    private static readonly string Sha512 = Convert.ToBase64String(SHA512.HashData(Bytes));
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
        { "Content-Digest", "unixsum=:AAA=:", 201, "" },

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
