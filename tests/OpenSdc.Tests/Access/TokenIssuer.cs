using System.Net.Http.Json;
using System.Security.Claims;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using OpenIddict.Abstractions;
using OpenIddict.Server;
using static OpenIddict.Server.OpenIddictServerEvents;

namespace OpenSdc.Tests.Access;

/// <summary>
/// A real issuer (OpenIddict) on a real port: discovery, published keys, and tokens by the flow of client
/// credentials. The name of the client is the subject; it asks for groups and lifetime by parameters.
/// </summary>
internal sealed class TokenIssuer : IAsyncDisposable
{
    public const string Audience = "opensdc";

    private readonly HttpClient http = new();
    private WebApplication app = null!;
    private int port;

    public string Address => $"http://127.0.0.1:{port}/";

    /// <summary>The key that signs now.</summary>
    public RsaSecurityKey Key { get; private set; } = null!;

    public static async Task<TokenIssuer> StartAsync()
    {
        var issuer = new TokenIssuer();
        await issuer.StartAsync(NewKey());
        return issuer;
    }

    public static RsaSecurityKey NewKey() => new(RSA.Create(2048)) { KeyId = Guid.NewGuid().ToString("N") };

    /// <summary>Starts again with another key, as an issuer does whose key has leaked.</summary>
    public async Task RotateAsync()
    {
        await app.DisposeAsync();
        await StartAsync(NewKey());
    }

    /// <summary>Asks the issuer for a token.</summary>
    public async Task<string> TokenAsync(
        string subject,
        string groups = "",
        string scope = "",
        int seconds = 600,
        string audience = Audience
    )
    {
        using var answer = await http.PostAsync(new Uri(Address + "token"), new FormUrlEncodedContent(new Dictionary<string, string>
        {
            ["grant_type"] = "client_credentials",
            ["client_id"] = subject,
            ["client_secret"] = "any",
            ["scope"] = scope,
            ["groups"] = groups,
            ["seconds"] = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture),
            ["aud"] = audience,
        }));
        var body = await answer.Content.ReadFromJsonAsync<JsonElement>();
        return body.TryGetProperty("access_token", out var token)
            ? token.GetString()!
            : throw new InvalidOperationException(body.ToString());
    }

    /// <summary>A token that the issuer did not make.</summary>
    public string Forge(
        string? issuer = null,
        string audience = Audience,
        int seconds = 600,
        SecurityKey? key = null,
        string? algorithm = null
    ) =>
        new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(
            new SecurityTokenDescriptor
            {
                Issuer = issuer ?? Address,
                Audience = audience,
                Expires = seconds == 0 ? null : DateTime.UtcNow.AddSeconds(seconds),
                Claims = new Dictionary<string, object> { ["sub"] = "forger", ["groups"] = new[] { "operators" } },
                SigningCredentials = new SigningCredentials(key ?? Key, algorithm ?? SecurityAlgorithms.RsaSha256),
            }
        );

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        await app.DisposeAsync();
    }

    private async Task StartAsync(RsaSecurityKey key)
    {
        Key = key;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        builder.Services.AddAuthentication();
        builder
            .Services.AddOpenIddict()
            .AddServer(server =>
            {
                server
                    .SetTokenEndpointUris("token")
                    .AllowClientCredentialsFlow()
                    .EnableDegradedMode()
                    .DisableAccessTokenEncryption()
                    .AddSigningKey(key)
                    .AddEphemeralEncryptionKey()
                    .DisableScopeValidation();
                server.AddEventHandler<ValidateTokenRequestContext>(handler => handler.UseInlineHandler(_ => default));
                server.AddEventHandler<HandleTokenRequestContext>(handler =>
                    handler.UseInlineHandler(context =>
                    {
                        var asked = context.Request;
                        var identity = new ClaimsIdentity("issuer", "name", "role");
                        identity.AddClaim(new Claim("sub", asked.ClientId!));
                        foreach (var group in ((string?)asked["groups"] ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries))
                            identity.AddClaim(new Claim("groups", group));
                        identity.SetScopes(asked.GetScopes());
                        identity.SetResources((string)asked["aud"]!);
                        identity.SetDestinations(_ => ["access_token"]);
                        var principal = new ClaimsPrincipal(identity);
                        principal.SetAccessTokenLifetime(
                            TimeSpan.FromSeconds(int.Parse((string)asked["seconds"]!, System.Globalization.CultureInfo.InvariantCulture))
                        );
                        context.SignIn(principal);
                        return default;
                    })
                );
                server.UseAspNetCore().DisableTransportSecurityRequirement();
            });
        app = builder.Build();
        app.UseAuthentication();
        await app.StartAsync();
        port = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()).Port;
    }
}
