using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using OpenSdc.Server;
using OpenSdc.Tests.Uploads;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Access;

/// <summary>
/// URLs of the store itself, where nobody looks at the caller's right again: they live a quarter of an hour
/// at most once access is configured, and as the settings say in an open archive.
/// </summary>
public sealed partial class StoreUrlTests
{
    private const string Name = "imap_mag_l1a_direct_20260101_v001.cdf";
    private const string Next = "imap_mag_l1a_direct_20260102_v001.cdf";

    [Fact]
    public async Task With_access_configured_they_live_a_quarter_of_an_hour_at_most()
    {
        await using var closed = await ConfiguredArchive.StartAsync(Direct());
        await UploadAsync(closed.Archive, Name, closed.Admin);
        (await closed.Archive.SendAsync($"POST /release?filename={Name}", headers: closed.Admin)).Status.ShouldBe(200);

        (await UploadLivesAsync(closed.Archive, closed.Admin)).ShouldBe([900, 900]);
        (await DownloadLivesAsync(closed.Archive, closed.Admin)).ShouldBe([900, 900]);
        (await DownloadLivesAsync(closed.Archive)).ShouldBe([900, 900]);

        // A key that ends sooner takes its URLs along.
        var (_, key) = await closed.AddAsync(
            $$"""{"owner":"a","scopes":["read","upload"],"expires":"{{DateTimeOffset.UtcNow.AddMinutes(5):yyyy-MM-ddTHH:mm:ssZ}}"}"""
        );
        (await UploadLivesAsync(closed.Archive, key)).ShouldAllBe(seconds => seconds > 0 && seconds <= 300);
        (await DownloadLivesAsync(closed.Archive, key)).ShouldAllBe(seconds => seconds > 0 && seconds <= 300);
    }

    [Fact]
    public async Task A_list_of_them_has_an_entry_of_the_audit_with_the_number_of_unreleased_files()
    {
        await using var closed = await ConfiguredArchive.StartAsync(Direct());
        await UploadAsync(closed.Archive, Name, closed.Admin);
        await UploadAsync(closed.Archive, Next, closed.Admin);
        await UploadAsync(closed.Archive, "imap_mag_l1a_direct_20260103_v001.cdf", closed.Admin);
        (await closed.Archive.SendAsync($"POST /release?filename={Name}", headers: closed.Admin)).Status.ShouldBe(200);
        var (id, key) = await closed.AddAsync("""{"owner":"a","scopes":["read"]}""");

        (await closed.Archive.SendAsync("GET /query?instrument=mag&format=urls", headers: key)).Text.Split('\n').Length.ShouldBe(4);
        (await closed.Archive.SendAsync($"GET /query?filename={Next}&format=urls", headers: key)).Status.ShouldBe(200);
        (await closed.Archive.SendAsync($"GET /query?filename={Name}&format=urls", headers: key)).Status.ShouldBe(200);
        (await closed.Archive.SendAsync("GET /query?instrument=mag", headers: key)).Status.ShouldBe(200);
        (await closed.Archive.SendAsync("GET /query?instrument=mag&format=urls")).Status.ShouldBe(200);

        var entries = (await closed.Archive.SendAsync("GET /audit?action=download", headers: closed.Admin))
            .Text.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonDocument.Parse(line).RootElement)
            .Select(each =>
                (each.GetProperty("caller").GetString(), each.GetProperty("target").GetString(), each.GetProperty("count").GetInt64())
            );
        entries.ShouldBe([($"key:{id}", "format=urls", 2), ($"key:{id}", "format=urls", 1)]);
    }

    [Fact]
    public async Task In_an_open_archive_they_live_as_long_as_the_settings_say()
    {
        await using var open = await RunningArchive.StartAsync(Direct());
        await UploadAsync(open, Name);

        (await UploadLivesAsync(open)).ShouldBe([3600, 3600]);
        (await DownloadLivesAsync(open)).ShouldBe([86400, 86400]);
    }

    private static Func<ServerOptions, ServerOptions> Direct()
    {
        var objects = CephServer.UseDirect(new ServerOptions());
        return options => options with { Objects = objects.Objects, S3Endpoint = objects.S3Endpoint, Transfers = objects.Transfers };
    }

    private static async Task UploadAsync(RunningArchive archive, string name, params (string, string)[] key)
    {
        var asked = await archive.SendAsync($"GET /upload/{name}", headers: key);
        asked.Status.ShouldBe(200, asked.Text);
        (await archive.PutAsync(asked.Json.GetString()!, [1, 2, 3])).Status.ShouldBe(200);
        var followed = await archive.SendAsync($"GET /uploads/{asked["OpenSDC-Upload-Id"]}?wait=60", headers: key);
        followed.Json.GetProperty("state").GetString().ShouldBe("published", followed.Text);
    }

    /// <summary>Seconds that the URLs of a whole upload and of a part live.</summary>
    private static async Task<int[]> UploadLivesAsync(RunningArchive archive, params (string, string)[] key)
    {
        var whole = await archive.SendAsync($"GET /upload/{Next}", headers: key);
        var begun = await archive.PostAsync("/uploads", $$"""{"filename":"{{Next}}","size":3}""", key);
        begun.Status.ShouldBe(201, begun.Text);
        var parts = await archive.SendAsync($"GET /uploads/{begun.Json.GetProperty("id").GetString()}/parts", headers: key);
        return [Life(whole.Json.GetString()!), Life(parts.Json.GetProperty("urls")[0].GetProperty("url").GetString()!)];
    }

    /// <summary>Seconds that the URLs of a download and of a list of URLs live.</summary>
    private static async Task<int[]> DownloadLivesAsync(RunningArchive archive, params (string, string)[] key)
    {
        var download = await archive.SendAsync($"GET /download/{Name}", headers: key);
        download.Status.ShouldBe(302, download.Text);
        var list = await archive.SendAsync($"GET /query?filename={Name}&format=urls", headers: key);
        return [Life(download["Location"]!), Life(list.Text)];
    }

    private static int Life(string url) => int.Parse(LifeInUrl().Match(url).Groups[1].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex("[?&]X-Amz-Expires=([0-9]+)&")]
    private static partial Regex LifeInUrl();
}
