using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using OpenSdc.Server;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests;

/// <summary>A sentence repeats little of what was sent, and nothing of it acts on a terminal or begins a line of the log.</summary>
public sealed class EchoTests(ArchiveFixture fixture) : IClassFixture<ArchiveFixture>
{
    private static readonly string Long = new('x', 5000);

    private readonly RunningArchive archive = fixture.Archive;

    public static TheoryData<string> Requests =>
        [
            $"GET /query?{Long}=1",
            $"GET /query?instrument={Long}",
            $"GET /query?limit=1&cursor={Long}",
            $"GET /query?table={Long}",
            $"GET /coverage?bin={Long}",
            $"GET /facets?{Long}=1",
            $"GET /upload/{Long}.cdf",
            $"GET /download/{Long}.cdf",
            $"GET /download/s3://{Long}",
            $"GET /{Long}",
            $"GET /uploads/{Long}",
            $"GET /uploads/{Long}?wait={Long}",
            "GET /query?instrument=%1b%5b31m%0a%00%c2%85%e2%80%ae",
            "GET /query?%1b%5b31m%0a=1",
            "GET /upload/%1b%5b31m%0a.cdf",
            "GET /download/%1b%5b31m%0a.cdf",
            "GET /coverage?bin=%1b%0a",
            "GET /uploads/a?wait=%1b%0a",
        ];

    [Theory]
    [MemberData(nameof(Requests))]
    public async Task A_refused_address_is_repeated_in_short(string request)
    {
        foreach (var accept in (string[])["application/json", "*/*"])
            ShouldBeShortAndPlain(await archive.SendAsync(request, accept));
    }

    [Theory]
    [InlineData("Content-MD5")]
    [InlineData("x-amz-checksum-sha256")]
    [InlineData("Content-Digest")]
    [InlineData("Repr-Digest")]
    [InlineData("Content-Encoding")]
    public async Task A_refused_header_is_repeated_in_short(string name)
    {
        var url = await archive.UploadUrlAsync(ArchiveFixture.NewName());
        ShouldBeShortAndPlain(await archive.PutAsync(url, [1], (name, Long)));
    }

    [Theory]
    [InlineData("{\"LONG\":1}")]
    [InlineData("{\"size\":\"LONG\"}")]
    [InlineData("{\"filename\":[\"LONG\"]}")]
    [InlineData("{\"\\u001b[31m\\n\":\"\\u001b\"}")]
    [InlineData("{\"filename\":\"\\u001b[31m\\n.cdf\",\"size\":1}")]
    [InlineData("{\"filename\":\"LONG.cdf\",\"size\":1}")]
    public async Task A_refused_body_is_repeated_in_short(string body)
    {
        foreach (var route in (string[])["/uploads", "/query"])
            ShouldBeShortAndPlain(
                await archive.SendAsync(
                    $"POST {route}",
                    content: new StringContent(body.Replace("LONG", Long, StringComparison.Ordinal), Encoding.UTF8, "application/json")
                )
            );
    }

    [Fact]
    public void The_text_log_writes_an_entry_as_one_plain_line()
    {
        using var lines = new StringWriter();
        var entry = new LogEntry<string>(
            LogLevel.Error,
            "Test",
            new EventId(7),
            "GET /a\n2026-01-01 00:00:00 info: \u001b[31m\u0085\u2028\u202e",
            new IOException("b\r\nc\u001b"),
            (state, _) => state
        );
        new TextLogLines(TimeProvider.System).Write(entry, null, lines);
        var text = lines.ToString();
        text.ShouldEndWith("\n");
        text.TrimEnd('\n').ShouldNotContain('\n');
        text.ShouldContain(
            "fail: Test[7] GET /a\ufffd2026-01-01 00:00:00 info: \ufffd[31m\ufffd\ufffd\ufffd System.IO.IOException: b | c\ufffd"
        );
    }

    private static void ShouldBeShortAndPlain(Answer answer)
    {
        answer.Status.ShouldBeInRange(400, 499, answer.Text);
        var sentences = new List<string>
        {
            answer.Json.GetProperty(answer.Json.TryGetProperty("detail", out _) ? "detail" : "body").GetString()!,
        };
        if (answer.Json.TryGetProperty("errors", out var errors))
            sentences.AddRange(errors.EnumerateArray().Select(each => each.GetString()!));
        foreach (var sentence in sentences)
        {
            sentence.ShouldNotContain(new string('x', 201));
            sentence.Where(char.IsControl).ShouldBeEmpty(sentence);
            sentence.ShouldNotContain('\u202e');
        }
    }
}
