using System.Buffers.Text;
using System.Text;
using Microsoft.IdentityModel.Tokens;
using OpenSdc.Server;
using OpenSdc.Server.Access;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Access;

/// <summary>Tokens of a real issuer, and those that look like one.</summary>
public sealed class AccessTokenTests : IAsyncLifetime
{
    private TokenIssuer issuer = null!;
    private RunningArchive archive = null!;

    public async ValueTask InitializeAsync()
    {
        issuer = await TokenIssuer.StartAsync();
        archive = await RunningArchive.StartAsync(Configure);
    }

    public async ValueTask DisposeAsync()
    {
        await archive.DisposeAsync();
        await issuer.DisposeAsync();
    }

    [Theory]
    [InlineData("imap-team", "", 200, 403, 403)]
    [InlineData("mag-team", "", 200, 200, 403)]
    [InlineData("operators", "", 200, 403, 200)]
    [InlineData("strangers", "", 200, 403, 403)]
    [InlineData("", "sdc.upload other", 200, 200, 403)]
    [InlineData("", "sdc.uploads", 200, 403, 403)]
    public async Task Groups_and_scopes_of_a_token_give_roles(string groups, string scope, int query, int upload, int keys)
    {
        var token = Bearer(await issuer.TokenAsync("someone", groups, scope));

        foreach (var prefix in (string[])["", "/api-key", "/authorized"])
        {
            (await archive.SendAsync($"GET {prefix}/query", headers: token)).Status.ShouldBe(query);
            // The operators' role is release and admin, which includes uploads.
            (await archive.SendAsync($"GET {prefix}/upload/imap_mag_l1a_token_20260101_v001.cdf", headers: token)).Status.ShouldBe(
                groups == "operators" ? 200 : upload
            );
            (await archive.SendAsync($"GET {prefix}/keys", headers: token)).Status.ShouldBe(keys);
        }
    }

    [Fact]
    public async Task Limits_of_the_roles_add_up_and_the_url_names_the_subject()
    {
        var token = Bearer(await issuer.TokenAsync("ann", "mag-team,swe-team"));
        foreach (
            var (name, status) in new[]
            {
                ("imap_mag_l1a_token_20260101_v001.cdf", 200),
                ("imap_swe_l1a_token_20260101_v001.cdf", 200),
                ("imap_swe_l1b_token_20260101_v001.cdf", 403),
                ("imap_hit_l1a_token_20260101_v001.cdf", 403),
            }
        )
        {
            var answer = await archive.SendAsync($"GET /authorized/upload/{name}", headers: token);
            answer.Status.ShouldBe(status, name);
            if (status != 200)
                continue;
            var url = answer.Json.GetString()!;
            Uri.UnescapeDataString(url).ShouldContain($"&for=token:2:ann ({issuer.Address})&");
            long.Parse(url.Split("expires=")[1].Split('&')[0])
                .ShouldBeLessThanOrEqualTo(DateTimeOffset.UtcNow.AddSeconds(601).ToUnixTimeSeconds());
            (await archive.PutAsync(url, [1])).Status.ShouldBe(201);
            (await archive.PutAsync(url.Replace("token%3A2%3A", "token%3A15%3A", StringComparison.Ordinal), [1])).Status.ShouldBe(403);
        }
    }

