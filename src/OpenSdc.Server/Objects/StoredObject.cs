namespace OpenSdc.Server.Objects;

/// <summary>An object opened for reading; reads at any offset, from any number of readers.</summary>
internal abstract class StoredObject : IDisposable
{
    public abstract long Length { get; }

    /// <summary>When the store last wrote its bytes, as far as the store knows: what damages them in silence leaves it as it was.</summary>
    public abstract DateTime Written { get; }

    /// <summary>
    /// The upload that placed it, where the store keeps that beside the bytes; null where it does not, or something
    /// else than the archive put it there.
    /// </summary>
    public virtual string? UploadId => null;

    /// <summary>
    /// The SHA-256 that was recorded beside the bytes when it was placed; null where none was, as of an upload that
    /// streamed to its key.
    /// </summary>
    public virtual string? RecordedSha256 => null;

    /// <summary>Fills as much of the buffer as there is from the offset on; 0 only at the end. May read less than asked.</summary>
    public abstract ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancel);

    /// <summary>
    /// Drops what a cache between this process and the store keeps of the object, where there is one. Before reading,
    /// so that the store's own bytes are read; after reading, so that a pass over all objects does not push out those
    /// that are asked for.
    /// </summary>
    public virtual void DropCache()
    {
    }

    public abstract void Dispose();
}
