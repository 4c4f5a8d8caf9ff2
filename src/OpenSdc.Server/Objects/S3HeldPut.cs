using System.Buffers;
using System.Net;

namespace OpenSdc.Server.Objects;

/// <summary>What the store answered to a PUT.</summary>
internal enum PutOutcome
{
    /// <summary>The bytes are there.</summary>
    Done,

    /// <summary>The condition failed: something lies there.</summary>
    Taken,
}

/// <summary>
/// One PUT to the store while its bytes come from a client. The last 64 KiB are held back until
/// <see cref="FinishAsync"/>; without it the connection is cut, and then the store keeps nothing, since it has fewer
/// bytes than the request promised.
/// </summary>
/// <remarks>
/// <para>Memory: one buffer of at most 256 KiB, from the shared pool, whatever the length. Up to 64 KiB all bytes are
/// held, and go in one request that can be tried again. Without a
/// length all bytes are held as well, up to <see cref="LongestWithoutLength"/>; the caller bounds them.</para>
/// <para>The buffer is this object's and is lent to the connection during a write. After a failed write the
/// connection may still read it: then it does not go back to the pool.</para>
/// </remarks>
/// <param name="bucket">The bucket.</param>
/// <param name="target">Where the bytes go, and under which condition.</param>
/// <param name="length">Exactly the bytes that will be written; null where that is not known.</param>
internal sealed class S3HeldPut(S3Bucket bucket, S3PutTarget target, long? length) : IAsyncDisposable
{
    /// <summary>The most bytes that are held without a length.</summary>
    public const int LongestWithoutLength = 8 << 20;

    private const int Tail = 64 * 1024;
    private const int BufferSize = 256 * 1024;
    private const int FirstBuffer = 16 * 1024;

    private readonly CancellationTokenSource cut = new();
    private byte[] buffer = [];
    private int held;
    private bool isLent;
    private PushedContent? content;
    private Task<HttpResponseMessage>? answer;

    /// <summary>Bytes that the store has, or that are on their way to it.</summary>
    public long Sent { get; private set; }

    /// <summary>The store's mark of the bytes, once they are there.</summary>
    public string ETag { get; private set; } = "";

    public async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel)
    {
        while (bytes.Length > 0)
        {
            if (held == Most)
            {
                if (length is null)
                    throw new InvalidOperationException("More bytes are written than can be held without a length.");
                await SendAsync(held - Tail, cancel);
            }

            var fits = Math.Min(bytes.Length, Most - held);
            MakeRoom(held + fits);
            bytes.Span[..fits].CopyTo(buffer.AsSpan(held));
            (held, bytes) = (held + fits, bytes[fits..]);
        }
    }

    /// <summary>
    /// Lets go of the bytes that are held, and waits for the store's answer. Where it fails, the store may have the
    /// bytes all the same.
    /// </summary>
    /// <exception cref="IOException">The store did not take them, or did not answer.</exception>
    public async Task<PutOutcome> FinishAsync()
    {
        if (answer is null)
        {
            isLent = true;
            ETag = await bucket.Requests.PutAsync(target, buffer.AsMemory(0, held), CancellationToken.None) ?? "";
            isLent = false;
            (Sent, held) = (held, 0);
            return ETag.Length == 0 ? PutOutcome.Taken : PutOutcome.Done;
        }

        await SendAsync(held, CancellationToken.None);
        content!.End();
        try
        {
            using var response = await answer.WaitAsync(S3Bucket.ForBytes);
            ETag = bucket.Requests.ETagOfPut(response, target) ?? "";
            return ETag.Length == 0 ? PutOutcome.Taken : PutOutcome.Done;
        }
        catch (Exception failure) when (S3Bucket.IsOfStore(failure, CancellationToken.None))
        {
            throw bucket.Translate(failure);
        }
    }

    /// <summary>Cuts the connection where the PUT was not finished.</summary>
    public async ValueTask DisposeAsync()
    {
        if (answer is not null)
        {
            await cut.CancelAsync();
            content!.End();
            try
            {
                (await answer).Dispose();
            }
            catch (Exception failure) when (S3Bucket.IsOfStore(failure, CancellationToken.None))
            {
                // That it was cut, or what was told before.
            }
        }

        if (Interlocked.Exchange(ref buffer, []) is { Length: > 0 } mine && !isLent)
            ArrayPool<byte>.Shared.Return(mine);
        cut.Dispose();
    }

    private int Most => length is null ? LongestWithoutLength : BufferSize;

    private async ValueTask SendAsync(int count, CancellationToken cancel)
    {
        if (answer is null)
        {
            content = new PushedContent(length!.Value);
            answer = bucket.Requests.StreamAsync(target, content, cut.Token);
        }

        using var timed = CancellationTokenSource.CreateLinkedTokenSource(cancel, cut.Token);
        timed.CancelAfter(S3Bucket.ForBytes);
        try
        {
            // The store may answer before it has all bytes: then it takes no more, and the answer is read at the end.
            if (await Task.WhenAny(content!.Opened, answer).WaitAsync(timed.Token) == content.Opened && !answer.IsCompleted)
            {
                isLent = true;
                await (await content.Opened).WriteAsync(buffer.AsMemory(0, count), timed.Token);
                isLent = false;
            }
            else if (!answer.IsCompletedSuccessfully)
            {
                await answer;
            }
        }
        catch (Exception failure) when (S3Bucket.IsOfStore(failure, cancel))
        {
            throw bucket.Translate(failure);
        }

        Sent += count;
        buffer.AsSpan(count, held - count).CopyTo(buffer);
        held -= count;
    }

    private void MakeRoom(int size)
    {
        if (size <= buffer.Length)
            return;
        var usual = (int)Math.Min(length ?? FirstBuffer, BufferSize);
        var larger = ArrayPool<byte>.Shared.Rent(Math.Clamp(Math.Max(buffer.Length * 2, usual), size, Most));
        buffer.AsSpan(0, held).CopyTo(larger);
        if (buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(buffer);
        buffer = larger;
    }

    /// <summary>A body that is written from outside while the request goes on.</summary>
    private sealed class PushedContent(long length) : HttpContent
    {
        private readonly TaskCompletionSource<Stream> opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>The connection, once the store is ready for the bytes.</summary>
        public Task<Stream> Opened => opened.Task;

        /// <summary>All bytes were written, or no more will come.</summary>
        public void End() => ended.TrySetResult();

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
            SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            // A second connection would begin without the bytes that went by the first.
            if (!opened.TrySetResult(stream))
                throw new IOException("The connection to the object store was closed.");
            await ended.Task.WaitAsync(cancellationToken);
        }

        protected override bool TryComputeLength(out long length_)
        {
            length_ = length;
            return true;
        }
    }
}

/// <summary>Where a PUT goes.</summary>
/// <param name="ObjectKey">The object as the store writes it.</param>
/// <param name="Notes">What is kept beside the bytes; null for a part.</param>
/// <param name="Query">Further parameters of the URL, see <see cref="S3Signature.Sign"/>.</param>
/// <param name="IsNew">Whether nothing may lie there.</param>
internal sealed record S3PutTarget(string ObjectKey, ObjectNotes? Notes = null, string Query = "", bool IsNew = false);
