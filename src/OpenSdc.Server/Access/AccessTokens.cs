using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Tokens;

namespace OpenSdc.Server.Access;

/// <summary>Bearer tokens of one OpenID Connect issuer: signed JWTs, checked by the keys that the issuer publishes.</summary>
internal sealed class AccessTokens(ServerOptions options, PublicAddress address)
{
    /// <summary>Where clients learn whose tokens are taken (RFC 9728).</summary>
    public const string MetadataPath = "/.well-known/oauth-protected-resource";

    private const int LongestSubject = 255;

    // None of these is "none", and none a secret that issuer and archive would share.
    private static readonly string[] Algorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"];

    private readonly string[] claims = options.OidcClaims.Split(
        ',',
        StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries
    );

    /// <summary>Adds what reads tokens, where an issuer is set.</summary>
    public static void Add(IServiceCollection services, ServerOptions options)
    {
        if (options.OidcIssuer is not { } issuer)
            return;
        // Without what AddAuthentication adds beside: keys of its own in the home folder, and settings of its own.
        services.AddAuthenticationCore();
        services.AddSingleton(UrlEncoder.Default);
        services.AddSingleton<IAuthenticationConfigurationProvider, NoConfiguration>();
        new AuthenticationBuilder(services).AddJwtBearer(bearer =>
        {
            bearer.Authority = issuer;
            bearer.RequireHttpsMetadata = issuer.StartsWith("https:", StringComparison.Ordinal);
            bearer.MapInboundClaims = false;
            // Issuers publish a new key before they sign with it. One that does not is noticed at its first
            // token, which is refused; keys are then fetched at once, at most twice a minute.
            bearer.AutomaticRefreshInterval = TimeSpan.FromMinutes(10);
            bearer.RefreshInterval = TimeSpan.FromSeconds(30);
            bearer.BackchannelTimeout = TimeSpan.FromSeconds(10);
            bearer.TokenValidationParameters = new TokenValidationParameters
            {
                ValidIssuers = [issuer.TrimEnd('/'), issuer.TrimEnd('/') + "/"],
                ValidAudience = options.OidcAudience,
                ValidAlgorithms = Algorithms,
                ClockSkew = TimeSpan.FromSeconds(options.OidcClockSkew),
                RequireExpirationTime = true,
                RequireSignedTokens = true,
            };
            bearer.Events = new JwtBearerEvents
            {
                OnAuthenticationFailed = failed =>
                {
                    failed.Fail(failed.Exception);
                    return Task.CompletedTask;
                },
            };
        });
        // A key that the issuer publishes no more is not believed any more.
        services.PostConfigure<JwtBearerOptions>(
            JwtBearerDefaults.AuthenticationScheme,
            bearer => ((BaseConfigurationManager)bearer.ConfigurationManager!).UseLastKnownGoodConfiguration = false
        );
    }

    /// <summary>The caller of the token in <c>Authorization</c>, or the problem.</summary>
    public async Task<(Caller? Caller, Problem? Problem)> ReadAsync(HttpContext context)
    {
        if (options.OidcIssuer is null)
            return (null, Problems.BadToken("This archive takes no tokens; it takes API keys, in the header x-api-key."));
        var result = await context.AuthenticateAsync(JwtBearerDefaults.AuthenticationScheme);
        if (!result.Succeeded)
            return (null, await IsIssuerAwayAsync(context) ? Problems.IssuerUnavailable : ProblemOf(result.Failure));
        var user = result.Principal;
        if (user.FindFirstValue("sub") is not { Length: > 0 and <= LongestSubject } subject || subject.Any(char.IsControl))
            return (null, Problems.BadToken($"The token has no subject; needed: the claim sub, 1 to {LongestSubject} characters."));
        var values = claims
            .SelectMany(name => user.FindAll(name).SelectMany(claim => name is "scope" or "scp" ? claim.Value.Split(' ') : [claim.Value]))
            .ToHashSet(StringComparer.Ordinal);
        var roles = options.OidcRoles.Where(role => values.Contains(role.Value)).ToList();
        return (new Caller($"{subject} ({options.OidcIssuer})", roles.Aggregate(Scopes.None, (sum, role) => sum | role.Scopes))
        {
            Expires = result.Properties.ExpiresUtc,
            Limits = [.. roles.Where(role => role.Scopes.HasFlag(Scopes.Upload)).Select(role => role.Limits)],
        }, null);
    }

    /// <summary>The header <c>WWW-Authenticate</c> of an answer 401.</summary>
    public string Challenge(HttpContext context, Problem refusal) =>
        options.OidcIssuer is null
            ? "ApiKey realm=\"opensdc\""
            : $"Bearer {(refusal.Code == "bad-token" ? "error=\"invalid_token\", " : "")}resource_metadata=\"{address.Of(context)}{MetadataPath}\"";

    private static Problem ProblemOf(Exception? failure) =>
        failure switch
        {
            SecurityTokenExpiredException expired => Problems.BadToken($"The token expired at {expired.Expires:yyyy-MM-dd HH:mm:ss} UTC."),
            SecurityTokenNotYetValidException early => Problems.BadToken(
                $"The token is not valid before {early.NotBefore:yyyy-MM-dd HH:mm:ss} UTC."
            ),
            SecurityTokenInvalidAudienceException => Problems.BadToken("The token is for another audience than this archive."),
            SecurityTokenInvalidIssuerException => Problems.BadToken(
                "The token is of another issuer than the one that this archive believes."
            ),
            SecurityTokenSignatureKeyNotFoundException => Problems.BadToken(
                "The token is signed with a key that its issuer does not publish, or has published a moment ago; then try again."
            ),
            _ => Problems.BadToken(
                "The token in the header Authorization is none that this archive takes: a JWT, signed by its issuer, with an end."
            ),
        };

    /// <summary>Whether the issuer's keys were never read, and cannot be now: then nothing is known of the token.</summary>
    private static async Task<bool> IsIssuerAwayAsync(HttpContext context)
    {
        var bearer = context
            .RequestServices.GetRequiredService<IOptionsMonitor<JwtBearerOptions>>()
            .Get(JwtBearerDefaults.AuthenticationScheme);
        try
        {
            await bearer.ConfigurationManager!.GetConfigurationAsync(context.RequestAborted);
            return false;
        }
        catch (InvalidOperationException)
        {
            return true;
        }
    }

    /// <summary>Nothing is configured but by <see cref="ServerOptions"/>.</summary>
    private sealed class NoConfiguration : IAuthenticationConfigurationProvider
    {
        public IConfiguration AuthenticationConfiguration { get; } = new ConfigurationBuilder().Build();
    }
}
