using OpenSdc.Server.Files;

namespace OpenSdc.Server.Objects;

/// <summary>
/// An upload whose bytes stream to their key in an S3 store, on condition that nothing lies there; nothing of it is
/// in staging.
/// </summary>
/// <remarks>What is kept beside the bytes goes before them: the upload's id, by which its object is recognised, and
/// its digest only where all bytes are in memory.</remarks>
internal sealed class S3Put : StagedObject
{
    private readonly S3Bucket bucket;
    private readonly HeldBytes? budget;
    private readonly Action<long> staged;
    private readonly S3HeldPut put;

    /// <param name="bucket">The bucket.</param>
    /// <param name="key">The key.</param>
    /// <param name="length">Exactly the bytes that will be written; null where that is not known.</param>
    /// <param name="budget">What all uploads without a length hold in memory together.</param>
    /// <param name="staged">Told of bytes that come, and of those that are gone.</param>
    public S3Put(S3Bucket bucket, string key, long? length, HeldBytes budget, Action<long> staged) : base(key)
    {
        (this.bucket, this.staged) = (bucket, staged);
        this.budget = length is null ? budget : null;
        put = new S3HeldPut(
            bucket,
            new S3PutTarget(bucket.ObjectKey(key), new ObjectNotes(MediaTypes.Of(key), UploadId, null), IsNew: true),
            length
        );
    }

    public override long Written => put.Sent;

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel)
    {
        budget?.Take(bytes.Length);
        Length += bytes.Length;
        staged(bytes.Length);
        await put.WriteAsync(bytes, cancel);
    }

    // There is nothing to flush apart from the key.
    public override ValueTask FlushAsync(CancellationToken cancel) => ValueTask.CompletedTask;

    /// <summary>Sends the bytes that were held back. Nobody's cancel ends it: what it has begun it must know the end of.</summary>
    public async Task<PlaceResult> PlaceAsync()
    {
        Exception? failure = null;
        try
        {
            if (await put.FinishAsync() == PutOutcome.Done)
                return new PlaceResult(true);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            failure = fault;
        }

        try
        {
            // An answer that was lost, or a request that was tried again: the object has this upload's id.
            if (await bucket.HeadAsync(bucket.ObjectKey(Key), CancellationToken.None) is { } there && there.Upload == UploadId)
                return new PlaceResult(true);
            return new PlaceResult(false, failure);
        }
        catch (Exception again) when (again is IOException or UnauthorizedAccessException)
        {
            return new PlaceResult(false, failure ?? again);
        }
    }

    public override ValueTask RemoveAsync() => ValueTask.CompletedTask;

    public override async ValueTask DisposeAsync()
    {
        staged(-Length);
        budget?.GiveBack(Length);
        await put.DisposeAsync();
        Length = 0;
    }
}

/// <summary>What uploads without a length hold in memory together, so that many of them at once do not take all of it.</summary>
internal sealed class HeldBytes
{
    /// <summary>Bytes of all of them.</summary>
    public const long Most = 64 << 20;

    private long held;

    /// <exception cref="LengthNeededException">There is no room.</exception>
    public void Take(int bytes)
    {
        if (Interlocked.Add(ref held, bytes) <= Most)
            return;
        Interlocked.Add(ref held, -bytes);
        throw new LengthNeededException();
    }

    public void GiveBack(long bytes) => Interlocked.Add(ref held, -bytes);
}

/// <summary>An upload without a length finds no room in memory; with its length it would need none.</summary>
internal sealed class LengthNeededException() : IOException("The upload needs a length.");
