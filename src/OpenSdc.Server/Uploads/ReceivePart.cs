using System.Globalization;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;
using OpenSdc.Server.Access;
using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Objects;
using OpenSdc.Server.Upkeep;

namespace OpenSdc.Server.Uploads;

/// <summary>
/// The bytes of one part come to its signed URL. Only a part whose length and digests are right, and that is
/// durable, is known to have come. A part may be sent again as long as the upload is open; then the later
/// sending counts.
/// </summary>
internal static partial class ReceivePart
{
    /// <summary><c>PUT /uploads/{id}/parts/{part}</c></summary>
    public static async Task<Results<NoContent, Problem>> Handle(
        string id,
        string part,
        HttpContext context,
        UrlRights urls,
        UploadLedger ledger,
        UploadStaging staging,
        Catalogue.Catalogue catalogue,
        StorageHealth storage,
        ILoggerFactory logs
    )
    {
        var request = context.Request;
        // Only numbers of parts that there are have been signed.
        if (urls.Refuse(context, "PUT", UploadStaging.PathOfPart(id, part)) is { } sentence)
            return Problems.BadSignature(sentence);
        if (
            !UploadStaging.IsId(id)
            || await ledger.FindOfAsync(id, context.Caller(), context.RequestAborted) is not { PartSize: not null } upload
            || !context.Caller().Has(Scopes.Upload)
        )
            return Problems.NoSuchUpload;
        if (upload.State != UploadState.Open)
            return Problems.UploadEnded(upload.State);
        var number = int.Parse(part, NumberStyles.None, CultureInfo.InvariantCulture);
        var size = upload.Part(number).Size;
        if (BodyHeaders.Refusal(request, allowEmpty: false) is { } notTheFile)
            return notTheFile;
        if (request.ContentLength is { } declared && declared != size)
            return Problems.PartSize(number, size, declared);
        if (!RequestDigests.TryRead(request.Headers, out var digests, out var fault))
            return Problems.BadDigestHeader(fault);
        using var promised = digests;
        context.Features.Get<IHttpMaxRequestBodySizeFeature>()!.MaxRequestBodySize = null;
        try
        {
            using var room = await storage.ReserveAsync(upload.Key, size, context.RequestAborted);
            if (room.Refusal is { } noRoom)
                return noRoom;
            await using var place = await staging.OpenPartAsync(upload, number, context.RequestAborted);
            if (place is null)
                return Problems.UploadEnded(await StateAsync(ledger, id, context.RequestAborted));
            if (await RequestBody.ReadAsync(request, digests, place, room, size) is { } refusal)
                return refusal.Code == "too-large" ? Problems.PartSize(number, size, actual: null) : refusal;
            if (place.Length != size)
                return Problems.PartSize(number, size, place.Length);
            if (await urls.EndedAsync(context) is { } ended)
                return Problems.BadSignature(ended);
            return await place.FinishAsync(context.RequestAborted) ? TypedResults.NoContent() : Problems.PartOvertaken;
        }
        catch (BadHttpRequestException malformed) when (malformed.StatusCode == 400)
        {
            return Problems.BodyCutShort;
        }
        catch (Exception failure) when (Disk.Refusal(failure, catalogue) is not null)
        {
            var refusal = Disk.Refusal(failure, catalogue)!;
            storage.Failed(refusal, failure.Message);
            LogRefused(logs.CreateLogger(typeof(ReceivePart)), part, id, failure.Message, context.TraceIdentifier);
            return refusal;
        }
    }

    private static async Task<string> StateAsync(UploadLedger ledger, string id, CancellationToken cancel) =>
        await ledger.FindAsync(id, cancel) is { } upload ? upload.State : UploadState.Expired;

    [LoggerMessage(Level = LogLevel.Error, Message = "Could not store part {Part} of upload {UploadId}: {Reason}; request {RequestId}")]
    private static partial void LogRefused(ILogger logger, string part, string uploadId, string reason, string requestId);
}
