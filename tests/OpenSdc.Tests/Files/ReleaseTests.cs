using System.Text;
using OpenSdc.Tests.Access;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Files;

/// <summary>
/// What is not released is, to the public, as what does not exist; and how files are released, withdrawn,
/// restored and purged.
/// </summary>
public sealed class ReleaseTests(ClosedArchive closed) : IClassFixture<ClosedArchive>
{
    private static int number;

    private readonly RunningArchive archive = closed.Archive;

    private static string NewName(string version = "v001") =>
        $"imap_swe_l1_sci{Interlocked.Increment(ref number):D5}_20260901_{version}.cdf";

    [Theory]
    [InlineData("GET /download/{name}")]
    [InlineData("GET /download/{key}")]
    [InlineData("GET /download/{key-without-root}")]
    [InlineData("GET /download/s3://bucket/{key}")]
    [InlineData("GET /DOWNLOAD//{name}")]
    [InlineData("HEAD /download/{name}")]
    [InlineData("GET /query?filename={name}&count=true")]
    [InlineData("GET /query?file_path={key}")]
    [InlineData("GET //Query?filename={name}")]
    [InlineData("HEAD /query?filename={name}&count=true")]
    [InlineData("POST /query?filename={name}")]
    [InlineData("GET /query?filename={name}&format=csv")]
    [InlineData("GET /query?filename={name}&format=ndjson")]
    [InlineData("GET /query?filename={name}&format=urls")]
    [InlineData("GET /query?filename={name}&format=sha256sum")]
    [InlineData("GET /query?descriptor={descriptor}")]
    [InlineData("GET /query?descriptor={descriptor}&latest=true&limit=1")]
    [InlineData("GET /coverage?descriptor={descriptor}")]
    [InlineData("GET /facets?descriptor={descriptor}")]
    [InlineData("GET /changes?filename={name}")]
    [InlineData("GET /changes?file_path={key}")]
    [InlineData("HEAD /changes?filename={name}")]
    public async Task An_unreleased_file_is_answered_as_one_that_does_not_exist(string request)
    {
        var (hidden, absent) = (NewName(), NewName());
        await UploadAsync(hidden, [1, 2, 3]);
        foreach (var accept in (string?[])[null, "application/json", "*/*"])
        {
            var (one, other) = (await AskAsync(hidden), await AskAsync(absent));
            one.ShouldBe(other.Replace(absent, hidden, StringComparison.Ordinal));

            async Task<string> AskAsync(string name)
            {
                var key = RunningArchive.KeyOf(name);
                var answer = await archive.SendAsync(
                    request
                        .Replace("{name}", name, StringComparison.Ordinal)
                        .Replace("{key}", key, StringComparison.Ordinal)
                        .Replace("{key-without-root}", key[5..], StringComparison.Ordinal)
                        .Replace("{descriptor}", name.Split('_')[3], StringComparison.Ordinal),
                    accept
                );
                return $"{answer.Status} {answer["OpenSDC-Count"]} {answer["OpenSDC-Seq"]} {answer["Cache-Control"]} {answer["Vary"]} {answer["Content-Type"]}\n{WithoutId(answer)}";
            }
        }
    }

    [Fact]
    public async Task Nothing_that_the_public_is_answered_changes_by_an_upload_that_is_not_released()
    {
        await UploadAsync(NewName(), [1]);
        var before = await AllAsync();
        var hidden = NewName();
        await UploadAsync(hidden, [1, 2, 3]);
        (await AllAsync()).ShouldBe(before);
        await ReleaseAsync(hidden);
        (await AllAsync()).ShouldNotBe(before);
        (await archive.SendAsync($"GET /query?filename={hidden}")).Json[0].GetProperty("released").GetBoolean().ShouldBeTrue();

        async Task<string> AllAsync()
        {
            var text = new StringBuilder();
            foreach (
                var request in (string[])
                    [
                        "GET /query?table=*&count=true",
                        "HEAD /query?table=*",
                        "GET /query?since_seq=0",
                        "GET /coverage",
                        "GET /facets",
                        "GET /spice-query",
                        "GET /query?as_of=999999",
                        "GET /query?limit=1",
                    ]
            )
            {
                var answer = await archive.SendAsync(request);
                text.AppendLine(
                    $"{request} {answer.Status} {answer["OpenSDC-Count"]} {answer["OpenSDC-Seq"]} {answer["ETag"]} {WithoutId(answer)}"
                );
            }

            return text.ToString();
        }
    }

