namespace OpenSdc.Server.Objects;

/// <summary>
/// Where the bytes of files lie. The narrow waist of the archive: everything above it speaks of keys and bytes, everything below
/// of one kind of store. These comments are the specification, which every store's tests hold it to.
/// </summary>
/// <remarks>
/// <para>An object is written in four steps: <see cref="StageAsync"/>, any number of <see cref="StagedObject.WriteAsync"/>,
/// <see cref="StagedObject.FlushAsync"/>, <see cref="NameAsync"/>. Only the last one makes it visible, whole, under its key.
/// At every moment before it, a crash or a cancel leaves nothing under the key.</para>
/// <para>An object is never changed and never overwritten: naming a key that has an object is an outcome, not an exception, and the
/// object that was there stays as it was.</para>
/// <para>Failures are <see cref="IOException"/> or <see cref="UnauthorizedAccessException"/> as the platform gives them. After any failure the caller disposes
/// what it staged; nothing needs to be undone otherwise.</para>
/// </remarks>
internal interface IObjectStore
{
    /// <summary>Opens a place for the bytes of one upload. Concurrent uploads to one key do not see each other.</summary>
    ValueTask<StagedObject> StageAsync(string key, CancellationToken cancel);

    /// <summary>
    /// Gives flushed uploads their keys and makes the names durable. Each stands for itself: one that fails has nothing under its key, and
    /// does not keep the others from theirs.
    /// </summary>
    /// <returns>One outcome for each, in order.</returns>
    ValueTask<Naming[]> NameAsync(IReadOnlyList<StagedObject> staged, CancellationToken cancel);

    /// <summary>
    /// Flushes one upload, gives it its key and makes the name durable: <see cref="StagedObject.FlushAsync"/> and <see cref="NameAsync"/> in one, so that uploads that come at
    /// once keep together from step to step. Of two with one key the first to have it is told of first.
    /// </summary>
    /// <param name="staged">All of its bytes were appended, and it was not flushed.</param>
    /// <param name="ended">Is told what became of it, on a thread that others wait for: it hands it on and returns.</param>
    void FlushAndName(StagedObject staged, Action<Naming> ended);

    /// <summary>Takes a key back that <see cref="NameAsync"/> has given, because the record could not be written.</summary>
    ValueTask UnnameAsync(StagedObject staged, CancellationToken cancel);

    /// <summary>Makes an object durable that something else than an upload has put under its key, or an upload of an earlier process.</summary>
    ValueTask FlushAsync(string key, CancellationToken cancel);

    /// <summary>Opens an object for reading; null where there is none.</summary>
    ValueTask<StoredObject?> OpenAsync(string key, CancellationToken cancel);

    /// <summary>
    /// Uploads in staging, each ending in <c>/</c> and the file's name. One that has an object at its key was complete and flushed when it got that
    /// key. Asked at start, before the first <see cref="StageAsync"/>, it tells what an earlier process left; asked while uploads come, it tells those as
    /// well, each from its last byte at the latest until it is disposed. In a store that several processes share they may be another's at any time.
    /// </summary>
    /// <param name="writtenBefore">Only those whose last byte came before this moment; null for all.</param>
    /// <param name="cancel">Ends the listing.</param>
    IAsyncEnumerable<string> LeftOverAsync(DateTimeOffset? writtenBefore, CancellationToken cancel);

    /// <summary>Removes one that <see cref="LeftOverAsync"/> told.</summary>
    ValueTask RemoveLeftOverAsync(string leftOver, CancellationToken cancel);

    /// <summary>Bytes in staging now; in a store that several processes share, of this process's uploads.</summary>
    long StagingSize();

    /// <summary>Bytes that can still be stored, not below zero; null where the store has no end that it knows of.</summary>
    long? FreeBytes { get; }

    /// <summary>How bytes travel between clients and the store without passing through the server; null where they pass through it.</summary>
    DirectTransfer? Direct { get; }

