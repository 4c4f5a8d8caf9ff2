using System.Security.Cryptography;
using Microsoft.Extensions.DependencyInjection;
using OpenSdc.Server.Catalogue;
using OpenSdc.Tests.Uploads;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Objects;

/// <summary>
/// Objects of a bucket that are damaged or gone, read through the server: wrong bytes never arrive as a whole
/// file, as on a disk.
/// </summary>
public sealed class DamagedObjectOnS3Tests(S3ArchiveFixture fixture) : IClassFixture<S3ArchiveFixture>
{
    private readonly RunningArchive archive = fixture.Archive;

    [Theory]
    [InlineData(1, 0)]
    [InlineData(128 * 1024, 5)]
    [InlineData(3_000_000, 0)]
    [InlineData(3_000_000, 2_999_999)]
    public async Task A_flipped_bit_is_found_by_whoever_reads_the_whole(int size, int at)
    {
        var (name, seq) = await UploadAsync(size, at);
        var url = await archive.DownloadUrlAsync(name);
        if (size <= 128 * 1024)
            ShouldBeAProblem(await archive.SendAsync($"GET {url}"), "damaged");
        else
            await Should.ThrowAsync<HttpRequestException>(() => archive.SendAsync($"GET {url}"));
        await ShouldBeMarkedAsync(name, seq, "damaged");
    }

    [Theory]
    [InlineData(1024, "bytes=0-0")]
    [InlineData(3_000_000, "bytes=0-0")]
    [InlineData(3_000_000, "bytes=-1000000")]
    public async Task No_range_of_a_damaged_object_is_sent(int size, string range)
    {
        var (name, seq) = await UploadAsync(size, size / 2);
        var url = await archive.DownloadUrlAsync(name);
        foreach (
            var answer in await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => archive.SendAsync($"GET {url}", headers: ("Range", range))))
        )
        {
            ShouldBeAProblem(answer, "damaged");
            answer["Content-Range"].ShouldBeNull();
        }

        await ShouldBeMarkedAsync(name, seq, "damaged");
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("HEAD")]
    public async Task An_object_that_is_gone_is_lost(string method)
    {
        var (name, seq) = await UploadAsync(1000, flipped: null);
        (await archive.SendAsync($"{method} {await archive.DownloadUrlAsync(name)}")).Status.ShouldBe(500);
        await ShouldBeMarkedAsync(name, seq, "lost");
    }

    private async Task<(string Name, long Seq)> UploadAsync(int size, int? flipped)
    {
        var name = ArchiveFixture.NewName();
        var bytes = RandomNumberGenerator.GetBytes(size);
        var receipt = await archive.UploadAsync(name, bytes);
        if (flipped is { } at)
            bytes[at] ^= 4;
        await archive.HarmAsync(receipt.FilePath, flipped is null ? null : bytes);
        return (name, receipt.Seq);
    }

    private static void ShouldBeAProblem(Answer answer, string kind)
    {
        answer.Status.ShouldBe(500);
        answer["ETag"].ShouldBeNull();
        answer.Json.GetProperty("type").GetString().ShouldBe("urn:opensdc:problem:" + kind);
    }

    /// <summary>The mark is made beside the answer, and holds for every later one.</summary>
    private async Task ShouldBeMarkedAsync(string name, long seq, string kind)
    {
        var integrity = archive.Services.GetRequiredService<IntegrityState>();
        await UploadSteps.UntilAsync($"it is marked as {kind}", async () => await integrity.OfAsync(seq, CancellationToken.None) == kind);
        var url = await archive.DownloadUrlAsync(name);
        ShouldBeAProblem(await archive.SendAsync($"GET {url}"), kind);
        (await archive.SendAsync($"HEAD {url}")).Status.ShouldBe(500);
    }
}
