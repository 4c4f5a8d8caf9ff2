using Microsoft.AspNetCore.Http.HttpResults;
using OpenSdc.Contract.Naming;
using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Objects;
using OpenSdc.Server.Upkeep;

namespace OpenSdc.Server.Files;

/// <summary>Fourth step: the caller names a file and is sent to where its bytes are.</summary>
internal static class DownloadFile
{
    /// <summary><c>GET</c> or <c>HEAD /download/{path or filename}</c></summary>
    public static async Task<Results<DownloadUrl, Problem>> Handle(
        string? path, HttpContext context, Mission mission, IntegrityState integrity, Catalogue.Catalogue catalogue, IObjectStore store, DownloadUrls urls, StorageHealth storage)
    {
        if (string.IsNullOrEmpty(path))
            return Problems.NoDownloadName;
        if (PathFaults.Of(context) is { } climbs)
            return Problems.BadDownloadName([climbs]);
        var target = ArchivePath.ParseDownload(store.Direct?.WithoutUri(path) ?? path, mission);
        if (target.Kind == DownloadTargetKind.NoName)
            return Problems.NoDownloadName;
        if (target.Kind == DownloadTargetKind.NotAName)
            return Problems.BadDownloadName(target.Faults);
        if (target.Key is not { } key)
            return Problems.NoSuchFile;
        var problem = store.Direct is null
            ? await catalogue.HasAsync(key, ReadScope.Team, context.RequestAborted) ? null : Problems.NoSuchFile
            : await RefusePastServerAsync(key, integrity, storage, context.RequestAborted);
        return problem is null ? new DownloadUrl(urls.For(context)(key), urls.UriOf(key)) : problem;
    }

    /// <summary>Past the server no byte is looked at on its way: what is known against a file is said here, or by nobody.</summary>
    private static async Task<Problem?> RefusePastServerAsync(string key, IntegrityState integrity, StorageHealth storage, CancellationToken cancel)
    {
        if (await integrity.FindAsync(key, ReadScope.Team, cancel) is not { } file)
            return Problems.NoSuchFile;
        return file.Mark switch
        {
            null => storage.Away,
            ChangeKind.Lost => Problems.LostObject(key) with { Plain = false },
            _ => Problems.DamagedObject(key) with { Plain = false },
        };
    }
}

/// <summary>The redirect to a file's bytes; where they lie in a bucket also their place there.</summary>
internal sealed record DownloadUrl(string Url, string? Uri) : IResult
{
    public Task ExecuteAsync(HttpContext context) => Representation.WriteDownloadUrlAsync(context, Url, Uri);
}
