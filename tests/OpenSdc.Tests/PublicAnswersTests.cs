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
    [InlineData("DELETE /query", 403)]
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
    [InlineData("/objects/imap/spice/lsk/naif0012.tls", "HEAD")]
    public async Task A_browser_that_asks_first_may_go_on(string path, string method)
    {
        var answer = await archive.SendAsync(
            "OPTIONS " + path,
            headers:
            [
                ("Origin", "https://example.org"),
                ("Access-Control-Request-Method", method),
                ("Access-Control-Request-Headers", "content-type, x-api-key"),
            ]
        );

        answer.Status.ShouldBe(204);
        answer["Access-Control-Allow-Origin"].ShouldBe("*");
        answer["Access-Control-Allow-Methods"]!.Split(", ").ShouldContain(method);
        answer["Access-Control-Allow-Headers"].ShouldBe("content-type, x-api-key");
    }

    [Fact]
    public async Task Scripts_may_read_the_headers_that_the_contract_speaks_of()
    {
        // Also without an Origin: a cache may give the answer to somebody who has one.
        var answer = await archive.SendAsync("GET /query?limit=1");
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

    [Theory]
    [InlineData("GET /upload/imap_swe_l0_sci_20260101_v001.pkts", "no-store", "Accept, Authorization, x-api-key")]
    [InlineData("GET /upload/nonsense", "no-store", "Accept, Authorization, x-api-key")]
    [InlineData("GET /upload/../nonsense", "no-store", "Accept")]
    [InlineData("GET /download/naif0012.tls", "no-store", "Accept, Authorization, x-api-key")]
    [InlineData("HEAD /download/naif0012.tls", "no-store", "Accept, Authorization, x-api-key")]
    [InlineData("GET /api-key/download/naif0012.tls", "no-store", "Accept, Authorization, x-api-key")]
    [InlineData("GET /download/naif0013.tls", "no-store", "Accept, Authorization, x-api-key")]
    [InlineData("GET /query", "no-cache", "Accept, Authorization, x-api-key, Accept-Encoding")]
    [InlineData("HEAD /query", "no-cache", "Accept, Authorization, x-api-key, Accept-Encoding")]
    [InlineData("GET /query?filename=naif0012.tls", "no-cache", "Accept, Authorization, x-api-key, Accept-Encoding")]
    [InlineData("GET /query?limit=1", "no-cache", "Accept, Authorization, x-api-key, Accept-Encoding")]
    [InlineData("GET /query?count=true", "no-cache", "Accept, Authorization, x-api-key, Accept-Encoding")]
    [InlineData("GET /query?format=csv", "no-cache", "Accept, Authorization, x-api-key, Accept-Encoding")]
    [InlineData("GET /query?format=urls", "no-store", "Accept, Authorization, x-api-key, Accept-Encoding")]
    [InlineData("GET /query?format=urls&filename=naif0012.tls", "no-store", "Accept, Authorization, x-api-key, Accept-Encoding")]
    [InlineData("GET /query?nonsense=1", "no-store", "Accept, Authorization, x-api-key, Accept-Encoding")]
    [InlineData("GET /coverage", "no-cache", "Accept, Authorization, x-api-key, Accept-Encoding")]
    [InlineData("GET /facets", "no-cache", "Accept, Authorization, x-api-key, Accept-Encoding")]
    [InlineData("GET /facets?nonsense=1", "no-store", "Accept, Authorization, x-api-key, Accept-Encoding")]
    [InlineData("GET /objects/imap/spice/lsk/naif0012.tls", "no-store", null)]
    [InlineData("PUT /objects/imap/spice/lsk/naif0012.tls", "no-store", null)]
    [InlineData("GET /uploads/nonsense", "no-store", "Authorization, x-api-key")]
    [InlineData("DELETE /uploads/nonsense", "no-store", "Authorization, x-api-key")]
    [InlineData("DELETE /query", "no-store", null)]
    [InlineData("GET /nothing/here", "no-store", null)]
    [InlineData("GET /health/live", "no-store", null)]
    [InlineData("GET /health/ready", "no-store", null)]
    [InlineData("GET /metrics", "no-store", "Accept-Encoding")]
    [InlineData("GET /docs/", "no-cache", null)]
    [InlineData("GET /docs", "no-cache", null)]
    [InlineData("GET /docs/scalar.js", "no-cache", "Accept-Encoding")]
    [InlineData("GET /openapi/v1.json", "no-cache", null)]
    [InlineData("GET /openapi/v2.json", "no-cache", null)]
    [InlineData("OPTIONS /query", "no-store", "Origin, Access-Control-Request-Headers")]
    public async Task Every_answer_says_how_long_it_may_be_kept_and_what_it_depends_on(string request, string control, string? vary)
    {
        var answer = await archive.SendAsync(request);
        (answer["Cache-Control"], answer["Vary"]).ShouldBe((control, vary));
        answer["Access-Control-Allow-Origin"].ShouldBe("*");
        answer["Access-Control-Expose-Headers"].ShouldNotBeNull();
    }

    [Fact]
    public async Task An_unchanged_list_and_an_unchanged_object_are_kept_as_the_whole_ones()
    {
        foreach (var route in (string[])["/query", "/coverage", "/facets"])
        {
            var whole = await archive.SendAsync("GET " + route);
            var unchanged = await archive.SendAsync("GET " + route, headers: ("If-None-Match", whole["ETag"]!));
            (unchanged.Status, unchanged["Cache-Control"], unchanged["Vary"]).ShouldBe(
                (304, "no-cache", "Accept, Authorization, x-api-key, Accept-Encoding")
            );
        }

        var url = await archive.DownloadUrlAsync("naif0012.tls");
        var left = long.Parse(url.Split("expires=")[1].Split('&')[0]) - DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        var tag = "";
        foreach (
            var (method, name, value, status) in ((string, string, string, int)[])
                [
                    ("GET", "X-None", "x", 200),
                    ("HEAD", "X-None", "x", 200),
                    ("GET", "Range", "bytes=0-1", 206),
                    ("GET", "If-None-Match", "*", 304),
                    ("GET", "If-Match", "\"x\"", 412),
                    ("GET", "Range", "bytes=999-", 416),
                ]
        )
        {
            var answer = await archive.SendAsync($"{method} {url}", headers: (name, value));
            answer.Status.ShouldBe(status);
            tag = answer["Cache-Control"]!;
            if (status >= 400)
            {
                tag.ShouldBe("no-store");
                continue;
            }

            // Sorted by the name, as the client's parser gives them.
            tag.ShouldContain("private");
            var age = long.Parse(tag.Split("max-age=")[1].Split(',')[0]);
            age.ShouldBeInRange(left - 60, left);
        }
    }

    [Theory]
    [InlineData("PUT /objects/imap/spice/lsk/naif0012.tls")]
    [InlineData("POST /query")]
    [InlineData("POST /uploads")]
    [InlineData("POST /uploads/x/complete")]
    [InlineData("PUT /uploads/x/parts/1")]
    [InlineData("DELETE /uploads/x")]
    [InlineData("DELETE /api-key/uploads/x")]
    public async Task A_page_of_another_origin_changes_nothing(string request)
    {
        foreach (
            var origin in (string[])
                [
                    "https://example.org",
                    "null",
                    "http://127.0.0.1",
                    "http://127.0.0.1:1",
                    archive.Address.Replace("http:", "https:"),
                    archive.Address + ".example.org",
                ]
        )
        {
            var answer = await archive.SendAsync(request, content: new StringContent("{}"), headers: ("Origin", origin));
            answer.Status.ShouldBe(403, origin);
            answer.Text.ShouldContain("urn:opensdc:problem:foreign-origin");
            answer["Access-Control-Allow-Origin"].ShouldBe("*");
            var asked = await archive.SendAsync("OPTIONS /query", headers: [("Origin", origin), ("Access-Control-Request-Method", "POST")]);
            asked["Access-Control-Allow-Methods"].ShouldBe("GET, HEAD, OPTIONS");
        }

        (await archive.SendAsync(request, content: new StringContent("{}"), headers: ("Origin", archive.Address))).Text.ShouldNotContain(
            "foreign-origin"
        );
        (await archive.SendAsync(request, content: new StringContent("{}"))).Text.ShouldNotContain("foreign-origin");
    }

    [Fact]
    public async Task A_name_that_leads_here_is_not_the_archives_own_origin_unless_a_setting_says_so()
    {
        // Whoever owns a name can make it lead here while a page of theirs is open.
        var rebound = await archive.SendAsync(
            "POST /query",
            content: new StringContent("{}"),
            headers: [("Host", "evil.example.org"), ("Origin", "http://evil.example.org")]
        );
        rebound.Status.ShouldBe(403);

        await using var named = await RunningArchive.StartAsync(options =>
            options with
            {
                PublicUrl = new Uri("https://sdc.example.org/below/"),
                WriteOrigins = ["https://portal.example.org"],
            }
        );
        foreach (
            var (origin, isTaken) in ((string, bool)[])
                [
                    ("https://sdc.example.org", true),
                    ("https://portal.example.org", true),
                    ("http://sdc.example.org", false),
                    (named.Address, false),
                    ("https://example.org", false),
                ]
        )
        {
            var answer = await named.SendAsync(
                "POST /query",
                content: new StringContent("{}", null, "application/json"),
                headers: ("Origin", origin)
            );
            answer.Status.ShouldBe(isTaken ? 200 : 403, origin);
            var asked = await named.SendAsync("OPTIONS /query", headers: [("Origin", origin), ("Access-Control-Request-Method", "POST")]);
            asked["Access-Control-Allow-Methods"]!.Split(", ").Contains("POST").ShouldBe(isTaken, origin);
        }

        await using var open = await RunningArchive.StartAsync(options => options with { WriteOrigins = ["*"] });
        (
            await open.SendAsync(
                "POST /query",
                content: new StringContent("{}", null, "application/json"),
                headers: ("Origin", "https://example.org")
            )
        ).Status.ShouldBe(200);
    }
}
