using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using OpenSdc.Contract;
using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Objects;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Uploads;

/// <summary>The bytes of uploads in parts: a promised digest, and a file that is mended.</summary>
public abstract partial class UploadInPartsTests
{
    [Theory]
    [InlineData("begin")]
    [InlineData("member")]
    [InlineData("header")]
    public async Task The_digest_of_the_whole_file_is_checked_before_it_is_published(string where)
    {
        var right = SHA256.HashData(Bytes);
        foreach (var promised in (byte[][])[SHA256.HashData([1]), right])
        {
            var name = ArchiveFixture.NewName();
            var hex = Convert.ToHexString(promised);
            var begun = await Archive.PostAsync(
                "/uploads",
                $$"""{"filename":"{{name}}","size":{{Size}}{{(where == "begin" ? $", \"sha256\": \"{hex}\"" : "")}}}"""
            );
            begun.Status.ShouldBe(201, begun.Text);
            var upload = JsonSerializer.Deserialize(begun.Bytes, ContractJson.Default.UploadStatus)!;
            upload.Sha256.ShouldBe(where == "begin" ? hex.ToLowerInvariant() : null);
            foreach (var part in (await PartsAsync(upload.Id)).Urls)
                await SendAsync(part, Bytes);
            var completed = where switch
            {
                "member" => await Archive.PostAsync($"/uploads/{upload.Id}/complete?wait=60", $$"""{"sha256":"{{hex}}"}"""),
                "header" => await Archive.SendAsync(
                    $"POST /uploads/{upload.Id}/complete?wait=60",
                    headers: ("Repr-Digest", $"sha-256=:{Convert.ToBase64String(promised)}:")
                ),
                _ => await CompleteAsync(upload.Id),
            };
            if (promised == right)
            {
                completed.Status.ShouldBe(201, completed.Text);
                var late = await Archive.PostAsync($"/uploads/{upload.Id}/complete", $$"""{"sha256":"{{new string('0', 64)}}"}""");
                (late.Status, late.Json.GetProperty("type").GetString()).ShouldBe((409, "urn:opensdc:problem:digest-mismatch"));
                continue;
            }

            (completed.Status, completed.Json.GetProperty("type").GetString()).ShouldBe(
                (409, "urn:opensdc:problem:digest-mismatch"),
                completed.Text
            );
            completed
                .Json.GetProperty("detail")
                .GetString()
                .ShouldBe(
                    $"The whole file was promised to have the SHA-256 {hex.ToLowerInvariant()}, but the parts that came have {Convert.ToHexStringLower(right)}; nothing was published. Begin a new upload."
                );
            (await Archive.FollowAsync(upload.Id)).State.ShouldBe("refused");
            (await Archive.QueryAsync($"filename={name}")).ShouldBeEmpty();
            (await Archive.SendAsync($"GET /download/{name}")).Status.ShouldBe(404);
        }

        await ShouldSoonStageNothingAsync();
    }

    [Fact]
    public async Task A_digest_that_is_malformed_or_that_nothing_would_check_is_refused()
    {
        var upload = await BeginAsync(ArchiveFixture.NewName(), 1000);
        await SendAsync((await PartsAsync(upload.Id)).Urls[0], Bytes);
        foreach (var value in (string[])["1", "\"\"", "\"xyz\"", $"\"{new string('g', 64)}\"", $"\"{new string('0', 63)}\"", "null"])
        {
            (
                await Archive.PostAsync("/uploads", $$"""{"filename":"{{ArchiveFixture.NewName()}}","size":1,"sha256":{{value}}}""")
            ).Status.ShouldBe(400, value);
            (await Archive.PostAsync($"/uploads/{upload.Id}/complete", $$"""{"sha256":{{value}}}""")).Status.ShouldBe(400, value);
        }

        (await Archive.PostAsync($"/uploads/{upload.Id}/complete", """{"size":1000}""")).Status.ShouldBe(400);
        foreach (
            var (name, value) in ((string, string)[])
                [
                    ("Repr-Digest", "sha-256=:x:"),
                    ("Repr-Digest", "sha-512=:MTIz:"),
                    ("Repr-Digest", "none"),
                    ("Content-MD5", "1B2M2Y8AsgTpgAmY7PhCfg=="),
                    ("x-amz-checksum-crc32", "AAAAAA=="),
                    ("Digest", "SHA-256=x"),
                    ("Content-Digest", "sha-256=:x:"),
                ]
        )
        {
            var refused = await Archive.PostAsync($"/uploads/{upload.Id}/complete", "{}", (name, value));
            refused.Status.ShouldBe(400, name);
            refused.Json.GetProperty("detail").GetString()!.ShouldContain(name, Case.Insensitive);
        }

        var promised = await Archive.PostAsync(
            "/uploads",
            $$"""{"filename":"{{ArchiveFixture.NewName()}}","size":1000,"sha256":"{{new string('0', 64)}}"}"""
        );
        var other = await Archive.PostAsync(
            $"/uploads/{promised.Json.GetProperty("id").GetString()}/complete",
            $$"""{"sha256":"{{new string('1', 64)}}"}"""
        );
        other.Status.ShouldBe(409, other.Text);
        (await Archive.FollowAsync(upload.Id, 0)).State.ShouldBe("open");
        (await CompleteAsync(upload.Id)).Status.ShouldBe(201);
    }