    /// <summary>Where uploads in parts lie whose bytes pass through the server; null where <see cref="Direct"/> takes them.</summary>
    DiskParts? Parts { get; }

    /// <summary>
    /// All that lies in the store, in the ordinal order of its keys, in memory that does not grow with the archive: also what nobody
    /// published, such as a file of another name, and what is no object at all. What comes or goes meanwhile may be told or not.
    /// </summary>
    IAsyncEnumerable<ListedObject> ListAsync(CancellationToken cancel);

    /// <summary>
    /// Moves what lies under a key out of the archive to a place of the quarantine, where it keeps its bytes, and its times where the store can
    /// set them. Never overwrites; durable when it returns. A crash on the way leaves it under the key, in the quarantine, or in both; never in neither.
    /// </summary>
    ValueTask<Moved> QuarantineAsync(string key, string place, CancellationToken cancel);

    /// <summary>The inverse of <see cref="QuarantineAsync"/>, with the same promises.</summary>
    ValueTask<Moved> ReturnAsync(string place, string key, CancellationToken cancel);
}

/// <summary>What became of one upload that was to be named.</summary>
/// <param name="IsNamed">It lies durably under its key.</param>
/// <param name="Failure">Why it could not be named; null where an object was under the key before it.</param>
internal readonly record struct Naming(bool IsNamed, Exception? Failure = null);

/// <summary>An upload on its way. Disposing removes it from staging; an object that was named stays.</summary>
internal abstract class StagedObject(string key) : IAsyncDisposable
{
    /// <summary>The key it will get.</summary>
    public string Key => key;

    /// <summary>Bytes appended so far.</summary>
    public long Length { get; protected set; }

    /// <summary>Bytes of them that are in the store or on their way to it; the rest is in this process's memory.</summary>
    public virtual long Written => Length;

    /// <summary>SHA-256 of its bytes as the caller has computed it, in lower-case hexadecimals; a store that can keep it beside the object does.</summary>
    public string? Sha256 { get; set; }

    /// <summary>What the client has told the store that the bytes are coded with, known once they were read; null where they are the file's own, as far as is known.</summary>
    public string? Coding { get; protected set; }

    /// <summary>The <c>Content-Type</c> that the client has told the store, known once the bytes were read; null where it told none, as far as is known.</summary>
    public string? MediaType { get; protected set; }

    /// <summary>Appends bytes, however few: they are collected. The memory belongs to the caller again when the task is done. A write that fails may be told by a later call.</summary>
    public abstract ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel);

    /// <summary>When it returns, all bytes survive a loss of power. A flush that failed must not be tried again: the upload is lost.</summary>
    public abstract ValueTask FlushAsync(CancellationToken cancel);

    /// <summary>
    /// Leaves the upload in staging when it is disposed: what became of its record is not known yet, and until it is, staging remembers it
    /// through a crash.
    /// </summary>
    public void Keep() => IsKept = true;

    /// <summary>Removes an upload that was kept, once its record is known.</summary>
    public abstract ValueTask RemoveAsync();

    public abstract ValueTask DisposeAsync();

    protected bool IsKept { get; private set; }
}

/// <summary>An object opened for reading; reads at any offset, from any number of readers.</summary>
internal abstract class StoredObject : IDisposable
{
    public abstract long Length { get; }

    /// <summary>When the store last wrote its bytes, as far as the store knows: what damages them in silence leaves it as it was.</summary>
    public abstract DateTime Written { get; }

    /// <summary>Fills as much of the buffer as there is from the offset on; 0 only at the end. May read less than asked.</summary>
    public abstract ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancel);

    /// <summary>
    /// Drops what a cache between this process and the store keeps of the object, where there is one. Before reading, so that the store's own bytes
    /// are read; after reading, so that a pass over all objects does not push out those that are asked for.
    /// </summary>
    public virtual void DropCache()
    {
    }

    public abstract void Dispose();
}
