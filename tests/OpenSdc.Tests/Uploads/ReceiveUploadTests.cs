using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text.Json;
using OpenSdc.Contract;
using OpenSdc.Server;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Uploads;

/// <summary>Contract, route <c>PUT {signed URL}</c>.</summary>
public class ReceiveUploadTests(ArchiveFixture fixture) : IClassFixture<ArchiveFixture>
{
    private static readonly byte[] Bytes = [.. Enumerable.Range(0, 1000).Select(i => (byte)i)];

    private readonly RunningArchive archive = fixture.Archive;

    [Fact]
    public async Task Published_with_a_receipt_then_found_repeated_and_defended()
    {
        var name = ArchiveFixture.NewName();
        var key = RunningArchive.KeyOf(name);
        var url = await archive.UploadUrlAsync(name);

        var first = await archive.PutAsync(url, Bytes);
        first.Status.ShouldBe(201);
        first["Content-Type"]!.ShouldStartWith("application/json");
        var receipt = JsonSerializer.Deserialize(first.Bytes, ContractJson.Default.UploadReceipt)!;
        receipt.ShouldBe(
            new UploadReceipt(key, 1000, Convert.ToHexStringLower(SHA256.HashData(Bytes)), receipt.Seq, receipt.IngestionDate)
        );
        first.Json.EnumerateObject().Select(each => each.Name).ShouldBe(["file_path", "size", "sha256", "seq", "ingestion_date"]);
        receipt.IngestionDate.ShouldMatch(@"^\d{8} \d\d:\d\d:\d\d$");

        // What the PUT has acknowledged is seen by every request after it.
        (await archive.QueryAsync($"filename={name}")).ShouldHaveSingleItem().Seq.ShouldBe(receipt.Seq);
        (await archive.DownloadAsync(name)).ShouldBe(Bytes);
        if (archive.IsOnDisk)
            (await File.ReadAllBytesAsync(Path.Combine(archive.Folder, "objects", key))).ShouldBe(Bytes, "the folder can be browsed");

        var again = await archive.PutAsync(url, Bytes);
        again.Status.ShouldBe(200);
        again.Text.ShouldBe(first.Text);

        foreach (var other in (byte[][])[[.. Bytes.Reverse()], Bytes[1..], [.. Bytes, 1]])
        {
            var refused = await archive.PutAsync(url, other);
            refused.Status.ShouldBe(409);
            refused.Json.GetProperty("detail").GetString().ShouldStartWith($"{key} already exists with other bytes");
        }

        (await archive.DownloadAsync(name)).ShouldBe(Bytes);
        await archive.ShouldSoonStageNothingAsync();
    }

    [Fact]
    public async Task Numbers_of_publication_have_no_gaps()
    {
        var first = (await archive.UploadAsync(ArchiveFixture.NewName(), Bytes)).Seq;
        await archive.PutAsync(await archive.UploadUrlAsync(ArchiveFixture.NewName()), Bytes, ("Content-MD5", "AAAAAAAAAAAAAAAAAAAAAA=="));
        (await archive.UploadAsync(ArchiveFixture.NewName(), Bytes)).Seq.ShouldBe(first + 1);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(262143)]
    [InlineData(262144)]
    [InlineData(262145)]
    [InlineData(3000000)]
    public async Task Any_length_comes_back_whole_with_a_length_or_chunked(int length)
    {
        var bytes = RandomNumberGenerator.GetBytes(length);
        foreach (var chunked in (bool[])[false, true])
        {
            var name = ArchiveFixture.NewName();
            using var content = new ByteArrayContent(bytes);
            var answer = chunked
                ? await archive.SendAsync(
                    $"PUT {await archive.UploadUrlAsync(name)}",
                    content: content,
                    headers: ("Transfer-Encoding", "chunked")
                )
                : await archive.PutAsync(await archive.UploadUrlAsync(name), bytes);
            answer.Status.ShouldBe(201, answer.Text);
            answer.Json.GetProperty("size").GetInt64().ShouldBe(length);
            (await archive.DownloadAsync(name)).AsSpan().SequenceEqual(bytes).ShouldBeTrue();
        }
    }