    [Theory]
    [InlineData(ChangeKind.Lost)]
    [InlineData(ChangeKind.Damaged)]
    public async Task A_file_whose_object_is_lost_or_damaged_is_mended(string kind)
    {
        var name = ArchiveFixture.NewName();
        var first = await BeginAsync(name, Size);
        foreach (var part in (await PartsAsync(first.Id)).Urls)
            await SendAsync(part, Bytes);
        var receipt = JsonSerializer.Deserialize((await CompleteAsync(first.Id)).Bytes, ContractJson.Default.UploadReceipt)!;
        var integrity = Archive.Services.GetRequiredService<IntegrityState>();
        await BreakAsync(receipt, kind);
        await integrity.MarkAsync(receipt.Seq, kind, "the test did it", CancellationToken.None);

        // Another size or digest is told before the bytes are sent; other bytes when they have come.
        (await BeginPlainAsync(name, Size - 1)).Json.GetProperty("type").GetString().ShouldBe("urn:opensdc:problem:content-conflict");
        var promise = $$"""{"filename":"{{name}}","size":{{Size}},"sha256":"{{new string('0', 64)}}"}""";
        (await Archive.PostAsync("/uploads", promise))
            .Json.GetProperty("type")
            .GetString()
            .ShouldBe("urn:opensdc:problem:content-conflict");
        var other = await BeginAsync(name, Size);
        foreach (var part in (await PartsAsync(other.Id)).Urls)
            await SendAsync(part, [.. Bytes.Reverse()]);
        var refused = await CompleteAsync(other.Id);
        (refused.Status, refused.Json.GetProperty("type").GetString()).ShouldBe(
            (409, "urn:opensdc:problem:content-conflict"),
            refused.Text
        );
        (await integrity.OfAsync(receipt.Seq, CancellationToken.None)).ShouldBe(kind);

        var again = await BeginAsync(name, Size);
        foreach (var part in (await PartsAsync(again.Id)).Urls)
            await SendAsync(part, Bytes);
        var mended = await CompleteAsync(again.Id);
        mended.Status.ShouldBeInRange(200, 201, mended.Text);
        JsonSerializer.Deserialize(mended.Bytes, ContractJson.Default.UploadReceipt).ShouldBe(receipt);
        (await integrity.OfAsync(receipt.Seq, CancellationToken.None)).ShouldBeNull();
        (await Archive.DownloadAsync(name)).ShouldBe(Bytes);
        (await BeginPlainAsync(name, Size)).Json.GetProperty("type").GetString().ShouldBe("urn:opensdc:problem:exists");
        await ShouldSoonStageNothingAsync();
    }

    private async Task BreakAsync(UploadReceipt receipt, string kind)
    {
        var store = Archive.Services.GetRequiredService<IObjectStore>();
        (await store.QuarantineAsync(receipt.FilePath, "test/" + receipt.FilePath, CancellationToken.None)).ShouldBe(Moved.Done);
        if (kind == ChangeKind.Lost)
            return;
        await using var damaged = await store.StageApartAsync(receipt.FilePath, CancellationToken.None);
        await damaged.WriteAsync(new byte[Size], CancellationToken.None);
        await damaged.FlushAsync(CancellationToken.None);
        (await store.PlaceAsync(damaged, CancellationToken.None)).IsPlaced.ShouldBeTrue();
    }
}
