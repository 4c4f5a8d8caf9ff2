namespace OpenSdc.Server.Access;

/// <summary>An API key as the archive stores it: never its text, only the SHA-256 of it.</summary>
/// <param name="Id">What it is called; no secret.</param>
/// <param name="Hash">The SHA-256 of its text, in lower-case hexadecimals.</param>
/// <param name="Owner">Whose it is, for people.</param>
/// <param name="Scopes">What it allows.</param>
internal sealed record ApiKey(string Id, string Hash, string Owner, Scopes Scopes)
{
    /// <summary>Which files it may upload.</summary>
    public UploadLimits Limits { get; init; } = UploadLimits.None;

    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it ends; null for never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    public DateTimeOffset? RevokedAt { get; init; }

    /// <summary>When it was last used, to the minute; null for never.</summary>
    public DateTimeOffset? LastUsedAt { get; init; }

    /// <summary>Who comes with it.</summary>
    public Caller Caller => caller ??= new Caller("key:" + Id, Scopes) { HasKey = true, Expires = ExpiresAt, Limits = [Limits] };

    /// <summary>What it is, for the audit.</summary>
    public string Summary =>
        $"{string.Join(", ", ScopeWords.Of(Scopes))}; owner {Owner}; until {ExpiresAt?.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", System.Globalization.CultureInfo.InvariantCulture) ?? "revoked"}"
        + string.Concat(Limits.Fields.Select(limit => $"; {limit.Key}={string.Join('|', limit.Value)}"));

    private Caller? caller;

    /// <summary>Why it does not count at a moment; null where it does.</summary>
    public string? Fault(DateTimeOffset now) =>
        RevokedAt is not null ? "The API key was revoked."
        : ExpiresAt <= now ? $"The API key expired at {ExpiresAt.Value.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC."
        : null;
}
