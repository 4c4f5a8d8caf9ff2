using System.Buffers.Text;
using System.Security.Cryptography;
using OpenSdc.Server.Files;

namespace OpenSdc.Server.Objects;

/// <summary>Objects in a bucket of an S3-compatible store, each at its key below a prefix.</summary>
/// <remarks>
/// <para>Configuration: <c>s3://bucket/prefix</c>, the store's endpoint and region. <c>PREFIX/KEY</c> holds the
/// objects, <c>PREFIX/.staging/UPLOAD/KEY</c>
/// the uploads on their way, whether clients put them there or this process, <c>PREFIX/.quarantine/</c> what upkeep
/// took out of the archive.</para>
/// <para>How it works: an upload through the server streams to its key on condition that nothing lies there. What
/// lies in staging is copied to its key within the store, bound to
/// the tag of the very bytes that were hashed, or is put there from memory where those are few. The upload's id is
/// kept beside the object. What the store has acknowledged it keeps: there is nothing to flush.</para>
/// <para>Watch for: a copy has no condition. That a key is free is asked before it, and between the two another
/// process may take the key. So whoever places an object first takes
/// the claim to its key in the catalogue (see Uploads). An object that has the id of the same upload is its own, from
/// before a crash. A multipart upload is never completed at a key by a client's request: Ceph 16 ignores the
/// condition there, and overwrites.</para>
/// </remarks>
internal sealed class S3ObjectStore : IObjectStore, IDisposable
{
    private readonly S3Bucket bucket;
    private readonly S3Copy copy;
    private readonly S3Conditions conditions;
    private readonly HeldBytes held = new();
    private long stagingSize;

    public S3ObjectStore(S3Bucket bucket, S3Copy? copy = null)
    {
        this.bucket = bucket;
        this.copy = copy ?? new S3Copy(bucket);
        conditions = new S3Conditions(bucket);
    }

    public StoreCapabilities Capabilities { get; } = new() { IsShared = true, LongestWithoutLength = S3HeldPut.LongestWithoutLength };

    public long? FreeBytes => null;

    public async ValueTask<StagedObject> StageAsync(string key, long? length, CancellationToken cancel) =>
        await conditions.AreHeededAsync(cancel) ? new S3Put(bucket, key, length, held, Staged) : await StageApartAsync(key, cancel);

    public ValueTask<StagedObject> StageApartAsync(string key, CancellationToken cancel) =>
        new(new S3Upload(bucket, Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(16)), key, Staged));

    public async ValueTask<PlaceResult> PlaceAsync(StagedObject staged, CancellationToken cancel)
    {
        if (staged is S3Put put)
            return await put.PlaceAsync();
        try
        {
            await staged.FlushAsync(cancel);
            return await CopyAsync((S3Staged)staged, cancel);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // Nothing is removed: what the store may hold under the key has this upload's id, by which the next
            // holder of the claim knows it.
            return new PlaceResult(false, failure);
        }
    }

    public async ValueTask RevertAsync(StagedObject staged, CancellationToken cancel)
    {
        var named = bucket.ObjectKey(staged.Key);
        if (await bucket.HeadAsync(named, cancel) is { } there && there.Upload == staged.UploadId)
            await bucket.DeleteAsync(named, cancel);
    }

    public async ValueTask RemoveAsync(string key, CancellationToken cancel) => await bucket.DeleteAsync(bucket.ObjectKey(key), cancel);

    public ValueTask FlushAsync(string key, CancellationToken cancel) => ValueTask.CompletedTask;

    public async ValueTask<StoredObject?> OpenAsync(string key, CancellationToken cancel)
    {
        var objectKey = bucket.ObjectKey(key);
        // Whoever opens an object mostly reads it: one request instead of two.
        if (await bucket.Requests.OpenAsync(objectKey, cancel) is var (head, bytes))
            return new S3Stored(bucket, objectKey, head, bytes);
        // The same answer says that there is no object and that there is no bucket.
        await bucket.AskAsync(
            S3Bucket.Shortly,
            (client, token) =>
                client.ListObjectsV2Async(
                    new()
                    {
                        BucketName = bucket.Name,
                        MaxKeys = 1,
                        Prefix = objectKey,
                    },
                    token
                ),
            cancel
        );
        return null;
    }

    public async IAsyncEnumerable<string> LeftOverAsync(
        DateTimeOffset? writtenBefore,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel
    )
    {
        await foreach (var listed in new S3Listing(bucket).OfAsync(bucket.StagingRoot, cancel))
        {
            if (writtenBefore is null || listed.LastWrite < writtenBefore)
                yield return listed.Key;
        }
    }

    public async ValueTask RemoveLeftOverAsync(string leftOver, CancellationToken cancel) =>
        await bucket.DeleteAsync(bucket.StagingRoot + leftOver, cancel);

    public long StagingSize() => Interlocked.Read(ref stagingSize);

    public IAsyncEnumerable<ListedObject> ListAsync(CancellationToken cancel) => new S3Listing(bucket).AllAsync(cancel);

    public ValueTask<Moved> QuarantineAsync(string key, string place, CancellationToken cancel) =>
        MoveAsync(bucket.ObjectKey(key), bucket.QuarantineKey(place), cancel);

    public ValueTask<Moved> ReturnAsync(string place, string key, CancellationToken cancel) =>
        MoveAsync(bucket.QuarantineKey(place), bucket.ObjectKey(key), cancel);

    public void Dispose() => bucket.Dispose();

    private void Staged(long bytes) => Interlocked.Add(ref stagingSize, bytes);

    private async Task<PlaceResult> CopyAsync(S3Staged staged, CancellationToken cancel)
    {
        var target = bucket.ObjectKey(staged.Key);
        var notes = new ObjectNotes(MediaTypes.Of(staged.Key), staged.UploadId, staged.Sha256);
        if (staged is ArrivedUpload { Bytes: { } bytes } && await conditions.PutNewAsync(target, bytes, staged.ETag, notes, cancel))
            return new PlaceResult(true);
        if (await bucket.HeadAsync(target, cancel) is { } there && there.Upload != staged.UploadId)
            return new PlaceResult(false);
        await copy.CopyAsync(staged.StagingKey, staged.ETag, staged.Length, target, notes, cancel);
        return new PlaceResult(true);
    }

    private async ValueTask<Moved> MoveAsync(string from, string to, CancellationToken cancel)
    {
        if (await bucket.HeadAsync(from, cancel) is not { } there)
            return Moved.Missing;
        if (await bucket.HeadAsync(to, cancel) is not null)
            return Moved.Taken;
        await copy.CopyAsync(from, there.ETag, there.Length, to, beside: null, cancel);
        await bucket.DeleteAsync(from, cancel);
        return Moved.Done;
    }
}
