using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http.HttpResults;

namespace OpenSdc.Server.Access;

/// <summary>Whose tokens the archive takes (RFC 9728), and the public client by which a program lets a person log in.</summary>
internal sealed record ResourceMetadata(
    string Resource,
    IReadOnlyList<string> AuthorizationServers,
    IReadOnlyList<string> BearerMethodsSupported,
    IReadOnlyList<string>? ScopesSupported,
    [property: JsonPropertyName("opensdc_audience")] string Audience,
    [property: JsonPropertyName("opensdc_client_id")] string? ClientId
)
{
    /// <summary><c>GET /.well-known/oauth-protected-resource</c></summary>
    public static Results<JsonHttpResult<ResourceMetadata>, Problem> Handle(
        HttpContext context,
        ServerOptions options,
        PublicAddress address
    ) =>
        options.OidcIssuer is { } issuer
            ? TypedResults.Json(
                new ResourceMetadata(
                    address.Of(context),
                    [issuer],
                    ["header"],
                    options.OidcScopes?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries),
                    options.OidcAudience!,
                    options.OidcClientId
                ),
                ResourceMetadataJson.Default.ResourceMetadata
            )
            : Problems.OfStatus(404);
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull
)]
[JsonSerializable(typeof(ResourceMetadata))]
internal sealed partial class ResourceMetadataJson : JsonSerializerContext;
