using Microsoft.AspNetCore.Http.HttpResults;
using OpenSdc.Contract;
using OpenSdc.Contract.Naming;
using OpenSdc.Server.Access;
using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Objects;
using OpenSdc.Server.Upkeep;

namespace OpenSdc.Server.Uploads;

/// <summary>An upload in parts begins: the caller names a file and its size, and learns how it is divided.</summary>
internal static class BeginParts
{
    /// <summary>How long its parts may be sent. A month's data over a thin line come in less.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromDays(7);

    /// <summary><c>POST /uploads</c></summary>
    public static async Task<Results<UploadStatusAnswer, Problem>> Handle(
        HttpContext context,
        Mission mission,
        IntegrityState integrity,
        Catalogue.Catalogue catalogue,
        Withdrawals withdrawals,
        UploadLedger ledger,
        UploadStaging staging,
        StorageHealth storage,
        ServerOptions options,
        TimeProvider clock
    )
    {
        var cancel = context.RequestAborted;
        var (asked, problem) = await UploadRequest.ReadBeginAsync(context.Request);
        if (problem is not null)
            return problem;
        var (path, size) = (asked.FileName!, asked.Size!.Value);
        if (path.Length == 0 || path[^1] == '/')
            return Problems.NoUploadName with { Plain = true };
        var parsed = ArchivePath.ParseUpload(path, mission);
        if (parsed.Name is not { } name)
            return Problems.BadUploadName(parsed.Faults) with { Plain = true };
        var caller = context.Caller();
        if (!caller.MayUpload(name))
            return Problems.NotYourUpload(name.Name) with { Plain = true };
        if (UploadStaging.PartSize(size, options.UploadPartSize) is not { } partSize)
            return Problems.TooLarge(UploadStaging.LargestFile);
        // A file whose object is lost or damaged can be sent again.
        var there = await integrity.FindAsync(name.Key, ReadScope.All, cancel);
        if (there is { } taken && (taken.Mark is null || taken.IsWithdrawn))
            return await TakenName.RefusalAsync(taken, caller, asked.Sha256, catalogue, withdrawals, cancel) with { Plain = true };
        if (there is { Receipt: var receipt } && (receipt.Size != size || (asked.Sha256 ?? receipt.Sha256) != receipt.Sha256)
            && await TakenName.IsSeenAsync(name.Key, caller, catalogue, cancel))
            return Problems.ContentConflict(name.Key);
        // Told now, not after hours of sending. The parts ask again: the room is not kept for them.
        using (var room = await storage.ReserveAsync(name.Key, size, cancel))
        {
            if (room.Refusal is { } noRoom)
                return noRoom;
        }

        var limits = new OpenLimits(options.MaxOpenUploadsPerFile, options.MaxOpenUploadsPerCaller, options.MaxOpenUploads);
        var by = OwnUploads.By(context);
        if (Refusal(await ledger.MayOpenAsync(name.Key, by, limits, cancel), name.Key, limits) is { } tooMany)
            return tooMany;
        var id = UploadStaging.NewId();
        var upload = new UploadSession(id, name.Key, UploadState.Open, clock.GetUtcNow() + Life)
        {
            CreatedAt = clock.GetUtcNow(),
            Owner = caller.Name,
            Client = RequestLog.Client(context),
            Request = context.TraceIdentifier,
            Size = size,
            PartSize = partSize,
            Sha256 = asked.Sha256,
            StoreId = await staging.BeginAsync(id, name.Key, cancel),
        };
        var outcome = await ledger.OpenInPartsAsync(upload, by, limits, cancel);
        if (outcome != OpenOutcome.Opened)
            await staging.AbandonAsync(upload, cancel);
        if (outcome == OpenOutcome.Exists)
            return await TakenName.RefusalAsync(
                (await integrity.FindAsync(name.Key, ReadScope.All, cancel))!.Value,
                caller,
                asked.Sha256,
                catalogue,
                withdrawals,
                cancel
            ) with
            {
                Plain = true,
            };
        if (Refusal(outcome, name.Key, limits) is { } late)
            return late;
        return new UploadStatusAnswer(UploadStatusAnswer.Of(upload), 201);
    }

    private static Problem? Refusal(OpenOutcome outcome, string key, OpenLimits limits) => outcome switch
    {
        OpenOutcome.TooManyOfFile => Problems.TooManyUploads($"{limits.OfFile} uploads in parts of {key} are open already"),
        OpenOutcome.TooManyOfOwner => Problems.TooManyUploads($"{limits.OfOwner} uploads in parts of this caller are open already"),
        OpenOutcome.TooMany => Problems.TooManyUploads($"{limits.InAll} uploads in parts are open already"),
        _ => null,
    };
}

/// <summary>How far an upload is.</summary>
internal sealed record UploadStatusAnswer(UploadStatus Status, int Code) : IResult
{
    public static UploadStatus Of(UploadSession upload, UploadReceipt? receipt = null) => new()
    {
        Id = upload.Id,
        FilePath = upload.Key,
        State = upload.State,
        Created = Catalogue.Catalogue.Text(upload.CreatedAt),
        Expires = Catalogue.Catalogue.Text(upload.ExpiresAt),
        Size = upload.Size,
        PartSize = upload.PartSize,
        Parts = upload.PartSize is null ? null : upload.Parts,
        Sha256 = upload.Sha256,
        Receipt = receipt,
        Problem = upload.Problem is { } problem ? new("urn:opensdc:problem:" + problem.Code, problem.Detail) : null,
    };

    public Task ExecuteAsync(HttpContext context)
    {
        context.Response.Headers["OpenSDC-Upload-Id"] = Status.Id;
        if (Code == 201)
            context.Response.Headers.Location = $"{context.Request.PathBase}{context.Request.Path}/{Status.Id}";
        return TypedResults.Json(Status, ContractJson.WithUrls.UploadStatus, statusCode: Code).ExecuteAsync(context);
    }
}
