using System.Buffers;

namespace OpenSdc.Server.Objects;

/// <summary>
/// A direct or multipart upload that lies whole in the staging of a bucket. It stays there until <see cref="StagedObject.RemoveAsync"/> or
/// <see cref="S3Staging.RemoveArrivedAsync"/>: disposing leaves it.
/// </summary>
internal sealed class ArrivedUpload : S3Staged
{
    /// <summary>Of such an upload the bytes are kept when they are read, so that they need not be copied by the store.</summary>
    public const int SmallUpTo = 64 * 1024;

    private const int BufferSize = 256 * 1024;

    // For the first who reads it.
    private HttpResponseMessage? onTheirWay;

    /// <param name="bucket">Where it lies.</param>
    /// <param name="uploadId">The upload that it came by.</param>
    /// <param name="key">The key that it is to get.</param>
    /// <param name="head">What the store says of it.</param>
    /// <param name="bytes">Its bytes, where they were asked for with that.</param>
    public ArrivedUpload(S3Bucket bucket, string uploadId, string key, S3Head head, HttpResponseMessage? bytes = null)
        : base(bucket, uploadId, key)
    {
        onTheirWay = bytes;
        (Length, ETag, Arrived) = (head.Length, head.ETag, head.Written);
        Keep();
    }

    /// <summary>When its last byte came.</summary>
    public DateTimeOffset Arrived { get; }

    /// <summary>The very bytes of the digest, where they are few; null where they are many, or have not been read.</summary>
    public byte[]? Bytes { get; private set; }

    /// <summary>
    /// Reads it once in constant memory, and keeps and gives its SHA-256. Fails where other bytes have come into its
    /// place since it was opened.
    /// </summary>
    public async Task<string> DigestAsync(CancellationToken cancel)
    {
        var head = new S3Head(Length, ETag, Arrived, null, null);
        using var stored = Interlocked.Exchange(ref onTheirWay, null) is { } bytes
            ? new S3Stored(Bucket, StagingKey, head, bytes)
            : new S3Stored(Bucket, StagingKey, head);
        using var reading = new ObjectReading(stored, new ObjectRecord(Key, Length, Sha256: null));
        var small = Length <= SmallUpTo ? new byte[Length] : null;
        var buffer = small ?? ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            // A small one fills its memory; of a large one each piece takes the place of the one before.
            while (reading.Verdict is null)
                await reading.ReadAsync(buffer.AsMemory(small is null ? 0 : (int)reading.Offset), cancel);
            (ContentEncoding, MediaType) = (stored.ContentEncoding, stored.MediaType);
            Sha256 = reading.Sha256
                ?? throw new StoreUnavailableException($"The object store ended {StagingKey} after {reading.Offset} of {Length} bytes.");
            Bytes = small;
            return Sha256;
        }
        finally
        {
            if (small is null)
                ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel) =>
        throw new InvalidOperationException("Its bytes are there already.");

    public override ValueTask FlushAsync(CancellationToken cancel) => ValueTask.CompletedTask;

    public override async ValueTask RemoveAsync() => await Bucket.DeleteAsync(StagingKey, CancellationToken.None);

    public override ValueTask DisposeAsync()
    {
        Interlocked.Exchange(ref onTheirWay, null)?.Dispose();
        return ValueTask.CompletedTask;
    }
}