    [Fact]
    public async Task A_token_that_is_wrong_in_any_way_is_401_on_every_prefix()
    {
        var good = await issuer.TokenAsync("someone", "operators");
        var (header, body) = (good.Split('.')[0], good.Split('.')[1]);
        var none = Base64Url.EncodeToString("""{"alg":"none","typ":"JWT"}"""u8);
        var secret = new SymmetricSecurityKey(Encoding.UTF8.GetBytes(new string('k', 64)));
        (string Token, string Why)[] wrong =
        [
            ($"{none}.{body}.", "none algorithm"),
            ($"{none}.{body}.{good.Split('.')[2]}", "none algorithm with a signature"),
            ($"{header}.{body}.", "no signature"),
            (good[..^6] + "AAAAAA", "changed signature"),
            ($"{header}.{Base64Url.EncodeToString("""{"sub":"root"}"""u8)}.{good.Split('.')[2]}", "changed body"),
            (issuer.Forge(issuer: "https://login.example.org/"), "another issuer"),
            (issuer.Forge(audience: "others"), "another audience"),
            (issuer.Forge(seconds: -3600), "expired"),
            (issuer.Forge(seconds: 0), "no end"),
            (issuer.Forge(key: TokenIssuer.NewKey()), "another key"),
            (issuer.Forge(key: new RsaSecurityKey(TokenIssuer.NewKey().Rsa) { KeyId = issuer.Key.KeyId }), "another key of the same name"),
            (issuer.Forge(key: secret, algorithm: SecurityAlgorithms.HmacSha256), "a shared secret"),
            (await issuer.TokenAsync("someone", "operators", audience: "others"), "the issuer's own for another audience"),
            ("nonsense", "no token"),
            ("a.b.c", "no token"),
            (new string('a', 5000), "long"),
            ("", "nothing"),
        ];

        (await archive.SendAsync("GET /keys", headers: Bearer(good))).Status.ShouldBe(200);
        (await archive.SendAsync("GET /keys", headers: Bearer(issuer.Forge()))).Status.ShouldBe(
            200,
            "what the forger makes is right but for what is changed"
        );
        foreach (var (token, why) in wrong)
        {
            foreach (var path in (string[])["/query", "/authorized/query", "/api-key/query", "/keys", "/authorized/upload/naif0012.tls"])
            {
                var answer = await archive.SendAsync("GET " + path, headers: Bearer(token));
                answer.Status.ShouldBe(401, $"{why} {path} {answer.Text}");
                answer["WWW-Authenticate"]
                    .ShouldBe(
                        $"Bearer error=\"invalid_token\", resource_metadata=\"{archive.Address}/.well-known/oauth-protected-resource\""
                    );
                if (token.Length > 0)
                    answer.Text.ShouldNotContain(token);
            }
        }
    }

    [Fact]
    public async Task Clocks_may_differ_by_the_setting_and_no_more()
    {
        (await archive.SendAsync("GET /keys", headers: Bearer(issuer.Forge(seconds: -30)))).Status.ShouldBe(200);
        (await archive.SendAsync("GET /keys", headers: Bearer(issuer.Forge(seconds: -100)))).Status.ShouldBe(401);
    }

    [Fact]
    public async Task A_new_key_of_the_issuer_is_taken_and_the_old_one_refused()
    {
        var before = Bearer(await issuer.TokenAsync("someone", "operators"));
        (await archive.SendAsync("GET /keys", headers: before)).Status.ShouldBe(200);

        await issuer.RotateAsync();

        // The first token by the new key makes the archive fetch the keys.
        var after = Bearer(await issuer.TokenAsync("someone", "operators"));
        for (var tries = 0; (await archive.SendAsync("GET /keys", headers: after)).Status != 200; tries++)
        {
            tries.ShouldBeLessThan(400);
            await Task.Delay(25);
        }

        (await archive.SendAsync("GET /keys", headers: before)).Status.ShouldBe(401);
    }

    [Fact]
    public async Task An_issuer_that_is_away_is_503_and_anonymous_requests_go_on()
    {
        var token = Bearer(await issuer.TokenAsync("someone", "operators"));
        await issuer.DisposeAsync();

        var answer = await archive.SendAsync("GET /query", headers: token);

        (answer.Status, answer["Retry-After"]).ShouldBe((503, "5"));
        (await archive.SendAsync("GET /query")).Status.ShouldBe(200);
        issuer = await TokenIssuer.StartAsync();
    }

    [Fact]
    public async Task The_metadata_name_the_issuer_and_the_public_client()
    {
        var answer = await archive.SendAsync("GET /.well-known/oauth-protected-resource");

        answer.Text.ShouldBe(
            $$"""{"resource":"{{archive.Address}}","authorization_servers":["{{issuer.Address}}"],"bearer_methods_supported":["header"],"opensdc_audience":"opensdc","opensdc_client_id":"opensdc-cli"}"""
        );
        await using var open = await RunningArchive.StartAsync();
        (await open.SendAsync("GET /.well-known/oauth-protected-resource")).Status.ShouldBe(404);
    }

    [Theory]
    [InlineData("oidc-audience=a", "without oidc-issuer")]
    [InlineData("oidc-issuer=https://login.example.org;oidc-roles=a=read", "needs oidc-audience")]
    [InlineData("oidc-issuer=https://login.example.org;oidc-audience=a", "oidc-roles")]
    [InlineData("oidc-issuer=http://login.example.org", "an absolute https URL")]
    [InlineData("oidc-roles=a=write", "VALUE=SCOPE")]
    [InlineData("oidc-roles=read", "VALUE=SCOPE")]
    public void A_wrong_setting_is_told(string settings, string sentence)
    {
        var given = settings.Split(';').ToDictionary(each => each.Split('=', 2)[0], each => each.Split('=', 2)[1]);

        Should
            .Throw<SettingException>(() => SettingReader.Read(setting => given.GetValueOrDefault(setting.Name)))
            .Message.ShouldContain(sentence);
    }

    [Theory]
    [InlineData("a=upload;instrument=nope", "The limit of instrument is 'nope'; allowed: codice, ")]
    [InlineData("a=read,b=upload;data_level=l1a|l9", "The limit of data_level is 'l9'; allowed: ")]
    [InlineData("a=upload;colour=red", "The limit is of 'colour'; allowed: instrument, ")]
    public async Task Limits_that_no_name_of_the_mission_can_have_stop_the_start(string roles, string sentence) =>
        (
            await Should.ThrowAsync<SettingException>(() =>
                RunningArchive.StartAsync(options => Configure(options) with { OidcRoles = TokenRole.Parse(roles) })
            )
        ).Message.ShouldContain(sentence);

    private static (string, string) Bearer(string token) => ("Authorization", "Bearer " + token);

    private ServerOptions Configure(ServerOptions options) =>
        options with
        {
            Open = false,
            OidcIssuer = issuer.Address,
            OidcAudience = TokenIssuer.Audience,
            OidcClientId = "opensdc-cli",
            OidcRoles = TokenRole.Parse(
                "imap-team=read,mag-team=upload;instrument=mag,swe-team=upload;instrument=swe;data_level=l1a|l0,operators=release+admin,sdc.upload=upload"
            ),
        };
}
