using System.Data.Common;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http.HttpResults;
using OpenSdc.Server.Upkeep;

namespace OpenSdc.Server;

/// <summary>What a supervisor asks: is the process alive, and may it be sent requests?</summary>
internal static class Health
{
    /// <summary><c>GET /health/live</c>: the process answers.</summary>
    public static ContentHttpResult Live() => TypedResults.Text("live\n");

    /// <summary>
    /// <c>GET /health/ready</c>: 200 while files can be found and fetched, 503 otherwise. Uploads that are
    /// refused do not make it 503: a balancer would take the reads away as well. The body says it, and the
    /// rest only at an operators' address.
    /// </summary>
    public static async Task<JsonHttpResult<Readiness>> Ready(
        Recovery recovery, Catalogue.Catalogue catalogue, StorageHealth storage, Telemetry telemetry, HttpContext context)
    {
        var recovered = recovery.IsDone;
        var answers = await AnswersAsync(catalogue, context.RequestAborted);
        var refusal = storage.Refusal;
        // Without the store's objects nothing can be fetched, wherever the bytes pass.
        var serves = answers && storage.Unavailable is null;
        var status = !recovered ? "starting" : !serves ? "failing" : refusal is null ? "ready" : "read-only";
        var readiness = !ListenAddresses.IsOperators(context) ? new Readiness(status) : new Readiness(
            status,
            recovered ? "done" : "running",
            answers ? "answers" : "fails",
            refusal is null ? "taken" : "refused",
            refusal?.Sentence,
            storage.Free,
            telemetry.CorruptOrMissingFiles,
            telemetry.ScrubRound is { } round ? new ScrubReadiness(round.Began, round.Ended, Math.Round(round.Progress, 4)) : null);
        return TypedResults.Json(readiness, HealthJson.Default.Readiness, statusCode: recovered && serves ? 200 : 503);
    }

    private static async ValueTask<bool> AnswersAsync(Catalogue.Catalogue catalogue, CancellationToken cancel)
    {
        try
        {
            await catalogue.HeadAsync(cancel);
            return true;
        }
        catch (DbException)
        {
            return false;
        }
    }
}

/// <summary>The parts of readiness; at a public address the status alone.</summary>
/// <param name="Status"><c>ready</c>; <c>read-only</c>: uploads are refused, the rest is served;
/// <c>starting</c> or <c>failing</c>, both with 503.</param>
/// <param name="Recovery"><c>done</c>, or <c>running</c> after a start.</param>
/// <param name="Catalogue"><c>answers</c> or <c>fails</c>.</param>
/// <param name="Uploads"><c>taken</c> or <c>refused</c>.</param>
/// <param name="Reason">The sentence that uploads are refused with.</param>
/// <param name="FreeBytes">Bytes free on the data folder's file system; absent where objects lie in a store
/// without an end.</param>
/// <param name="CorruptOrMissingFiles">Files that are lost or damaged, and therefore not served.</param>
/// <param name="Scrub">How far the scrub is, as of the last minute; absent where it is off.</param>
internal sealed record Readiness(
    string Status,
    string? Recovery = null,
    string? Catalogue = null,
    string? Uploads = null,
    string? Reason = null,
    long? FreeBytes = null,
    long? CorruptOrMissingFiles = null,
    ScrubReadiness? Scrub = null
);

/// <summary>How far the scrub is. Moments are UTC.</summary>
/// <param name="RoundBegan">When the present round began; absent before the first.</param>
/// <param name="RoundEnded">When the last whole round ended; absent before the end of the first.</param>
/// <param name="Progress">The share of the archive that the present round has read; 1 until the next one begins.</param>
internal sealed record ScrubReadiness(string? RoundBegan, string? RoundEnded, double Progress);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull
)]
[JsonSerializable(typeof(Readiness))]
internal sealed partial class HealthJson : JsonSerializerContext;
