using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using OpenSdc.Contract;
using OpenSdc.Server;
using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Objects;
using OpenSdc.Server.Uploads;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Uploads;

/// <summary>Uploads in parts, alike on every store: resumed, sent again, given up, incomplete, of a wrong size.</summary>
public abstract partial class UploadInPartsTests : IAsyncLifetime
{
    private protected const int PartSize = 5 << 20;
    private protected const int Size = 2 * PartSize + 1234;

    private protected RunningArchive Archive { get; private set; } = null!;

    private protected static byte[] Bytes { get; } = RandomNumberGenerator.GetBytes(Size);

    public async ValueTask InitializeAsync() =>
        Archive = await RunningArchive.StartAsync(options => Configure(options) with { UploadPartSize = PartSize });

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await Archive.DisposeAsync();
    }

    [Fact]
    public async Task Parts_in_any_order_make_the_file()
    {
        var name = ArchiveFixture.NewName();
        var upload = await BeginAsync(name, Size);
        (upload.State, upload.Size, upload.PartSize, upload.Parts, upload.FilePath).ShouldBe(
            ("open", Size, PartSize, 3, RunningArchive.KeyOf(name))
        );
        var parts = await PartsAsync(upload.Id);
        parts.Received.ShouldBeEmpty();
        parts
            .Urls.Select(part => (part.Part, part.Offset, part.Size))
            .ShouldBe([(1, 0, PartSize), (2, PartSize, PartSize), (3, 2 * PartSize, 1234)]);
        await Task.WhenAll(parts.Urls.Reverse().Select(part => SendAsync(part, Bytes)));
        (await PartsAsync(upload.Id)).Received.Select(part => (part.Part, part.Size)).ShouldBe([(1, PartSize), (2, PartSize), (3, 1234)]);

        var completed = await CompleteAsync(upload.Id);
        completed.Status.ShouldBe(201, completed.Text);
        var receipt = JsonSerializer.Deserialize(completed.Bytes, ContractJson.Default.UploadReceipt)!;
        receipt.Sha256.ShouldBe(Convert.ToHexStringLower(SHA256.HashData(Bytes)));
        (await Archive.DownloadAsync(name)).ShouldBe(Bytes);
        (await Archive.FollowAsync(upload.Id)).Receipt.ShouldBe(receipt);
        var again = await CompleteAsync(upload.Id);
        (again.Status, again.Text).ShouldBe((200, completed.Text));
        await ShouldSoonStageNothingAsync();
        (await Archive.SendAsync($"GET /uploads/{upload.Id}/parts")).Status.ShouldBe(409);
        (await Archive.SendAsync($"DELETE /uploads/{upload.Id}")).Status.ShouldBe(409);
    }

    [Fact]
    public async Task What_was_sent_outlives_a_restart()
    {
        var name = ArchiveFixture.NewName();
        var upload = await BeginAsync(name, Size);
        await SendAsync((await PartsAsync(upload.Id)).Urls[1], Bytes);
        await Archive.RestartAsync();
        var parts = await PartsAsync(upload.Id);
        parts.Received.ShouldHaveSingleItem().Part.ShouldBe(2);
        parts.Urls.Select(part => part.Part).ShouldBe([1, 3]);
        await SendAsync(parts.Urls[0], Bytes);
        await SendAsync(parts.Urls[1], Bytes);
        (await CompleteAsync(upload.Id)).Status.ShouldBe(201);
        (await Archive.DownloadAsync(name)).ShouldBe(Bytes);
    }

    [Fact]
    public async Task Whoever_completes_it_at_once_with_others_gets_the_receipt()
    {
        var upload = await BeginAsync(ArchiveFixture.NewName(), Size);
        foreach (var part in (await PartsAsync(upload.Id)).Urls)
            await SendAsync(part, Bytes);
        var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => CompleteAsync(upload.Id)));
        answers.ShouldAllBe(answer => answer.Status == 200 || answer.Status == 201);
        answers.Select(answer => answer.Text).Distinct().ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Missing_parts_are_told()
    {
        var upload = await BeginAsync(ArchiveFixture.NewName(), Size);
        await SendAsync((await PartsAsync(upload.Id)).Urls[0], Bytes);
        var answer = await CompleteAsync(upload.Id);
        answer.Status.ShouldBe(409, answer.Text);
        answer.Json.GetProperty("type").GetString().ShouldBe("urn:opensdc:problem:parts-missing");
        answer.Json.GetProperty("errors").EnumerateArray().Select(each => each.GetString()!).ShouldBe(
            ["Part 2 has not come; it must have 5242880 bytes.", "Part 3 has not come; it must have 1234 bytes."]);
        (await Archive.FollowAsync(upload.Id, 0)).State.ShouldBe("open");
    }

    [Fact]
    public async Task A_part_that_is_sent_again_replaces_the_earlier_one()
    {
        var name = ArchiveFixture.NewName();
        var upload = await BeginAsync(name, Size);
        var parts = await PartsAsync(upload.Id);
        await SendAsync(parts.Urls[0], new byte[Size]);
        foreach (var part in parts.Urls)
            await SendAsync(part, Bytes);
        (await CompleteAsync(upload.Id)).Status.ShouldBe(201);
        (await Archive.DownloadAsync(name)).ShouldBe(Bytes);
    }

    [Fact]
    public async Task A_part_of_a_wrong_size_is_none()
    {
        var upload = await BeginAsync(ArchiveFixture.NewName(), Size);
        var parts = await PartsAsync(upload.Id);
        foreach (var (part, bytes) in parts.Urls.Zip([Bytes[..PartSize], Bytes[..PartSize], Bytes[..1233]]))
            _ = await Archive.PutAsync(part.Url, bytes);
        var answer = await CompleteAsync(upload.Id);
        answer.Status.ShouldBe(409, answer.Text);
        answer
            .Json.GetProperty("errors")
            .EnumerateArray()
            .ShouldHaveSingleItem()
            .GetString()
            .ShouldBe("Part 3 has not come; it must have 1234 bytes.");
        (await PartsAsync(upload.Id)).Urls.ShouldHaveSingleItem().Part.ShouldBe(3);
    }

    [Fact]
    public async Task What_is_given_up_leaves_nothing()
    {
        var name = ArchiveFixture.NewName();
        var upload = await BeginAsync(name, Size);
        var parts = await PartsAsync(upload.Id);
        await SendAsync(parts.Urls[0], Bytes);
        foreach (var _ in (int[])[1, 2])
            (await Archive.SendAsync($"DELETE /uploads/{upload.Id}")).Status.ShouldBe(204);
        (await Archive.PutAsync(parts.Urls[1].Url, [1])).Status.ShouldBeInRange(400, 499);
        (await CompleteAsync(upload.Id)).Json.GetProperty("type").GetString().ShouldBe("urn:opensdc:problem:upload-ended");
        (await Archive.FollowAsync(upload.Id)).State.ShouldBe("aborted");
        (await Archive.QueryAsync($"filename={name}")).ShouldBeEmpty();
        await ShouldSoonStageNothingAsync();
    }

    [Fact]
    public async Task One_that_is_not_completed_in_its_time_leaves_nothing()
    {
        var upload = await BeginAsync(ArchiveFixture.NewName(), Size);
        await SendAsync((await PartsAsync(upload.Id)).Urls[0], Bytes);
        await Archive.ChangeAsync($"UPDATE uploads SET check_at = 1 WHERE id = '{upload.Id}'");
        var cleanUp = Archive.Services.GetRequiredService<UploadCleanUp>();
        await cleanUp.CleanUpAsync(CancellationToken.None);
        (await Archive.FollowAsync(upload.Id)).State.ShouldBe("expired");
        await Archive.ChangeAsync($"UPDATE uploads SET check_at = 1 WHERE id = '{upload.Id}'");
        await cleanUp.CleanUpAsync(CancellationToken.None);
        (await Archive.SendAsync($"GET /uploads/{upload.Id}")).Status.ShouldBe(404);
        (await Archive.CountAsync($"upload_parts WHERE upload_id = '{upload.Id}'")).ShouldBe(0);
        await ShouldSoonStageNothingAsync();
    }

    [Fact]
    public async Task One_whose_file_came_otherwise_is_ended_after_an_hour()
    {
        var name = ArchiveFixture.NewName();
        var upload = await BeginAsync(name, Size);
        var open = await BeginAsync(ArchiveFixture.NewName(), Size);
        await SendAsync((await PartsAsync(upload.Id)).Urls[0], Bytes);
        await Archive.UploadAsync(name, [1]);
        var cleanUp = Archive.Services.GetRequiredService<UploadCleanUp>();
        await cleanUp.CleanUpAsync(CancellationToken.None);
        (await Archive.FollowAsync(upload.Id, 0)).State.ShouldBe("open", "its sender may be nearly done, with the same bytes");

        await Archive.ChangeAsync("UPDATE uploads SET created_at = created_at - 3700000");
        await Archive.ChangeAsync("UPDATE files SET ingestion_date = '20200101 00:00:00'");
        await cleanUp.CleanUpAsync(CancellationToken.None);
        var ended = await Archive.FollowAsync(upload.Id, 0);
        (ended.State, ended.Problem?.Type).ShouldBe(("refused", "urn:opensdc:problem:exists"));
        (await CompleteAsync(upload.Id)).Status.ShouldBe(409);
        (await Archive.FollowAsync(open.Id, 0)).State.ShouldBe("open");
        (await Archive.SendAsync($"DELETE /uploads/{open.Id}")).Status.ShouldBe(204);
        await Archive
            .Services.GetRequiredService<UploadStaging>()
            .CleanUpAsync(DateTimeOffset.UtcNow.AddMinutes(1), CancellationToken.None);
        await ShouldSoonStageNothingAsync();
    }

    [Fact]
    public async Task Of_two_uploads_of_one_name_one_wins_and_the_other_is_told()
    {
        var name = ArchiveFixture.NewName();
        var (first, second) = (await BeginAsync(name, 100), await BeginAsync(name, 100));
        await SendAsync((await PartsAsync(first.Id)).Urls[0], Bytes);
        await SendAsync((await PartsAsync(second.Id)).Urls[0], [.. Bytes.Reverse()]);
        var answers = await Task.WhenAll(CompleteAsync(first.Id), CompleteAsync(second.Id));
        answers.Select(each => each.Status).Order().ShouldBe([201, 409]);
        answers.Single(each => each.Status == 409).Json.GetProperty("type").GetString().ShouldBe("urn:opensdc:problem:content-conflict");
        (await Archive.DownloadAsync(name)).ShouldBe(answers[0].Status == 201 ? Bytes[..100] : [.. Bytes.Reverse().Take(100)]);
        (await BeginPlainAsync(name, 5)).Status.ShouldBe(409);
        (await Archive.CountAsync("claims")).ShouldBe(0);
    }

    [Theory]
    [InlineData("", "not JSON")]
    [InlineData("[]", "no object")]
    [InlineData("{}", "no filename")]
    [InlineData("""{"filename":"imap_swe_l1a_sci_20260101_v001.cdf"}""", "no size")]
    [InlineData("""{"filename":"imap_swe_l1a_sci_20260101_v001.cdf","size":0}""", "at least one byte")]
    [InlineData("""{"filename":"imap_swe_l1a_sci_20260101_v001.cdf","size":1.5}""", "1.5")]
    [InlineData(
        """{"filename":"imap_swe_l1a_sci_20260101_v001.cdf","size":"10"}""",
        "a size of the wrong type: \"10\" is a text, not a number"
    )]
    [InlineData(
        """{"filename":"imap_swe_l1a_sci_20260101_v001.cdf","size":null}""",
        "a size of the wrong type: null is null, not a number"
    )]
    [InlineData(
        """{"filename":"imap_swe_l1a_sci_20260101_v001.cdf","size":[10]}""",
        "a size of the wrong type: [10] is an array, not a number"
    )]
    [InlineData("""{"filename":3,"size":10}""", "a filename of the wrong type: 3 is a number, not a text")]
    [InlineData(
        """{"filename":"imap_swe_l1a_sci_20260101_v001.cdf","size":10,"sha256":true}""",
        "a sha256 of the wrong type: true is a truth value, not a text"
    )]
    [InlineData("""{"filename":"imap_swe_l1a_sci_20260101_v001.cdf","size":10,"colour":"red"}""", "colour")]
    [InlineData("""{"filename":"\ud800","size":10}""", "Unicode")]
    public async Task A_malformed_beginning_is_refused_with_a_sentence(string body, string words)
    {
        var answer = await Archive.PostAsync("/uploads", body);
        answer.Status.ShouldBe(400, answer.Text);
        answer.Json.GetProperty("detail").GetString()!.ShouldContain(words);
    }

    [Fact]
    public async Task A_name_outside_the_conventions_is_explained_and_too_large_a_file_refused()
    {
        var answer = await BeginPlainAsync("imap_swe_l1z_sci_20260101_v001.cdf", 10);
        answer.Status.ShouldBe(400);
        answer.Json.GetProperty("errors").EnumerateArray().ShouldHaveSingleItem().GetString()!.ShouldContain("'l1z'");
        (await BeginPlainAsync("folder/", 10)).Json.GetProperty("type").GetString().ShouldBe("urn:opensdc:problem:no-name");
        (await BeginPlainAsync(ArchiveFixture.NewName(), (5L << 40) + 1)).Status.ShouldBe(413);
    }

    [Fact]
    public async Task Parts_are_listed_in_pages_and_wrong_values_explained()
    {
        var upload = await BeginAsync(ArchiveFixture.NewName(), Size);
        (await PartsAsync(upload.Id, "?from=2&count=1")).Urls.ShouldHaveSingleItem().Part.ShouldBe(2);
        (await PartsAsync(upload.Id, "?from=3")).Urls.ShouldHaveSingleItem().Part.ShouldBe(3);
        foreach (var query in (string[])["?from=0", "?from=4", "?from=x", "?count=0", "?count=1001"])
            (await Archive.SendAsync($"GET /uploads/{upload.Id}/parts{query}"))
                .Json.GetProperty("detail")
                .GetString()!
                .ShouldContain("allowed: a whole number from 1 to");
        (await Archive.SendAsync("GET /uploads/nonsense/parts")).Status.ShouldBe(404);
        (await CompleteAsync("nonsense")).Status.ShouldBe(404);
        (await Archive.SendAsync($"POST /uploads/{upload.Id}/complete?wait=61")).Status.ShouldBe(400);
    }

    private protected abstract ServerOptions Configure(ServerOptions options);

    private protected abstract Task ShouldSoonStageNothingAsync();

    private protected Task<Answer> BeginPlainAsync(string name, long size) =>
        Archive.PostAsync("/uploads", $$"""{"filename":"{{name}}","size":{{size}}}""");

    private protected async Task<UploadStatus> BeginAsync(string name, long size)
    {
        var answer = await BeginPlainAsync("some/folder/" + name, size);
        answer.Status.ShouldBe(201, answer.Text);
        var upload = JsonSerializer.Deserialize(answer.Bytes, ContractJson.Default.UploadStatus)!;
        answer["Location"].ShouldBe("/uploads/" + upload.Id);
        return upload;
    }

    private protected async Task<PartList> PartsAsync(string id, string query = "")
    {
        var answer = await Archive.SendAsync($"GET /uploads/{id}/parts{query}");
        answer.Status.ShouldBe(200, answer.Text);
        return JsonSerializer.Deserialize(answer.Bytes, ContractJson.Default.PartList)!;
    }

    private protected async Task SendAsync(MissingPart part, byte[] file)
    {
        var answer = await Archive.PutAsync(part.Url, file[(int)part.Offset..(int)(part.Offset + part.Size)], ("Content-Type", ""));
        answer.Status.ShouldBeInRange(200, 204, answer.Text);
    }

    private protected Task<Answer> CompleteAsync(string id) => Archive.SendAsync($"POST /uploads/{id}/complete?wait=60");
}
