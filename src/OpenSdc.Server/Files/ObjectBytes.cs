using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using Microsoft.Net.Http.Headers;
using OpenSdc.Contract;
using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Objects;
using OpenSdc.Server.Upkeep;

namespace OpenSdc.Server.Files;

/// <summary>200 or 206 and the bytes.</summary>
internal sealed record ObjectBytes(
    StoredObject Stored, UploadReceipt Receipt, EntityTagHeaderValue Tag, DateTimeOffset Published, (long From, long Length)? Range, ObjectSender Sender) : IResult
{
    public async Task ExecuteAsync(HttpContext context)
    {
        using var stored = Stored;
        await Sender.SendAsync(this, context);
    }

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

/// <summary>Sends an object's bytes, and sees on the way that they are the published ones.</summary>
/// <remarks>
/// <para>A small object is read and hashed before its status is sent: wrong bytes become a problem. A larger one is hashed while it is sent, and
/// its last piece is held back where the digest is not right: the connection ends short of the promised length, which no client takes for
/// the whole. A range of a larger object has no last piece to hold back, so that it waits until the whole object has been hashed: ranges asked for at
/// the same time wait for one hashing, and wrong bytes become a problem.</para>
/// <para>SHA-256 runs at some 1.5 GB/s a core, so a large object that was found right is not hashed again for the setting <c>verify-interval</c> (a day), unless its
/// file was written since; what rots in silence in that while is for the scrub to find.</para>
/// </remarks>
internal sealed class ObjectSender(
    ServerOptions options, RecentlyVerified verified, SharedHashing hashing, IntegrityReports reports, Patience patience, Telemetry telemetry)
{
    // Read straight into the response's own memory; as much at once as stays in a core's cache on its way to the socket.
    private const int PieceSize = Patience.LargestFlush;

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
            if (!await FillAsync(answer, whole, context.RequestAborted))
            {
                await Problems.DamagedObject(answer.Receipt.FilePath).ExecuteAsync(context);
                return;
            }

            answer.WriteHeaders(context.Response);
            var (from, length) = answer.Range ?? (0, size);
            context.Response.BodyWriter.Write(whole.Span.Slice((int)from, (int)length));
            telemetry.Sent(length);
            await patience.FlushAsync(context);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Reads a small object whole; false where it is not what was published.</summary>
    private async ValueTask<bool> FillAsync(ObjectBytes answer, Memory<byte> whole, CancellationToken cancel)
    {
        try
        {
            var filled = 0;
            while (filled < whole.Length && await answer.Stored.ReadAsync(filled, whole[filled..], cancel) is var read and > 0)
                filled += read;
            return filled == whole.Length ? IsRight(answer, SHA256.HashData(whole.Span)) : Damaged(answer, $"the object ended after {filled} bytes");
        }
        catch (IOException failure) when (Disk.IsReadError(failure))
        {
            return Damaged(answer, $"the object cannot be read: {failure.Message}");
        }
    }

    private async Task SendLargeAsync(ObjectBytes answer, HttpContext context)
    {
        var (from, length) = answer.Range ?? (0, answer.Receipt.Size);
        var end = from + length;
        var (seq, written) = (answer.Receipt.Seq, answer.Stored.Written);
        var verify = options.VerifyReads && !verified.Knows(seq, written);
        if (verify && answer.Range is not null)
        {
            if (!await hashing.IsRightAsync(seq, written, () => HashAsync(answer, written), context.RequestAborted))
            {
                await Problems.DamagedObject(answer.Receipt.FilePath).ExecuteAsync(context);
                return;
            }

            verify = false;
        }

        using var sha256 = verify ? IncrementalHash.CreateHash(HashAlgorithmName.SHA256) : null;
        answer.WriteHeaders(context.Response);
        var body = context.Response.BodyWriter;
        for (var at = from; at < end;)
        {
            var size = (int)Math.Min(PieceSize, end - at);
            var piece = body.GetMemory(size)[..size];
            var read = await ReadAsync(answer, at, piece, context.RequestAborted);
            sha256?.AppendData(piece.Span[..read]);
            at += read;
            if (read == 0 || (at == end && sha256 is not null && !IsRight(answer, sha256.GetHashAndReset())))
            {
                // A cut connection tells the client what a status no longer can.
                RequestOutcome.Cut(context, "damaged");
                return;
            }

            if (at == end && sha256 is not null)
                verified.Add(seq, written);
            body.Advance(read);
            telemetry.Sent(read);
            if ((await patience.FlushAsync(context)).IsCompleted)
                return;
        }
    }

    /// <summary>Reads a large object whole; false where it is not what was published.</summary>
    private async Task<bool> HashAsync(ObjectBytes answer, DateTime written)
    {
        using var sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = ArrayPool<byte>.Shared.Rent(PieceSize);
        try
        {
            for (long at = 0; at < answer.Receipt.Size;)
            {
                // A disk's reads do not give the thread back by themselves, and other requests wait for it.
                await Task.Yield();
                var read = await ReadAsync(answer, at, buffer.AsMemory(0, PieceSize), CancellationToken.None);
                if (read == 0)
                    return false;
                sha256.AppendData(buffer, 0, read);
                at += read;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        if (!IsRight(answer, sha256.GetHashAndReset()))
            return false;
        verified.Add(answer.Receipt.Seq, written);
        return true;
    }

    /// <summary>Reads a piece; 0 where the object ends early or cannot be read.</summary>
    private async ValueTask<int> ReadAsync(ObjectBytes answer, long offset, Memory<byte> piece, CancellationToken cancel)
    {
        try
        {
            var read = await answer.Stored.ReadAsync(offset, piece, cancel);
            if (read == 0)
                Damaged(answer, $"the object ended after {offset} bytes");
            return read;
        }
        catch (IOException failure) when (Disk.IsReadError(failure))
        {
            Damaged(answer, $"the object cannot be read at byte {offset}: {failure.Message}");
            return 0;
        }
    }

    private bool IsRight(ObjectBytes answer, ReadOnlySpan<byte> digest)
    {
        Span<char> text = stackalloc char[SHA256.HashSizeInBytes * 2];
        Convert.TryToHexStringLower(digest, text, out _);
        return text.SequenceEqual(answer.Receipt.Sha256) || Damaged(answer, $"the bytes have the SHA-256 {text}, the record says {answer.Receipt.Sha256}");
    }

    private bool Damaged(ObjectBytes answer, string detail)
    {
        reports.Report(answer.Receipt.Seq, answer.Receipt.FilePath, ChangeKind.Damaged, detail);
        return false;
    }
}
