using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Files;

/// <summary>Contract, rule 6: what cannot mean anything is a 400 that names the parameter, the value and what is allowed.</summary>
public sealed class QueryParametersTests(QueryArchive query) : IClassFixture<QueryArchive>
{
    private const string Known =
        "['instrument', 'data_level', 'descriptor', 'start_date', 'end_date', 'version', 'extension', 'repointing', 'cr', 'ingestion_start_date', "
        + "'ingestion_end_date', 'major_version', 'minor_version', 'latest', 'table', 'file_path', 'filename', "
        + "'sha256', 'integrity', 'released', 'crid', 'overlaps', 'since_seq', 'as_of', 'history', 'current', 'sort', 'fields', 'count', 'format', 'limit', 'cursor']";

    private static readonly string[] Parameters = [.. Known.Trim('[', ']').Split(", ").Select(each => each.Trim('\''))];

    private readonly RunningArchive archive = query.Archive;

    [Theory]
    [InlineData("nonsense=1", "nonsense")]
    [InlineData("Instrument=mag", "Instrument")]
    [InlineData("instrument=mag&level=l0", "level")]
    [InlineData("nonsense", "nonsense")]
    [InlineData("%27%22%5C=1", "'\"\\")]
    [InlineData("=mag", "")]
    public async Task An_unknown_parameter_is_refused_to_the_letter(string parameters, string name)
    {
        var sentence = $"{name} is not a valid query parameter. Valid query parameters are: {Known}";
        var documented = await archive.SendAsync($"GET /query?{parameters}", "application/json");
        documented.Status.ShouldBe(400);
        documented.Text.ShouldBe(
            """{"statusCode": 400, "headers": {"Content-Type": "application/json", "Access-Control-Allow-Origin": "*"}, "body": """
            + "\"" + sentence.Replace("\\", "\\\\").Replace("\"", "\\\"") + "\"}");

        var plain = await archive.SendAsync($"GET /query?{parameters}");
        plain.Status.ShouldBe(400);
        plain.Json.GetProperty("detail").GetString().ShouldBe(sentence);
    }

