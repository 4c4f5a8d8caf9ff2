using OpenSdc.Server;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests;

/// <summary>Contract, "Two representations of the same answer".</summary>
public sealed class RepresentationTests(FoundingArchive founding) : IClassFixture<FoundingArchive>
{
    private readonly RunningArchive archive = founding.Archive;

    [Theory]
    [InlineData("application/json", true)]
    [InlineData("application/json;q=0.9", true)]
    [InlineData("application/json; charset=utf-8", true)]
    [InlineData("Application/JSON", true)]
    [InlineData("application/json, text/html;q=0", true)]
    [InlineData("application/json, */*;q=0.0", true)]
    [InlineData("application/json;q=0.001", true)]
    [InlineData("application/json;q=0", false)]
    [InlineData("application/json; Q=0.000", false)]
    [InlineData("text/plain, application/json;q=0", false)]
    [InlineData("text/plain, application/json", true)]
    [InlineData(null, false)]
    [InlineData("", false)]
    [InlineData("*/*", false)]
    [InlineData("application/*", false)]
    [InlineData("application/json, */*", false)]
    [InlineData("application/json, text/plain, */*;q=0.8", false)]
    [InlineData("text/html,application/xhtml+xml,application/xml;q=0.9", false)]
    [InlineData("text/html, application/json", false)]
    [InlineData("TEXT/HTML, application/json", false)]
    [InlineData("text/plain", false)]
    [InlineData("application/problem+json", false)]
    public async Task The_accept_header_decides(string? accept, bool documented)
    {
        Representation.AsksForDocumented(accept).ShouldBe(documented);

        foreach (
            var request in (string[])
                ["GET /query?instrument=mag", "GET /query?instrument=nonsense", "GET /upload/nonsense", "GET /download/naif0012.tls"]
        )
        {
            var answer = await archive.SendAsync(request, accept);
            answer.Text.StartsWith("""{"statusCode": """, StringComparison.Ordinal).ShouldBe(documented, $"{request}: {answer.Text}");
            answer["Vary"]!.Split(", ")[0].ShouldBe("Accept", request);
            if (documented)
            {
                answer["Content-Type"].ShouldBe("application/json", request);
                answer.Json.GetProperty("statusCode").GetInt32().ShouldBe(answer.Status, request);
            }
        }
    }

    [Fact]
    public async Task Several_accept_headers_are_one_list()
    {
        var documented = await archive.SendAsync(
            "GET /upload/nonsense",
            headers: [("Accept", "text/plain"), ("Accept", "application/json")]
        );
        documented.Text.ShouldStartWith("""{"statusCode": 400""");

        var plain = await archive.SendAsync("GET /upload/nonsense", headers: [("Accept", "application/json"), ("Accept", "*/*")]);
        plain.Json.GetProperty("status").GetInt32().ShouldBe(400);
    }

    [Theory]
    [InlineData(RepresentationSetting.Documented, true)]
    [InlineData(RepresentationSetting.Plain, false)]
    public async Task A_setting_pins_one_for_all_callers(RepresentationSetting setting, bool documented)
    {
        await using var pinned = await RunningArchive.StartAsync(options => options with { Representation = setting });
        foreach (var accept in (string?[])[null, "*/*", "application/json", "text/html"])
        {
            foreach (var request in (string[])["GET /query", "GET /upload/nonsense", "GET /download/naif0012.tls"])
            {
                var answer = await pinned.SendAsync(request, accept);
                answer.Text.StartsWith("""{"statusCode": """, StringComparison.Ordinal).ShouldBe(documented, $"{request}, {accept}");
            }
        }
    }

    [Theory]
    [InlineData("plain text", "\"plain text\"")]
    [InlineData("quote \" backslash \\ line\n", """ "quote \" backslash \\ line\n" """)]
    [InlineData("&<>+'é", "\"&<>+'é\"")]
    public void Text_is_quoted_as_json_with_no_more_escapes_than_it_needs(string text, string json) =>
        Representation.Quoted(text).ShouldBe(json.Trim());
}
