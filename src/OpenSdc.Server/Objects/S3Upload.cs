using System.Buffers;
using Amazon.S3.Model;

namespace OpenSdc.Server.Objects;

/// <summary>
/// An upload whose bytes this process writes to the staging of an S3 store: up to 8 MiB as one object, above that in
/// parts, of which one is in memory.
/// </summary>
/// <remarks>
/// The buffer is this object's, from the shared pool, and lent to the client for the time of a request. Where a
/// request fails, by a cancel or a time-out too, the client may still be reading it on a connection that is being
/// closed: then it does not go back to the pool.
/// </remarks>
internal sealed class S3Upload(S3Bucket bucket, string uploadId, string key, Action<long> staged) : S3Staged(bucket, uploadId, key)
{
    private const int FirstBuffer = 64 * 1024;
    private const int PartSize = 8 << 20;

    // So few that who waits for longer waits for the store, not for the line.
    private const int FewBytes = 64 * 1024;

    private readonly List<PartETag> parts = [];
    private byte[] buffer = ArrayPool<byte>.Shared.Rent(FirstBuffer);
    private int held;
    private string? storeId;
    private bool isWhole;
    private bool isLent;

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel)
    {
        for (var rest = bytes; rest.Length > 0;)
        {
            if (held == PartSize)
                await SendPartAsync(cancel);
            var fits = Math.Min(rest.Length, PartSize - held);
            MakeRoom(held + fits);
            rest.Span[..fits].CopyTo(buffer.AsSpan(held));
            (held, rest) = (held + fits, rest[fits..]);
        }

        Length += bytes.Length;
        staged(bytes.Length);
    }

    public override async ValueTask FlushAsync(CancellationToken cancel)
    {
        if (isWhole)
            return;
        if (storeId is null)
        {
            isLent = true;
            var put = await Bucket.AskAsync(
                held <= FewBytes ? S3Bucket.Shortly : S3Bucket.ForBytes,
                (client, token) =>
                    client.PutObjectAsync(
                        new PutObjectRequest
                        {
                            BucketName = Bucket.Name,
                            Key = StagingKey,
                            InputStream = new MemoryStream(buffer, 0, held, writable: false),
                            UseChunkEncoding = false,
                        },
                        token
                    ),
                cancel
            );
            isLent = false;
            ETag = S3Bucket.ETagOf(put.ETag);
        }
        else
        {
            await SendPartAsync(cancel);
            await Bucket.AskAsync(
                S3Bucket.ForBytes,
                (client, token) =>
                    client.CompleteMultipartUploadAsync(
                        new CompleteMultipartUploadRequest
                        {
                            BucketName = Bucket.Name,
                            Key = StagingKey,
                            UploadId = storeId,
                            PartETags = parts,
                        },
                        token
                    ),
                cancel
            );
            // Not the tag of the answer: Ceph 16 gives another one there than the object then has.
            ETag =
                (await Bucket.HeadAsync(StagingKey, cancel))?.ETag
                ?? throw new StoreUnavailableException($"The object store has lost {StagingKey} as soon as it was whole.");
        }

        isWhole = true;
    }

    public override async ValueTask RemoveAsync()
    {
        if (isWhole || storeId is null)
            await Bucket.DeleteAsync(StagingKey, CancellationToken.None);
        else
            await Bucket.AskAsync(
                S3Bucket.Shortly,
                (client, token) => client.AbortMultipartUploadAsync(Bucket.Name, StagingKey, storeId, token),
                CancellationToken.None
            );
    }

    public override async ValueTask DisposeAsync()
    {
        staged(-Length);
        if (Interlocked.Exchange(ref buffer, []) is { Length: > 0 } mine && !isLent)
            ArrayPool<byte>.Shared.Return(mine);
        if (IsKept)
            return;
        try
        {
            await RemoveAsync();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // The caller has its answer, published or refused, and a left-over does not change it; it is removed when it is a day old.
        }
    }

    private async Task SendPartAsync(CancellationToken cancel)
    {
        storeId ??= (
            await Bucket.AskAsync(
                S3Bucket.Shortly,
                (client, token) => client.InitiateMultipartUploadAsync(Bucket.Name, StagingKey, token),
                cancel
            )
        ).UploadId;
        var number = parts.Count + 1;
        isLent = true;
        var sent = await Bucket.AskAsync(S3Bucket.ForBytes, (client, token) => client.UploadPartAsync(new UploadPartRequest
        {
            BucketName = Bucket.Name,
            Key = StagingKey,
            UploadId = storeId,
            PartNumber = number,
            PartSize = held,
            InputStream = new MemoryStream(buffer, 0, held, writable: false),
            UseChunkEncoding = false,
        }, token), cancel);
        isLent = false;
        parts.Add(new PartETag(number, sent.ETag));
        held = 0;
    }

    private void MakeRoom(int size)
    {
        if (size <= buffer.Length)
            return;
        var larger = ArrayPool<byte>.Shared.Rent(Math.Clamp(buffer.Length * 2, size, PartSize));
        buffer.AsSpan(0, held).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(buffer);
        buffer = larger;
    }
}