    [Fact]
    public async Task Tags_and_cursors_are_of_no_use_to_another_audience()
    {
        foreach (var _ in (int[])[1, 2])
        {
            var name = NewName();
            await UploadAsync(name, [1]);
            await ReleaseAsync(name);
        }

        var page = await archive.SendAsync("GET /query?limit=1", headers: closed.Admin);
        var next = "GET " + new Uri(page["Link"]![1..page["Link"]!.IndexOf('>', StringComparison.Ordinal)]).PathAndQuery;
        (await archive.SendAsync(next, headers: closed.Admin)).Status.ShouldBe(200);
        (await archive.SendAsync(next)).Status.ShouldBe(400);
        (await archive.SendAsync(next[..^3] + "abc", headers: closed.Admin)).Status.ShouldBe(400);
        (await archive.SendAsync(next[..next.LastIndexOf('.')], headers: closed.Admin)).Status.ShouldBe(400);
        (await archive.SendAsync("GET /query?limit=1", headers: [closed.Admin, ("If-None-Match", page["ETag"]!)])).Status.ShouldBe(304);
        (await archive.SendAsync("GET /query?limit=1", headers: ("If-None-Match", page["ETag"]!))).Status.ShouldBe(200);
    }

    [Fact]
    public async Task A_manifest_releases_the_newest_of_each_series_but_its_exceptions()
    {
        // Names of their own, so that no other test's files are meant.
        string[] names =
        [
            "imap_lo_l1a_one_20260310_v001.cdf",
            "imap_lo_l1a_one_20260310_v002.cdf",
            "imap_lo_l1a_two_20260311_v001.cdf",
            "imap_lo_l2_one_20260312_v001.cdf",
            "imap_lo_l1a_one_20260401_v001.cdf",
        ];
        foreach (var name in names)
            await UploadAsync(name, [1]);
        const string Manifest = "imap_lo_any-name_20260301_20260331_v001.txt";
        await UploadAsync(Manifest, "lo, l1a, all, true\r\nlo,l1a,two,false\nlo,l2,one,True\n\n"u8.ToArray());
        var key = await closed.KeyAsync("release");

        var answer = await archive.SendAsync(
            $"GET /api-key/release?release_type=release&manifest_file=imap/release/lo/{Manifest}",
            headers: key
        );
        (answer.Status, answer.Text).ShouldBe((200, $"\"Successfully released data per specification in imap/release/lo/{Manifest}\""));
        (await ReleasedAsync()).ShouldBe(["imap_lo_l1a_one_20260310_v002.cdf", "imap_lo_l2_one_20260312_v001.cdf"]);
        // Again: nothing changes.
        var seq = (await archive.SendAsync("HEAD /query"))["OpenSDC-Seq"];
        (await archive.SendAsync($"GET /release?release_type=release&manifest_file=s3://b/{Manifest}", headers: key)).Status.ShouldBe(200);
        (await archive.SendAsync("HEAD /query"))["OpenSDC-Seq"].ShouldBe(seq);
        (await archive.SendAsync($"GET /authorized/release?release_type=unrelease&manifest_file={Manifest}", headers: key)).Text.ShouldBe(
            $"\"Successfully unreleased data per specification in {Manifest}\""
        );
        (await ReleasedAsync()).ShouldBeEmpty();
        // What the public saw then it sees for ever.
        (await archive.SendAsync($"GET /query?instrument=lo&as_of={seq}")).Json.GetArrayLength().ShouldBe(2);

        async Task<string[]> ReleasedAsync() =>
            [
                .. (await archive.SendAsync("GET /query?instrument=lo&sort=file_path&fields=file_path"))
                    .Json.EnumerateArray()
                    .Select(each => each.GetProperty("file_path").GetString()!.Split('/')[^1])
                    .Order(StringComparer.Ordinal),
            ];
    }

