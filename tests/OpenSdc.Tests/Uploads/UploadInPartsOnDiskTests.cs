using System.Security.Cryptography;
using OpenSdc.Server;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Uploads;

/// <summary>The server itself takes the parts.</summary>
public class UploadInPartsOnDiskTests : UploadInPartsTests
{
    [Fact]
    public async Task More_bytes_than_a_part_has_do_not_reach_the_next_one()
    {
        var name = ArchiveFixture.NewName();
        var upload = await BeginAsync(name, Size);
        var parts = (await PartsAsync(upload.Id)).Urls;
        await SendAsync(parts[1], Bytes);
        var chunked = await Archive.SendAsync(
            $"PUT {parts[0].Url}",
            content: new StreamContent(new EndlessBytes(PartSize + 100_000)),
            headers: ("Transfer-Encoding", "chunked")
        );
        chunked.Status.ShouldBe(400, chunked.Text);
        chunked.Json.GetProperty("type").GetString().ShouldBe("urn:opensdc:problem:part-size");
        (await PartsAsync(upload.Id)).Received.ShouldHaveSingleItem().Part.ShouldBe(2);
        await SendAsync(parts[0], Bytes);
        await SendAsync(parts[2], Bytes);
        (await CompleteAsync(upload.Id)).Status.ShouldBe(201);
        (await Archive.DownloadAsync(name)).ShouldBe(Bytes);
    }

    [Fact]
    public async Task A_part_that_fails_takes_back_the_one_before_it_and_only_that()
    {
        var upload = await BeginAsync(ArchiveFixture.NewName(), Size);
        var parts = (await PartsAsync(upload.Id)).Urls;
        await SendAsync(parts[0], Bytes);
        await SendAsync(parts[2], Bytes);
        var refused = await Archive.PutAsync(
            parts[2].Url,
            Bytes[^1234..],
            ("x-amz-checksum-sha256", Convert.ToBase64String(SHA256.HashData([1])))
        );
        refused.Json.GetProperty("type").GetString().ShouldBe("urn:opensdc:problem:digest-mismatch");
        (await PartsAsync(upload.Id)).Received.ShouldHaveSingleItem().Part.ShouldBe(1);
    }

    [Fact]
    public async Task Of_two_sendings_of_a_part_at_once_the_later_counts_or_neither()
    {
        for (var round = 0; round < 5; round++)
        {
            var name = ArchiveFixture.NewName();
            var upload = await BeginAsync(name, PartSize);
            var part = (await PartsAsync(upload.Id)).Urls.ShouldHaveSingleItem();
            byte[][] versions = [Bytes[..PartSize], new byte[PartSize], [.. Bytes[..PartSize].Reverse()]];
            var answers = await Task.WhenAll(versions.Select(bytes => Archive.PutAsync(part.Url, bytes)));
            answers.ShouldAllBe(each => each.Status == 204 || each.Status == 409);
            if ((await PartsAsync(upload.Id)).Received.Count == 0)
                continue;
            (await CompleteAsync(upload.Id)).Status.ShouldBe(201);
            var there = await Archive.DownloadAsync(name);
            versions.Count(bytes => bytes.AsSpan().SequenceEqual(there)).ShouldBe(1);
        }
    }

    [Fact]
    public async Task A_part_goes_only_to_its_signed_url_and_the_whole_to_no_single_put()
    {
        var upload = await BeginAsync(ArchiveFixture.NewName(), Size);
        var part = (await PartsAsync(upload.Id)).Urls[0];
        foreach (
            var url in (string[])
                [
                    part.Url[..part.Url.IndexOf('?', StringComparison.Ordinal)],
                    part.Url.Replace("/parts/1?", "/parts/2?", StringComparison.Ordinal),
                    part.Url.Replace("/parts/1?", "/parts/x?", StringComparison.Ordinal),
                ]
        )
            (await Archive.PutAsync(url, [1])).Status.ShouldBe(403);
        (await Archive.PutAsync(part.Url, Bytes[..100]))
            .Json.GetProperty("detail")
            .GetString()
            .ShouldBe("Part 1 must have 5242880 bytes, and 100 came.");
    }

    [Fact]
    public async Task An_upload_that_was_completed_before_the_process_died_is_published_by_the_next()
    {
        var name = ArchiveFixture.NewName();
        var upload = await BeginAsync(name, 1000);
        await SendAsync((await PartsAsync(upload.Id)).Urls[0], Bytes);
        var key = RunningArchive.KeyOf(name);
        // Named, and under a lease that runs out a moment later.
        Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(Archive.Folder, "objects", key))!);
        await File.WriteAllBytesAsync(Path.Combine(Archive.Folder, "objects", key), Bytes[..1000]);
        await Archive.ChangeAsync($"INSERT INTO claims (file_path, upload_id) VALUES ('{key}', '{upload.Id}')");
        await Archive.ChangeAsync(
            $"UPDATE uploads SET state = 'arrived', check_at = 0, leased_by = 'dead', leased_until = {(TimeProvider.System.GetUtcNow().AddSeconds(1)).ToUnixTimeMilliseconds()} WHERE id = '{upload.Id}'"
        );
        await Archive.RestartAsync();
        (await Archive.FollowAsync(upload.Id)).State.ShouldBe("published");
        (await Archive.DownloadAsync(name)).ShouldBe(Bytes[..1000]);
        await ShouldSoonStageNothingAsync();
    }

    private protected override ServerOptions Configure(ServerOptions options) => options;

    private protected override async Task ShouldSoonStageNothingAsync() => await UploadSteps.UntilAsync(
        "nothing is left in parts", () => Task.FromResult(Archive.FilesBelow("parts").Count == 0));

    /// <summary>A body whose length is not told beforehand.</summary>
    private sealed class EndlessBytes(int length) : MemoryStream(new byte[length])
    {
        public override bool CanSeek => false;
    }
}

/// <summary>The server takes the parts, and PostgreSQL keeps the list of them.</summary>
public sealed class UploadInPartsOnDiskAndPostgresTests : UploadInPartsOnDiskTests
{
    private protected override ServerOptions Configure(ServerOptions options) =>
        base.Configure(options) with
        {
            Catalogue = PostgresServer.NewDatabase(),
        };
}
