using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Files;

/// <summary>
/// Contract, route <c>GET</c>/<c>HEAD /download/…</c>: every answer to the letter, in both representations,
/// under every prefix.
/// </summary>
public sealed class DownloadFileTests(FoundingArchive founding) : IClassFixture<FoundingArchive>
{
    private const string Codice = FoundingArchive.Codice;
    private const string CodiceUrl = "http://archive/objects/" + FoundingArchive.CodiceKey + "?<credentials-string>";
    private const string BadName = "Not a valid S3 URI. Example input: s3://bucket/path/file.ext";
    private const string NoName =
        "No file requested for download. Please provide a filename in the path. Eg. /download/path/to/file/filename.pkts";

    private const string NoFile =
        "File not found, make sure you include the full path to the file in the request, e.g. /download/path/to/file/filename.pkts.";

    private readonly RunningArchive archive = founding.Archive;

    [Theory]
    [InlineData(Codice)]
    [InlineData("codice/l1a/2026/01/" + Codice)]
    [InlineData("imap/codice/l1a/2026/01/" + Codice)]
    [InlineData("s3://sds-data/imap/codice/l1a/2026/01/" + Codice)]
    [InlineData("s3://any-bucket/imap/codice/l1a/2026/01/" + Codice)]
    [InlineData("s3://sds-data/codice/l1a/2026/01/" + Codice)]
    public async Task A_file_is_found_by_each_form_of_its_path(string path)
    {
        foreach (var prefix in (string[])["", "/api-key", "/authorized"])
        {
            var documented = await archive.SendAsync($"GET {prefix}/download/{path}", "application/json");
            documented.Status.ShouldBe(302);
            documented
                .Printed(archive)
                .ShouldBe(
                    $$$"""{"statusCode": 302, "headers": {"Content-Type": "text/html", "Location": "{{{CodiceUrl}}}"}, "body": {"download_url": "{{{CodiceUrl}}}"}}"""
                );

            var plain = await archive.SendAsync($"GET {prefix}/download/{path}");
            plain.Status.ShouldBe(302);
            plain["Content-Type"].ShouldBe("application/json");
            plain.Printed(archive).ShouldBe($$"""{"download_url": "{{CodiceUrl}}"}""");

            var head = await archive.SendAsync($"HEAD {prefix}/download/{path}");
            head.Status.ShouldBe(302);
            head.Bytes.ShouldBeEmpty();

            foreach (var answer in (Answer[])[documented, plain, head])
            {
                Answer.Print(answer["Location"]!, archive).ShouldBe(CodiceUrl);
                (await archive.SendAsync($"GET {answer["Location"]}")).Text.ShouldBe(Codice);
            }
        }
    }

    [Theory]
    [InlineData("naif0012.tls")]
    [InlineData("imap/spice/lsk/naif0012.tls")]
    [InlineData("spice/lsk/naif0012.tls")]
    [InlineData("s3://sds-data/spice/lsk/naif0012.tls")]
    public async Task A_kernel_is_found_under_the_older_root_too(string path) =>
        (await archive.DownloadAsync(path)).ShouldBe("naif0012.tls"u8.ToArray());

    [Theory]
    [InlineData("imap_codice_l1a_lo_20260101_20260102_v01-02.cdf", 404, NoFile)]
    [InlineData("codice/l1a/2026/01/imap_codice_l1a_lo_20260101_20260102_v01-02.cdf", 404, NoFile)]
    [InlineData("codice/l1a/2026/02/" + Codice, 404, NoFile)]
    [InlineData("codice/l1b/2026/01/" + Codice, 404, NoFile)]
    [InlineData("l1a/2026/01/" + Codice, 404, NoFile)]
    [InlineData("imap/imap/codice/l1a/2026/01/" + Codice, 404, NoFile)]
    [InlineData("science/codice/l1a/2026/01/" + Codice, 404, NoFile)]
    [InlineData("IMAP/codice/l1a/2026/01/" + Codice, 404, NoFile)]
    [InlineData("spice/naif0012.tls", 404, NoFile)]
    [InlineData("lsk/naif0012.tls", 404, NoFile)]
    [InlineData("spice/codice/l1a/2026/01/" + Codice, 404, NoFile)]
    [InlineData("s3://sds-data/nowhere/" + Codice, 404, NoFile)]
    [InlineData("nonsense.cdf", 400, BadName)]
    [InlineData("codice/l1a/2026/01/nonsense", 400, BadName)]
    [InlineData("s3://sds-data", 400, BadName)]
    [InlineData("s3:///imap/codice/l1a/2026/01/" + Codice, 400, BadName)]
    [InlineData("s3://sds-data/nonsense.cdf", 400, BadName)]
    [InlineData("", 400, NoName)]
    [InlineData("codice/l1a/", 400, NoName)]
    [InlineData("s3://sds-data/imap/", 400, NoName)]
    public async Task What_is_not_there_is_refused_to_the_letter(string path, int status, string sentence)
    {
        foreach (var prefix in (string[])["", "/api-key", "/authorized"])
        {
            // The document knows only 400 for a download.
            var documented = await archive.SendAsync($"GET {prefix}/download/{path}", "application/json");
            documented.Status.ShouldBe(400);
            documented.Text.ShouldStartWith($$"""{"statusCode": 400, "body": "{{sentence}}" """.TrimEnd());
            documented.Json.TryGetProperty("headers", out _).ShouldBeFalse();

            var plain = await archive.SendAsync($"GET {prefix}/download/{path}");
            plain.Status.ShouldBe(status);
            plain.Json.GetProperty("detail").GetString().ShouldBe(sentence);
            plain["Location"].ShouldBeNull();

            var head = await archive.SendAsync($"HEAD {prefix}/download/{path}");
            head.Status.ShouldBe(status);
            head.Bytes.ShouldBeEmpty();
        }
    }

    [Fact]
    public async Task Without_a_slash_there_is_no_name_either() =>
        (await archive.SendAsync("GET /download", "application/json")).Text.ShouldBe($$"""{"statusCode": 400, "body": "{{NoName}}"}""");

    [Fact]
    public async Task A_key_that_nobody_made_is_refused_also_by_an_open_archive() =>
        (await archive.SendAsync($"GET /download/{Codice}", headers: ("X-Api-Key", "some-key"))).Status.ShouldBe(403);
}
