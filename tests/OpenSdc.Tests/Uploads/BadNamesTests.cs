using System.Text.Json;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Uploads;

/// <summary>Names that are no names: each is refused with a sentence, whichever way it comes, and nothing is stored.</summary>
public sealed class BadNamesTests(ArchiveFixture fixture) : IClassFixture<ArchiveFixture>
{
    private readonly RunningArchive archive = fixture.Archive;

    /// <summary>As the request line writes them.</summary>
    public static TheoryData<string> Names =>
    [
        "imap_swe_l0_" + new string('x', 300) + "_20260101_v001.pkts",
        "imap_swe_l0_" + new string('x', 6000) + "_20260101_v001.pkts",
        "a/../imap_swe_l0_sci_20260101_v001.pkts",
        "./imap_swe_l0_sci_20260101_v001.pkts",
        "..%2Fimap_swe_l0_sci_20260101_v001.pkts",
        "imap%2Fimap_swe_l0_sci_20260101_v001.pkts",
        "imap_swe_l0_a%2Fb_20260101_v001.pkts",
        "imap_swe_l0_a%2fb_20260101_v001.pkts",
        "imap_swe_l0_a%252Fb_20260101_v001.pkts",
        "imap_swe_l0_a%5Cb_20260101_v001.pkts",
        "folder%5Cimap_swe_l0_sci_20260101_v001.pkts",
        "..%5Cimap_swe_l0_sci_20260101_v001.pkts",
        "imap_swe_l0_a%0Ab_20260101_v001.pkts",
        "imap_swe_l0_a%7Fb_20260101_v001.pkts",
        "imap_swe_l0_a%C2%85b_20260101_v001.pkts",
        "imap_swe_l0_sci_20260101_v001.pkts%0A",
        "imap_swe_l0_%D1%95ci_20260101_v001.pkts", // a Cyrillic s
        "imap_swe_l0_sci_%EF%BC%92%EF%BC%90260101_v001.pkts", // full-width digits
        "imap_swe_l0_sci_20260101_v%D9%A0%D9%A0%D9%A1.pkts", // Arabic digits
        "imap%E2%80%8B_swe_l0_sci_20260101_v001.pkts", // a space of no width
        "imap_swe_l0_sci%E2%80%AE_20260101_v001.pkts", // right to left from here
        "imap_swe_l0_sci_20260230_v001.pkts",
        "imap_swe_l0_sci_20261301_v001.pkts",
        "imap_swe_l0_sci_20250229_v001.pkts",
        "imap_abc_l0_sci_20260101_v001.pkts",
        "imap_swe_l9_sci_20260101_v001.pkts",
        "imap_swe_l0_sci_20260101_20260102_v01-01.cdf",
        "imap_swe_l1a_sci_20260101_20260102_v01-01.pkts",
        "imap_swe_l0_sci_20260102_20260101_v01-01.pkts",
        "IMAP_swe_l0_sci_20260101_v001.pkts",
        "imap_SWE_l0_sci_20260101_v001.pkts",
        "imap_swe_l0_sci_20260101_v001.PKTS",
        "imap_swe_l0_sci_20260101_v001.pkts.",
        "imap_swe_l0_sci_20260101_v001.pkts%20",
        "%20imap_swe_l0_sci_20260101_v001.pkts",
        "imap_swe_l0__20260101_v001.pkts",
        "imap_swe_l0_sci_20260101_v01.pkts",
        "imap_swe_l0_sci_20260101_v001",
        "imap_2026_366_01.repoint.csv",
        "naif.tls",
        "%EF%BF%BF%F4%8F%BF%BF.cdf",
        "'%3B%20DROP%20TABLE%20files%3B--.cdf",
    ];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task An_upload_of_it_is_refused_with_a_sentence(string name)
    {
        foreach (var route in (string[])["/upload/", "/upload/science/", "/api-key/upload/", "/authorized/upload/swe/"])
        {
            foreach (var accept in (string[])["application/json", "*/*"])
            {
                var answer = await archive.SendAsync($"GET {route}{name}", accept);
                answer.Status.ShouldBe(400, answer.Text);
                ErrorsOf(answer).ShouldAllBe(error => error.EndsWith('.') && error.Length > 20 && !error.Any(char.IsControl));
            }
        }

        (await archive.QueryAsync("")).ShouldBeEmpty();
        archive.FilesBelow("objects").ShouldBeEmpty();
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_download_of_it_is_refused_with_a_sentence(string name)
    {
        var answer = await archive.SendAsync($"GET /download/{name}", "application/json");
        answer.Status.ShouldBe(400, answer.Text);
        answer.Json.GetProperty("body").GetString().ShouldBe("Not a valid S3 URI. Example input: s3://bucket/path/file.ext");
        ErrorsOf(answer).ShouldAllBe(error => error.EndsWith('.') && !error.Any(char.IsControl));
    }

    /// <summary>The web server folds these away, and with them the route: they are not repaired into another request.</summary>
    [Theory]
    [InlineData("..")]
    [InlineData("%2e%2e")]
    [InlineData("%2E.")]
    [InlineData("../imap_swe_l0_sci_20260101_v001.pkts")]
    [InlineData("%2e%2e/imap_swe_l0_sci_20260101_v001.pkts")]
    [InlineData("../../etc/passwd")]
    public async Task A_path_that_climbs_out_of_its_route_is_refused_with_a_sentence(string path)
    {
        foreach (var route in (string[])["/upload/", "/download/", "/api-key/upload/"])
        {
            foreach (var accept in (string[])["application/json", "*/*"])
            {
                var answer = await archive.SendAsync($"GET {route}{path}", accept);
                answer.Status.ShouldBe(400, answer.Text);
                ErrorsOf(answer).ShouldHaveSingleItem().ShouldContain("'.' and '..' are not allowed");
                answer["Vary"].ShouldNotBeNull().ShouldStartWith("Accept");
                answer.Json.GetProperty(accept == "*/*" ? "detail" : "body").GetString()
                    .ShouldStartWith(route == "/download/" ? "Not a valid S3 URI." : "A pre-signed URL could not be generated.");
            }
        }
    }

    private static List<string> ErrorsOf(Answer answer)
    {
        var errors = answer.Json.GetProperty("errors").Deserialize<List<string>>()!;
        errors.ShouldNotBeEmpty();
        return errors;
    }
}
