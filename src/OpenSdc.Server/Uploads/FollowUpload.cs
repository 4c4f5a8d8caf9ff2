using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;
using OpenSdc.Server.Access;
using OpenSdc.Server.Catalogue;

namespace OpenSdc.Server.Uploads;

/// <summary>How far an upload is, told at once or as soon as it has ended.</summary>
internal static class FollowUpload
{
    /// <summary>The most seconds that a caller may wait.</summary>
    public const int LongestWait = 60;

    /// <summary><c>GET /uploads/{id}?wait=30</c></summary>
    public static async Task<Results<UploadStatusAnswer, Problem>> Handle(
        string id, string? wait, HttpContext context, UploadLedger ledger, UploadStaging staging, UploadSignals signals, UploadWaits waits,
        Catalogue.Catalogue catalogue, IHostApplicationLifetime life)
    {
        if (!TryReadWait(wait, 0, out var seconds))
            return BadWait(wait!);
        if (!UploadStaging.IsId(id))
            return Problems.NoSuchUpload;
        using var waiting = seconds > 0 ? waits.Begin(id) : null;
        if (await ledger.FindOfAsync(id, context.Caller(), context.RequestAborted) is not { } upload)
            return Problems.NoSuchUpload;
        // Who asks need not wait until it is noticed; of many who wait the first asks the store. Of one in
        // parts nothing is there before it is completed, which says so itself.
        if (upload.State == UploadState.Open && upload.PartSize is null && waiting is null or { IsFirst: true })
            await LookAsync(upload, staging, signals, context.RequestAborted);
        var (now, receipt) = await WaitAsync(waiting, upload, TimeSpan.FromSeconds(seconds), ledger, catalogue, life, context);
        return new UploadStatusAnswer(UploadStatusAnswer.Of(now, receipt), 200);
    }

    public static bool TryReadWait(string? text, int usual, out int seconds)
    {
        seconds = usual;
        return text is null || (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out seconds) && seconds <= LongestWait);
    }

    public static Problem BadWait(string text) =>
        Problems.BadUploadRequest($"The parameter wait is '{ShownText.Of(text)}'; allowed: whole seconds from 0 to {LongestWait}.");

    /// <summary>The upload when it has ended, or as it is when the time is over or the process stops.</summary>
    /// <param name="waiting">The wait, begun before the upload was read; null for none.</param>
    /// <param name="upload">The upload, as it was read.</param>
    /// <param name="atMost">How long to wait.</param>
    /// <param name="ledger">Where it is recorded.</param>
    /// <param name="catalogue">Where its receipt is.</param>
    /// <param name="life">Ends the wait where the process stops.</param>
    /// <param name="context">Ends the wait where the caller has gone.</param>
    public static async Task<UploadEnd> WaitAsync(
        UploadWaits.Wait? waiting,
        UploadSession upload,
        TimeSpan atMost,
        UploadLedger ledger,
        Catalogue.Catalogue catalogue,
        IHostApplicationLifetime life,
        HttpContext context
    )
    {
        if (waiting is not null && !UploadState.IsEnd(upload.State))
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, life.ApplicationStopping);
            try
            {
                if (await waiting.EndAsync(atMost, either.Token) is { } end)
                    return end;
                upload = await ledger.FindAsync(upload.Id, either.Token) ?? upload;
            }
            catch (OperationCanceledException)
            {
                // Told as it is.
            }
        }

        return new UploadEnd(upload, await ReceiptAsync(upload, catalogue, context.RequestAborted));
    }

    /// <summary>The end of an upload, for all that wait for it.</summary>
    public static async Task<UploadEnd?> ReadEndAsync(string id, UploadLedger ledger, Catalogue.Catalogue catalogue) =>
        await ledger.FindAsync(id, CancellationToken.None) is { } upload
            ? new UploadEnd(upload, await ReceiptAsync(upload, catalogue, CancellationToken.None))
            : null;

    private static async Task<Contract.UploadReceipt?> ReceiptAsync(
        UploadSession upload,
        Catalogue.Catalogue catalogue,
        CancellationToken cancel
    ) => upload.State == UploadState.Published ? await catalogue.FindAsync(upload.Key, ReadScope.All, cancel) : null;

    private static async Task LookAsync(UploadSession upload, UploadStaging staging, UploadSignals signals, CancellationToken cancel)
    {
        if (await staging.IsThereAsync(upload.Id, upload.Key, cancel))
            await signals.SignalAsync([upload.Id], cancel);
    }
}
