using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;
using OpenSdc.Server.Catalogue;

namespace OpenSdc.Server.Uploads;

/// <summary>How far an upload is, told at once or as soon as it has ended.</summary>
internal static class FollowUpload
{
    /// <summary>The most seconds that a caller may wait.</summary>
    public const int LongestWait = 60;

    /// <summary><c>GET /uploads/{id}?wait=30</c></summary>
    public static async Task<Results<UploadStatusAnswer, Problem>> Handle(
        string id, string? wait, HttpContext context, UploadLedger ledger, IncomingBytes incoming, Arrivals arrivals, Catalogue.Catalogue catalogue,
        IHostApplicationLifetime life, TimeProvider clock)
    {
        if (!TryReadWait(wait, 0, out var seconds))
            return BadWait(wait!);
        if (await ledger.FindAsync(id, context.RequestAborted) is not { } upload)
            return Problems.NoSuchUpload;
        // Who asks need not wait until it is noticed. Of one in parts nothing is there before it is completed, which says so itself.
        if (upload.State == UploadState.Open && upload.PartSize is null)
            await LookAsync(upload, incoming, arrivals, context.RequestAborted);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, life.ApplicationStopping);
        upload = await WaitAsync(upload, TimeSpan.FromSeconds(seconds), ledger, arrivals, clock, either.Token);
        return await AnswerAsync(upload, catalogue, context.RequestAborted);
    }

    public static bool TryReadWait(string? text, int usual, out int seconds)
    {
        seconds = usual;
        return text is null || (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out seconds) && seconds <= LongestWait);
    }

    public static Problem BadWait(string text) =>
        Problems.BadUploadRequest($"The parameter wait is '{text}'; allowed: whole seconds from 0 to {LongestWait}.");

    /// <summary>The upload when it has ended, or as it is when the time is over or the process stops.</summary>
    public static async Task<RecordedUpload> WaitAsync(
        RecordedUpload upload, TimeSpan atMost, UploadLedger ledger, Arrivals arrivals, TimeProvider clock, CancellationToken cancel)
    {
        var end = clock.GetUtcNow() + atMost;
        try
        {
            while (!UploadState.IsEnd(upload.State) && end - clock.GetUtcNow() is { Ticks: > 0 } left)
            {
                var news = arrivals.WaitForNewsAsync(upload.Id, left, clock, cancel);
                // Asked after the wait has begun: what ends in between is not missed.
                upload = await ledger.FindAsync(upload.Id, cancel) ?? upload;
                if (!UploadState.IsEnd(upload.State))
                    await news;
                upload = await ledger.FindAsync(upload.Id, cancel) ?? upload;
            }
        }
        catch (OperationCanceledException)
        {
            // Told as it is.
        }

        return upload;
    }

    public static async Task<UploadStatusAnswer> AnswerAsync(RecordedUpload upload, Catalogue.Catalogue catalogue, CancellationToken cancel) => new(
        UploadStatusAnswer.Of(upload, upload.State == UploadState.Published ? await catalogue.FindAsync(upload.Key, cancel) : null),
        200);

    private static async Task LookAsync(RecordedUpload upload, IncomingBytes incoming, Arrivals arrivals, CancellationToken cancel)
    {
        if (await incoming.IsThereAsync(upload.Id, upload.Key, cancel))
            await arrivals.SayAsync([upload.Id], cancel);
    }
}
