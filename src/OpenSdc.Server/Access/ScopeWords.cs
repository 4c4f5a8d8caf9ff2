namespace OpenSdc.Server.Access;

/// <summary>The scopes as requests, settings and answers write them.</summary>
internal static class ScopeWords
{
    public static IReadOnlyList<string> All { get; } = ["read", "upload", "release", "admin"];

    /// <summary>The scope of a word; null where it is none.</summary>
    public static Scopes? Find(string word) => word switch
    {
        "read" => Scopes.Read,
        "upload" => Scopes.Upload,
        "release" => Scopes.Release,
        "admin" => Scopes.Admin,
        _ => null,
    };

    /// <summary>The words of some scopes.</summary>
    public static IEnumerable<string> Of(Scopes scopes) => All.Where(word => scopes.HasFlag(Find(word)!.Value));
}
