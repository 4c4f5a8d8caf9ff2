namespace OpenSdc.Server.Access;

/// <summary>
/// Mark of a route: its credentials are checked, and what its caller needs. A route without it has no use for
/// credentials, and does not read them.
/// </summary>
/// <param name="Scope">The scope that the caller needs; none for a route that everybody may call, whose
/// handler reads in the scope of the caller.</param>
/// <param name="Denial">What is said to a caller without it.</param>
internal sealed record Needs(Scopes Scope, string Denial = "")
{
    /// <summary>Everybody may call it.</summary>
    public static Needs Nothing { get; } = new(Scopes.None);

    public static Needs ToUpload { get; } = new(Scopes.Upload, "Upload access denied. Your API key has read-only permissions.");

    public static Needs ToRelease { get; } = new(Scopes.Release, "Release operation denied. Your API key has read permissions.");

    public static Needs ToAdminister { get; } =
        new(Scopes.Admin, "This operation needs the scope admin, which your credentials do not have.");

    /// <summary>The signed URL is the permission: credentials that come along are not read.</summary>
    public static Needs Signature { get; } = new(Scopes.None) { IsSignature = true };

    public bool IsSignature { get; private init; }
}

/// <summary>Mark of the routes below <c>/api-key</c> and <c>/authorized</c>: how clients say that they bring credentials.</summary>
internal sealed record CredentialsExpected(string Sentence);
