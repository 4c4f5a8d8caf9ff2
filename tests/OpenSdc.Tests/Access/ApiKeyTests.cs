using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using OpenSdc.Server.Access;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Access;

/// <summary>API keys: their text, their life, and what each lets its bearer do, as a client sees it.</summary>
public sealed partial class ApiKeyTests(ClosedArchive closed) : IClassFixture<ClosedArchive>
{
    private const string Name = "imap_swe_l1a_keys_20260101_v001.pkts";

    private RunningArchive Archive => closed.Archive;

    [Theory]
    [InlineData(1, "read")]
    [InlineData(2, "upload")]
    [InlineData(6, "release")]
    [InlineData(15, "admin")]
    public void A_key_names_its_widest_scope_and_matches_the_pattern_of_secret_scanners(int scopes, string kind)
    {
        var key = KeyText.Make((Scopes)scopes);

        Regex.IsMatch(key, $"^{KeyText.Pattern}$").ShouldBeTrue(key);
        key.ShouldStartWith($"sdc_{kind}_");
        KeyText.Fault(key).ShouldBeNull();
        KeyText.Make((Scopes)scopes).ShouldNotBe(key);
    }

    [Fact]
    public async Task A_typing_error_in_any_character_is_told()
    {
        var (_, key) = await closed.KeyAsync("read");
        for (var i = "sdc_".Length; i < key.Length; i++)
        {
            var mistyped = key[..i] + (key[i] == 'x' ? 'y' : 'x') + key[(i + 1)..];
            KeyText.Fault(mistyped).ShouldNotBeNull(mistyped).ShouldContain("typing error");
        }

        var answer = await Archive.SendAsync("GET /query", headers: ("x-api-key", key[..^1] + (key[^1] == 'x' ? 'y' : 'x')));
        (answer.Status, answer.Json.GetProperty("detail").GetString()!).ShouldBe(
            (403, "The API key in the header x-api-key has a typing error: its checksum does not match.")
        );
    }

    [Theory]
    [InlineData("")]
    [InlineData("/api-key")]
    [InlineData("/authorized")]
    public async Task A_wrong_key_is_an_error_on_every_prefix_and_route_never_anonymous(string prefix)
    {
        foreach (var wrong in (string[])[KeyText.Make(Scopes.Admin), "some-key", "sdc_admin_", new string('a', 5000)])
        {
            foreach (
                var request in (string[])
                    [
                        "GET /query",
                        "HEAD /query",
                        $"GET /download/{Name}",
                        $"GET /upload/{Name}",
                        "GET /coverage",
                        "GET /facets",
                        "GET /spice-query",
                        "GET /keys",
                    ]
            )
            {
                var answer = await Archive.SendAsync(
                    request.Replace(" ", " " + prefix, StringComparison.Ordinal),
                    headers: ("x-api-key", wrong)
                );
                answer.Status.ShouldBe(403, $"{request} {answer.Text}");
                answer["Cache-Control"].ShouldBe("no-store");
            }
        }
    }

    [Fact]
    public async Task Without_a_key_the_prefixes_of_authenticated_calls_are_401_and_the_public_one_reads()
    {
        foreach (
            var (path, status) in new[]
            {
                ("/query", 200),
                ("/api-key/query", 401),
                ("/authorized/query", 401),
                ("/API-KEY/query", 401),
                ($"/upload/{Name}", 401),
                ($"/api-key/upload/{Name}", 401),
                ("/keys", 401),
            }
        )
        {
            var answer = await Archive.SendAsync("GET " + path);
            answer.Status.ShouldBe(status, path);
            answer.Headers.ContainsKey("WWW-Authenticate").ShouldBe(status == 401, path);
        }
    }

    [Fact]
    public async Task A_key_that_may_only_read_is_told_so_in_the_words_of_the_live_service()
    {
        var answer = await Archive.SendAsync($"GET /api-key/upload/{Name}", "application/json", headers: await closed.KeyAsync("read"));

        answer.Text.ShouldBe("""{"statusCode": 403, "body": "Upload access denied. Your API key has read-only permissions."}""");
        answer.Status.ShouldBe(403);
    }

    [Fact]
    public async Task Each_scope_opens_its_routes_and_no_others()
    {
        var (read, upload, release) = (await closed.KeyAsync("read"), await closed.KeyAsync("upload"), await closed.KeyAsync("release"));

        foreach (
            var (key, mayUpload, mayAdminister) in new[]
            {
                (read, 403, 403),
                (upload, 200, 403),
                (release, 403, 403),
                (closed.Admin, 200, 200),
            }
        )
        {
            (await Archive.SendAsync("GET /api-key/query", headers: key)).Status.ShouldBe(200);
            (await Archive.SendAsync($"GET /upload/{Name}", headers: key)).Status.ShouldBe(mayUpload);
            (await Archive.SendAsync("GET /keys", headers: key)).Status.ShouldBe(mayAdminister);
        }
    }

