using System.Globalization;
using System.Security.Cryptography;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Files;

/// <summary>Contract, route <c>GET</c>/<c>HEAD {signed URL}</c>: bytes, ranges, conditions.</summary>
public class ServeObjectTests(ArchiveFixture fixture) : IClassFixture<ArchiveFixture>, IAsyncLifetime
{
    private const string Digits = "0123456789abcdefghij";

    private readonly RunningArchive archive = fixture.Archive;
    private readonly string name = ArchiveFixture.NewName("cdf");
    private string url = "";
    private string tag = "";
    private DateTimeOffset modified;

    public async ValueTask InitializeAsync()
    {
        var receipt = await archive.UploadAsync(name, System.Text.Encoding.ASCII.GetBytes(Digits));
        url = await archive.DownloadUrlAsync(name);
        tag = $"\"{receipt.Sha256}\"";
        modified = DateTimeOffset.ParseExact(
            receipt.IngestionDate,
            "yyyyMMdd HH:mm:ss",
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal
        );
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Theory]
    [InlineData("GET")]
    [InlineData("HEAD")]
    public async Task A_file_comes_with_what_a_client_needs_to_know(string method)
    {
        var answer = await archive.SendAsync(
            $"{method} {url}",
            headers: [("Accept-Encoding", "gzip, br, zstd"), ("Origin", "https://example.org")]
        );

        answer.Status.ShouldBe(200);
        answer.Text.ShouldBe(method == "GET" ? Digits : "");
        answer["Content-Length"].ShouldBe("20");
        answer["Content-Type"].ShouldBe("application/x-cdf");
        answer["Content-Disposition"].ShouldBe($"attachment; filename=\"{name}\"");
        answer["Accept-Ranges"].ShouldBe("bytes");
        answer["ETag"].ShouldBe(tag);
        answer["Last-Modified"].ShouldBe(modified.ToString("R"));
        answer["Access-Control-Allow-Origin"].ShouldBe("*");
        answer["X-Content-Type-Options"].ShouldBe("nosniff");
        answer["Content-Encoding"].ShouldBeNull();
        answer["Content-Range"].ShouldBeNull();
    }

    [Theory]
    [InlineData("x-api-key", "some-key")]
    [InlineData("Authorization", "Bearer nonsense")]
    [InlineData("Accept", "application/json")]
    public async Task Headers_that_clients_send_along_change_nothing(string header, string value) =>
        (await archive.SendAsync($"GET {url}", headers: (header, value))).Text.ShouldBe(Digits);

    [Theory]
    [InlineData("bytes=0-0", "0", "bytes 0-0/20")]
    [InlineData("bytes=0-4", "01234", "bytes 0-4/20")]
    [InlineData("bytes=5-9", "56789", "bytes 5-9/20")]
    [InlineData("bytes=15-", "fghij", "bytes 15-19/20")]
    [InlineData("bytes=19-", "j", "bytes 19-19/20")]
    [InlineData("bytes=-3", "hij", "bytes 17-19/20")]
    [InlineData("bytes=-20", Digits, "bytes 0-19/20")]
    [InlineData("bytes=-99", Digits, "bytes 0-19/20")]
    [InlineData("bytes=0-", Digits, "bytes 0-19/20")]
    [InlineData("bytes=18-99", "ij", "bytes 18-19/20")]
    [InlineData("bytes=0-9223372036854775807", Digits, "bytes 0-19/20")]
    public async Task A_range_is_sent_alone(string range, string bytes, string contentRange)
    {
        var answer = await archive.SendAsync($"GET {url}", headers: ("Range", range));
        answer.Status.ShouldBe(206);
        answer.Text.ShouldBe(bytes);
        answer["Content-Range"].ShouldBe(contentRange);
        answer["Content-Length"].ShouldBe(bytes.Length.ToString());
        answer["ETag"].ShouldBe(tag);
    }

    [Theory]
    [InlineData("bytes=0-4")]
    [InlineData("bytes=20-")]
    public async Task A_range_is_of_GET_alone_and_HEAD_answers_as_without_it(string range)
    {
        var answer = await archive.SendAsync($"HEAD {url}", headers: ("Range", range));
        answer.Status.ShouldBe(200);
        answer["Content-Range"].ShouldBeNull();
        answer["Content-Length"].ShouldBe(Digits.Length.ToString());
        answer["ETag"].ShouldBe(tag);
    }

    [Theory]
    [InlineData("bytes=20-")]
    [InlineData("bytes=20-30")]
    [InlineData("bytes=9223372036854775807-")]
    [InlineData("bytes=-0")]
    public async Task A_range_outside_is_refused_with_the_length(string range)
    {
        var answer = await archive.SendAsync($"GET {url}", headers: ("Range", range));
        answer.Status.ShouldBe(416);
        answer["Content-Range"].ShouldBe("bytes */20");
        answer.Json.GetProperty("detail").GetString()!.ShouldContain("20 bytes");
    }

    [Theory]
    [InlineData("bytes=9-5")]
    [InlineData("bytes=")]
    [InlineData("bytes=a-b")]
    [InlineData("lines=1-2")]
    [InlineData("nonsense")]
    [InlineData("bytes=99999999999999999999-")]
    [InlineData("bytes=0-1,5-6")]
    public async Task A_range_that_is_none_or_several_gives_the_whole(string range)
    {
        var answer = await archive.SendAsync($"GET {url}", headers: ("Range", range));
        answer.Status.ShouldBe(200);
        answer.Text.ShouldBe(Digits);
    }

