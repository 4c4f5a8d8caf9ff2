using Shouldly;
using Xunit;

namespace OpenSdc.Tests;

/// <summary>Contract, rule 5: no compression unless asked for, JSON is UTF-8 without BOM, any origin may read any public answer.</summary>
public sealed class PublicAnswersTests(FoundingArchive founding) : IClassFixture<FoundingArchive>
{
    private readonly RunningArchive archive = founding.Archive;

    [Theory]
    [InlineData("GET /upload/imap_swe_l0_sci_20260101_v001.pkts", 200)]
    [InlineData("GET /upload/nonsense", 400)]
    [InlineData("GET /download/naif0012.tls", 302)]
    [InlineData("GET /download/naif0013.tls", 404)]
    [InlineData("GET /query", 200)]
    [InlineData("GET /query?nonsense=1", 400)]
    [InlineData("GET /objects/imap/spice/lsk/naif0012.tls", 403)]
    [InlineData("PUT /objects/imap/spice/lsk/naif0012.tls", 403)]
    [InlineData("DELETE /query", 405)]
    [InlineData("GET /objects/", 403)]
    [InlineData("GET /nothing/here", 404)]
    public async Task Any_origin_may_read_every_answer(string request, int status)
    {
        foreach (var origin in (string[])["https://example.org", "null"])
        {
            var answer = await archive.SendAsync(request, headers: ("Origin", origin));
            answer.Status.ShouldBe(status);
            answer["Access-Control-Allow-Origin"].ShouldBe("*");
        }

        var sameOrigin = await archive.SendAsync(request);
        sameOrigin["Access-Control-Allow-Origin"].ShouldBe("*");
    }

    [Theory]
    [InlineData("/upload/imap_swe_l0_sci_20260101_v001.pkts", "GET")]
    [InlineData("/download/naif0012.tls", "GET")]
    [InlineData("/api-key/query", "GET")]
    [InlineData("/objects/imap/spice/lsk/naif0012.tls", "PUT")]
    public async Task A_browser_that_asks_first_may_go_on(string path, string method)
    {
        var answer = await archive.SendAsync(
            "OPTIONS " + path, headers:
            [("Origin", "https://example.org"), ("Access-Control-Request-Method", method), ("Access-Control-Request-Headers", "content-type, x-api-key")]);

        answer.Status.ShouldBe(204);
        answer["Access-Control-Allow-Origin"].ShouldBe("*");
        answer["Access-Control-Allow-Methods"]!.Split(", ").ShouldContain(method);
        answer["Access-Control-Allow-Headers"].ShouldBe("content-type, x-api-key");
    }

    [Fact]
    public async Task Scripts_may_read_the_headers_that_the_contract_speaks_of()
    {
        var answer = await archive.SendAsync("GET /query?limit=1", headers: ("Origin", "https://example.org"));
        foreach (var header in (string[])["ETag", "Link", "Location", "Content-Disposition", "Content-Range"])
            answer["Access-Control-Expose-Headers"]!.Split(", ").ShouldContain(header);
    }

    [Theory]
    [InlineData("GET /query", "*/*")]
    [InlineData("GET /query", "application/json")]
    [InlineData("GET /upload/nonsense", "*/*")]
    public async Task Json_has_no_byte_order_mark_and_nothing_is_compressed(string request, string accept)
    {
        var answer = await archive.SendAsync(request, accept);
        ((char)answer.Bytes[0]).ShouldBeOneOf('[', '{');
        answer["Content-Encoding"].ShouldBeNull();
    }

    [Theory]
    [InlineData("/health/live")]
    [InlineData("/health/ready")]
    [InlineData("/metrics")]
    [InlineData("/docs/")]
    [InlineData("/openapi/v1.json")]
    public async Task What_is_asked_for_by_supervisors_and_readers_answers_HEAD_as_GET(string path)
    {
        var (get, head) = (await archive.SendAsync("GET " + path), await archive.SendAsync("HEAD " + path));
        (head.Status, head["Content-Type"]).ShouldBe((200, get["Content-Type"]));
        get.Bytes.ShouldNotBeEmpty();
        head.Bytes.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_problem_carries_the_id_of_its_request_and_is_a_problem_of_rfc_9457()
    {
        var answer = await archive.SendAsync("GET /upload/nonsense");
        answer["Content-Type"].ShouldBe("application/problem+json");
        answer.Json.GetProperty("type").GetString().ShouldBe("urn:opensdc:problem:name-not-valid");
        answer.Json.GetProperty("title").GetString().ShouldBe("Bad Request");
        answer.Json.GetProperty("status").GetInt32().ShouldBe(400);
        answer.Json.GetProperty("requestId").GetString().ShouldNotBeNullOrEmpty();
        answer["X-Request-Id"].ShouldBe(answer.Json.GetProperty("requestId").GetString());
        (await archive.SendAsync("GET /upload/nonsense", "application/json"))["X-Request-Id"].ShouldNotBeNullOrEmpty();
    }
}
