using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;
using OpenSdc.Server.Objects;

namespace OpenSdc.Server.Uploads;

/// <summary>
/// An S3 store tells that objects have come. It may tell twice, late, in any order, and of what is not ours; whatever
/// makes sense is answered 204, so that it is not told again.
/// </summary>
internal static partial class ReceiveHook
{
    /// <summary><c>POST /hooks/s3</c></summary>
    public static async Task<Results<NoContent, Problem>> Handle(
        HttpContext context,
        S3Staging staging,
        UploadSignals signals,
        ServerOptions options,
        ILoggerFactory logs
    )
    {
        if (options.HookSecret is not { } secret)
            return Problems.OfStatus(404);
        if (!Brings(context.Request, secret))
            return Problems.BadSecret;
        context.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = StoreEvents.Largest;
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        if (StoreEvents.Read(body.GetBuffer().AsMemory(0, (int)body.Length), staging, out var uploads) is { } fault)
            return Problems.BadNotification(fault);
        if (context.Request.Headers["x-amz-sns-message-type"] == "SubscriptionConfirmation")
            LogSubscribe(logs.CreateLogger(typeof(ReceiveHook)));
        await signals.SignalAsync(uploads, context.RequestAborted);
        return TypedResults.NoContent();
    }

    /// <summary>Compared by their digests, which are equally long, in a time that does not tell how much of it was right.</summary>
    private static bool Brings(HttpRequest request, string secret)
    {
        const string Bearer = "Bearer ";
        var header = request.Headers.Authorization.ToString();
        var given = header.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase)
            ? header[Bearer.Length..].Trim()
            : (string?)request.Query["secret"] ?? "";
        return CryptographicOperations.FixedTimeEquals(
            SHA256.HashData(Encoding.UTF8.GetBytes(given)),
            SHA256.HashData(Encoding.UTF8.GetBytes(secret))
        );
    }

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "SNS asks whether to send its notifications here; confirm the subscription in its console, or let SQS bring them"
    )]
    private static partial void LogSubscribe(ILogger logger);
}
