using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Net.Http.Headers;
using OpenSdc.Contract;
using OpenSdc.Server.Objects;

namespace OpenSdc.Server.Files;

/// <summary>Last step: the bytes themselves, whole or a range of them, under the conditions that the request names.</summary>
internal static partial class ServeObject
{
    /// <summary><c>GET</c> or <c>HEAD {signed URL}</c></summary>
    public static async Task<Results<ObjectBytes, NotModified, Problem>> Handle(
        string key, HttpContext context, SignedUrls urls, Catalogue.Catalogue catalogue, IObjectStore store, Telemetry telemetry, ILoggerFactory logs)
    {
        if (urls.Refuse(context.Request.Method, key, context.Request.Query) is { } sentence)
            return Problems.BadSignature(sentence);
        if (await catalogue.FindAsync(key, context.RequestAborted) is not { } receipt)
            return Problems.NoSuchObject;

        var tag = new EntityTagHeaderValue($"\"{receipt.Sha256}\"");
        var published = DateTimeOffset.ParseExact(receipt.IngestionDate, "yyyyMMdd HH:mm:ss", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
        var conditions = new Conditions(context.Request, tag, published);
        if (conditions.Failed)
            return Problems.PreconditionFailed;
        if (conditions.NotModified)
            return new NotModified(tag, published);

        var length = receipt.Size;
        var range = conditions.Range(length);
        if (range is (-1, _))
        {
            context.Response.Headers.ContentRange = $"bytes */{length}";
            return Problems.RangeNotSatisfiable(length);
        }

        var stored = await store.OpenAsync(key, context.RequestAborted);
        if (stored is null || stored.Length != length)
        {
            LogDamaged(logs.CreateLogger(typeof(ServeObject)), key, length, stored?.Length, context.TraceIdentifier);
            stored?.Dispose();
            return Problems.DamagedObject(key);
        }

        return new ObjectBytes(stored, receipt, tag, published, range, telemetry);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Damaged object {Key}: the record says {Expected} bytes, the store has {Actual}; request {RequestId}")]
    private static partial void LogDamaged(ILogger logger, string key, long expected, long? actual, string requestId);
}

/// <summary>304: the caller's copy is the file.</summary>
internal sealed record NotModified(EntityTagHeaderValue Tag, DateTimeOffset Published) : IResult
{
    public Task ExecuteAsync(HttpContext context)
    {
        context.Response.StatusCode = 304;
        context.Response.Headers.ETag = Tag.ToString();
        context.Response.Headers.LastModified = Published.ToString("R", CultureInfo.InvariantCulture);
        return Task.CompletedTask;
    }
}

/// <summary>200 or 206 and the bytes.</summary>
internal sealed record ObjectBytes(
    StoredObject Stored, UploadReceipt Receipt, EntityTagHeaderValue Tag, DateTimeOffset Published, (long From, long Length)? Range, Telemetry Telemetry) : IResult
{
    // Read straight into the response's own memory; as much at once as stays in a core's cache on its way to the socket.
    private const int PieceSize = 128 * 1024;

    public async Task ExecuteAsync(HttpContext context)
    {
        using var stored = Stored;
        var (from, length) = Range ?? (0, Receipt.Size);
        var response = context.Response;
        var headers = response.Headers;
        response.StatusCode = Range is null ? 200 : 206;
        if (Range is not null)
            headers.ContentRange = $"bytes {from}-{from + length - 1}/{Receipt.Size}";
        var name = Path.GetFileName(Receipt.FilePath);
        response.ContentType = MediaTypes.Of(name);
        response.ContentLength = length;
        headers.AcceptRanges = "bytes";
        headers.ETag = Tag.Tag.Value;
        headers.LastModified = Published.ToString("R", CultureInfo.InvariantCulture);
        headers.ContentDisposition = $"attachment; filename=\"{name.Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
        headers.XContentTypeOptions = "nosniff";
        if (HttpMethods.IsHead(context.Request.Method))
            return;

        var cancel = context.RequestAborted;
        var body = response.BodyWriter;
        for (var at = from; at < from + length;)
        {
            var piece = (int)Math.Min(PieceSize, from + length - at);
            var read = await stored.ReadAsync(at, body.GetMemory(piece)[..piece], cancel);
            if (read == 0)
            {
                // It became shorter while it was read. A cut connection tells the client what a status no longer can.
                context.Abort();
                return;
            }

            body.Advance(read);
            at += read;
            Telemetry.Sent(read);
            if ((await body.FlushAsync(cancel)).IsCompleted)
                return;
        }
    }
}
