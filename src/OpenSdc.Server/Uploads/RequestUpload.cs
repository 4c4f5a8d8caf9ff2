using Microsoft.AspNetCore.Http.HttpResults;
using OpenSdc.Contract.Naming;
using OpenSdc.Server.Objects;

namespace OpenSdc.Server.Uploads;

/// <summary>First step of a file's journey: the caller names a file and gets the signed URL to PUT it to.</summary>
internal static class RequestUpload
{
    /// <summary><c>GET /upload/{path}</c></summary>
    public static async Task<Results<UploadUrl, Problem>> Handle(
        string? path, HttpContext context, Mission mission, Catalogue.Catalogue catalogue, SignedUrls urls, PublicAddress address, ServerOptions options)
    {
        if (string.IsNullOrEmpty(path) || path == "science" || path[^1] == '/')
            return Problems.NoUploadName;
        if (PathFaults.Of(context) is { } climbs)
            return Problems.BadUploadName([climbs]);
        var parsed = ArchivePath.ParseUpload(path, mission);
        if (parsed.Name is not { } name)
            return Problems.BadUploadName(parsed.Faults);
        if (await catalogue.HasAsync(name.Key, context.RequestAborted))
            return Problems.Exists(name.Key);
        return new UploadUrl(urls.Sign(address.Of(context), "PUT", name.Key, options.UploadLifetime));
    }
}

/// <summary>The signed URL to PUT to.</summary>
internal sealed record UploadUrl(string Url) : IResult
{
    public Task ExecuteAsync(HttpContext context) => Representation.WriteUploadUrlAsync(context, Url);
}
