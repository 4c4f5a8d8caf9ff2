using Microsoft.AspNetCore.Http.HttpResults;
using OpenSdc.Contract.Naming;
using OpenSdc.Server.Objects;

namespace OpenSdc.Server.Files;

/// <summary>Fourth step: the caller names a file and is sent to where its bytes are.</summary>
internal static class DownloadFile
{
    /// <summary><c>GET</c> or <c>HEAD /download/{path or filename}</c></summary>
    public static async Task<Results<DownloadUrl, Problem>> Handle(
        string? path, HttpContext context, Mission mission, Catalogue.Catalogue catalogue, SignedUrls urls, PublicAddress address, ServerOptions options)
    {
        if (string.IsNullOrEmpty(path))
            return Problems.NoDownloadName;
        if (PathFaults.Of(context) is { } climbs)
            return Problems.BadDownloadName([climbs]);
        var target = ArchivePath.ParseDownload(path, mission);
        if (target.Kind == DownloadTargetKind.NoName)
            return Problems.NoDownloadName;
        if (target.Kind == DownloadTargetKind.NotAName)
            return Problems.BadDownloadName(target.Faults);
        if (target.Key is not { } key || !await catalogue.HasAsync(key, context.RequestAborted))
            return Problems.NoSuchFile;
        return new DownloadUrl(urls.Sign(address.Of(context), "GET", key, options.DownloadLifetime));
    }
}

/// <summary>The redirect to a file's bytes.</summary>
internal sealed record DownloadUrl(string Url) : IResult
{
    public Task ExecuteAsync(HttpContext context) => Representation.WriteDownloadUrlAsync(context, Url);
}