    /// <summary>Parameters, the one that is refused, its value as the sentence shows it, and what the sentence allows instead.</summary>
    [Theory]
    [InlineData("instrument=xyz", "instrument", "xyz", "codice, glows")]
    [InlineData("instrument=MAG", "instrument", "MAG", "mag")]
    [InlineData("instrument=x*", "instrument", "x*", "mag")]
    [InlineData("instrument=mag,xyz", "instrument", "xyz", "mag")]
    [InlineData("instrument=mag,", "instrument", "", "none of them empty")]
    [InlineData("data_level=l9", "data_level", "l9", "l0, l1, l1a")]
    [InlineData("extension=png", "extension", "png", "cdf, pkts")]
    [InlineData("extension=.cdf", "extension", ".cdf", "cdf, pkts")]
    [InlineData("table=ancillary&extension=pkts", "extension", "pkts", "xlsx")]
    [InlineData("table=nonsense", "table", "nonsense", "science, ancillary, spice, quicklook, dependency, release")]
    [InlineData("descriptor=a_b", "descriptor", "a_b", "letters")]
    [InlineData("descriptor=a%20b", "descriptor", "a b", "letters")]
    [InlineData("descriptor=%D1%95ci", "descriptor", "ѕci", "letters")]
    [InlineData("table=spice&descriptor=nonsense", "descriptor", "nonsense", "attitude_history, attitude_predict")]
    [InlineData("table=spice&descriptor=leapseconds,x*", "descriptor", "x*", "leapseconds")]
    [InlineData("start_date=20260230", "start_date", "20260230", "YYYYMMDD")]
    [InlineData("start_date=2026-01-01", "start_date", "2026-01-01", "YYYYMMDD")]
    [InlineData("start_date=2026010", "start_date", "2026010", "YYYYMMDD")]
    [InlineData("start_date=00000101", "start_date", "00000101", "YYYYMMDD")]
    [InlineData("start_date=+2026101", "start_date", " 2026101", "YYYYMMDD")]
    [InlineData("start_date=%D9%A2%D9%A0260101", "start_date", "٢٠260101", "YYYYMMDD")]
    [InlineData("end_date=*", "end_date", "*", "YYYYMMDD")]
    [InlineData("end_date=20261301", "end_date", "20261301", "YYYYMMDD")]
    [InlineData("ingestion_start_date=yesterday", "ingestion_start_date", "yesterday", "YYYYMMDD")]
    [InlineData("ingestion_end_date=20260301%2012:00:00", "ingestion_end_date", "20260301 12:00:00", "YYYYMMDD")]
    [InlineData("version=nonsense", "version", "nonsense", "v01-01, v001, v001.0001, or latest")]
    [InlineData("version=v", "version", "v", "v001")]
    [InlineData("version=v001,v0001", "version", "v0001", "v001")]
    [InlineData("table=ancillary&version=v01-01", "version", "v01-01", "such as v001, or latest")]
    [InlineData("table=spice&version=x001", "version", "x001", "such as 1, ")]
    [InlineData("repointing=x", "repointing", "x", "repoint00002")]
    [InlineData("repointing=-1", "repointing", "-1", "repoint00002")]
    [InlineData("repointing=99999999999", "repointing", "99999999999", "repoint00002")]
    [InlineData("repointing=2.5", "repointing", "2.5", "repoint00002")]
    [InlineData("repointing=repoint", "repointing", "repoint", "repoint00002")]
    [InlineData("cr=x", "cr", "x", "cr00002")]
    [InlineData("major_version=one", "major_version", "one", "whole number")]
    [InlineData("minor_version=v001", "minor_version", "v001", "whole number")]
    [InlineData("latest=yes", "latest", "yes", "true or false")]
    [InlineData("latest=1", "latest", "1", "true or false")]
    [InlineData("filename=nonsense", "filename", "nonsense", "file name")]
    [InlineData("filename=imap/spice/lsk/naif0012.tls", "filename", "imap/spice/lsk/naif0012.tls", "file name")]
    [InlineData("file_path=../naif0012.tls", "file_path", "../naif0012.tls", "path")]
    [InlineData("file_path=imap/spice/spk/naif0012.tls", "file_path", "imap/spice/spk/naif0012.tls", "imap/spice/lsk/naif0012.tls")]
    [InlineData("limit=0", "limit", "0", "1 to 10000")]
    [InlineData("limit=10001", "limit", "10001", "1 to 10000")]
    [InlineData("limit=ten", "limit", "ten", "1 to 10000")]
    [InlineData("limit=10&cursor=nonsense", "cursor", "nonsense", "Link")]
    [InlineData("cursor=MTpi", "cursor", "MTpi", "limit")]
    [InlineData("limit=10&cursor=NTowOg", "cursor", "NTowOg", "Link")] // 5:0: has neither a path nor a place
    [InlineData("limit=10&cursor=NTozOg", "cursor", "NTozOg", "Link")] // 5:3: is a place, and nothing is sorted
    [InlineData("limit=10&cursor=NTozOmltYXAvbWFn", "cursor", "NTozOmltYXAvbWFn", "Link")] // 5:3:imap/mag
    [InlineData("limit=10&sort=size&cursor=NTowOmltYXAvbWFn", "cursor", "NTowOmltYXAvbWFn", "Link")] // 5:0:imap/mag is a path, and by size it says nothing
    [InlineData("current=yes", "current", "yes", "true or false")]
    [InlineData("table=ancillary&repointing=2", "repointing", "", "table=ancillary")]
    [InlineData("table=spice&cr=2092", "cr", "", "table=spice")]
    [InlineData("table=release&major_version=1", "major_version", "", "table=release")]
    [InlineData("sort=size,-size", "sort", "size,-size", "size is named twice")]
    [InlineData("sort=version,size,version", "sort", "version,size,version", "version is named twice")]
    [InlineData("table=spice&instrument=mag", "instrument", "", "table=spice")]
    [InlineData("table=ancillary&data_level=l0", "data_level", "", "table=ancillary")]
    public async Task A_malformed_value_is_refused_by_name(string parameters, string name, string value, string allowed)
    {
        foreach (var (accept, member) in new[] { ("application/json", "body"), ("*/*", "detail") })
        {
            var answer = await archive.SendAsync($"GET /query?{parameters}", accept);
            answer.Status.ShouldBe(400, answer.Text);
            var sentence = answer.Json.GetProperty(member).GetString()!;
            sentence.ShouldStartWith($"The parameter {name} ");
            sentence.ShouldContain(value);
            sentence.ShouldContain(allowed);
            sentence.ShouldEndWith(".");
        }
    }

