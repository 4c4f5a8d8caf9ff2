using System.Security.Cryptography;
using System.Text;
using OpenSdc.Client;
using OpenSdc.Tests.Uploads;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Access;

/// <summary>
/// Who may upload and not read learns that a name is taken, and nothing of the file that has it: the answers
/// for two different files are the same.
/// </summary>
public sealed class TakenNameTests(ClosedArchive closed) : IClassFixture<ClosedArchive>
{
    private static readonly byte[] Sent = "Other bytes."u8.ToArray();
    private static int number;

    private RunningArchive Archive => closed.Archive;

    [Theory]
    [InlineData("PUT")]
    [InlineData("PUT without a length")]
    [InlineData("GET /upload")]
    [InlineData("POST /uploads")]
    public async Task A_taken_name_is_a_conflict_that_says_nothing_of_the_file(string request)
    {
        var uploader = await closed.KeyAsync("upload");
        // One has the length of what is sent, the other has not.
        var (one, other) = (await TakenAsync(uploader, 54_321), await TakenAsync(uploader, Sent.Length));

        var (first, second) = (await AskAsync(one), await AskAsync(other));

        first.Status.ShouldBe(409, first.Text);
        Shown(first, one.Name).ShouldBe(Shown(second, other.Name));
        foreach (var told in (string[])["54321", one.Sha256])
            Shown(first, one.Name).ShouldNotContain(told);
        foreach (var member in (string[])["sha256", "size", "seq", "date"])
            first.Text.ShouldNotContain(member, Case.Insensitive);
        foreach (var header in (string[])["ETag", "Last-Modified", "OpenSDC-Seq"])
            first[header].ShouldBeNull(header);

        async Task<Answer> AskAsync(Taken taken) => request switch
        {
            "PUT" => await Archive.PutAsync(taken.Url, Sent),
            "PUT without a length" => await Archive.SendAsync($"PUT {taken.Url}", content: new StreamContent(new UnknownLength(Sent))),
            "GET /upload" => await Archive.SendAsync($"GET /upload/{taken.Name}", headers: uploader),
            _ => await Archive.PostAsync("/uploads", $$"""{"filename":"{{taken.Name}}","size":{{Sent.Length}}}""", uploader),
        };
    }

    [Fact]
    public async Task The_body_of_a_put_is_read_to_its_end_before_the_conflict_is_told()
    {
        var uploader = await closed.KeyAsync("upload");
        var taken = await TakenAsync(uploader, 54_321);
        // A promise that the bytes do not keep is only seen at their end.
        var promise = ("Content-Digest", $"sha-256=:{Convert.ToBase64String(SHA256.HashData([]))}:");

        (await Archive.PutAsync(taken.Url, Sent, promise)).Status.ShouldBe(400);
        (await Archive.PutAsync(taken.Url, Sent)).Status.ShouldBe(409);

        // Whoever may read the file is told of another length at once.
        var name = NewName();
        var url = await UrlAsync(name, closed.Admin);
        (await Archive.PutAsync(url, new byte[54_321])).Status.ShouldBe(201);
        (await Archive.PutAsync(url, Sent, promise)).Status.ShouldBe(409);
    }

    [Fact]
    public async Task Whoever_may_read_the_file_learns_its_size_and_digest()
    {
        var taken = await TakenAsync(await closed.KeyAsync("upload"), 54_321);

        var answer = await Archive.SendAsync($"GET /upload/{taken.Name}", headers: closed.Admin);

        answer.Status.ShouldBe(409);
        answer.Text.ShouldContain("54321");
        answer.Text.ShouldContain(taken.Sha256);
    }