    [Theory]
    [InlineData("ultra,ancillary,offsets,true", "ultra")]
    [InlineData("hit,all,all,true", "hit")]
    [InlineData("codice,ancillary,all,true\ncodice,ancillary,other,false", "codice")]
    public async Task A_manifest_releases_the_newest_ancillary_of_each_span_that_is_valid_in_its_days(string lines, string instrument)
    {
        var (meant, others) = (
            (string[])
            [
                // Of one span the newest version, whatever its extension.
                $"imap_{instrument}_offsets_20260201_20260305_v002.csv",
                $"imap_{instrument}_offsets_20260310_20260312_v010.cdf",
                // An open end lasts until the next start, which is in the days, and the last one for ever.
                $"imap_{instrument}_offsets_20260210_v001.csv",
                $"imap_{instrument}_offsets_20260330_v001.csv",
            ],
            (string[])
            [
                $"imap_{instrument}_offsets_20260201_20260305_v001.csv",
                $"imap_{instrument}_offsets_20260310_20260312_v009.csv",
                // Over before the first day, by its own end or by the next start.
                $"imap_{instrument}_offsets_20260101_20260228_v001.csv",
                $"imap_{instrument}_offsets_20260105_v003.csv",
                // Begins after the last day.
                $"imap_{instrument}_offsets_20260401_v001.csv",
            ]);
        var other = $"imap_{instrument}_other_20260310_v001.csv";
        foreach (var name in (string[])[.. meant, .. others, other])
            await UploadAsync(name, [1]);
        // Ancillary files are released when they come; take that back first.
        (await archive.SendAsync($"POST /unrelease?table=ancillary&instrument={instrument}", headers: closed.Admin)).Status.ShouldBe(200);
        var manifest = $"imap_{instrument}_ancillaries_20260301_20260331_v001.txt";
        await UploadAsync(manifest, Encoding.UTF8.GetBytes(lines));

        var answer = await archive.SendAsync(
            $"GET /api-key/release?release_type=release&manifest_file={manifest}",
            headers: await closed.KeyAsync("release")
        );

        answer.Status.ShouldBe(200, answer.Text);
        var released = (await archive.SendAsync($"GET /query?table=ancillary&instrument={instrument}&fields=file_path"))
            .Json.EnumerateArray()
            .Select(each => each.GetProperty("file_path").GetString()!.Split('/')[^1]);
        // What "all" says as a type is all ancillaries.
        released
            .Order(StringComparer.Ordinal)
            .ShouldBe((lines.Contains(",all,all,", StringComparison.Ordinal) ? [.. meant, other] : meant).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("release_type=release", 400, "\"Missing required query parameter 'manifest_file' for release operation.\"")]
    [InlineData("release_type=early-release&manifest_file=x", 501, "\"Early release operation not supported yet.\"")]
    [InlineData(
        "release_type=all",
        400,
        "\"'all' is not a valid release_type. Valid options are: ['release', 'unrelease', 'early-release']\""
    )]
    public async Task Manifests_are_refused_in_the_words_of_the_live_service(string query, int status, string text)
    {
        var answer = await archive.SendAsync(
            $"GET /api-key/release?{query}",
            "application/json",
            headers: await closed.KeyAsync("release")
        );
        (answer.Status, answer.Text).ShouldBe((status, text));
    }

    [Fact]
    public async Task A_line_that_is_none_is_named()
    {
        const string Manifest = "imap_glows_bad_20260301_20260331_v001.txt";
        await UploadAsync(Manifest, "glows,l1a,all,true\nglows,l1a,maybe\n"u8.ToArray());
        var answer = await archive.SendAsync(
            $"GET /release?release_type=release&manifest_file={Manifest}",
            headers: await closed.KeyAsync("release", "read")
        );
        answer.Status.ShouldBe(400);
        answer.Text.ShouldContain("Line 2 of the manifest is 'glows,l1a,maybe'");
        // Who may release and not read is given no bytes of a file that is not released.
        answer = await archive.SendAsync(
            $"GET /release?release_type=release&manifest_file={Manifest}",
            headers: await closed.KeyAsync("release")
        );
        answer.Status.ShouldBe(400);
        answer.Text.ShouldContain("Line 2 of the manifest is malformed");
    }

    [Fact]
    public async Task Who_may_only_read_releases_and_withdraws_nothing()
    {
        var (reader, name) = (await closed.KeyAsync("read"), NewName());
        await UploadAsync(name, [1]);
        var denied = await archive.SendAsync(
            "GET /api-key/release?release_type=release&manifest_file=x",
            "application/json",
            headers: reader
        );
        (denied.Status, denied.Text).ShouldBe((403, "\"Release operation denied. Your API key has read permissions.\""));
        foreach (
            var request in (string[])
                [
                    $"POST /release?filename={name}",
                    $"POST /unrelease?filename={name}",
                    $"POST /withdraw?filename={name}&reason=x",
                    $"POST /restore-file?filename={name}",
                    $"POST /purge?filename={name}",
                ]
        )
        {
            (await archive.SendAsync(request, headers: reader)).Status.ShouldBe(403, request);
            (await archive.SendAsync(request)).Status.ShouldBe(401, request);
        }

        (await archive.SendAsync("POST /release", headers: closed.Admin)).Status.ShouldBe(400, "it names no files");
        (await archive.SendAsync($"GET /query?filename={name}", headers: reader))
            .Json[0]
            .GetProperty("released")
            .GetBoolean()
            .ShouldBeFalse();
    }

    [Fact]
    public async Task A_withdrawn_file_is_gone_with_its_reason_until_it_is_restored_or_purged()
    {
        var (name, better, never) = (NewName(), NewName(), NewName());
        foreach (var each in (string[])[name, better, never])
            await UploadAsync(each, [1, 2, 3]);
        await ReleaseAsync(name);
        await ReleaseAsync(better);
        var url = await archive.SendAsync($"GET /download/{name}");
        (await SendAsync($"POST /withdraw?filename={name}&superseded_by={better}", "{\"reason\":\"Wrong calibration.\"}")).Status.ShouldBe(
            200
        );
        (await SendAsync($"POST /withdraw?filename={never}&reason=never+shown")).Status.ShouldBe(200);

        foreach (var headers in ((string, string)[][])[[], [closed.Admin]])
        {
            var gone = await archive.SendAsync($"GET /download/{name}", headers: headers);
            gone.Status.ShouldBe(410);
            gone.Json.GetProperty("reason").GetString().ShouldBe("Wrong calibration.");
            gone.Json.GetProperty("superseded_by").GetString().ShouldBe(RunningArchive.KeyOf(better));
            (
                await archive.SendAsync($"GET /download/{RunningArchive.KeyOf(name)}", "application/json", headers: headers)
            ).Text.ShouldContain("Wrong calibration.");
            (await archive.SendAsync($"GET /query?filename={name}", headers: headers)).Text.ShouldBe("[]");
        }

        (await archive.SendAsync("GET " + new Uri(url["Location"]!).PathAndQuery)).Status.ShouldBe(410);
        (await archive.SendAsync($"GET /download/{never}")).Status.ShouldBe(404, "the public never saw it");
        (await archive.SendAsync($"GET /download/{never}", headers: closed.Admin)).Status.ShouldBe(410);
        var taken = await archive.SendAsync($"GET /upload/{name}", headers: closed.Admin);
        taken.Status.ShouldBe(409);
        taken.Text.ShouldContain("Wrong calibration.");

        (await SendAsync($"POST /restore-file?filename={name}")).Status.ShouldBe(200);
        (await archive.SendAsync($"GET /download/{name}")).Status.ShouldBe(302);
        (await SendAsync($"POST /purge?filename={name}")).Status.ShouldBe(409, "it is not withdrawn");
        (await SendAsync($"POST /withdraw?filename={name}&reason=again")).Status.ShouldBe(200);
        (await SendAsync($"POST /purge?filename={name}&token=0123")).Status.ShouldBe(400);
        var token = (await SendAsync($"POST /purge?filename={name}")).Json.GetProperty("token").GetString();
        File.Exists(Path.Combine(archive.Folder, "objects", RunningArchive.KeyOf(name))).ShouldBeTrue();
        for (var i = 0; i < 2; i++)
            (await SendAsync($"POST /purge?filename={name}&token={token}")).Status.ShouldBe(200);
        File.Exists(Path.Combine(archive.Folder, "objects", RunningArchive.KeyOf(name))).ShouldBeFalse();
        (await SendAsync($"POST /restore-file?filename={name}")).Status.ShouldBe(409);
        (await archive.SendAsync($"GET /download/{name}")).Status.ShouldBe(410);

        Task<Answer> SendAsync(string request, string? json = null) =>
            archive.SendAsync(
                request,
                content: json is null ? null : new StringContent(json, Encoding.UTF8, "application/json"),
                headers: closed.Admin
            );
    }

    private async Task UploadAsync(string name, byte[] bytes)
    {
        var answer = await archive.SendAsync($"GET /upload/{name}", headers: closed.Admin);
        answer.Status.ShouldBe(200, answer.Text);
        (await archive.PutAsync(answer.Text.Trim('"'), bytes)).Status.ShouldBe(201);
    }

    private async Task ReleaseAsync(string name) =>
        (await archive.SendAsync($"POST /release?filename={name}", headers: closed.Admin))
            .Json.GetProperty("changed")
            .GetInt32()
            .ShouldBe(1);

    /// <summary>The body without the request's id, which no two answers share.</summary>
    private static string WithoutId(Answer answer) =>
        answer["X-Request-Id"] is { } id ? answer.Text.Replace(id, "", StringComparison.Ordinal) : answer.Text;
}
