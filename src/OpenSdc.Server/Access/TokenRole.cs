namespace OpenSdc.Server.Access;

/// <summary>What a value of a token's claims, such as a scope or a group, allows.</summary>
/// <param name="Value">The value.</param>
/// <param name="Scopes">What it allows.</param>
/// <param name="Limits">Which files it may upload.</param>
internal sealed record TokenRole(string Value, Scopes Scopes, UploadLimits Limits)
{
    private const string Allowed =
        "VALUE=SCOPE entries, separated by commas, such as team=read,swe=upload;instrument=swe,ops=release+admin; what has a meaning of its own there is written as %2C";

    /// <summary>Reads the setting.</summary>
    public static IReadOnlyList<TokenRole> Parse(string text) =>
        [.. text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(ParseOne)];

    private static TokenRole ParseOne(string entry)
    {
        var parts = entry.Split(';', StringSplitOptions.TrimEntries);
        if (parts[0].Split('=', 2, StringSplitOptions.TrimEntries) is not [{ Length: > 0 } value, { Length: > 0 } words])
            throw new FormatException(Allowed);
        var scopes = Scopes.None;
        foreach (var word in words.Split('+', StringSplitOptions.TrimEntries))
            scopes |= ScopeWords.Find(word) ?? throw new FormatException(Allowed);

        var limits = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        foreach (var limit in parts[1..])
        {
            if (
                limit.Split('=', 2, StringSplitOptions.TrimEntries) is not [{ Length: > 0 } field, { Length: > 0 } values]
                || !limits.TryAdd(field, values.Split('|'))
            )
                throw new FormatException(Allowed);
        }

        return new TokenRole(Uri.UnescapeDataString(value), scopes, limits.Count > 0 ? new UploadLimits(limits) : UploadLimits.None);
    }
}
