using Microsoft.AspNetCore.Http.HttpResults;
using OpenSdc.Contract.Naming;
using OpenSdc.Server.Access;
using OpenSdc.Server.Catalogue;

namespace OpenSdc.Server.Files;

/// <summary>Fourth step: the caller names a file and is sent to where its bytes are.</summary>
internal static class DownloadFile
{
    /// <summary><c>GET</c> or <c>HEAD /download/{path or filename}</c></summary>
    public static async Task<Results<DownloadUrl, Problem>> Handle(
        string? path, HttpContext context, Mission mission, DownloadUrls urls, Withdrawals withdrawals,
        AuditLog audit, Catalogue.Catalogue catalogue)
    {
        if (string.IsNullOrEmpty(path))
            return Problems.NoDownloadName;
        if (PathValidation.Of(context) is { } climbs)
            return Problems.BadDownloadName([climbs]);
        var target = ArchivePath.ParseDownload(urls.WithoutUri(path), mission);
        if (target.Kind == DownloadTargetKind.NoName)
            return Problems.NoDownloadName;
        if (target.Kind == DownloadTargetKind.NotAName)
            return Problems.BadDownloadName(target.Faults);
        if (target.Key is not { } key)
            return Problems.NoSuchFile;
        if (await urls.RefusalAsync(key, ReadScope.Of(context.Caller()), context.RequestAborted) is not { } problem)
        {
            // Where the bytes are the store's to send, this is the last that the archive sees of it, also of HEAD, whose URL serves a GET.
            if (urls.LeadToStore)
                await audit.NoteDownloadAsync(context, key, catalogue, 302);
            return new DownloadUrl(urls.For(context)(key), urls.UriOf(key));
        }

        // Also of what does not exist: both are answered after the same statements.
        return
            problem == Problems.NoSuchFile
            && await withdrawals.FindAsync(key, context.Caller().Audience, context.RequestAborted) is { } tombstone
            ? Problems.Withdrawn(tombstone)
            : problem;
    }
}

/// <summary>The redirect to a file's bytes; where they lie in a bucket also their place there.</summary>
internal sealed record DownloadUrl(string Url, string? Uri) : IResult
{
    public Task ExecuteAsync(HttpContext context) => Representation.WriteDownloadUrlAsync(context, Url, Uri);
}
