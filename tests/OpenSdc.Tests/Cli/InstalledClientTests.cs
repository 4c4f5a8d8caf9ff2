using System.Net;
using System.Text.Json;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Cli;

/// <summary>
/// The requests of the installed Python client, as its two generations send them, against a server process
/// with keys: the older one by urllib, with its key on uploads alone and no prefix; the newer one by
/// requests, with the key on every request, below <c>/api-key</c> and without. Both send the key also to
/// signed URLs where they are on the same host, and an empty type with a PUT.
/// </summary>
public sealed class InstalledClientTests : IDisposable
{
    private const string Name = "imap_swe_l1b_flow_20260301_v001.0001.cdf";
    private const string Path = "imap/swe/l1b/2026/03/" + Name;
    private const string Manifest = "imap_swe_flow-release_20260301_20260331_v001.csv";

    private static readonly (string, string)[] Older =
    [
        ("User-Agent", "Python-urllib/3.12"),
        ("Accept-Encoding", "identity"),
        ("Connection", "close"),
    ];
    private static readonly (string, string)[] Newer =
    [
        ("User-Agent", "python-requests/2.32.3"),
        ("Accept-Encoding", "gzip, deflate"),
        ("Accept", "*/*"),
        ("Connection", "keep-alive"),
    ];

    private readonly string folder = Directory.CreateTempSubdirectory("opensdc-").FullName;
    private readonly HttpClient http = new(
        new SocketsHttpHandler { AllowAutoRedirect = false, AutomaticDecompression = DecompressionMethods.All }
    );

    public void Dispose()
    {
        http.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData("", false)]
    [InlineData("", true)]
    [InlineData("/api-key", true)]
    public async Task A_file_is_uploaded_released_and_fetched(string prefix, bool isNewer)
    {
        var (sender, releaser, reader) = (await KeyAsync("upload"), await KeyAsync("release"), await KeyAsync("read"));
        var (sdc, address) = await SdcProcess.ServeAsync(folder);
        await using var serving = sdc;
        var client = isNewer ? Newer : Older;
        var ask = address + prefix;

        // The upload, of the file and of the manifest.
        var (denied, why) = await SendAsync("GET", $"{ask}/upload/{Name}", null, [.. client, Key(reader)]);
        (denied, Detail(why)).ShouldBe((403, "Upload access denied. Your API key has read-only permissions."));
        foreach (var (name, bytes) in ((string, byte[])[])[(Name, [1, 2, 3]), (Manifest, "swe, l1b, all, true\n"u8.ToArray())])
        {
            var (status, url) = await SendAsync("GET", $"{ask}/upload/{name}", null, [.. client, Key(sender)]);
            status.ShouldBe(200, url);
            (status, var receipt) = await SendAsync("PUT", JsonSerializer.Deserialize<string>(url)!, bytes, client);
            status.ShouldBe(201, receipt);
        }

        var (taken, sentence) = await SendAsync("GET", $"{ask}/upload/{Name}", null, [.. client, Key(sender)]);
        (taken, Detail(sentence)).ShouldBe((409, $"{Path} already exists."));

        // What is not released only a reader is listed and given. The older client asks without a key.
        var query = $"{ask}/query?instrument=swe&start_date=20260301&version=v001";
        var withoutKey = prefix.Length > 0 ? (401, "") : (200, "[]");
        var (anonymous, list) = await SendAsync("GET", query, null, client);
        (anonymous, anonymous == 200 ? list : "").ShouldBe(withoutKey);
        (await SendAsync("GET", $"{query}&descriptor=none", null, [.. client, Key(reader)])).ShouldBe((200, "[]"));
        (_, list) = await SendAsync("GET", query, null, [.. client, Key(reader)]);
        JsonDocument.Parse(list).RootElement.EnumerateArray().ShouldHaveSingleItem().GetProperty("file_path").GetString().ShouldBe(Path);

        // The release, in the words of the live service.
        var release = $"{ask}/release?release_type=release&manifest_file={Manifest}";
        (await SendAsync("GET", release, null, [.. client, Key(reader)])).ShouldBe(
            (403, "\"Release operation denied. Your API key has read permissions.\"")
        );
        (
            await SendAsync(
                "GET",
                release.Replace(Manifest, "", StringComparison.Ordinal).Replace("&manifest_file=", "", StringComparison.Ordinal),
                null,
                [.. client, Key(releaser)]
            )
        ).ShouldBe((400, "\"Missing required query parameter 'manifest_file' for release operation.\""));
        (
            await SendAsync("GET", $"{ask}/release?release_type=early-release&manifest_file={Manifest}", null, [.. client, Key(releaser)])
        ).ShouldBe((501, "\"Early release operation not supported yet.\""));
        for (var again = 0; again < 2; again++)
            (await SendAsync("GET", release, null, [.. client, Key(releaser)])).ShouldBe(
                (200, $"\"Successfully released data per specification in {Manifest}\"")
            );

        // Then everybody gets it, by the redirect that the client follows with the same headers.
        (_, list) = await SendAsync("GET", $"{address}/query?instrument=swe&start_date=20260301&version=v001", null, client);
        JsonDocument.Parse(list).RootElement.EnumerateArray().ShouldHaveSingleItem().GetProperty("released").GetBoolean().ShouldBeTrue();
        (string, string)[] credentials = prefix.Length > 0 ? [Key(reader)] : [];
        var (redirected, location) = await SendAsync("GET", $"{ask}/download/{Path}", null, [.. client, .. credentials]);
        redirected.ShouldBe(302);
        (await SendAsync("GET", location, null, [.. client, .. credentials])).ShouldBe((200, "\u0001\u0002\u0003"));

        // A key that is none is never passed over.
        (await SendAsync("GET", query, null, [.. client, ("x-api-key", "none")])).Status.ShouldBe(403);
    }

    /// <summary>The sentence of a refusal, which the client prints with all of its body.</summary>
    private static string Detail(string body)
    {
        using var json = JsonDocument.Parse(body);
        return json.RootElement.GetProperty("detail").GetString()!;
    }

    private static (string, string) Key(string text) => ("x-api-key", text);

    private async Task<string> KeyAsync(string scope)
    {
        await using var sdc = SdcProcess.Start(folder, $"keys add --owner client --scope {scope} --data data");
        (await sdc.ExitCodeAsync()).ShouldBe(0, sdc.Errors);
        return sdc.Output.Trim();
    }

    /// <summary>The status, and the body, or of a redirect where it leads to.</summary>
    private async Task<(int Status, string Body)> SendAsync(string method, string url, byte[]? body, (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), url);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(body);
            request.Content.Headers.TryAddWithoutValidation("Content-Type", "");
        }

        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        using var answer = await http.SendAsync(request);
        return (
            (int)answer.StatusCode,
            answer.StatusCode == HttpStatusCode.Found ? answer.Headers.Location!.ToString() : await answer.Content.ReadAsStringAsync()
        );
    }
}
