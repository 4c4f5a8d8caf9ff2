using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;
using OpenSdc.Contract;
using OpenSdc.Contract.Naming;
using OpenSdc.Server.Access;
using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Objects;
using OpenSdc.Server.Upkeep;

namespace OpenSdc.Server.Uploads;

/// <summary>
/// Second step: the bytes come to the signed URL. They are staged, hashed and counted while they come,
/// checked against what the request promised, flushed, and handed to the <see cref="Publisher"/>. Nothing is
/// under the key before all of that went well.
/// </summary>
internal static partial class ReceiveUpload
{
    /// <summary><c>PUT {signed URL}</c></summary>
    public static async Task<Results<UploadAnswer, Problem>> Handle(
        string? key,
        HttpContext context,
        UrlRights urls,
        Mission mission,
        Catalogue.Catalogue catalogue,
        IntegrityState integrity,
        Withdrawals withdrawals,
        IObjectStore store,
        Publisher publisher,
        ObjectMender mender,
        StorageHealth storage,
        ServerOptions options,
        Telemetry telemetry,
        ILoggerFactory logs
    )
    {
        key ??= "";
        var request = context.Request;
        if (urls.Refuse(context, "PUT", key) is { } sentence)
            return Problems.BadSignature(sentence);
        var parsed = ArchivePath.ParseUpload(key, mission);
        if (parsed.Name is not { } name)
            return Problems.BadUploadName(parsed.Faults) with { Plain = true };
        // Looked at again: the right may have ended since the URL was signed. A token's limits were looked at then.
        if (!context.Caller().MayUpload(name))
            return Problems.NotYourUpload(name.Name) with { Plain = true };
        if (BodyHeaders.Refusal(request, options.AllowEmptyFiles) is { } notTheFile)
            return notTheFile;
        if (!RequestDigests.TryRead(request.Headers, out var digests, out var fault))
            return Problems.BadDigestHeader(fault);
        using var promised = digests;
        context.Features.Get<IHttpMaxRequestBodySizeFeature>()!.MaxRequestBodySize = null;

        Results<UploadAnswer, Problem> answer;
        try
        {
            var there = await integrity.FindAsync(key, ReadScope.All, context.RequestAborted);
            if (there is { IsWithdrawn: true } && await TakenName.WithdrawnAsync(key, withdrawals, context.RequestAborted) is { } withdrawn)
                return withdrawn with { Plain = true };
            var receipt = there?.Receipt;
            var isSeen = receipt is null || await TakenName.IsSeenAsync(key, context.Caller(), catalogue, context.RequestAborted);
            if (UploadConditions.Refusal(request, receipt, isSeen) is { } condition)
                return condition;
            // A file that came in parts may be larger than one PUT takes, and is mended all the same.
            var limit = Math.Max(options.MaxUploadSize, isSeen ? receipt?.Size ?? 0 : 0);
            if (request.ContentLength > limit)
                return Problems.TooLarge(options.MaxUploadSize);
            answer =
                receipt is null
                    ? await StoreAsync(name, request, digests, urls, withdrawals, store, publisher, storage, options)
                // Whoever may not read the file sends the whole body before anything is said of its size.
                : (isSeen || request.ContentLength == receipt.Size) && await mender.IsBrokenAsync(receipt, context.RequestAborted)
                ? await MendAsync(receipt, request, digests, urls, withdrawals, store, mender, storage)
                : await CompareAsync(receipt, request, digests, limit, isSeen);
        }
        catch (BadHttpRequestException malformed) when (malformed.StatusCode == 400)
        {
            answer = Problems.BodyCutShort;
        }
        catch (LengthNeededException)
        {
            answer = Problems.LengthNeeded(store.Capabilities.LongestWithoutLength);
        }
        catch (Exception failure) when (Disk.Refusal(failure, catalogue) is not null)
        {
            var refusal = Disk.Refusal(failure, catalogue)!;
            answer = refusal;
            storage.Failed(refusal, failure.Message);
            LogRefused(logs.CreateLogger(typeof(ReceiveUpload)), key, failure.Message, context.TraceIdentifier);
        }

        var (outcome, size) = answer.Result switch
        {
            UploadAnswer done => (done.IsNew ? "published" : "repeated", done.Receipt.Size),
            Problem problem => (problem.Code, 0L),
            _ => ("unexpected", 0L),
        };
        telemetry.Uploaded(outcome, size);
        if (answer.Result is UploadAnswer { IsNew: true } published)
            LogPublished(logs.CreateLogger(typeof(ReceiveUpload)), key, size, published.Receipt.Seq, context.TraceIdentifier);
        return answer;
    }

