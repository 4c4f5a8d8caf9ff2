using System.Security.Cryptography;
using OpenSdc.Tests.Upkeep;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Objects;

/// <summary>Harm that no scrub has found yet meets a reader: wrong bytes never arrive as a whole file.</summary>
public sealed class DamagedObjectTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(1024)]
    [InlineData(128 * 1024)]
    public async Task A_small_object_with_a_flipped_bit_is_a_problem_and_no_bytes(int size)
    {
        await using var archive = await UpkeepArchive.StartAsync(options => options with { ScrubRate = 0 });
        var file = await archive.UploadAsync(RandomNumberGenerator.GetBytes(size));
        UpkeepArchive.FlipBit(file.Path, size - 1);
        foreach (var headers in new (string, string)[][] { [], [("Range", "bytes=0-0")] })
        {
            var answer = await archive.GetAsync(file.Name, "GET", headers);
            answer.Status.ShouldBe(500);
            answer["ETag"].ShouldBeNull();
            answer["Content-Type"].ShouldBe("application/problem+json");
            answer.Json.GetProperty("type").GetString().ShouldBe("urn:opensdc:problem:damaged");
        }

        await archive.RunUntilEventsAsync(file.Seq, "published", "damaged");
        (await archive.GetAsync(file.Name, "HEAD")).Status.ShouldBe(500);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2_000_000)]
    [InlineData(2_999_999)]
    public async Task A_large_object_with_a_flipped_bit_is_cut_short_and_then_refused(int at)
    {
        await using var archive = await UpkeepArchive.StartAsync(options => options with { ScrubRate = 0 });
        var file = await archive.UploadAsync(RandomNumberGenerator.GetBytes(3_000_000));
        UpkeepArchive.FlipBit(file.Path, at);
        await Should.ThrowAsync<HttpRequestException>(() => archive.GetAsync(file.Name));
        await archive.RunUntilEventsAsync(file.Seq, "published", "damaged");
        (await archive.GetAsync(file.Name)).Status.ShouldBe(500);
        (await archive.GetAsync(file.Name, "GET", ("Range", "bytes=5-6"))).Status.ShouldBe(500);
    }

    [Theory]
    [InlineData("bytes=0-0")]
    [InlineData("bytes=2999999-")]
    [InlineData("bytes=0-")]
    [InlineData("bytes=-1000000")]
    public async Task No_range_of_a_damaged_large_object_is_sent(string range)
    {
        await using var archive = await UpkeepArchive.StartAsync(options => options with { ScrubRate = 0 });
        var file = await archive.UploadAsync(RandomNumberGenerator.GetBytes(3_000_000));
        UpkeepArchive.FlipBit(file.Path, 1_500_000);
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => archive.GetAsync(file.Name, "GET", ("Range", range))));
        foreach (var answer in answers)
        {
            answer.Status.ShouldBe(500);
            answer["Content-Range"].ShouldBeNull();
            answer["ETag"].ShouldBeNull();
            answer.Json.GetProperty("type").GetString().ShouldBe("urn:opensdc:problem:damaged");
        }

        await archive.RunUntilEventsAsync(file.Seq, "published", "damaged");
    }

    [Theory]
    [InlineData(86400, 206)]
    [InlineData(0, 500)]
    public async Task A_range_within_the_interval_is_sent_without_hashing_again(int interval, int soon)
    {
        await using var archive = await UpkeepArchive.StartAsync(options => options with { ScrubRate = 0, VerifyInterval = interval });
        var bytes = RandomNumberGenerator.GetBytes(3_000_000);
        var file = await archive.UploadAsync(bytes);
        var url = await archive.Running.DownloadUrlAsync(file.Name);
        Task<Answer> GetAsync() => archive.Running.SendAsync($"GET {url}", headers: ("Range", "bytes=1000000-1000009"));
        var first = await GetAsync();
        first.Status.ShouldBe(206);
        first.Bytes.ShouldBe(bytes[1_000_000..1_000_010]);

        // As a disk does it: the file is not written.
        var written = File.GetLastWriteTimeUtc(file.Path);
        UpkeepArchive.FlipBit(file.Path, 2_000_000);
        File.SetLastWriteTimeUtc(file.Path, written);
        (await GetAsync()).Status.ShouldBe(soon);
        archive.Clock.Advance(TimeSpan.FromSeconds(86399));
        (await GetAsync()).Status.ShouldBe(soon);
        archive.Clock.Advance(TimeSpan.FromSeconds(1));
        (await GetAsync()).Status.ShouldBe(500);
    }

    [Fact]
    public async Task Without_verified_reads_what_is_there_is_sent()
    {
        await using var archive = await UpkeepArchive.StartAsync(options => options with { ScrubRate = 0, VerifyReads = false });
        var file = await archive.UploadAsync([1, 2, 3]);
        UpkeepArchive.FlipBit(file.Path, 0);
        (await archive.Running.DownloadAsync(file.Name)).ShouldBe([5, 2, 3]);
        (await archive.EventsAsync(file.Seq)).ShouldBe(["published"]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(128 * 1024)]
    [InlineData(128 * 1024 + 1)]
    [InlineData(1_000_000)]
    public async Task Sound_objects_of_any_size_arrive_whole_and_in_parts(int size)
    {
        await using var archive = await UpkeepArchive.StartAsync(options => options with { AllowEmptyFiles = true });
        var bytes = RandomNumberGenerator.GetBytes(size);
        var file = await archive.UploadAsync(bytes);
        (await archive.Running.DownloadAsync(file.Name)).AsSpan().SequenceEqual(bytes).ShouldBeTrue();
        if (size == 0)
            return;
        var part = await archive.GetAsync(file.Name, "GET", ("Range", $"bytes={size / 3}-{size / 2}"));
        part.Status.ShouldBe(206);
        part.Bytes.AsSpan().SequenceEqual(bytes.AsSpan()[(size / 3)..(size / 2 + 1)]).ShouldBeTrue();
    }
}