    [Theory]
    [InlineData("If-None-Match", "TAG", 304)]
    [InlineData("If-None-Match", "W/TAG", 304)]
    [InlineData("If-None-Match", "\"other\", TAG", 304)]
    [InlineData("If-None-Match", "*", 304)]
    [InlineData("If-None-Match", "\"other\"", 200)]
    [InlineData("If-Modified-Since", "MODIFIED", 304)]
    [InlineData("If-Modified-Since", "AFTER", 304)]
    [InlineData("If-Modified-Since", "BEFORE", 200)]
    [InlineData("If-Modified-Since", "nonsense", 200)]
    [InlineData("If-Match", "TAG", 200)]
    [InlineData("If-Match", "*", 200)]
    [InlineData("If-Match", "\"other\"", 412)]
    [InlineData("If-Match", "W/TAG", 412)]
    [InlineData("If-Unmodified-Since", "MODIFIED", 200)]
    [InlineData("If-Unmodified-Since", "BEFORE", 412)]
    [InlineData("If-Unmodified-Since", "nonsense", 412)]
    public async Task A_condition_is_weighed(string header, string value, int status)
    {
        foreach (var method in (string[])["GET", "HEAD"])
        {
            var answer = await archive.SendAsync($"{method} {url}", headers: (header, Filled(value)));
            answer.Status.ShouldBe(status);
            if (status == 304)
            {
                answer.Bytes.ShouldBeEmpty();
                answer["ETag"].ShouldBe(tag);
                answer["Last-Modified"].ShouldBe(modified.ToString("R"));
            }
        }
    }

    [Theory]
    [InlineData("If-None-Match", "\"other\"", "If-Modified-Since", "AFTER", 200)]
    [InlineData("If-None-Match", "TAG", "If-Modified-Since", "BEFORE", 304)]
    [InlineData("If-Match", "TAG", "If-Unmodified-Since", "BEFORE", 200)]
    [InlineData("If-Match", "\"other\"", "If-None-Match", "TAG", 412)]
    [InlineData("If-Match", "TAG", "If-None-Match", "TAG", 304)]
    [InlineData("If-None-Match", "TAG", "Range", "bytes=0-1", 304)]
    [InlineData("If-Match", "\"other\"", "Range", "bytes=99-", 412)]
    [InlineData("If-Range", "TAG", "Range", "bytes=0-1", 206)]
    [InlineData("If-Range", "W/TAG", "Range", "bytes=0-1", 200)]
    [InlineData("If-Range", "\"other\"", "Range", "bytes=0-1", 200)]
    [InlineData("If-Range", "MODIFIED", "Range", "bytes=0-1", 206)]
    [InlineData("If-Range", "BEFORE", "Range", "bytes=0-1", 200)]
    [InlineData("If-Range", "AFTER", "Range", "bytes=0-1", 200)]
    [InlineData("If-Range", "\"other\"", "Range", "bytes=99-", 200)]
    public async Task Conditions_are_weighed_in_the_order_of_the_rfc(string first, string value, string second, string other, int status) =>
        (await archive.SendAsync($"GET {url}", headers: [(first, Filled(value)), (second, Filled(other))])).Status.ShouldBe(status);

    [Fact]
    public async Task An_object_that_is_gone_or_cut_is_not_sent()
    {
        var lost = ArchiveFixture.NewName();
        await archive.UploadAsync(lost, new byte[100]);
        var lostUrl = await archive.DownloadUrlAsync(lost);

        await archive.HarmAsync(RunningArchive.KeyOf(lost), new byte[99]);
        var answer = await archive.SendAsync($"GET {lostUrl}");
        answer.Status.ShouldBe(500);
        answer.Json.GetProperty("detail").GetString()!.ShouldContain("are not those that were published");
        await archive.HarmAsync(RunningArchive.KeyOf(lost), null);
        (await archive.SendAsync($"GET {lostUrl}")).Status.ShouldBe(500);
    }

    [Fact]
    public async Task A_large_object_comes_whole_and_in_any_part()
    {
        var large = ArchiveFixture.NewName();
        var bytes = RandomNumberGenerator.GetBytes(3_000_001);
        await archive.UploadAsync(large, bytes);
        var largeUrl = await archive.DownloadUrlAsync(large);
        (await archive.DownloadAsync(large)).AsSpan().SequenceEqual(bytes).ShouldBeTrue();
        foreach (
            var (from, to) in ((int, int)[])[(0, 131_071), (131_071, 131_073), (131_072, 262_143), (1, 2_999_999), (2_999_999, 3_000_000)]
        )
        {
            var part = await archive.SendAsync($"GET {largeUrl}", headers: ("Range", $"bytes={from}-{to}"));
            part.Bytes.AsSpan().SequenceEqual(bytes.AsSpan(from..(to + 1))).ShouldBeTrue($"{from}-{to}");
        }
    }

    [Fact]
    public async Task An_empty_object_is_an_object()
    {
        await using var taking = await RunningArchive.StartAsync(options => options with { AllowEmptyFiles = true });
        var empty = ArchiveFixture.NewName();
        await taking.UploadAsync(empty, []);
        (await taking.DownloadAsync(empty)).ShouldBeEmpty();
        var emptyUrl = await taking.DownloadUrlAsync(empty);
        (await taking.SendAsync($"GET {emptyUrl}", headers: ("Range", "bytes=0-"))).Status.ShouldBe(416);
    }

    private string Filled(string value) => value
        .Replace("TAG", tag)
        .Replace("MODIFIED", modified.ToString("R"))
        .Replace("BEFORE", modified.AddSeconds(-1).ToString("R"))
        .Replace("AFTER", modified.AddSeconds(1).ToString("R"));
}
