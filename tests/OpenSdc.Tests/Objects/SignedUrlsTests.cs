using System.Web;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using OpenSdc.Server;
using OpenSdc.Server.Objects;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Objects;

/// <summary>Contract, rule 3: a signed URL allows one method on one key until its moment, and nothing else does.</summary>
public sealed class SignedUrlsTests(FoundingArchive founding) : IClassFixture<FoundingArchive>
{
    private readonly RunningArchive archive = founding.Archive;

    [Fact]
    public async Task An_upload_url_lives_3600_seconds_and_a_download_url_86400()
    {
        var clock = new FakeTimeProvider(new DateTimeOffset(2026, 5, 6, 7, 8, 9, TimeSpan.Zero));
        await using var timed = await RunningArchive.StartAsync(clock: clock);
        var name = ArchiveFixture.NewName();
        var upload = await timed.UploadUrlAsync(name);
        Expires(upload).ShouldBe(clock.GetUtcNow().ToUnixTimeSeconds() + 3600);

        clock.Advance(TimeSpan.FromSeconds(3601));
        var late = await timed.PutAsync(upload, [1]);
        late.Status.ShouldBe(403);
        late.Json.GetProperty("detail").GetString().ShouldBe("The URL expired at 2026-05-06 08:08:09 UTC; ask for a new one.");
        await timed.ShouldHoldNothingOfAsync(name);

        var fresh = await timed.UploadUrlAsync(name);
        clock.Advance(TimeSpan.FromSeconds(3600));
        (await timed.PutAsync(fresh, [1])).Status.ShouldBe(201);

        var download = await timed.DownloadUrlAsync(name);
        Expires(download).ShouldBe(clock.GetUtcNow().ToUnixTimeSeconds() + 86400);
        clock.Advance(TimeSpan.FromSeconds(86400));
        (await timed.SendAsync($"GET {download}")).Status.ShouldBe(200);
        clock.Advance(TimeSpan.FromSeconds(1));
        (await timed.SendAsync($"GET {download}")).Status.ShouldBe(403);
        (await timed.SendAsync($"HEAD {download}")).Status.ShouldBe(403);
    }

