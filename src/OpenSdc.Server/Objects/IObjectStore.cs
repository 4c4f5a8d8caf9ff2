namespace OpenSdc.Server.Objects;

/// <summary>
/// The bytes of the archive's files, by key. These comments are the contract that the tests of every store check.
/// </summary>
/// <remarks>
/// <para>An upload takes three steps: <see cref="StageAsync"/>, any number of <see cref="StagedObject.WriteAsync"/>,
/// <see cref="PlaceAsync"/>. Only the last one
/// makes the object visible, whole, under its key. A crash or a cancel at any moment before it leaves nothing under the key.</para>
/// <para>An object never changes and is never overwritten: a key that has an object already is a result, not an
/// exception, and its object stays as it was.</para>
/// <para>Failures are <see cref="IOException"/> or <see cref="UnauthorizedAccessException"/>. After a failure the
/// caller disposes what it staged; nothing else has to be undone.</para>
/// </remarks>
internal interface IObjectStore
{
    /// <summary>What callers must know of this kind of store.</summary>
    StoreCapabilities Capabilities { get; }

    /// <summary>Opens an upload. Concurrent uploads to one key do not see each other.</summary>
    /// <param name="key">The key that it is for.</param>
    /// <param name="length">Exactly the bytes that will be written; null where that is not known, see
    /// <see cref="StoreCapabilities.LongestWithoutLength"/>.</param>
    /// <param name="cancel">Gives up.</param>
    ValueTask<StagedObject> StageAsync(string key, long? length, CancellationToken cancel);

    /// <summary>
    /// Opens an upload whose bytes lie in staging, apart from the key, after <see cref="StagedObject.FlushAsync"/>:
    /// for an object that is to replace one, and to prove that the store takes writes.
    /// </summary>
    ValueTask<StagedObject> StageApartAsync(string key, CancellationToken cancel);

    /// <summary>
    /// Makes an upload durable and gives it its key. Where this fails, the object may be under the key all the same
    /// only in a store that is shared, and then it is whole and has the upload's id.
    /// </summary>
    ValueTask<PlaceResult> PlaceAsync(StagedObject staged, CancellationToken cancel);

    /// <summary>
    /// Removes the object of an upload that <see cref="PlaceAsync"/> has placed, because its record could not be
    /// written. Only the holder of the key may do this.
    /// </summary>
    ValueTask RevertAsync(StagedObject staged, CancellationToken cancel);

    /// <summary>Removes an object for good, where there is one. Durable when it returns, as far as the store can tell.</summary>
    ValueTask RemoveAsync(string key, CancellationToken cancel);

    /// <summary>
    /// Makes an object durable that something else than an upload has put under its key, or an upload of an earlier
    /// process.
    /// </summary>
    ValueTask FlushAsync(string key, CancellationToken cancel);

    /// <summary>Opens an object for reading; null where there is none.</summary>
    ValueTask<StoredObject?> OpenAsync(string key, CancellationToken cancel);

    /// <summary>
    /// Uploads in staging, each ending in <c>/</c> and the file's name. At start, before the first
    /// <see cref="StageAsync"/>, these are what an earlier process left; while uploads come, theirs are among them,
    /// each from its last byte at the latest until it is disposed. In a shared store they may be another process's at
    /// any time.
    /// </summary>
    /// <param name="writtenBefore">Only those whose last byte came before this moment; null for all.</param>
    /// <param name="cancel">Ends the listing.</param>
    IAsyncEnumerable<string> LeftOverAsync(DateTimeOffset? writtenBefore, CancellationToken cancel);

    /// <summary>Removes one that <see cref="LeftOverAsync"/> listed.</summary>
    ValueTask RemoveLeftOverAsync(string leftOver, CancellationToken cancel);

    /// <summary>Bytes in staging now; in a shared store, of this process's uploads.</summary>
    long StagingSize();

    /// <summary>Bytes that can still be stored, not below zero; null where the store has no limit that it knows of.</summary>
    long? FreeBytes { get; }

    /// <summary>
    /// All that lies in the store, in the ordinal order of its keys, in memory that does not grow with the archive: also what nobody
    /// published, such as a file of another name, and what is no object at all. What comes or goes meanwhile may be listed or not.
    /// </summary>
    IAsyncEnumerable<ListedObject> ListAsync(CancellationToken cancel);

    /// <summary>
    /// Moves what lies under a key out of the archive to a place of the quarantine, where it keeps its bytes, and its
    /// times where the store can set them. Never overwrites; durable when it returns. A crash on the way leaves it
    /// under the key, in the quarantine, or in both; never in neither.
    /// </summary>
    ValueTask<Moved> QuarantineAsync(string key, string place, CancellationToken cancel);

    /// <summary>The inverse of <see cref="QuarantineAsync"/>, with the same promises.</summary>
    ValueTask<Moved> ReturnAsync(string place, string key, CancellationToken cancel);
}

/// <summary>How stores differ, as far as callers must know.</summary>
internal sealed record StoreCapabilities
{
    /// <summary>
    /// Whether other processes may write to the store at the same time, so that who places an object first takes the
    /// claim to its key; and whether an object that was placed outlives its process without a note in staging.
    /// </summary>
    public required bool IsShared { get; init; }

    /// <summary>The most bytes that an upload may have whose length was not given; null for any number.</summary>
    public long? LongestWithoutLength { get; init; }
}

/// <summary>What became of one upload that was to be placed.</summary>
/// <param name="IsPlaced">It lies durably under its key.</param>
/// <param name="Failure">Why it could not be placed; null where an object was under the key before it.</param>
internal readonly record struct PlaceResult(bool IsPlaced, Exception? Failure = null);
