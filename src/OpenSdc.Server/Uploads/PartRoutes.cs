using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;
using OpenSdc.Contract;
using OpenSdc.Server.Access;
using OpenSdc.Server.Catalogue;

namespace OpenSdc.Server.Uploads;

/// <summary>
/// An upload in parts goes on: which parts have come and where the others go, that it is complete, or that it
/// is given up.
/// </summary>
internal static class PartRoutes
{
    /// <summary>The most parts that are told at once.</summary>
    public const int MostListed = 1000;

    private const int UsuallyListed = 100;
    private const int UsualWait = 10;

    /// <summary><c>GET /uploads/{id}/parts?from=1&amp;count=100</c></summary>
    public static async Task<Results<PartListAnswer, Problem>> List(
        string id,
        string? from,
        string? count,
        HttpContext context,
        UploadLedger ledger,
        UploadStaging staging,
        PublicAddress address,
        ServerOptions options
    )
    {
        if (!UploadStaging.IsId(id) || await ledger.FindOfAsync(id, context.Caller(), context.RequestAborted) is not { } upload)
            return Problems.NoSuchUpload;
        if (upload.PartSize is null)
            return Problems.NotInParts;
        if (upload.State != UploadState.Open)
            return Problems.UploadEnded(upload.State);
        if (!TryRead(from, 1, upload.Parts, out var first))
            return Bad("from", from!, upload.Parts);
        if (!TryRead(count, UsuallyListed, MostListed, out var most))
            return Bad("count", count!, MostListed);
        if (await staging.PartsAsync(upload, first, most, context.RequestAborted) is not { } received)
            return Problems.PartsGone;
        var urls = Enumerable
            .Range(first, Math.Min(most, upload.Parts - first + 1))
            .Except(received.Select(part => part.Part))
            .Select(part =>
            {
                var (offset, size) = upload.Part(part);
                return new MissingPart(
                    part,
                    offset,
                    size,
                    staging.SignPart(upload, part, options.UploadLifetime, address.Of(context), context.Caller())
                );
            });
        return new PartListAnswer(new PartList(received, [.. urls]));
    }

    /// <summary><c>POST /uploads/{id}/complete?wait=10</c></summary>
    public static async Task<Results<UploadAnswer, UploadStatusAnswer, Problem>> Complete(
        string id, string? wait, HttpContext context, UploadLedger ledger, UploadStaging staging, UploadSignals signals, UploadWaits waits,
        Catalogue.Catalogue catalogue, IHostApplicationLifetime life)
    {
        var cancel = context.RequestAborted;
        if (!FollowUpload.TryReadWait(wait, UsualWait, out var seconds))
            return FollowUpload.BadWait(wait!);
        var (asked, malformed) = await UploadRequest.ReadCompleteAsync(context.Request);
        if (malformed is not null)
            return malformed;
        if (!UploadStaging.IsId(id))
            return Problems.NoSuchUpload;
        using var waiting = seconds > 0 ? waits.Begin(id) : null;
        if (await ledger.FindOfAsync(id, context.Caller(), cancel) is not { } upload)
            return Problems.NoSuchUpload;
        if (upload.PartSize is null)
            return Problems.NotInParts;
        var before = upload.State;
        if (upload.State == UploadState.Open)
        {
            if (IsOtherPromise(upload, asked.Sha256))
                return Problems.OtherPromise(asked.Sha256!, upload.Sha256);
            if (await staging.CompleteAsync(upload, asked.Sha256, cancel) is { } missing)
                return missing;
            if (asked.Sha256 is not null && upload.Sha256 is null)
                upload = await ledger.FindAsync(id, cancel) ?? upload;
            if (upload.State == UploadState.Open && IsOtherPromise(upload, asked.Sha256))
                return Problems.OtherPromise(asked.Sha256!, upload.Sha256);
            await signals.SignalAsync([id], cancel);
            signals.Wake();
        }

        var (ended, receipt) = await FollowUpload.WaitAsync(
            waiting,
            upload,
            TimeSpan.FromSeconds(seconds),
            ledger,
            catalogue,
            life,
            context
        );
        if (ended.Problem is { } problem)
            return Problems.Refused(problem.Code, problem.Detail);
        // A digest that comes too late to be checked before the file is published, as it comes with another
        // request that completes the upload.
        if (asked.Sha256 is { } promised && promised != (receipt?.Sha256 ?? ended.Sha256))
            return Problems.OtherPromise(promised, receipt?.Sha256 ?? ended.Sha256);
        if (receipt is not null)
            return new UploadAnswer(receipt, IsNew: before != UploadState.Published);
        return UploadState.IsEnd(ended.State)
            ? Problems.UploadEnded(ended.State)
            : new UploadStatusAnswer(UploadStatusAnswer.Of(ended), 202);
    }

    /// <summary><c>DELETE /uploads/{id}</c></summary>
    public static async Task<Results<NoContent, Problem>> Abort(
        string id,
        HttpContext context,
        UploadLedger ledger,
        UploadStaging staging,
        UploadWaits waits
    )
    {
        if (!UploadStaging.IsId(id) || await ledger.FindOfAsync(id, context.Caller(), context.RequestAborted) is not { } upload)
            return Problems.NoSuchUpload;
        if (!await ledger.AbortAsync(id, context.RequestAborted))
        {
            var state = (await ledger.FindAsync(id, context.RequestAborted))?.State ?? UploadState.Aborted;
            return state == UploadState.Aborted ? TypedResults.NoContent() : Problems.UploadEnded(state);
        }

        waits.Ended(id);
        if (upload.PartSize is not null)
            await staging.AbandonAsync(upload, context.RequestAborted);
        return TypedResults.NoContent();
    }

    private static bool IsOtherPromise(UploadSession upload, string? sha256) => sha256 is not null && sha256 != (upload.Sha256 ?? sha256);

    private static bool TryRead(string? text, int usual, int most, out int number)
    {
        number = usual;
        return text is null
            || (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number >= 1 && number <= most);
    }

    private static Problem Bad(string name, string text, int most) =>
        Problems.BadUploadRequest($"The parameter {name} is '{ShownText.Of(text)}'; allowed: a whole number from 1 to {most}.");
}

/// <summary>Some parts of an upload.</summary>
internal sealed record PartListAnswer(PartList Parts) : IResult
{
    public Task ExecuteAsync(HttpContext context) => TypedResults.Json(Parts, ContractJson.WithUrls.PartList).ExecuteAsync(context);
}