    private static async Task<Results<UploadAnswer, Problem>> StoreAsync(
        FileName name,
        HttpRequest request,
        RequestDigests digests,
        UrlRights urls,
        Withdrawals withdrawals,
        IObjectStore store,
        Publisher publisher,
        StorageHealth storage,
        ServerOptions options
    )
    {
        var cancel = request.HttpContext.RequestAborted;
        // Told before the bytes are read, where their number is declared.
        using var room = await storage.ReserveAsync(name.Key, request.ContentLength, cancel);
        if (room.Refusal is { } noRoom)
            return noRoom;
        await using var staged = await store.StageAsync(name.Key, request.ContentLength, cancel);
        var limit = request.ContentLength is null
            ? Math.Min(store.Capabilities.LongestWithoutLength ?? long.MaxValue, options.MaxUploadSize)
            : options.MaxUploadSize;
        if (await RequestBody.ReadAsync(request, digests, staged, room, limit) is { } refusal)
            return refusal.Code == "too-large" && limit < options.MaxUploadSize ? Problems.LengthNeeded(limit) : refusal;
        if (staged.Length == 0 && !options.AllowEmptyFiles)
            return Problems.EmptyFile;
        if (await urls.EndedAsync(request.HttpContext) is { } ended)
            return Problems.BadSignature(ended);
        var outcome = await publisher.PublishAsync(
            name,
            staged,
            digests.Sha256,
            cancel,
            audit: AuditLog.Of(request.HttpContext, AuditAction.Upload, name.Key, 201)
        );
        // Another upload of the same name may have ended first, and its file have been withdrawn since.
        if (!outcome.IsNew && await TakenName.WithdrawnAsync(name.Key, withdrawals, CancellationToken.None) is { } withdrawn)
            return withdrawn with { Plain = true };
        if (!outcome.IsNew && UploadConditions.Refusal(request, outcome.Receipt, isSeen: false) is { } condition)
            return condition;
        return outcome.Receipt is { } receipt ? new UploadAnswer(receipt, outcome.IsNew) : Problems.ContentConflict(name.Key);
    }

    /// <summary>The object of the record is lost or damaged: it takes back its own bytes and no others.</summary>
    private static async Task<Results<UploadAnswer, Problem>> MendAsync(
        UploadReceipt receipt,
        HttpRequest request,
        RequestDigests digests,
        UrlRights urls,
        Withdrawals withdrawals,
        IObjectStore store,
        ObjectMender mender,
        StorageHealth storage
    )
    {
        var cancel = request.HttpContext.RequestAborted;
        if (request.ContentLength is { } length && length != receipt.Size)
            return Problems.ContentConflict(receipt.FilePath);
        using var room = await storage.ReserveAsync(receipt.FilePath, receipt.Size, cancel);
        if (room.Refusal is { } noRoom)
            return noRoom;
        await using var staged = await store.StageApartAsync(receipt.FilePath, cancel);
        if (await RequestBody.ReadAsync(request, digests, staged, room, receipt.Size) is { } refusal)
            return refusal.Code == "too-large" ? Problems.ContentConflict(receipt.FilePath) : refusal;
        if (digests.Sha256 != receipt.Sha256)
            return Problems.ContentConflict(receipt.FilePath);
        if (await urls.EndedAsync(request.HttpContext) is { } ended)
            return Problems.BadSignature(ended);
        return await mender.MendAsync(receipt, staged, AuditLog.Of(request.HttpContext, AuditAction.Mend, receipt.FilePath, 200), cancel)
            ? new UploadAnswer(receipt, IsNew: false)
            : (await TakenName.WithdrawnAsync(receipt.FilePath, withdrawals, CancellationToken.None))! with
            {
                Plain = true,
            };
    }

    /// <summary>The key has a record: the bytes are only hashed, and answer with the first receipt where they are the same.</summary>
    private static async Task<Results<UploadAnswer, Problem>> CompareAsync(
        UploadReceipt receipt, HttpRequest request, RequestDigests digests, long limit, bool isSeen)
    {
        if (isSeen && request.ContentLength is { } length && length != receipt.Size)
            return Problems.ContentConflict(receipt.FilePath);
        if (await RequestBody.ReadAsync(request, digests, staged: null, room: null, limit) is { } refusal)
            return refusal;
        return digests.Sha256 == receipt.Sha256 ? new UploadAnswer(receipt, IsNew: false) : Problems.ContentConflict(receipt.FilePath);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Published {Key}, {Size} bytes, seq {Seq}; request {RequestId}")]
    private static partial void LogPublished(ILogger logger, string key, long size, long seq, string requestId);

    [LoggerMessage(Level = LogLevel.Error, Message = "Could not store {Key}: {Reason}; request {RequestId}")]
    private static partial void LogRefused(ILogger logger, string key, string reason, string requestId);
}

/// <summary>The receipt of a published file: 201 the first time, 200 when the same bytes come again.</summary>
internal sealed record UploadAnswer(UploadReceipt Receipt, bool IsNew) : IResult
{
    public Task ExecuteAsync(HttpContext context) =>
        (IsNew ? TypedResults.Json(Receipt, ContractJson.Default.UploadReceipt, statusCode: 201)
               : TypedResults.Json(Receipt, ContractJson.Default.UploadReceipt)).ExecuteAsync(context);
}
