using System.Text.Json.Serialization;

namespace OpenSdc.Server.Access;

/// <summary>A key as <c>/keys</c> tells of it. Moments are ISO 8601 in UTC; null where there is none.</summary>
internal sealed record KeyInfo(
    string Id,
    string Owner,
    IReadOnlyList<string> Scopes,
    IReadOnlyDictionary<string, IReadOnlyList<string>> Limits,
    string Created,
    string? Expires,
    string? Revoked,
    string? LastUsed
)
{
    /// <summary>The key itself: only in the answer that it is made by.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Key { get; init; }

    public static KeyInfo Of(ApiKey key, string? text = null) => new(
        key.Id, key.Owner, [.. ScopeWords.Of(key.Scopes)],
        key.Limits.Fields, Text(key.CreatedAt)!, Text(key.ExpiresAt), Text(key.RevokedAt), Text(key.LastUsedAt))
    { Key = text };

    private static string? Text(DateTimeOffset? moment) => moment?.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ");
}

/// <summary>The answer of <c>GET /keys</c>.</summary>
internal sealed record KeyList(IReadOnlyList<KeyInfo> Keys);

/// <summary>The body of <c>POST /keys</c>.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record KeyRequest
{
    public string? Owner { get; init; }

    public IReadOnlyList<string>? Scopes { get; init; }

    public string? Expires { get; init; }

    public Dictionary<string, IReadOnlyList<string>>? Limits { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, AllowDuplicateProperties = false)]
[JsonSerializable(typeof(KeyInfo))]
[JsonSerializable(typeof(KeyList))]
[JsonSerializable(typeof(KeyRequest))]
[JsonSerializable(typeof(Dictionary<string, IReadOnlyList<string>>))]
internal sealed partial class AccessJson : JsonSerializerContext;