    [Fact]
    public async Task A_revoked_key_and_an_expired_one_are_refused_at_once()
    {
        var (id, key) = await closed.AddAsync("""{"owner":"short","scopes":["read"]}""");
        (await Archive.SendAsync("GET /query", headers: key)).Status.ShouldBe(200);

        (await Archive.SendAsync($"DELETE /keys/{id}", headers: closed.Admin)).Status.ShouldBe(204);
        var answer = await Archive.SendAsync("GET /query", headers: key);
        (answer.Status, answer.Json.GetProperty("detail").GetString()!).ShouldBe((403, "The API key was revoked."));
        (await Archive.SendAsync($"DELETE /keys/{id}", headers: closed.Admin)).Status.ShouldBe(204);
        (await Archive.SendAsync("DELETE /keys/none", headers: closed.Admin)).Status.ShouldBe(404);

        var ring = Archive.Services.GetRequiredService<KeyRing>();
        var text = KeyText.Make(Scopes.Read);
        await ring.AddAsync(
            new ApiKey("expired", KeyText.Hash(text), "past", Scopes.Read) { ExpiresAt = DateTimeOffset.UnixEpoch.AddYears(50) },
            new() { Action = "test", Caller = "test" },
            CancellationToken.None
        );
        (await Archive.SendAsync("GET /query", headers: ("x-api-key", text))).Text.ShouldContain("expired at 2020-01-01 00:00:00 UTC");
    }

    [Fact]
    public async Task Keys_are_listed_without_their_texts()
    {
        var (id, (_, text)) = await closed.AddAsync(
            """{"owner":"swe \u0041","scopes":["upload","read"],"expires":"2999-01-01","limits":{"instrument":["swe"],"data_level":["l1a","l1b"]}}"""
        );

        var answer = await Archive.SendAsync("GET /keys", headers: closed.Admin);

        answer.Text.ShouldNotContain(text[^36..]);
        answer.Text.ShouldNotContain(KeyText.Hash(text));
        var key = answer.Json.GetProperty("keys").EnumerateArray().Single(each => each.GetProperty("id").GetString() == id);
        key.GetProperty("scopes").ToString().ShouldBe("""["read","upload"]""");
        key.GetProperty("limits").ToString().ShouldBe("""{"instrument":["swe"],"data_level":["l1a","l1b"]}""");
        key.GetProperty("expires").GetString().ShouldBe("2999-01-01T00:00:00Z");
        (answer["Cache-Control"], answer["Vary"]).ShouldBe(("no-store", "Authorization, x-api-key"));
    }

    [Theory]
    [InlineData("""{"scopes":["read"]}""", "owner")]
    [InlineData("""{"owner":"a","scopes":[]}""", "no scopes")]
    [InlineData("""{"owner":"a","scopes":["write"]}""", "'write'")]
    [InlineData("""{"owner":"a","scopes":["read"],"expires":"2001-01-01"}""", "'2001-01-01'")]
    [InlineData("""{"owner":"a","scopes":["read"],"limits":{"instrument":["swe"]}}""", "limits")]
    [InlineData("""{"owner":"a","scopes":["upload"],"limits":{"colour":["red"]}}""", "'colour'")]
    [InlineData("""{"owner":"a","scopes":["upload"],"limits":{"instrument":[]}}""", "no values")]
    [InlineData(
        """{"owner":"a","scopes":["upload"],"limits":{"instrument":["swe","nope"]}}""",
        "The limit of instrument is 'nope'; allowed: codice, "
    )]
    [InlineData("""{"owner":"a","scopes":["upload"],"limits":{"data_level":["l9"]}}""", "The limit of data_level is 'l9'; allowed: ")]
    [InlineData("""{"owner":"a","scopes":["upload"],"limits":{"family":["sciences"]}}""", "The limit of family is 'sciences'; allowed: ")]
    [InlineData("""{"owner":"a","scopes":["upload"],"more":1}""", "body")]
    [InlineData("""{"owner":"a","owner":"b","scopes":["upload"]}""", "body")]
    [InlineData("""null""", "body")]
    [InlineData("""{"owner":"a\u0007","scopes":["read"]}""", "owner")]
    public async Task A_key_that_is_asked_for_wrongly_is_not_made(string json, string named)
    {
        var answer = await Archive.SendAsync("POST /keys", content: new StringContent(json), headers: closed.Admin);

        answer.Status.ShouldBe(400, answer.Text);
        answer.Json.GetProperty("detail").GetString()!.ShouldContain(named);
    }

    [Fact]
    public async Task A_request_for_a_key_is_short()
    {
        var answer = await Archive.SendAsync(
            "POST /keys",
            content: new StringContent($$"""{"owner":"{{new string('a', 70_000)}}","scopes":["read"]}"""),
            headers: closed.Admin
        );
        (answer.Status, answer.Json.GetProperty("detail").GetString()).ShouldBe(
            (413, "The request body is larger than this address takes.")
        );
    }

    [Fact]
    public async Task What_identified_callers_get_is_for_no_shared_cache()
    {
        var answer = await Archive.SendAsync("GET /query", headers: await closed.KeyAsync("read"));
        (answer["Cache-Control"], answer["Vary"]).ShouldBe(("no-cache, private", "Accept, Authorization, x-api-key, Accept-Encoding"));

        answer = await Archive.SendAsync("GET /query");
        (answer["Cache-Control"], answer["Vary"]).ShouldBe(("no-cache", "Accept, Authorization, x-api-key, Accept-Encoding"));
    }
}