    [Fact]
    public async Task Both_lives_are_settings()
    {
        var clock = new FakeTimeProvider(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        await using var brief = await RunningArchive.StartAsync(
            options => options with { UploadLifetime = 7, DownloadLifetime = 9 },
            clock
        );
        var name = ArchiveFixture.NewName();
        Expires(await brief.UploadUrlAsync(name)).ShouldBe(clock.GetUtcNow().ToUnixTimeSeconds() + 7);
        await brief.UploadAsync(name, [1]);
        Expires(await brief.DownloadUrlAsync(name)).ShouldBe(clock.GetUtcNow().ToUnixTimeSeconds() + 9);
    }

    public static TheoryData<string, Func<string, string>> Edits => new()
    {
        { "no query", url => url.Split('?')[0] },
        { "no signature", url => url.Split("&signature")[0] },
        { "no expiry", url => url.Replace("expires=", "was=") },
        { "later expiry", url => url.Replace("expires=1", "expires=2") },
        { "expiry that is no number", url => url.Replace("expires=", "expires=x") },
        { "expiry that no clock can hold", url => url.Replace("expires=", "expires=99999999999") },
        { "negative expiry", url => url.Replace("expires=", "expires=-") },
        { "first character", url => Flip(url, url.IndexOf("signature=", StringComparison.Ordinal) + 10) },
        { "last character", url => Flip(url, url.Length - 1) },
        { "shorter", url => url[..^1] },
        { "longer", url => url + "A" },
        { "empty signature", url => url.Split("&signature=")[0] + "&signature=" },
        { "twice", url => url + "&signature=" + url.Split("&signature=")[1] },
        { "not base64", url => url[..^4] + "%00%FF" },
        { "another key", url => url.Replace("_v01-01", "_v01-02").Replace("_v001", "_v002") },
        { "folder of the same name", url => url.Replace("/objects/imap/", "/objects/imap//") },
        { "climbing", url => url.Replace("/objects/imap/", "/objects/other/../imap/../../objects/x/") },
        { "very long", url => url.Replace("/objects/", "/objects/" + new string('x', 5000)) },
    };

    [Theory]
    [MemberData(nameof(Edits))]
    public async Task An_edited_url_is_refused(string what, Func<string, string> edit)
    {
        what.ShouldNotBeEmpty();
        var name = ArchiveFixture.NewName();
        var put = await archive.PutAsync(edit(await archive.UploadUrlAsync(name)), [1]);
        put.Status.ShouldBe(403, put.Text);
        put.Json.GetProperty("detail").GetString().ShouldNotBeNullOrEmpty();
        await archive.ShouldHoldNothingOfAsync(name);

        foreach (var method in (string[])["GET", "HEAD"])
            (await archive.SendAsync($"{method} {edit(await archive.DownloadUrlAsync(FoundingArchive.Codice))}")).Status.ShouldBe(403);
    }

    [Fact]
    public async Task A_url_allows_its_own_method_only()
    {
        var name = ArchiveFixture.NewName();
        var upload = await archive.UploadUrlAsync(name);
        (await archive.PutAsync(upload, [1])).Status.ShouldBe(201);
        (await archive.SendAsync($"GET {upload}")).Status.ShouldBe(403);
        (await archive.SendAsync($"HEAD {upload}")).Status.ShouldBe(403);
        (await archive.PutAsync(await archive.DownloadUrlAsync(name), [1])).Status.ShouldBe(403);
        (await archive.SendAsync($"DELETE {upload}")).Status.ShouldBe(405);
        (await archive.SendAsync($"POST {upload}")).Status.ShouldBe(405);
    }

    [Fact]
    public async Task Each_prefix_serves_the_same_url()
    {
        var download = await archive.DownloadUrlAsync(FoundingArchive.Codice);
        foreach (var prefix in (string[])["", "/api-key", "/authorized"])
            (await archive.SendAsync($"GET {download.Replace("/objects/", prefix + "/objects/")}")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task Urls_are_as_good_after_a_restart_and_the_key_is_the_owners_alone()
    {
        await using var restarted = await RunningArchive.StartAsync();
        var name = ArchiveFixture.NewName();
        var upload = await restarted.UploadUrlAsync(name);
        var before = restarted.Address;
        await restarted.RestartAsync();
        (await restarted.PutAsync(upload.Replace(before, restarted.Address), [1])).Status.ShouldBe(201);

        if (!OperatingSystem.IsWindows())
            File.GetUnixFileMode(Path.Combine(restarted.Folder, "signing.key")).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    [Fact]
    public void Two_archives_do_not_share_a_key_and_a_damaged_key_is_refused()
    {
        var folder = Directory.CreateTempSubdirectory("opensdc-").FullName;
        var other = Directory.CreateTempSubdirectory("opensdc-").FullName;
        try
        {
            var key = KeyOf(folder);
            KeyOf(folder).ShouldBe(key);
            KeyOf(other).ShouldNotBe(key);
            File.WriteAllBytes(Path.Combine(folder, "signing.key"), key[..31]);
            Should.Throw<SettingException>(() => KeyOf(folder)).Message.ShouldContain("must hold 32 bytes but holds 31");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
            Directory.Delete(other, recursive: true);
        }
    }

    [Theory]
    [InlineData("https://sdc.example.org")]
    [InlineData("https://sdc.example.org/")]
    [InlineData("http://sdc.example.org:8443/archive")]
    [InlineData("http://sdc.example.org:8443/archive/")]
    public async Task Behind_a_proxy_urls_begin_with_its_address(string publicUrl)
    {
        await using var proxied = await RunningArchive.StartAsync(options => options with { PublicUrl = new Uri(publicUrl) });
        var name = ArchiveFixture.NewName();
        var begin = publicUrl.TrimEnd('/') + "/objects/imap/swe/";
        var upload = await proxied.UploadUrlAsync(name);
        upload.ShouldStartWith(begin);
        (await proxied.PutAsync(upload.Replace(publicUrl.TrimEnd('/'), proxied.Address), [1])).Status.ShouldBe(201);

        (await proxied.DownloadUrlAsync(name)).ShouldStartWith(begin);
        var second = await proxied.UploadUrlAsync(ArchiveFixture.NewName());
        (await proxied.PutAsync(second.Replace(publicUrl.TrimEnd('/'), proxied.Address), [1])).Status.ShouldBe(201);
        (await proxied.SendAsync("GET /query?limit=1"))["Link"]!.ShouldStartWith($"<{publicUrl.TrimEnd('/')}/query?");
    }

    [Fact]
    public async Task Without_that_setting_they_begin_with_the_address_that_the_request_names()
    {
        var answer = await archive.SendAsync($"GET /upload/{ArchiveFixture.NewName()}", headers: ("Host", "archive.test:1234"));
        answer.Json.GetString().ShouldStartWith("http://archive.test:1234/objects/imap/");
    }

    [Fact]
    public async Task Forwarded_headers_are_believed_from_trusted_proxies_only()
    {
        (string, string)[] headers = [("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "evil.example.org")];
        var name = ArchiveFixture.NewName();
        (await archive.SendAsync($"GET /upload/{name}", headers: headers)).Json.GetString().ShouldStartWith(archive.Address + "/");

        await using var trusting = await RunningArchive.StartAsync(options =>
            options with
            {
                TrustedProxies = [System.Net.IPAddress.Loopback],
            }
        );
        (await trusting.SendAsync($"GET /upload/{name}", headers: headers))
            .Json.GetString()
            .ShouldStartWith("https://evil.example.org/objects/");
    }

    [Theory]
    [InlineData("https", "https")]
    [InlineData("HTTPS", "https")]
    [InlineData("Http", "http")]
    [InlineData("javascript", "http")]
    [InlineData("ftp", "http")]
    [InlineData("wss", "http")]
    [InlineData("https://evil.example.org/", "http")]
    [InlineData("", "http")]
    [InlineData("ftp, https", "https")]
    [InlineData("https, ftp", "http")]
    public async Task A_proxy_may_name_no_scheme_but_those_of_HTTP(string forwarded, string scheme)
    {
        await using var trusting = await RunningArchive.StartAsync(options =>
            options with
            {
                TrustedProxies = [System.Net.IPAddress.Loopback],
            }
        );
        (string, string)[] headers = [("X-Forwarded-Proto", forwarded), ("X-Forwarded-Host", "sdc.example.org")];
        var name = ArchiveFixture.NewName();
        (await trusting.SendAsync($"GET /upload/{name}", headers: headers))
            .Json.GetString()
            .ShouldStartWith($"{scheme}://sdc.example.org/objects/");
        await trusting.UploadAsync(name, [1]);
        (await trusting.SendAsync($"GET /download/{name}", headers: headers))["Location"]
            .ShouldStartWith($"{scheme}://sdc.example.org/objects/");
    }

    /// <summary>This machine is no proxy unless it is named as one.</summary>
    [Fact]
    public async Task Forwarded_headers_from_this_machine_are_not_believed_where_the_proxy_is_another()
    {
        await using var other = await RunningArchive.StartAsync(options =>
            options with
            {
                TrustedProxies = [System.Net.IPAddress.Parse("192.0.2.1")],
            }
        );
        var answer = await other.SendAsync(
            "GET /upload/imap_swe_l0_sci_20260101_v001.pkts",
            headers: ("X-Forwarded-Host", "evil.example.org")
        );
        answer.Json.GetString().ShouldStartWith(other.Address);
    }

    [Fact]
    public async Task A_proxys_path_stands_in_the_urls()
    {
        await using var trusting = await RunningArchive.StartAsync(options =>
            options with
            {
                TrustedProxies = [System.Net.IPAddress.Loopback],
            }
        );
        var answer = await trusting.SendAsync(
            "GET /upload/imap_swe_l0_sci_20260101_v001.pkts",
            headers: [("X-Forwarded-Host", "sdc.example.org"), ("X-Forwarded-Prefix", "/archive")]
        );
        answer.Json.GetString().ShouldStartWith("http://sdc.example.org/archive/objects/imap/");
    }

    private static long Expires(string url) => long.Parse(HttpUtility.ParseQueryString(new Uri(url).Query)["expires"]!);

    private static string Flip(string text, int at) => text[..at] + (text[at] == 'A' ? 'Q' : 'A') + text[(at + 1)..];

    private static byte[] KeyOf(string folder)
    {
        var key = SigningKey.InFolder(folder, NullLogger<SigningKey>.Instance);
        key.OpenAsync(CancellationToken.None).GetAwaiter().GetResult();
        return key.Bytes;
    }
}
