using System.Security.Cryptography;
using System.Text;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Uploads;

/// <summary>Contract, route <c>GET /upload/…</c>: every answer to the letter, in both representations, under every prefix.</summary>
public sealed class RequestUploadTests(FoundingArchive founding) : IClassFixture<FoundingArchive>
{
    private const string New = "imap_codice_l1a_lo_20260101_20260102_v01-02.cdf";
    private const string NewUrl = "http://archive/objects/imap/codice/l1a/2026/01/" + New + "?<credentials-string>";
    private const string BadName =
        "A pre-signed URL could not be generated. Please ensure that the file name matches mission file naming conventions.";
    private const string NoName =
        "No filename given for the upload. Please provide a filename in the path. Eg. /upload/path/to/file/filename.pkts";

    private readonly RunningArchive archive = founding.Archive;

    [Theory]
    [InlineData("/upload/codice/l1a/2026/01/" + New, 200, """{"statusCode": 200, "body": "URL"}""", "\"URL\"")]
    [InlineData("/upload/science/codice/l1a/2026/01/" + New, 200, """{"statusCode": 200, "body": "URL"}""", "\"URL\"")]
    [InlineData("/upload/science/imap/codice/l1a/2026/01/" + New, 200, """{"statusCode": 200, "body": "URL"}""", "\"URL\"")]
    [InlineData("/upload/imap/codice/l1a/2026/01/" + New, 200, """{"statusCode": 200, "body": "URL"}""", "\"URL\"")]
    [InlineData("/upload/data/" + New, 200, """{"statusCode": 200, "body": "URL"}""", "\"URL\"")]
    [InlineData("/upload/home/me/some%20folder/2031/" + New, 200, """{"statusCode": 200, "body": "URL"}""", "\"URL\"")]
    [InlineData("/upload/" + New, 200, """{"statusCode": 200, "body": "URL"}""", "\"URL\"")]
    [InlineData("/upload/imap_mag_l0_burst_20230112_20230113_v01-01.pkts", 409,
        """{"statusCode": 409, "body": "imap/mag/l0/2023/01/imap_mag_l0_burst_20230112_20230113_v01-01.pkts already exists.", "sha256": """,
        "imap/mag/l0/2023/01/imap_mag_l0_burst_20230112_20230113_v01-01.pkts already exists.")]
    [InlineData("/upload/nonsense.cdf", 400, """{"statusCode": 400, "body": "BADNAME", "errors": [""", BadName)]
    [InlineData("/upload/science/nonsense.cdf", 400, """{"statusCode": 400, "body": "BADNAME", "errors": [""", BadName)]
    [InlineData("/upload", 400, """{"statusCode": 400, "body": "NONAME"}""", NoName)]
    [InlineData("/upload/", 400, """{"statusCode": 400, "body": "NONAME"}""", NoName)]
    [InlineData("/upload/science", 400, """{"statusCode": 400, "body": "NONAME"}""", NoName)]
    [InlineData("/upload/science/", 400, """{"statusCode": 400, "body": "NONAME"}""", NoName)]
    [InlineData("/upload/codice/l1a/", 400, """{"statusCode": 400, "body": "NONAME"}""", NoName)]
    public async Task An_answer_is_as_the_contract_says(string path, int status, string documented, string plain)
    {
        foreach (var prefix in (string[])["", "/api-key", "/authorized"])
        {
            var asDocumented = await archive.SendAsync($"GET {prefix}{path}", "application/json");
            asDocumented.Status.ShouldBe(status);
            asDocumented["Content-Type"].ShouldBe("application/json");
            var expected = documented.Replace("URL", NewUrl).Replace("BADNAME", BadName).Replace("NONAME", NoName);
            var printed = asDocumented.Printed(archive);
            (expected.EndsWith('}') ? printed : printed[..expected.Length]).ShouldBe(expected);
            asDocumented.Json.TryGetProperty("headers", out _).ShouldBeFalse("the document shows no headers for upload");

            var asPlain = await archive.SendAsync($"GET {prefix}{path}");
            asPlain.Status.ShouldBe(status);
            if (status == 200)
                asPlain.Printed(archive).ShouldBe(plain.Replace("URL", NewUrl));
            else
                asPlain.Json.GetProperty("detail").GetString().ShouldBe(plain);
        }
    }

    [Fact]
    public async Task The_answer_that_a_file_exists_says_its_digest_and_size()
    {
        const string Name = "imap_mag_l0_burst_20230112_20230113_v01-01.pkts";
        var sha256 = Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(Name)));
        foreach (var (request, accept, content) in new (string, string, string?)[]
            {
                ($"GET /upload/{Name}", "application/json", null),
                ($"GET /upload/{Name}", "*/*", null),
                ("POST /uploads", "*/*", $$"""{"filename": "{{Name}}", "size": 10}"""),
            })
        {
            var answer = await archive.SendAsync(request, accept, content is null ? null : new StringContent(content));
            answer.Status.ShouldBe(409, answer.Text);
            answer.Json.GetProperty("sha256").GetString().ShouldBe(sha256);
            answer.Json.GetProperty("size").GetInt64().ShouldBe(Name.Length);
        }
    }

    [Theory]
    [InlineData("x-api-key", "some-key", 403)]
    [InlineData("X-API-KEY", "some-key", 403)]
    [InlineData("x-ApI-kEy", "", 200)]
    [InlineData("Authorization", "", 200)]
    [InlineData("Authorization", "Bearer nonsense", 401)]
    public async Task Credentials_that_are_wrong_are_no_success_on_any_prefix_of_an_open_archive(string header, string value, int status)
    {
        foreach (var prefix in (string[])["", "/api-key", "/authorized"])
            (await archive.SendAsync($"GET {prefix}/upload/{New}", headers: (header, value))).Status.ShouldBe(status);
    }

    [Theory]
    [InlineData("l1z", "data_level", "imap_swe_l1z_sci_20260101_v001.cdf")]
    [InlineData("20260230", "start", "imap_swe_l1a_sci_20260230_v001.cdf")]
    [InlineData("xyz", "instrument", "imap_xyz_l1a_sci_20260101_v001.cdf")]
    public async Task The_errors_say_which_part_is_wrong_and_what_is_allowed(string text, string part, string name)
    {
        foreach (var (accept, member) in new[] { ("application/json", "body"), ("*/*", "detail") })
        {
            var answer = await archive.SendAsync($"GET /upload/{name}", accept);
            answer.Status.ShouldBe(400);
            answer.Json.GetProperty(member).GetString().ShouldBe(BadName);
            var error = answer.Json.GetProperty("errors").EnumerateArray().ShouldHaveSingleItem().GetString()!;
            error.ShouldContain($"'{text}'");
            error.ShouldContain("allowed:");
            error.Replace(' ', '_').ShouldContain(part.Split('_')[^1], Case.Insensitive);
        }
    }
}
