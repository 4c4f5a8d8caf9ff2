using System.Buffers.Text;
using System.Security.Cryptography;
using OpenSdc.Server.Files;

namespace OpenSdc.Server.Objects;

/// <summary>Objects in a bucket of an S3-compatible store, each at its key below a prefix.</summary>
/// <remarks>
/// <para>Configuration: <c>s3://bucket/prefix</c>, the store's endpoint and region. <c>PREFIX/KEY</c> holds the objects, <c>PREFIX/.staging/UPLOAD/KEY</c>
/// the uploads on their way, whether clients put them there or this process, <c>PREFIX/.quarantine/</c> what upkeep took out of the archive.</para>
/// <para>How it works: what was staged gets its key by a copy within the store, bound to the tag of the very bytes that were hashed, or is put there
/// from memory where those are few; the upload's id and the digest are kept beside the object. What the store has acknowledged it keeps: there is nothing to flush.</para>
/// <para>Watch for: an S3 store has no name that only one can take. That a key is free is asked before the copy, and between the two another process may
/// take it. Those who name uploads of several processes first claim the key in the catalogue, where one alone can (see Uploads). An object that bears
/// the id of the same upload is its own, from before a crash.</para>
/// </remarks>
internal sealed class S3ObjectStore : IObjectStore, IDisposable
{
    private const int NamedAtOnce = 16;

    private readonly S3Bucket bucket;
    private readonly S3Copy copy;
    private readonly S3PutNew putNew;
    // One key is named by one at a time; that two others may wait for each other does no harm.
    private readonly SemaphoreSlim[] gates = [.. Enumerable.Range(0, NamedAtOnce).Select(_ => new SemaphoreSlim(1))];
    private long stagingSize;

    public S3ObjectStore(S3Bucket bucket, S3Copy? copy = null)
    {
        this.bucket = bucket;
        this.copy = copy ?? new S3Copy(bucket);
        putNew = new S3PutNew(bucket);
        Direct = new DirectTransfer(bucket);
    }

    public long? FreeBytes => null;

    public DirectTransfer? Direct { get; }

    public DiskParts? Parts => null;

