using System.Globalization;
using OpenSdc.Contract.Naming;

namespace OpenSdc.Server.Access;

/// <summary>Makes API keys of what is asked for, by a request or by a command.</summary>
internal static class NewKey
{
    private const int LongestOwner = 200;

    /// <summary>Makes one, with its text, which is nowhere else; or says what is wrong.</summary>
    public static (ApiKey? Key, string? Text, string? Fault) Make(KeyRequest asked, Mission mission, DateTimeOffset now)
    {
        if (string.IsNullOrWhiteSpace(asked.Owner) || asked.Owner.Length > LongestOwner || ShownText.Plain(asked.Owner) != asked.Owner)
            return Wrong($"The owner is {Shown(asked.Owner)}; allowed: whose key it is, 1 to {LongestOwner} visible characters.");
        var scopes = Scopes.None;
        foreach (var word in asked.Scopes ?? [])
        {
            if (ScopeWords.Find(word) is not { } scope)
                return Wrong($"The scope is {Shown(word)}; allowed: {string.Join(", ", ScopeWords.All)}.");
            scopes |= scope;
        }

        if (scopes == Scopes.None)
            return Wrong($"The key has no scopes; allowed: one or more of {string.Join(", ", ScopeWords.All)}.");
        DateTimeOffset? expires = null;
        if (asked.Expires is { } text)
        {
            if (
                !DateTimeOffset.TryParseExact(
                    text,
                    ["yyyy-MM-dd", "yyyyMMdd", "yyyy-MM-dd'T'HH:mm:ss'Z'"],
                    CultureInfo.InvariantCulture,
                    DateTimeStyles.AssumeUniversal,
                    out var moment
                )
                || moment <= now
            )
                return Wrong(
                    $"The end of the key, expires, is {Shown(text)}; allowed: a moment in the future, such as 2030-01-01 or 2030-01-01T00:00:00Z, in UTC."
                );
            expires = moment;
        }

        var limits = asked.Limits is { Count: > 0 } given ? new UploadLimits(given) : UploadLimits.None;
        if (limits.Fields.Count > 0 && (!scopes.HasFlag(Scopes.Upload) || scopes.HasFlag(Scopes.Admin)))
            return Wrong("The key has limits, which are for uploads, but not the scope upload, or also admin, which has no limits.");
        if (
            limits.Fields.FirstOrDefault(limit => limit.Value is not { Count: > 0 } || limit.Value.Any(string.IsNullOrEmpty)).Key is
            { } empty
        )
            return Wrong(
                $"The limit of {ShownText.Of(empty)} has no values; allowed: one or more, such as a file's name has in this field."
            );
        if (limits.Fault(mission) is { } fault)
            return Wrong(fault);

        var key = KeyText.Make(scopes);
        return (new ApiKey(KeyText.NewId(), KeyText.Hash(key), asked.Owner, scopes)
        {
            Limits = limits,
            CreatedAt = now,
            ExpiresAt = expires,
        }, key, null);

        static (ApiKey?, string?, string?) Wrong(string sentence) => (null, null, sentence);
    }

    private static string Shown(string? text) => text is null ? "absent" : $"'{ShownText.Of(text)}'";
}
