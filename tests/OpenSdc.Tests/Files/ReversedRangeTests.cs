using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Files;

/// <summary>A range whose end is before its start is refused in every route that takes one; its empty list would hide the slip.</summary>
public sealed class ReversedRangeTests(QueryArchive archive) : IClassFixture<QueryArchive>
{
    public static TheoryData<string, string> Rows
    {
        get
        {
            var rows = new TheoryData<string, string>();
            foreach (
                var route in (string[])
                    [
                        "GET /query",
                        "HEAD /query",
                        "POST /query",
                        "GET /coverage",
                        "HEAD /coverage",
                        "GET /facets",
                        "GET /api-key/query",
                        "GET /authorized/coverage",
                    ]
            )
            {
                rows.Add(route, "start_date=20260102&end_date=20260101");
                rows.Add(route, "end_date=20260101&start_date=20260102");
                rows.Add(route, "ingestion_start_date=20260302&ingestion_end_date=20260301");
                rows.Add(route, "overlaps=20260102-20260101");
                rows.Add(route, "as_of=2&since_seq=3");
                rows.Add(route, "filename=naif0012.tls&start_date=20260102&end_date=20260101");
            }

            return rows;
        }
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public async Task A_reversed_range_is_refused(string route, string parameters)
    {
        var answer = await archive.Archive.SendAsync($"{route}?{parameters}");
        answer.Status.ShouldBe(400);
        if (!route.StartsWith("HEAD", StringComparison.Ordinal))
            answer.Json.GetProperty("type").GetString().ShouldBe("urn:opensdc:problem:bad-parameter");
    }

    /// <summary>In the words of these routes, which name the end.</summary>
    [Theory]
    [InlineData("spice-query", "start_time=2&end_time=1", "Invalid value for end_time: 1")]
    [InlineData("spice-query", "start_date=20260102&end_date=20260101", "Invalid value for end_date: 20260101")]
    [InlineData("spice-query", "start_time=900000000&end_date=20260101", "Invalid value for end_date: 20260101")]
    [InlineData("spice-query", "start_ingest_date=20260302&end_ingest_date=20260301", "Invalid value for end_ingest_date: 20260301")]
    [InlineData("spin-table", "start_date=20260102&end_date=20260101", "Invalid value for end_date: 20260101")]
    [InlineData("repoint-table", "start_ingest_date=20260302&end_ingest_date=20260301", "Invalid value for end_ingest_date: 20260301")]
    [InlineData("metakernel", "start_time=2&end_time=1", "Invalid value for end_time: 1")]
    public async Task The_routes_of_kernels_refuse_one_too(string route, string parameters, string sentence)
    {
        var answer = await archive.Archive.SendAsync($"GET /{route}?{parameters}");
        (answer.Status, answer.Json.GetString()).ShouldBe((400, sentence));
    }

    [Theory]
    [InlineData("spice-query?start_time=1&end_time=1")]
    [InlineData("spice-query?start_date=20260102&end_date=20260102")]
    [InlineData("spin-table?start_date=20260102&end_date=20260102&start_ingest_date=20260102&end_ingest_date=20260102")]
    public async Task One_day_of_kernels_is_a_range(string request) =>
        (await archive.Archive.SendAsync("GET /" + request)).Status.ShouldBe(200);

    [Theory]
    [InlineData("start_date=20260102&end_date=20260102")]
    [InlineData("ingestion_start_date=20260302&ingestion_end_date=20260302")]
    [InlineData("overlaps=20260102-20260102")]
    [InlineData("since_seq=3&as_of=3")]
    public async Task One_day_and_one_state_are_ranges(string parameters)
    {
        foreach (var route in (string[])["query", "coverage", "facets"])
            (await archive.Archive.SendAsync($"GET /{route}?{parameters}")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task The_sentence_names_both_ends()
    {
        var answer = await archive.Archive.SendAsync(
            "GET /query?ingestion_start_date=20260302&ingestion_end_date=20260301",
            "application/json"
        );
        (answer.Status, answer.Json.GetProperty("body").GetString()).ShouldBe(
            (
                400,
                "The parameter ingestion_start_date is '20260302', which is after ingestion_end_date, '20260301'; allowed: a range whose end is not before its start."
            )
        );
    }
}
