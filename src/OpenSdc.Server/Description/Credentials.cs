using Microsoft.OpenApi;
using OpenSdc.Server.Access;

namespace OpenSdc.Server.Description;

/// <summary>
/// What the description says of credentials: how they are sent, which operations take or need them, and what
/// is answered where they do not suffice.
/// </summary>
internal static class Credentials
{
    public const string Key = "apiKey";
    public const string Token = "token";

    private static readonly Failure NoCredentials = new(
        Problems.NoCredentials(
            "This request needs credentials: an API key in the header x-api-key, or a token in the header Authorization."
        ),
        "the request brings no credentials"
    );

    private static readonly IReadOnlyList<Failure> Wrong =
    [
        new(Problems.BadToken("The token has expired."), "the token is malformed, expired, or not of the issuer of this archive"),
        new(Problems.BadKey("This archive has no such API key."), "the key is malformed, wrong, revoked or expired"),
        new(
            Problems.ThroughProxy("header Via"),
            "the request came through a proxy, or for another host than this machine, and the archive is open only because nobody else than its own machine reaches it"
        ),
        new(Problems.IssuerUnavailable, "a token cannot be checked at the moment"),
    ];

    private static readonly Failure TooMany = new(
        Problems.TooManyRequests(1),
        "more requests came from this address, or with these credentials, than the archive takes in a minute"
    );

    public static void AddTo(OpenApiDocument document)
    {
        document.AddComponent(Key, new OpenApiSecurityScheme
        {
            Type = SecuritySchemeType.ApiKey,
            In = ParameterLocation.Header,
            Name = "x-api-key",
            Description = "An API key: `sdc_…`.",
        });
        document.AddComponent(Token, new OpenApiSecurityScheme
        {
            Type = SecuritySchemeType.Http,
            Scheme = "bearer",
            BearerFormat = "JWT",
            Description = $"A token of the issuer that `{AccessTokens.MetadataPath}` names, where the archive has one.",
        });
    }

    /// <summary>Says it of one operation. An answer that the operation has words of its own for stays as it is.</summary>
    /// <param name="operation">What is described already, without credentials.</param>
    /// <param name="words">Its words.</param>
    /// <param name="needs">What its route needs; null where it does not read credentials.</param>
    /// <param name="document">The document that it is in.</param>
    public static void Describe(OpenApiOperation operation, Operation words, Needs? needs, OpenApiDocument document)
    {
        var own = words.Answers.Select(answer => answer.Status).ToHashSet();
        // A supervisor asks again and again.
        if (!words.Path.StartsWith("/health/", StringComparison.Ordinal))
            Add(TooMany);
        if (needs is null or { IsSignature: true })
            return;
        foreach (var failure in Wrong)
            Add(failure);
        List<OpenApiSecurityRequirement> either = [Requirement(Key), Requirement(Token)];
        if (words.Scope == Scopes.None && needs.Scope == Scopes.None)
        {
            // Everybody may call it; with credentials it may answer more.
            operation.Security = [new OpenApiSecurityRequirement(), .. either];
            return;
        }

        operation.Security = either;
        Add(NoCredentials);
        Add(new(Problems.Denied(needs.Denial), "the credentials do not allow this"));

        void Add(Failure failure)
        {
            if (!own.Contains(failure.Problem.Status))
                failure.AddTo(operation.Responses!, document);
        }

        OpenApiSecurityRequirement Requirement(string scheme) => new() { [new OpenApiSecuritySchemeReference(scheme, document)] = [] };
    }
}
