using Microsoft.AspNetCore.Http.HttpResults;
using OpenSdc.Contract.Naming;
using OpenSdc.Server.Access;
using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Objects;
using OpenSdc.Server.Upkeep;

namespace OpenSdc.Server.Uploads;

/// <summary>First step of a file's journey: the caller names a file and gets the signed URL to PUT it to.</summary>
internal static class RequestUpload
{
    /// <summary><c>GET /upload/{path}</c></summary>
    public static async Task<Results<UploadUrl, Problem>> Handle(
        string? path,
        HttpContext context,
        Mission mission,
        IntegrityState integrity,
        Catalogue.Catalogue catalogue,
        Withdrawals withdrawals,
        UrlRights urls,
        PublicAddress address,
        ServerOptions options
    )
    {
        var (name, declared, problem) = Read(path, context, mission);
        if (name is null)
            return problem!;
        // A file whose object is lost or damaged can be sent again.
        if (
            await integrity.FindAsync(name.Key, ReadScope.All, context.RequestAborted) is { } there
            && (there.Mark is null || there.IsWithdrawn)
        )
            return await TakenName.RefusalAsync(there, context.Caller(), declared, catalogue, withdrawals, context.RequestAborted);
        return new UploadUrl(urls.Sign(address.Of(context), "PUT", name.Key, options.UploadLifetime, context.Caller()));
    }

    /// <summary>The same where clients send to the store themselves: the upload is recorded before its URL is given out.</summary>
    public static async Task<Results<UploadUrl, Problem>> HandleDirect(
        string? path,
        HttpContext context,
        Mission mission,
        IntegrityState integrity,
        Catalogue.Catalogue catalogue,
        Withdrawals withdrawals,
        S3Staging direct,
        UploadRegistrar uploads,
        UrlRights urls,
        StorageHealth storage,
        ServerOptions options,
        TimeProvider clock
    )
    {
        var (name, declared, problem) = Read(path, context, mission);
        if (name is null)
            return problem!;
        // A URL to a store that is away, full, or shut to the archive would be of no use, and its upload
        // would be waited for until it expires.
        if (storage.Refusal is { } refusal)
            return refusal with { Plain = false };
        // One statement records it and sees whether the key has a file.
        var id = UploadStaging.NewId();
        var (caller, lifetime) = (context.Caller(), urls.LifetimeAtStore(options.UploadLifetime, context.Caller()));
        var upload = new UploadSession(id, name.Key, UploadState.Open, clock.GetUtcNow().AddSeconds(lifetime))
        {
            Owner = caller.Name,
            Client = RequestLog.Client(context),
            Request = context.TraceIdentifier,
        };
        return await uploads.OpenAsync(upload, context.RequestAborted)
            ? new UploadUrl(direct.SignUpload(id, name.Key, lifetime), id)
            : await TakenName.RefusalAsync(
                (await integrity.FindAsync(name.Key, ReadScope.All, context.RequestAborted))!.Value,
                caller,
                declared,
                catalogue,
                withdrawals,
                context.RequestAborted
            );
    }

    /// <summary>Reads the name, and the SHA-256 of what the caller wants to send where it declares one.</summary>
    private static (FileName? Name, string? Declared, Problem? Problem) Read(string? path, HttpContext context, Mission mission)
    {
        if (string.IsNullOrEmpty(path) || path == "science" || path[^1] == '/')
            return (null, null, Problems.NoUploadName);
        if (PathValidation.Of(context) is { } fault)
            return (null, null, Problems.BadUploadName([fault]));
        var parsed = ArchivePath.ParseUpload(path, mission);
        if (parsed.Name is not { } name)
            return (null, null, Problems.BadUploadName(parsed.Faults));
        if (UploadRequest.ReprDigest(context.Request, out var declared) is { } malformed)
            return (null, null, Problems.BadDigestHeader(malformed));
        return context.Caller().MayUpload(name) ? (name, declared, null) : (null, null, Problems.NotYourUpload(name.Name));
    }
}

/// <summary>The signed URL to PUT to, and the upload's id where it is recorded.</summary>
internal sealed record UploadUrl(string Url, string? UploadId = null) : IResult
{
    public Task ExecuteAsync(HttpContext context)
    {
        if (UploadId is not null)
            context.Response.Headers["OpenSDC-Upload-Id"] = UploadId;
        return Representation.WriteUploadUrlAsync(context, Url);
    }
}