    public ValueTask<StagedObject> StageAsync(string key, CancellationToken cancel) =>
        new(new S3Upload(bucket, Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(16)), key, bytes => Interlocked.Add(ref stagingSize, bytes)));

    public async ValueTask<Naming[]> NameAsync(IReadOnlyList<StagedObject> staged, CancellationToken cancel)
    {
        var outcomes = new Naming[staged.Count];
        // One key twice in a batch: the later ones wait until the first has it.
        var groups = Enumerable.Range(0, staged.Count).GroupBy(i => staged[i].Key, StringComparer.Ordinal);
        await Parallel.ForEachAsync(groups, new ParallelOptions { MaxDegreeOfParallelism = NamedAtOnce, CancellationToken = cancel }, async (group, token) =>
        {
            foreach (var i in group)
                outcomes[i] = await NameAsync((S3Staged)staged[i], token);
        });
        return outcomes;
    }

    public void FlushAndName(StagedObject staged, Action<Naming> ended) => _ = FlushAndNameAsync(staged, ended);

    private async Task FlushAndNameAsync(StagedObject staged, Action<Naming> ended)
    {
        Naming outcome;
        var gate = gates[(uint)StringComparer.Ordinal.GetHashCode(staged.Key) % (uint)gates.Length];
        await gate.WaitAsync();
        try
        {
            await staged.FlushAsync(CancellationToken.None);
            outcome = await NameAsync((S3Staged)staged, CancellationToken.None);
        }
        catch (Exception failure)
        {
            outcome = new Naming(false, failure);
        }
        finally
        {
            gate.Release();
        }

        ended(outcome);
    }

    public async ValueTask UnnameAsync(StagedObject staged, CancellationToken cancel)
    {
        var named = bucket.ObjectKey(staged.Key);
        if (await bucket.HeadAsync(named, cancel) is { } there && there.Upload == ((S3Staged)staged).UploadId)
            await bucket.DeleteAsync(named, cancel);
    }

    public ValueTask FlushAsync(string key, CancellationToken cancel) => ValueTask.CompletedTask;

    public async ValueTask<StoredObject?> OpenAsync(string key, CancellationToken cancel)
    {
        var objectKey = bucket.ObjectKey(key);
        // Whoever opens an object mostly reads it: one request instead of two.
        if (await bucket.Requests.OpenAsync(objectKey, cancel) is var (head, bytes))
            return new S3Stored(bucket, objectKey, head, bytes);
        // The same answer says that there is no object and that there is no bucket.
        await bucket.AskAsync(S3Bucket.Shortly, (client, token) => client.ListObjectsV2Async(new() { BucketName = bucket.Name, MaxKeys = 1, Prefix = objectKey }, token), cancel);
        return null;
    }

    public async IAsyncEnumerable<string> LeftOverAsync(DateTimeOffset? writtenBefore, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        await foreach (var listed in new S3Listing(bucket).OfAsync(bucket.StagingRoot, cancel))
        {
            if (writtenBefore is null || listed.LastWrite < writtenBefore)
                yield return listed.Key;
        }
    }

    public async ValueTask RemoveLeftOverAsync(string leftOver, CancellationToken cancel) => await bucket.DeleteAsync(bucket.StagingRoot + leftOver, cancel);

    public long StagingSize() => Interlocked.Read(ref stagingSize);

    public IAsyncEnumerable<ListedObject> ListAsync(CancellationToken cancel) => new S3Listing(bucket).AllAsync(cancel);

    public ValueTask<Moved> QuarantineAsync(string key, string place, CancellationToken cancel) => MoveAsync(bucket.ObjectKey(key), bucket.QuarantineKey(place), cancel);

    public ValueTask<Moved> ReturnAsync(string place, string key, CancellationToken cancel) => MoveAsync(bucket.QuarantineKey(place), bucket.ObjectKey(key), cancel);

    public void Dispose() => bucket.Dispose();

    private async ValueTask<Naming> NameAsync(S3Staged staged, CancellationToken cancel)
    {
        var named = bucket.ObjectKey(staged.Key);
        var notes = new ObjectNotes(MediaTypes.Of(staged.Key), staged.UploadId, staged.Sha256);
        try
        {
            if (staged is ArrivedUpload { Bytes: { } bytes } && await putNew.PutAsync(named, bytes, staged.Tag, notes, cancel))
                return new Naming(true);
            if (await bucket.HeadAsync(named, cancel) is { } there && there.Upload != staged.UploadId)
                return new Naming(false);
            await copy.CopyAsync(staged.StagingKey, staged.Tag, staged.Length, named, notes, cancel);
            return new Naming(true);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // What came past the server is under a claim, and perhaps published by another process by now: nobody but the claim's holder may touch the key.
            return new Naming(false, staged is ArrivedUpload ? failure : await TakenBackAsync(staged, failure));
        }
    }

    /// <summary>A copy that failed may have been made all the same, by a store whose answer did not come.</summary>
    private async Task<Exception> TakenBackAsync(S3Staged staged, Exception failure)
    {
        try
        {
            await UnnameAsync(staged, CancellationToken.None);
        }
        catch (Exception again) when (again is IOException or UnauthorizedAccessException)
        {
            // The store is not there to be asked. What it may hold under the key bears this upload's id, by which the next try knows it for its own.
        }

        return failure;
    }

    private async ValueTask<Moved> MoveAsync(string from, string to, CancellationToken cancel)
    {
        if (await bucket.HeadAsync(from, cancel) is not { } there)
            return Moved.Missing;
        if (await bucket.HeadAsync(to, cancel) is not null)
            return Moved.Taken;
        await copy.CopyAsync(from, there.Tag, there.Length, to, beside: null, cancel);
        await bucket.DeleteAsync(from, cancel);
        return Moved.Done;
    }
}