    [Fact]
    public async Task Whatever_a_name_may_have_as_its_descriptor_can_be_asked_for()
    {
        await using var own = await RunningArchive.StartAsync();
        foreach (var descriptor in (string[])["it's", "\"b\"", "100%", "a=b"])
        {
            await own.UploadAsync($"imap_swe_l1_{descriptor}_20260901_v001.cdf", [1]);
            (await own.QueryAsync($"descriptor={Uri.EscapeDataString(descriptor)}")).ShouldHaveSingleItem().Descriptor.ShouldBe(descriptor);
        }
    }

    public static TheoryData<string> EachParameter => [.. Parameters];

    [Theory]
    [MemberData(nameof(EachParameter))]
    public async Task Every_parameter_refuses_what_it_cannot_mean(string name)
    {
        string[] values =
        [
            "",
            "'%20OR%201=1%20--",
            "%27%3B%20DROP%20TABLE%20files%3B--",
            "1%20UNION%20SELECT%20*%20FROM%20ledger",
            "%22%29%20OR%201=1%20--",
            "%5C%27",
            "%00",
            "%0A",
            "%F0%9F%98%80",
            new string('a', 100_000),
            new string('0', 100_000),
            new string('*', 100_000),
            "x" + new string('\'', 50_000),
            new string(',', 100_000),
        ];
        foreach (var value in values)
        {
            foreach (var accept in (string[])["application/json", "*/*"])
            {
                var answer = await archive.SendAsync($"GET /query?{name}={value}", accept);
                answer.Status.ShouldBe(
                    400,
                    $"{name}={value[..Math.Min(value.Length, 40)]}: {answer.Text[..Math.Min(answer.Text.Length, 200)]}"
                );
                answer.Text.ShouldContain($"The parameter {name} ");
                answer.Text.Length.ShouldBeLessThan(4096, "the value is cut where it is shown");
            }
        }

        (await archive.QueryAsync("version=*")).Length.ShouldBe(13, "the files are all still there");
    }

    [Theory]
    [InlineData("start_date", "20260101")]
    [InlineData("end_date", "20260101")]
    [InlineData("ingestion_start_date", "20260101")]
    [InlineData("ingestion_end_date", "20260101")]
    [InlineData("latest", "true")]
    [InlineData("current", "true")]
    [InlineData("table", "science")]
    [InlineData("limit", "10")]
    public async Task What_can_be_given_once_is_not_given_twice(string name, string value)
    {
        var answer = await archive.SendAsync($"GET /query?{name}={value}&{name}={value}");
        answer.Status.ShouldBe(400);
        answer.Json.GetProperty("detail").GetString().ShouldBe($"The parameter {name} is given 2 times; allowed: once.");
    }

    [Theory]
    [InlineData("descriptor", "a", 1000)]
    [InlineData("descriptor", "a*", 1000)]
    [InlineData("version", "v1*", 1000)]
    [InlineData("repointing", "1", 1000)]
    [InlineData("filename", "imap_swe_l1_sci_20260901_v999.cdf", 10_000)]
    public async Task Many_values_are_answered_and_more_are_refused(string name, string value, int most)
    {
        (await archive.SendAsync($"GET /query?{name}={string.Join(',', Enumerable.Repeat(value, most))}")).Status.ShouldBe(200);
        var answer = await archive.SendAsync($"GET /query?{name}={string.Join(',', Enumerable.Repeat(value, most + 1))}");
        answer.Status.ShouldBe(400);
        answer.Json.GetProperty("detail").GetString()!.ShouldContain($"at most {most} values");
    }

    [Fact]
    public async Task A_file_path_that_is_no_name_says_why()
    {
        var answer = await archive.SendAsync("GET /query?filename=imap_swe_l9_sci_20260901_v999.cdf");
        answer.Json.GetProperty("errors")[0].GetString()!.ShouldContain("'l9'");
    }
}
