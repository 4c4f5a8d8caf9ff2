using OpenSdc.Contract.Naming;
using OpenSdc.Server.Catalogue;

namespace OpenSdc.Server.Access;

/// <summary>Who sent a request, and what it may do.</summary>
/// <param name="Name">For the log and the audit: <c>anonymous</c>, <c>anyone</c> (an open archive),
/// <c>key:ID</c>, or <c>SUBJECT (ISSUER)</c>.</param>
/// <param name="Scopes">What it may do; <see cref="Scopes.Admin"/> includes all.</param>
internal sealed record Caller(string Name, Scopes Scopes)
{
    /// <summary>A request without credentials, in an archive with access control: it sees what is released, and changes nothing.</summary>
    public static Caller Anonymous { get; } = new("anonymous", Scopes.None);

    /// <summary>A request without credentials, in an open archive: it sees everything and may upload.</summary>
    public static Caller Anyone { get; } = new("anyone", Scopes.Read | Scopes.Upload);

    /// <summary>Whether the request brings no credentials, whatever it may do.</summary>
    public bool IsAnonymous => ReferenceEquals(this, Anonymous) || ReferenceEquals(this, Anyone);

    /// <summary>Whether it comes with an API key of the archive; else with a token, or without credentials.</summary>
    public bool HasKey { get; init; }

    /// <summary>When its credentials end; null for never.</summary>
    public DateTimeOffset? Expires { get; init; }

    /// <summary>Which files it may upload, where it has <see cref="Scopes.Upload"/>: those that one of these allows.</summary>
    public IReadOnlyList<UploadLimits> Limits { get; init; } = [UploadLimits.None];

    /// <summary>For whom files are read.</summary>
    public Audience Audience => Has(Scopes.Read) ? Audience.Team : Audience.Public;

    /// <summary>Whether it has a scope; <see cref="Scopes.Admin"/> includes every other.</summary>
    public bool Has(Scopes scope) => (Scopes & (scope | Scopes.Admin)) != Scopes.None;

    /// <summary>Whether it may upload a file of this name.</summary>
    public bool MayUpload(FileName name) =>
        Has(Scopes.Upload) && (Scopes.HasFlag(Scopes.Admin) || Limits.Any(limits => limits.Allow(name)));
}
