using System.Net;
using System.Text;
using Microsoft.Data.Sqlite;
using OpenSdc.Server.Access;
using OpenSdc.Tests.Cli;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Access;

/// <summary>
/// A program that logs all it can is sent every kind of secret in every place; none of them is then in its
/// log, its problems, its metrics, its audit, its list of keys, or its catalogue.
/// </summary>
public sealed class SecretsTests : IDisposable
{
    private const string Name = "imap_swe_l1a_secret_20260101_v001.pkts";

    // As long as a secret and found nowhere by chance.
    private const int LeastLength = 16;

    private readonly string folder = Directory.CreateTempSubdirectory("opensdc-secrets-").FullName;
    private readonly HttpClient client = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false });
    private readonly HashSet<string> secrets = [];
    private readonly StringBuilder problems = new();

    public void Dispose()
    {
        client.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task No_secret_is_in_anything_that_the_archive_writes()
    {
        var admin = Secret((await SdcCommand.RunAsync(folder, "", ["keys", "add", "--admin", "--data", "data"])).Output.Trim());
        await using var sdc = SdcProcess.Start(
            folder,
            "serve --urls http://127.0.0.1:0 --data data --log-level trace --access-log on",
            ("OPENSDC_LOG_FORMAT", "json")
        );
        var address = await sdc.JsonAddressAsync();
        client.BaseAddress = new Uri(address);
        var reader = await KeyAsync(admin, "read");
        var uploader = await KeyAsync(admin, "upload");
        var revoked = await KeyAsync(admin, "read", revoke: true);

        var upload = await SignedAsync(HttpMethod.Get, $"/upload/{Name}", uploader);
        (await SendAsync(HttpMethod.Put, upload, content: new byte[] { 1, 2, 3 })).ShouldBe(HttpStatusCode.Created);
        var download = await SignedAsync(HttpMethod.Get, $"/download/{Name}", reader);
        (await SendAsync(HttpMethod.Get, download)).ShouldBe(HttpStatusCode.OK);

        string[] keys =
        [
            admin,
            reader,
            uploader,
            revoked,
            Secret(KeyText.Make(Scopes.Admin)),
            Secret(admin[..^1] + (admin[^1] == 'x' ? 'y' : 'x')),
            Secret("sdc_" + new string('k', 500)),
            Secret("a key of something else, with words"),
        ];
        foreach (var key in keys)
        {
            foreach (
                var (method, path) in ((HttpMethod, string)[])
                    [
                        (HttpMethod.Get, "/query"),
                        (HttpMethod.Get, "/api-key/query?table=nonsense"),
                        (HttpMethod.Get, "/authorized/coverage"),
                        (HttpMethod.Get, "/upload/nonsense"),
                        (HttpMethod.Get, $"/download/{Name}"),
                        (HttpMethod.Get, "/keys"),
                        (HttpMethod.Post, "/keys"),
                        (HttpMethod.Get, "/audit"),
                        (HttpMethod.Get, "/nowhere"),
                        (HttpMethod.Trace, "/query"),
                        (HttpMethod.Post, "/uploads"),
                        (HttpMethod.Put, $"/objects/{RunningArchive.KeyOf(Name)}"),
                    ]
            )
                await SendAsync(method, path, ("x-api-key", key));
            await SendAsync(HttpMethod.Get, "/query", ("Authorization", "Bearer " + key));
            await SendAsync(
                HttpMethod.Get,
                "/query",
                ("Authorization", "Basic " + Secret(Convert.ToBase64String(Encoding.UTF8.GetBytes("user:" + key))))
            );
            await SendAsync(HttpMethod.Get, "/query", ("Cookie", "key=" + key));
            // Where it has no business: the sender sees it again, and nobody else.
            await ElsewhereAsync($"/query?api_key={Uri.EscapeDataString(key)}");
            await ElsewhereAsync($"/query?sort={Uri.EscapeDataString(key)}");
            await ElsewhereAsync($"/query/{Uri.EscapeDataString(key)}");
            await ElsewhereAsync($"/upload/{Uri.EscapeDataString(key)}");
            await ElsewhereAsync($"/download/{Uri.EscapeDataString(key)}");
            await ElsewhereAsync($"/keys/{Uri.EscapeDataString(key)}", HttpMethod.Delete, ("x-api-key", admin));
            await ElsewhereAsync($"/uploads/{Uri.EscapeDataString(key)}");
        }

        var token = Secret(
            $"{Encoded("""{"alg":"none","typ":"JWT"}""")}.{Encoded("""{"sub":"somebody","iss":"https://idp.example","exp":4102444800}""")}.{Secret("c2lnbmF0dXJlLW9mLWEtdG9rZW4")}"
        );
        foreach (var path in (string[])["/query", "/authorized/query", "/audit", $"/upload/{Name}"])
            await SendAsync(HttpMethod.Get, path, ("Authorization", "Bearer " + token));

        // Signed URLs that were altered, or are used for something else.
        foreach (var url in (string[])[upload, download])
        {
            await SendAsync(HttpMethod.Put, url.Replace("expires=", "expires=9", StringComparison.Ordinal), content: [1]);
            await SendAsync(HttpMethod.Delete, url);
            await SendAsync(HttpMethod.Get, url.Replace(".pkts", ".cdf", StringComparison.Ordinal));
            await SendAsync(HttpMethod.Get, url + "&signature=" + Secret(new string('s', 43)));
        }

        // An error of the archive's own, with everything that its log says of one.
        Run("ALTER TABLE coverage RENAME TO elsewhere; ALTER TABLE files RENAME TO elsewhere_too");
        foreach (var path in (string[])["/coverage", "/query", $"/download/{Name}"])
            (await SendAsync(HttpMethod.Get, path, ("x-api-key", reader))).ShouldBe(HttpStatusCode.InternalServerError, path);
        await SendAsync(HttpMethod.Get, download);
        Run("ALTER TABLE elsewhere RENAME TO coverage; ALTER TABLE elsewhere_too RENAME TO files");

        var signing = await File.ReadAllBytesAsync(Path.Combine(folder, "data", "signing.key"), TestContext.Current.CancellationToken);
        Secret(Convert.ToHexString(signing));
        Secret(Convert.ToHexStringLower(signing));
        Secret(Convert.ToBase64String(signing));
        var metrics = await client.GetStringAsync("/metrics", TestContext.Current.CancellationToken);
        var audit = await GetAsync("/audit", admin);
        var listed = await GetAsync("/keys", admin);
        sdc.Terminate();
        (await sdc.ExitCodeAsync()).ShouldBe(0);
        // What was denied is in the audit now, and all in one file.
        var written = await SdcCommand.RunAsync(folder, "", ["audit", "--json", "--data", "data"]);
        written.Code.ShouldBe(0, written.Errors);
        written.Output.ShouldContain("\"action\":\"denied\"");
        var log = sdc.Output + sdc.Errors;
        log.ShouldContain("\"LogLevel\":\"Error\"");
        // What is no secret is there.
        log.ShouldContain(RunningArchive.KeyOf(Name));
        written.Output.ShouldContain(RunningArchive.KeyOf(Name));
        log.Split('\n').Length.ShouldBeGreaterThan(150);
        problems.Length.ShouldBeGreaterThan(10_000);
        foreach (
            var (place, text) in ((string, string)[])
                [
                    ("log", log),
                    ("problems", problems.ToString()),
                    ("metrics", metrics),
                    ("audit", audit + written.Output + written.Errors),
                    ("list of keys", listed),
                    ("catalogue", CatalogueText()),
                ]
        )
        {
            text.ShouldNotBeEmpty(place);
            foreach (var secret in secrets)
                text.Contains(secret, StringComparison.Ordinal).ShouldBeFalse($"{secret} is in the {place}: {Around(text, secret)}");
        }
    }

    private string Secret(string text)
    {
        text.Length.ShouldBeGreaterThanOrEqualTo(LeastLength);
        secrets.Add(text);
        return text;
    }

    private async Task<string> KeyAsync(string admin, string scope, bool revoke = false)
    {
        using var request = Request(HttpMethod.Post, "/keys", ("x-api-key", admin));
        request.Content = new StringContent($$"""{"owner":"a test","scopes":["{{scope}}"]}""");
        using var answer = await client.SendAsync(request);
        var made = System.Text.Json.JsonElement.Parse(await answer.Content.ReadAsStringAsync());
        if (revoke)
            (await SendAsync(HttpMethod.Delete, $"/keys/{made.GetProperty("id").GetString()}", ("x-api-key", admin))).ShouldBe(
                HttpStatusCode.NoContent
            );
        return Secret(made.GetProperty("key").GetString()!);
    }

    /// <summary>A signed URL, of which the signature is a secret.</summary>
    private async Task<string> SignedAsync(HttpMethod method, string path, string key)
    {
        using var answer = await client.SendAsync(Request(method, path, ("x-api-key", key)));
        var url =
            answer.Headers.Location?.AbsoluteUri
            ?? System.Text.Json.JsonElement.Parse(await answer.Content.ReadAsStringAsync()).GetString()!;
        Secret(url[(url.IndexOf("signature=", StringComparison.Ordinal) + "signature=".Length)..].Split('&')[0]);
        return url;
    }

    private Task<HttpStatusCode> ElsewhereAsync(string path, HttpMethod? method = null, params (string, string)[] headers) =>
        SendAsync(Request(method ?? HttpMethod.Get, path, headers), isKept: false);

    private Task<HttpStatusCode> SendAsync(HttpMethod method, string path, params (string, string)[] headers) =>
        SendAsync(Request(method, path, headers), isKept: true);

    private Task<HttpStatusCode> SendAsync(HttpMethod method, string path, byte[] content)
    {
        var request = Request(method, path);
        request.Content = new ByteArrayContent(content);
        return SendAsync(request, isKept: true);
    }

    private async Task<HttpStatusCode> SendAsync(HttpRequestMessage request, bool isKept)
    {
        using (request)
        {
            using var answer = await client.SendAsync(request);
            if (isKept && (int)answer.StatusCode >= 400)
                problems.Append(answer.Headers).Append(await answer.Content.ReadAsStringAsync());
            return answer.StatusCode;
        }
    }

    private async Task<string> GetAsync(string path, string key)
    {
        using var answer = await client.SendAsync(Request(HttpMethod.Get, path, ("x-api-key", key)));
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        return await answer.Content.ReadAsStringAsync();
    }

    private static HttpRequestMessage Request(HttpMethod method, string path, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(method, new Uri(path, UriKind.RelativeOrAbsolute));
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        return request;
    }

    private static string Encoded(string json) => Convert.ToBase64String(Encoding.UTF8.GetBytes(json)).TrimEnd('=');

    private string CatalogueText() =>
        string.Concat(
            Directory
                .EnumerateFiles(Path.Combine(folder, "data"), "catalogue.sqlite*")
                .Select(file => Encoding.Latin1.GetString(File.ReadAllBytes(file)))
        );

    private static string Around(string text, string secret)
    {
        var at = text.IndexOf(secret, StringComparison.Ordinal);
        return at < 0 ? "" : text[Math.Max(0, at - 200)..Math.Min(text.Length, at + 200)];
    }

    private void Run(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(folder, "data", "catalogue.sqlite")};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
