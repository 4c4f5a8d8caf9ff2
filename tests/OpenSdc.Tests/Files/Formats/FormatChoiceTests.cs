using System.Net.Http.Headers;
using OpenSdc.Server;
using OpenSdc.Server.Files.Formats;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Files.Formats;

/// <summary>Which format a request gets, and what the answer says of it in its headers.</summary>
public sealed class FormatChoiceTests(FormatArchive formats) : IClassFixture<FormatArchive>
{
    private const string Tuples = "application/json, documented";
    private const string Json = "application/json";
    private const string Ndjson = "application/x-ndjson";
    private const string Csv = "text/csv";

    private readonly RunningArchive archive = formats.Archive;

    [Theory]
    [InlineData(null, "", Json)]
    [InlineData("*/*", "", Json)]
    [InlineData("", "", Json)]
    [InlineData("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "", Json)]
    [InlineData("application/json", "", Tuples)]
    [InlineData("text/csv", "", Csv)]
    [InlineData("TEXT/CSV", "", Csv)]
    [InlineData("text/csv; charset=utf-8", "", Csv)]
    [InlineData("text/csv;q=0.2", "", Csv)]
    [InlineData("text/csv;q=0", "", Json)]
    [InlineData("text/csv, */*", "", Csv)]
    [InlineData("text/csv, */*;q=0.1", "", Csv)]
    [InlineData("text/csv;q=0.5, */*", "", Json)]
    [InlineData("application/*, text/csv;q=0.9", "", Json)]
    [InlineData("application/x-ndjson", "", Ndjson)]
    [InlineData("text/csv;q=0.5, application/x-ndjson;q=0.6", "", Ndjson)]
    [InlineData("text/csv, application/x-ndjson", "", Csv)]
    [InlineData("application/x-ndjson, text/csv", "", Ndjson)]
    [InlineData("application/json, text/csv", "", Tuples)]
    [InlineData("application/json;q=0.1, text/csv", "", Tuples)]
    [InlineData("application/json;q=0.1, text/csv, */*;q=0.05", "", Csv)]
    [InlineData("application/json, text/csv, */*;q=0.05", "", Json)]
    [InlineData("text/csv;;;q=, nonsense", "", Json)]
    [InlineData("text/plain", "", Json)]
    [InlineData("application/vnd.apache.parquet", "", Json)]
    [InlineData("text/csv", "json", Json)]
    [InlineData("application/json", "json", Json)]
    [InlineData("application/json", "csv", Csv)]
    [InlineData("application/json", "urls", "text/plain")]
    [InlineData("text/csv", "ndjson", Ndjson)]
    [InlineData("*/*", "sha256sum", "text/plain")]
    public async Task The_parameter_goes_first_then_the_document_then_accept(string? accept, string format, string expected)
    {
        var answer = await archive.SendAsync(format.Length > 0 ? $"GET /query?format={format}" : "GET /query", accept);
        answer.Status.ShouldBe(200, answer.Text);
        KindOf(answer).ShouldBe(expected);
        answer["Vary"]!.ShouldContain("Accept");
    }

    [Theory]
    [InlineData(RepresentationSetting.Documented, "*/*", "", Tuples)]
    [InlineData(RepresentationSetting.Documented, "text/csv", "", Tuples)]
    [InlineData(RepresentationSetting.Documented, "*/*", "json", Json)]
    [InlineData(RepresentationSetting.Documented, "*/*", "csv", Csv)]
    [InlineData(RepresentationSetting.Plain, "application/json", "", Json)]
    [InlineData(RepresentationSetting.Plain, "application/json, text/csv;q=0.5", "", Json)]
    [InlineData(RepresentationSetting.Plain, "text/csv", "", Csv)]
    public async Task A_pinned_representation_yields_to_the_parameter_only(
        RepresentationSetting pinned,
        string accept,
        string format,
        string expected
    )
    {
        await using var other = await RunningArchive.StartAsync(settings => settings with { Representation = pinned });
        KindOf(await other.SendAsync(format.Length > 0 ? $"GET /query?format={format}" : "GET /query", accept)).ShouldBe(expected);
    }

    [Theory]
    [InlineData("json", null)]
    [InlineData("ndjson", "attachment; filename=\"opensdc-query.ndjson\"")]
    [InlineData("csv", "attachment; filename=\"opensdc-query.csv\"")]
    [InlineData("urls", "attachment; filename=\"opensdc-urls.txt\"")]
    [InlineData("sha256sum", "attachment; filename=\"opensdc-sha256sum.txt\"")]
    public async Task All_but_json_name_a_file(string format, string? disposition)
    {
        var answer = await archive.SendAsync($"GET /query?format={format}");
        answer["Content-Disposition"].ShouldBe(disposition);
        answer["Access-Control-Allow-Origin"].ShouldBe("*");
    }

    [Theory]
    [InlineData("json", true)]
    [InlineData("ndjson", true)]
    [InlineData("csv", true)]
    [InlineData("sha256sum", true)]
    [InlineData("urls", false)]
    public async Task A_poll_is_answered_304_unless_the_answer_ages(string format, bool lasts)
    {
        var first = await archive.SendAsync($"GET /query?format={format}");
        (first["ETag"] is not null).ShouldBe(lasts);
        var again = await archive.SendAsync($"GET /query?format={format}", headers: ("If-None-Match", first["ETag"] ?? "*"));
        again.Status.ShouldBe(lasts ? 304 : 200);
        // Another format is another answer.
        var other = await archive.SendAsync(
            $"GET /query?format={(format == "csv" ? "json" : "csv")}",
            headers: ("If-None-Match", first["ETag"] ?? "\"none\"")
        );
        other.Status.ShouldBe(200);
    }

    [Theory]
    [InlineData("query?instrument=swe")]
    [InlineData("coverage")]
    [InlineData("facets")]
    public async Task A_poll_is_answered_304_however_the_tag_is_written(string asked)
    {
        var tag = (await archive.SendAsync($"GET /{asked}"))["ETag"].ShouldNotBeNull();
        foreach (
            var (written, status) in new[]
            {
                (tag, 304),
                (tag[2..], 304),
                ($"\"other\", {tag}", 304),
                ("*", 304),
                ("\"other\"", 200),
                ("\"*\"", 200),
            }
        )
            (await archive.SendAsync($"GET /{asked}", headers: ("If-None-Match", written))).Status.ShouldBe(status, written);
    }

    [Theory]
    [InlineData("parquet")]
    [InlineData("CSV")]
    [InlineData("csv,json")]
    [InlineData("")]
    public async Task A_format_that_there_is_not_is_refused_with_those_that_there_are(string format)
    {
        foreach (var (accept, member) in new[] { ("application/json", "body"), ("text/csv", "detail") })
        {
            var answer = await archive.SendAsync($"GET /query?format={format}", accept);
            answer.Status.ShouldBe(400);
            if (format.Length > 0)
                answer
                    .Json.GetProperty(member)
                    .GetString()
                    .ShouldBe($"The parameter format is '{format}'; allowed: {string.Join(", ", ListingFormats.Names)}.");
        }
    }

    [Theory]
    [InlineData("GET /query?fields=seq", "application/json", "body", "the documented answer")]
    [InlineData("GET /query?fields=seq&format=urls", "*/*", "detail", "format=urls")]
    [InlineData("GET /query?fields=seq&format=sha256sum", "application/json", "body", "format=sha256sum")]
    [InlineData("GET /query?fields=seq,colour&format=csv", "*/*", "detail", "'colour'")]
    public async Task Fields_are_refused_where_they_cannot_be_had(string request, string accept, string member, string what)
    {
        var answer = await archive.SendAsync(request, accept);
        answer.Status.ShouldBe(400);
        var sentence = answer.Json.GetProperty(member).GetString()!;
        sentence.ShouldStartWith("The parameter fields ");
        sentence.ShouldContain(what);
        sentence.ShouldContain("allowed: ");
    }

    [Fact]
    public async Task A_body_chooses_as_the_address_does()
    {
        using var form = new StringContent(
            "instrument=codice&format=csv&fields=seq",
            new MediaTypeHeaderValue("application/x-www-form-urlencoded")
        );
        (await archive.SendAsync("POST /query", content: form)).Text.ShouldBe("seq\r\n1\r\n");
        using var json = new StringContent(
            """{"instrument":["codice"],"fields":["seq","size"]}""",
            new MediaTypeHeaderValue("application/json")
        );
        (await archive.SendAsync("POST /query", "application/x-ndjson", json)).Text.ShouldBe("{\"seq\":1,\"size\":56}\n");
    }

    private static string KindOf(Answer answer)
    {
        var type = answer["Content-Type"]!.Split(';')[0];
        return type == Json && answer.Text.StartsWith("{\"statusCode\"", StringComparison.Ordinal) ? Tuples : type;
    }
}
