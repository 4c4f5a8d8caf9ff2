using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;
using OpenSdc.Contract;
using OpenSdc.Server.Catalogue;

namespace OpenSdc.Server.Uploads;

/// <summary>An upload in parts goes on: which parts have come and where the others go, that it is complete, or that it is given up.</summary>
internal static class PartRoutes
{
    /// <summary>The most parts that are told at once.</summary>
    public const int MostListed = 1000;

    private const int UsuallyListed = 100;
    private const int UsualWait = 10;

    /// <summary><c>GET /uploads/{id}/parts?from=1&amp;count=100</c></summary>
    public static async Task<Results<PartListAnswer, Problem>> List(
        string id, string? from, string? count, HttpContext context, UploadLedger ledger, IncomingBytes incoming, PublicAddress address, ServerOptions options)
    {
        if (await ledger.FindAsync(id, context.RequestAborted) is not { } upload)
            return Problems.NoSuchUpload;
        if (upload.PartSize is null)
            return Problems.NotInParts;
        if (upload.State != UploadState.Open)
            return Problems.UploadEnded(upload.State);
        if (!TryRead(from, 1, upload.Parts, out var first))
            return Bad("from", from!, upload.Parts);
        if (!TryRead(count, UsuallyListed, MostListed, out var most))
            return Bad("count", count!, MostListed);
        if (await incoming.PartsAsync(upload, first, most, context.RequestAborted) is not { } received)
            return Problems.PartsGone;
        var urls = Enumerable.Range(first, Math.Min(most, upload.Parts - first + 1)).Except(received.Select(part => part.Part)).Select(part =>
        {
            var (offset, size) = upload.Part(part);
            return new MissingPart(part, offset, size, incoming.SignPart(upload, part, options.UploadLifetime, address.Of(context)));
        });
        return new PartListAnswer(new PartList(received, [.. urls]));
    }

    /// <summary><c>POST /uploads/{id}/complete?wait=10</c></summary>
    public static async Task<Results<UploadAnswer, UploadStatusAnswer, Problem>> Complete(
        string id, string? wait, HttpContext context, UploadLedger ledger, IncomingBytes incoming, Arrivals arrivals, Catalogue.Catalogue catalogue,
        IHostApplicationLifetime life, TimeProvider clock)
    {
        if (!FollowUpload.TryReadWait(wait, UsualWait, out var seconds))
            return FollowUpload.BadWait(wait!);
        if (await ledger.FindAsync(id, context.RequestAborted) is not { } upload)
            return Problems.NoSuchUpload;
        if (upload.PartSize is null)
            return Problems.NotInParts;
        if (upload.State == UploadState.Open)
        {
            if (await incoming.CompleteAsync(upload, context.RequestAborted) is { } missing)
                return missing;
            await arrivals.SayAsync([id], context.RequestAborted);
            arrivals.Wake();
        }

        using var either = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, life.ApplicationStopping);
        var ended = await FollowUpload.WaitAsync(upload, TimeSpan.FromSeconds(seconds), ledger, arrivals, clock, either.Token);
        if (ended.State == UploadState.Published && await catalogue.FindAsync(ended.Key, context.RequestAborted) is { } receipt)
            return new UploadAnswer(receipt, IsNew: upload.State != UploadState.Published);
        if (ended.Problem is { } problem)
            return Problems.Refused(problem.Code, problem.Detail);
        return UploadState.IsEnd(ended.State)
            ? Problems.UploadEnded(ended.State)
            : new UploadStatusAnswer(UploadStatusAnswer.Of(ended), 202);
    }

    /// <summary><c>DELETE /uploads/{id}</c></summary>
    public static async Task<Results<NoContent, Problem>> Abort(string id, HttpContext context, UploadLedger ledger, IncomingBytes incoming, Arrivals arrivals)
    {
        if (await ledger.FindAsync(id, context.RequestAborted) is not { } upload)
            return Problems.NoSuchUpload;
        if (!await ledger.AbortAsync(id, context.RequestAborted))
        {
            var state = (await ledger.FindAsync(id, context.RequestAborted))?.State ?? UploadState.Aborted;
            return state == UploadState.Aborted ? TypedResults.NoContent() : Problems.UploadEnded(state);
        }

        arrivals.Ended(id);
        if (upload.PartSize is not null)
            await incoming.AbandonAsync(upload, context.RequestAborted);
        return TypedResults.NoContent();
    }

    private static bool TryRead(string? text, int usual, int most, out int number)
    {
        number = usual;
        return text is null || (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number >= 1 && number <= most);
    }

    private static Problem Bad(string name, string text, int most) =>
        Problems.BadUploadRequest($"The parameter {name} is '{text}'; allowed: a whole number from 1 to {most}.");
}

/// <summary>Some parts of an upload.</summary>
internal sealed record PartListAnswer(PartList Parts) : IResult
{
    public Task ExecuteAsync(HttpContext context) => TypedResults.Json(Parts, ContractJson.WithUrls.PartList).ExecuteAsync(context);
}
