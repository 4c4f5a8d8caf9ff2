using System.Buffers;
using System.Security.Cryptography;
using Amazon.S3.Model;

namespace OpenSdc.Server.Objects;

/// <summary>
/// An upload that a client has put into staging past the server. It stays there until <see cref="StagedObject.RemoveAsync"/> or
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
    public ArrivedUpload(S3Bucket bucket, string uploadId, string key, S3Head head, HttpResponseMessage? bytes = null) : base(bucket, uploadId, key)
    {
        onTheirWay = bytes;
        (Length, ETag, Arrived) = (head.Length, head.ETag, head.Written);
        Keep();
    }

    /// <summary>When its last byte came.</summary>
    public DateTimeOffset Arrived { get; }

    /// <summary>The very bytes of the digest, where they are few; null where they are many, or have not been read.</summary>
    public byte[]? Bytes { get; private set; }

    /// <summary>Reads it once in constant memory, and keeps and gives its SHA-256. Fails where other bytes have come into its place since it was opened.</summary>
    /// <param name="read">Told the number of bytes after each piece.</param>
    /// <param name="cancel">Ends the reading.</param>
    public async Task<string> DigestAsync(Action<int>? read, CancellationToken cancel)
    {
        var head = new S3Head(Length, ETag, Arrived, null, null);
        using var stored = Interlocked.Exchange(ref onTheirWay, null) is { } bytes ? new S3Stored(Bucket, StagingKey, head, bytes) : new S3Stored(Bucket, StagingKey, head);
        using var sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var small = Length <= SmallUpTo ? new byte[Length] : null;
        var buffer = small ?? ArrayPool<byte>.Shared.Rent((int)Math.Min(Length, BufferSize));
        try
        {
            long offset = 0;
            while (offset < Length)
            {
                var at = small is null ? 0 : (int)offset;
                var count = await stored.ReadAsync(offset, buffer.AsMemory(at), cancel);
                if (count == 0)
                    throw new StoreUnavailableException($"The object store ended {StagingKey} after {offset} of {Length} bytes.");
                sha256.AppendData(buffer, at, count);
                offset += count;
                read?.Invoke(count);
            }

            (ContentEncoding, MediaType) = (stored.ContentEncoding, stored.MediaType);
            Bytes = small;
            return Sha256 = Convert.ToHexStringLower(sha256.GetHashAndReset());
        }
        finally
        {
            if (small is null)
                ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel) => throw new InvalidOperationException("Its bytes have come past the server.");

    public override ValueTask FlushAsync(CancellationToken cancel) => ValueTask.CompletedTask;

    public override async ValueTask RemoveAsync() => await Bucket.DeleteAsync(StagingKey, CancellationToken.None);

    public override ValueTask DisposeAsync()
    {
        Interlocked.Exchange(ref onTheirWay, null)?.Dispose();
        return ValueTask.CompletedTask;
    }
}
