using Microsoft.Extensions.DependencyInjection;
using OpenSdc.Server.Catalogue;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Uploads;

/// <summary>A file whose object is lost or damaged is mended by sending it again; other bytes are refused.</summary>
public class MendTests(ArchiveFixture fixture) : IClassFixture<ArchiveFixture>
{
    private static readonly byte[] Bytes = [.. Enumerable.Range(0, 5000).Select(i => (byte)i)];

    private readonly RunningArchive archive = fixture.Archive;

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task The_recorded_bytes_put_it_back(bool isLost, bool isMarked)
    {
        var name = ArchiveFixture.NewName();
        var early = await archive.UploadUrlAsync(name);
        var receipt = await archive.UploadAsync(name, Bytes);
        byte[] damaged = [.. Bytes.Reverse()];
        await archive.HarmAsync(receipt.FilePath, isLost ? null : damaged);
        var integrity = archive.Services.GetRequiredService<IntegrityState>();
        if (isMarked)
            await integrity.MarkAsync(
                receipt.Seq,
                isLost ? ChangeKind.Lost : ChangeKind.Damaged,
                "the test did it",
                CancellationToken.None
            );

        var url = isMarked ? await archive.UploadUrlAsync(name) : early;
        (await archive.PutAsync(url, damaged)).Status.ShouldBe(409);
        (await archive.PutAsync(url, Bytes[1..])).Status.ShouldBe(409);
        (await integrity.OfAsync(receipt.Seq, CancellationToken.None)).ShouldBe(
            !isMarked ? null
            : isLost ? ChangeKind.Lost
            : ChangeKind.Damaged
        );

        var mended = await archive.PutAsync(url, Bytes);
        mended.Status.ShouldBe(200, mended.Text);
        mended.Json.GetProperty("seq").GetInt64().ShouldBe(receipt.Seq);
        (await archive.DownloadAsync(name)).ShouldBe(Bytes);
        (await integrity.OfAsync(receipt.Seq, CancellationToken.None)).ShouldBeNull();
        var catalogue = archive.Services.GetRequiredService<OpenSdc.Server.Catalogue.Catalogue>();
        (
            await catalogue.ReadAsync(
                async session =>
                    Convert.ToInt64(
                        await session
                            .Statement("SELECT COUNT(*) FROM changes WHERE file = @p0 AND kind = 'sound'", [receipt.Seq])
                            .ExecuteScalarAsync()
                    ),
                CancellationToken.None
            )
        ).ShouldBe(1, "the file was lost or damaged, and is sound again");
        (await archive.SendAsync($"GET /upload/{name}")).Status.ShouldBe(409, "it is whole again");
        if (!isLost)
            (await archive.QuarantinedAsync()).ShouldContain(receipt.FilePath);
        if (!isLost && archive.IsOnDisk)
            (await File.ReadAllBytesAsync(Path.Combine(archive.Folder, "quarantine", receipt.FilePath))).ShouldBe(damaged);
        await archive.ShouldSoonStageNothingAsync();
    }

    [Fact]
    public async Task Of_several_at_once_all_get_the_receipt()
    {
        var name = ArchiveFixture.NewName();
        var receipt = await archive.UploadAsync(name, Bytes);
        await archive.HarmAsync(receipt.FilePath, new byte[Bytes.Length]);
        await archive
            .Services.GetRequiredService<IntegrityState>()
            .MarkAsync(receipt.Seq, ChangeKind.Damaged, "the test did it", CancellationToken.None);
        var url = await archive.UploadUrlAsync(name);
        foreach (var answer in await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => archive.PutAsync(url, Bytes))))
            answer.Status.ShouldBe(200, answer.Text);
        (await archive.DownloadAsync(name)).ShouldBe(Bytes);
        (await archive.QuarantinedAsync()).Count(each => each.Contains(name, StringComparison.Ordinal)).ShouldBe(1);
    }
}