    [Theory]
    [InlineData("GET /upload")]
    [InlineData("POST /uploads")]
    public async Task Whoever_names_the_digest_of_the_file_is_told_that_it_is_the_same(string request)
    {
        var uploader = await closed.KeyAsync("upload");
        var taken = await TakenAsync(uploader, 54_321);

        var same = await AskAsync(taken.Sha256);
        (same.Status, same.Json.GetProperty("sha256").GetString(), same.Json.GetProperty("size").GetInt64()).ShouldBe(
            (409, taken.Sha256, 54_321)
        );
        var other = await AskAsync(Convert.ToHexStringLower(SHA256.HashData(Sent)));
        (other.Status, other.Json.TryGetProperty("sha256", out _), other.Json.TryGetProperty("size", out _)).ShouldBe((409, false, false));

        (await Archive.SendAsync($"POST /withdraw?filename={taken.Name}&reason=mistake", headers: closed.Admin)).Status.ShouldBe(200);
        var withdrawn = await AskAsync(taken.Sha256);
        (withdrawn.Status, withdrawn.Json.TryGetProperty("sha256", out _), withdrawn.Json.TryGetProperty("size", out _)).ShouldBe(
            (409, false, false)
        );

        Task<Answer> AskAsync(string sha256) =>
            request == "GET /upload"
                ? Archive.SendAsync(
                    $"GET /upload/{taken.Name}",
                    headers: [uploader, ("Repr-Digest", $"sha-256=:{Convert.ToBase64String(Convert.FromHexString(sha256))}:")]
                )
                : Archive.PostAsync("/uploads", $$"""{"filename":"{{taken.Name}}","size":54321,"sha256":"{{sha256}}"}""", uploader);
    }

    [Fact]
    public async Task A_digest_that_cannot_be_read_is_refused()
    {
        var answer = await Archive.SendAsync(
            $"GET /upload/{NewName()}",
            headers: [await closed.KeyAsync("upload"), ("Repr-Digest", "sha-256=:none:")]
        );

        answer.Status.ShouldBe(400, answer.Text);
        answer.Text.ShouldContain("bad-digest-header");
    }

    [Theory]
    [InlineData(100, long.MaxValue)]
    [InlineData(100, 1)]
    public async Task A_client_that_may_only_upload_may_repeat_it(int size, long multipartThreshold)
    {
        var (_, key) = await closed.KeyAsync("upload");
        var path = Path.Combine(Directory.CreateTempSubdirectory("opensdc-again-").FullName, NewName());
        try
        {
            await File.WriteAllBytesAsync(path, RandomNumberGenerator.GetBytes(size));
            using var client = new SdcClient(
                new SdcClientOptions
                {
                    Address = new Uri(Archive.Address),
                    ApiKey = key,
                    MaxRetries = 0,
                    MultipartThreshold = multipartThreshold,
                }
            );

            (await client.UploadAsync(path)).Outcome.ShouldBe(UploadOutcome.Published);
            (await client.UploadAsync(path)).Outcome.ShouldBe(UploadOutcome.AlreadyThere);
            await File.WriteAllBytesAsync(path, RandomNumberGenerator.GetBytes(size));
            (await Should.ThrowAsync<SdcException>(client.UploadAsync(path))).Error.ShouldBe(SdcError.Conflict);
        }
        finally
        {
            Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
        }
    }

    /// <summary>A name that the uploader has asked a URL for, and that somebody else's file has since.</summary>
    private async Task<Taken> TakenAsync((string, string) uploader, int size)
    {
        var (name, bytes) = (NewName(), RandomNumberGenerator.GetBytes(size));
        var url = await UrlAsync(name, uploader);
        (await Archive.PutAsync(await UrlAsync(name, closed.Admin), bytes)).Status.ShouldBe(201);
        return new(name, url, Convert.ToHexStringLower(SHA256.HashData(bytes)));
    }

    private async Task<string> UrlAsync(string name, (string, string) key)
    {
        var answer = await Archive.SendAsync($"GET /upload/{name}", headers: key);
        answer.Status.ShouldBe(200, answer.Text);
        return answer.Json.GetString()!;
    }

    private static string NewName() => $"imap_mag_l1a_taken{Interlocked.Increment(ref number):D3}_20260101_v001.cdf";

    /// <summary>Status, headers and body, without what differs between any two answers.</summary>
    private static string Shown(Answer answer, string name)
    {
        var text = new StringBuilder().AppendLine($"{answer.Status}");
        foreach (
            var (header, value) in answer
                .Headers.Where(each => each.Key is not ("Date" or "X-Request-Id"))
                .OrderBy(each => each.Key, StringComparer.Ordinal)
        )
            text.AppendLine($"{header}: {value}");
        text.Append(answer.Text.Replace(name.Split('_')[3], "{descriptor}", StringComparison.Ordinal));
        return answer["X-Request-Id"] is { } id ? text.Replace(id, "").ToString() : text.ToString();
    }

    private sealed record Taken(string Name, string Url, string Sha256);

    /// <summary>Bytes that are sent in chunks, since their number is not known before.</summary>
    private sealed class UnknownLength(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;
    }
}
