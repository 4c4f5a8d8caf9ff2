using System.Buffers;
using System.Globalization;
using Microsoft.Net.Http.Headers;
using OpenSdc.Contract;
using OpenSdc.Server.Objects;
using OpenSdc.Server.Upkeep;

namespace OpenSdc.Server.Files;

/// <summary>200 or 206 and the bytes.</summary>
internal sealed record ObjectBytes(
    StoredObject Stored,
    UploadReceipt Receipt,
    long AsOf,
    EntityTagHeaderValue Tag,
    DateTimeOffset Published,
    (long From, long Length)? Range,
    ObjectSender Sender
) : IResult
{
    public async Task ExecuteAsync(HttpContext context)
    {
        using var stored = Stored;
        await Sender.SendAsync(this, context);
    }

    public ObjectRecord Record => new(Receipt.FilePath, Receipt.Size, Receipt.Sha256);

    /// <summary>The digest of the whole file (RFC 9530), also where a range of it is answered.</summary>
    private string ReprDigest => $"sha-256=:{Convert.ToBase64String(Convert.FromHexString(Receipt.Sha256))}:";

    public void WriteHeaders(HttpResponse response)
    {
        var (from, length) = Range ?? (0, Receipt.Size);
        var headers = response.Headers;
        response.StatusCode = Range is null ? 200 : 206;
        if (Range is not null)
            headers.ContentRange = $"bytes {from}-{from + length - 1}/{Receipt.Size}";
        var name = Path.GetFileName(Receipt.FilePath);
        response.ContentType = MediaTypes.Of(name);
        response.ContentLength = length;
        headers.AcceptRanges = "bytes";
        headers.ETag = Tag.Tag.Value;
        headers["Repr-Digest"] = ReprDigest;
        headers.LastModified = Published.ToString("R", CultureInfo.InvariantCulture);
        headers.ContentDisposition = $"attachment; filename=\"{name.Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
        headers.XContentTypeOptions = "nosniff";
    }
}

/// <summary>Sends an object's bytes, and verifies them on the way.</summary>
/// <remarks>
/// <para>A small object is read and verified before its status is sent: an object that is not intact is answered with a problem. A larger one is hashed
/// while it is sent, and its last piece is held back until the verdict: where it is not intact, the
/// connection ends short of <c>Content-Length</c>, which no client takes for the whole. A range of a larger
/// object has no such piece, so it waits until the whole object is verified; concurrent ranges share one
/// verification, and an object that is not intact is answered with a problem.</para>
/// <para>SHA-256 runs at about 1.5 GB/s a core. A large object that was intact is not hashed again for <c>verify-interval</c> (a day), unless its file was
/// written since; corruption in between is left to the scrub.</para>
/// </remarks>
internal sealed class ObjectSender(
    ServerOptions options,
    RecentlyVerified verified,
    SharedHashing hashing,
    IntegrityReports reports,
    StallTimeout stallTimeout,
    Telemetry telemetry
)
{
    // Read straight into the response's own memory; as much at once as stays in a core's cache until it is sent.
    private const int PieceSize = StallTimeout.LargestFlush;

    public async Task SendAsync(ObjectBytes answer, HttpContext context)
    {
        if (HttpMethods.IsHead(context.Request.Method))
            answer.WriteHeaders(context.Response);
        else if (options.VerifyReads && answer.Receipt.Size <= PieceSize)
            await SendSmallAsync(answer, context);
        else
            await SendLargeAsync(answer, context);
    }

    private async Task SendSmallAsync(ObjectBytes answer, HttpContext context)
    {
        var size = (int)answer.Receipt.Size;
        var buffer = ArrayPool<byte>.Shared.Rent(size);
        try
        {
            var whole = buffer.AsMemory(0, size);
            if (!IsIntact(answer, await ObjectVerifier.FillAsync(answer.Stored, answer.Record, whole, context.RequestAborted)))
            {
                await Problems.DamagedObject(answer.Receipt.FilePath).ExecuteAsync(context);
                return;
            }

            answer.WriteHeaders(context.Response);
            var (from, length) = answer.Range ?? (0, size);
            context.Response.BodyWriter.Write(whole.Span.Slice((int)from, (int)length));
            telemetry.Sent(length);
            await stallTimeout.FlushAsync(context);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async Task SendLargeAsync(ObjectBytes answer, HttpContext context)
    {
        var (from, length) = answer.Range ?? (0, answer.Receipt.Size);
        var (seq, written) = (answer.Receipt.Seq, answer.Stored.Written);
        var verify = options.VerifyReads && !verified.Knows(seq, written);
        if (verify && answer.Range is not null)
        {
            if (!await hashing.IsIntactAsync(seq, written, () => VerifyAsync(answer, written), context.RequestAborted))
            {
                await Problems.DamagedObject(answer.Receipt.FilePath).ExecuteAsync(context);
                return;
            }

            verify = false;
        }

        using var reading = verify
            ? new ObjectReading(answer.Stored, answer.Record)
            : ObjectReading.Unhashed(answer.Stored, answer.Record, from, length);
        answer.WriteHeaders(context.Response);
        var body = context.Response.BodyWriter;
        while (reading.Offset < from + length)
        {
            var size = (int)Math.Min(PieceSize, from + length - reading.Offset);
            var read = await reading.ReadAsync(body.GetMemory(size)[..size], context.RequestAborted);
            if (reading.Verdict is { } verdict && !IsIntact(answer, verdict))
            {
                // A cut connection tells the client what a status no longer can.
                RequestOutcome.Cut(context, "damaged");
                return;
            }

            if (verify && reading.Verdict is not null)
                verified.Add(seq, written);
            body.Advance(read);
            telemetry.Sent(read);
            if ((await stallTimeout.FlushAsync(context)).IsCompleted)
                return;
        }
    }

    /// <summary>Reads a large object whole. It is read to its end even where the client has gone: others may wait for the answer.</summary>
    private async Task<bool> VerifyAsync(ObjectBytes answer, DateTime written)
    {
        var verdict = await ObjectVerifier.Unthrottled.VerifyAsync(answer.Stored, answer.Record, CancellationToken.None);
        if (!IsIntact(answer, verdict.ThrowIfRefused()))
            return false;
        verified.Add(answer.Receipt.Seq, written);
        return true;
    }

    private bool IsIntact(ObjectBytes answer, ObjectVerdict verdict)
    {
        if (!verdict.IsIntact)
            reports.Report(answer.Receipt.Seq, answer.Receipt.FilePath, answer.AsOf, verdict);
        return verdict.IsIntact;
    }
}
