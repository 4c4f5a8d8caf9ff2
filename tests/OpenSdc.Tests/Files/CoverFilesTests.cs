using System.Text.Json;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Files;

/// <summary><c>GET /coverage</c>: what the files of a query cover, in days, months or years.</summary>
public sealed class CoverFilesTests(QueryArchive query) : IClassFixture<QueryArchive>
{
    private readonly RunningArchive archive = query.Archive;

    /// <summary>Parameters, and of each object: instrument, level, descriptor, extension, bin, files, newest version.</summary>
    [Theory]
    [InlineData("instrument=mag", "mag l0 burst pkts 20230112 2 v01-02")]
    [InlineData("instrument=mag&bin=day", "mag l0 burst pkts 20230112 2 v01-02")]
    [InlineData("instrument=mag&bin=month", "mag l0 burst pkts 202301 2 v01-02")]
    [InlineData("instrument=mag&bin=year", "mag l0 burst pkts 2023 2 v01-02")]
    // v01-03, v001.0002, v001.0010 and v002.0001, and v999, which has no major.
    [InlineData("instrument=swe&descriptor=sci", "swe l1 sci cdf 20260901 5 v002.0001")]
    [InlineData("instrument=swe&descriptor=sci&major_version=1", "swe l1 sci cdf 20260901 3 v001.0010")]
    [InlineData("instrument=swe&descriptor=sci&version=v999,v01-03", "swe l1 sci cdf 20260901 2 v01-03")]
    [InlineData("instrument=swe&descriptor=sci&latest=true", "swe l1 sci cdf 20260901 1 v002.0001")]
    [InlineData("instrument=swe&bin=month", "swe l1 sci cdf 202609 5 v002.0001; swe l1 sci-x cdf 202609 1 v001")]
    [InlineData("instrument=glows&bin=year", "glows l1a counts cdf 2026 2 v001; glows l2 counts cdf 2026 1 v001")]
    [InlineData("instrument=glows&repointing=2", "glows l1a counts cdf 20261206 1 v001")]
    [InlineData("instrument=glows,mag&end_date=20261205", "mag l0 burst pkts 20230112 2 v01-02")]
    [InlineData("instrument=codice,hi&bin=year", "codice l1a lo cdf 2026 1 v01-01; hi l1a 45sensor-de pkts 2026 1 v001")]
    [InlineData("table=spice&extension=tls", "- - leapseconds tls - 1 0012")]
    [InlineData("table=spice&extension=tls&start_date=20000101", "")]
    [InlineData("table=ancillary&instrument=mag", "mag - l1-calibration cdf 20260101 2 v002")]
    [InlineData(
        "filename=imap_mag_l0_burst_20230112_20230113_v01-01.pkts,naif0012.tls",
        "mag l0 burst pkts 20230112 1 v01-01; - - leapseconds tls - 1 0012"
    )]
    [InlineData("as_of=1", "codice l1a lo cdf 20260101 1 v01-01")]
    [InlineData("ingestion_end_date=20260301", "codice l1a lo cdf 20260101 1 v01-01; mag l0 burst pkts 20230112 1 v01-01")]
    [InlineData("overlaps=20230113", "mag l0 burst pkts 20230112 2 v01-02")]
    [InlineData("descriptor=none*", "")]
    public async Task Files_are_counted_by_series_and_period(string parameters, string expected)
    {
        foreach (var prefix in (string[])["", "/api-key", "/authorized"])
        {
            foreach (var accept in (string[])["*/*", "application/json"])
            {
                var answer = await archive.SendAsync($"GET {prefix}/coverage?{parameters}", accept);
                answer.Status.ShouldBe(200, answer.Text);
                answer["Content-Type"].ShouldBe("application/json");
                string.Join("; ", answer.Json.EnumerateArray().Select(Shown)).ShouldBe(expected);
            }
        }
    }

    [Fact]
    public async Task An_object_has_these_members_in_this_order() =>
        (await archive.SendAsync("GET /coverage?instrument=mag")).Text.ShouldBe(
            """
            [{"family":"science","instrument":"mag","data_level":"l0","descriptor":"burst","extension":"pkts","bin":"20230112","files":2,"bytes":94,"version":"v01-02","first_ingestion":"20260301 23:59:59","last_ingestion":"20260302 00:00:00"}]
            """);