    [Theory]
    [InlineData("Content-Type", "")]
    [InlineData("Content-Type", "nonsense")]
    [InlineData("Content-Type", "application/x-www-form-urlencoded")]
    [InlineData("x-api-key", "some-key")]
    [InlineData("Authorization", "Basic bm9uc2Vuc2U=")]
    [InlineData("Authorization", "AWS4-HMAC-SHA256 nonsense")]
    [InlineData("Expect", "100-continue")]
    public async Task Headers_that_clients_send_along_change_nothing(string header, string value)
    {
        foreach (var prefix in (string[])["", "/api-key", "/authorized"])
        {
            var url = await archive.UploadUrlAsync(ArchiveFixture.NewName());
            var answer = await archive.PutAsync(url.Replace("/objects/", prefix + "/objects/"), Bytes, (header, value));
            answer.Status.ShouldBe(201, answer.Text);
        }
    }

    [Theory]
    [InlineData("bytes 10-1009/1010")]
    [InlineData("bytes 0-999/1000")]
    [InlineData("nonsense")]
    public async Task A_piece_of_a_file_is_not_taken_for_the_file(string range)
    {
        var name = ArchiveFixture.NewName();
        var url = await archive.UploadUrlAsync(name);
        var answer = await archive.PutAsync(url, Bytes, ("Content-Range", range));
        answer.Status.ShouldBe(415, answer.Text);
        answer.Json.GetProperty("detail").GetString()!.ShouldStartWith("The header Content-Range says");
        await archive.ShouldHoldNothingOfAsync(name);
        (await archive.PutAsync(url, Bytes)).Status.ShouldBe(201);
    }

    [Theory]
    [InlineData(10, 201)]
    [InlineData(11, 413)]
    [InlineData(1000, 413)]
    public async Task A_file_over_the_limit_is_refused_also_when_its_length_is_not_said(int length, int status)
    {
        await using var small = await RunningArchive.StartAsync(options => options with { MaxUploadSize = 10 });
        foreach (var chunked in (bool[])[false, true])
        {
            var name = ArchiveFixture.NewName();
            using var content = new ByteArrayContent(new byte[length]);
            content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
            var answer = await small.SendAsync(
                $"PUT {await small.UploadUrlAsync(name)}", content: content, headers: chunked ? [("Transfer-Encoding", "chunked")] : []);
            answer.Status.ShouldBe(status, answer.Text);
            if (status == 413)
            {
                answer.Json.GetProperty("detail").GetString()!.ShouldContain("10 bytes");
                await small.ShouldHoldNothingOfAsync(name);
            }
        }
    }

    [Fact]
    public async Task Of_two_uploads_of_one_name_at_once_exactly_one_wins_whole()
    {
        for (var round = 0; round < 20; round++)
        {
            var name = ArchiveFixture.NewName();
            var url = await archive.UploadUrlAsync(name);
            byte[][] rivals =
            [
                RandomNumberGenerator.GetBytes(200_000),
                RandomNumberGenerator.GetBytes(200_000),
                RandomNumberGenerator.GetBytes(199_999),
            ];
            var answers = await Task.WhenAll(rivals.Select(bytes => archive.PutAsync(url, bytes)));

            answers.Select(answer => answer.Status).Order().ShouldBe([201, 409, 409]);
            var winner = rivals[Array.FindIndex(answers, answer => answer.Status == 201)];
            (await archive.DownloadAsync(name)).AsSpan().SequenceEqual(winner).ShouldBeTrue();
            (await archive.QueryAsync($"filename={name}"))
                .ShouldHaveSingleItem()
                .Sha256.ShouldBe(Convert.ToHexStringLower(SHA256.HashData(winner)));
        }

        await archive.ShouldSoonStageNothingAsync();
    }

    [Fact]
    public async Task The_same_bytes_at_once_are_one_publication()
    {
        var url = await archive.UploadUrlAsync(ArchiveFixture.NewName());
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => archive.PutAsync(url, Bytes)));
        answers.Select(answer => answer.Status).Order().ShouldBe([200, 200, 200, 200, 200, 200, 200, 201]);
        answers.Select(answer => answer.Text).Distinct().ShouldHaveSingleItem();
    }
}