    [Theory]
    [InlineData("coverage", "bin=week", "bad", "The parameter bin is 'week'; allowed: day, month, year.")]
    [InlineData("coverage", "bin=", "bad", "The parameter bin is ''; allowed: day, month, year.")]
    [InlineData("coverage", "bin=day&bin=month", "bad", "The parameter bin is given 2 times; allowed: once.")]
    [InlineData(
        "coverage",
        "limit=10",
        "bad",
        "The parameter limit belongs to a list of files, as /query gives it; allowed here: instrument, data_level"
    )]
    [InlineData("coverage", "cursor=x", "bad", "The parameter cursor belongs to a list of files")]
    [InlineData("coverage", "sort=size", "bad", "The parameter sort belongs to a list of files")]
    [InlineData("coverage", "fields=size", "bad", "The parameter fields belongs to a list of files")]
    [InlineData("coverage", "format=json", "bad", "The parameter format belongs to a list of files")]
    [InlineData("coverage", "count=true", "bad", "The parameter count belongs to a list of files")]
    [InlineData("coverage", "colour=red", "unknown", "colour is not a valid query parameter. Valid query parameters are: ['instrument',")]
    [InlineData("coverage", "Bin=day", "unknown", "Bin is not a valid query parameter.")]
    [InlineData("coverage", "instrument=xyz", "bad", "The parameter instrument is 'xyz'; allowed: codice,")]
    [InlineData("coverage", "start_date=2026", "bad", "The parameter start_date is '2026'; allowed:")]
    [InlineData("coverage", "as_of=20", "bad", "The parameter as_of is '20'; allowed: a number up to 19")]
    [InlineData("facets", "bin=day", "unknown", "bin is not a valid query parameter.")]
    [InlineData("facets", "limit=10", "bad", "The parameter limit belongs to a list of files")]
    [InlineData("facets", "descriptor=a_b", "bad", "The parameter descriptor is 'a_b'; allowed:")]
    [InlineData("facets", "as_of=20", "bad", "The parameter as_of is '20'; allowed: a number up to 19")]
    public async Task What_cannot_mean_anything_is_refused_by_name(string route, string parameters, string code, string sentence)
    {
        foreach (var accept in (string[])["*/*", "application/json"])
        {
            var answer = await archive.SendAsync($"GET /{route}?{parameters}", accept);
            answer.Status.ShouldBe(400, answer.Text);
            answer["Content-Type"].ShouldBe("application/problem+json");
            answer
                .Json.GetProperty("type")
                .GetString()
                .ShouldBe($"urn:opensdc:problem:{(code == "unknown" ? "unknown" : "bad")}-parameter");
            answer.Json.GetProperty("detail").GetString()!.ShouldStartWith(sentence);
        }
    }

    [Theory]
    [InlineData("coverage?bin=month")]
    [InlineData("facets?instrument=swe")]
    public async Task A_poll_with_nothing_new_is_answered_304(string request)
    {
        await using var own = await RunningArchive.StartAsync();
        await own.UploadAsync("imap_swe_l1a_a_20260101_v001.cdf", [1]);
        var first = await own.SendAsync($"GET /{request}");
        var tag = first["ETag"].ShouldNotBeNull();

        var second = await own.SendAsync($"GET /{request}", headers: ("If-None-Match", tag));
        (second.Status, second.Text, second["ETag"]).ShouldBe((304, "", tag));
        (await own.SendAsync($"GET /{request}&descriptor=a", headers: ("If-None-Match", tag))).Status.ShouldBe(
            200,
            "other parameters are another answer"
        );

        await own.UploadAsync("imap_swe_l1a_a_20260102_v001.cdf", [1]);
        var third = await own.SendAsync($"GET /{request}", headers: ("If-None-Match", tag));
        third.Status.ShouldBe(200);
        third["ETag"].ShouldNotBe(tag);
        third.Text.ShouldNotBe(first.Text);

        var pinned = await own.SendAsync($"GET /{request}&as_of=1");
        pinned.Text.ShouldBe(first.Text, "the archive as it stood");
        await own.UploadAsync("imap_swe_l1a_a_20260103_v001.cdf", [1]);
        (await own.SendAsync($"GET /{request}&as_of=1", headers: ("If-None-Match", pinned["ETag"]!))).Status.ShouldBe(
            304,
            "it stands for ever"
        );
    }

    [Theory]
    [InlineData("coverage?bin=month")]
    [InlineData("facets?instrument=swe&latest=true")]
    [InlineData("api-key/facets")]
    public async Task HEAD_answers_with_the_headers_alone(string request)
    {
        var got = await archive.SendAsync($"GET /{request}");
        var asked = await archive.SendAsync($"HEAD /{request}");
        (asked.Status, asked.Text, asked["ETag"], asked["Content-Type"]).ShouldBe(
            (200, "", got["ETag"].ShouldNotBeNull(), "application/json")
        );
        (await archive.SendAsync($"HEAD /{request}", headers: ("If-None-Match", got["ETag"]!))).Status.ShouldBe(304);
        (await archive.SendAsync($"HEAD /{request}{(request.Contains('?') ? '&' : '?')}colour=red")).Status.ShouldBe(400);
    }

    private static string Shown(JsonElement cell) =>
        string.Join(
            ' ',
            ((string[])["instrument", "data_level", "descriptor", "extension", "bin", "files", "version"]).Select(name =>
                cell.GetProperty(name) is { ValueKind: not JsonValueKind.Null } value ? value.ToString() : "-"
            )
        );
}
