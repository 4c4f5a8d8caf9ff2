using System.Buffers.Text;
using System.Security.Cryptography;

namespace OpenSdc.Server.Objects;

/// <summary>An upload on its way. Disposing removes it from staging; an object that was placed stays.</summary>
internal abstract class StagedObject(string key) : IAsyncDisposable
{
    private string? uploadId;

    /// <summary>The key it will get.</summary>
    public string Key => key;

    /// <summary>What it is known by among all uploads; nobody can guess it.</summary>
    public virtual string UploadId => uploadId ??= Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(16));

    /// <summary>Bytes appended so far.</summary>
    public long Length { get; protected set; }

    /// <summary>Bytes of them that are in the store or on their way to it; the rest is in this process's memory.</summary>
    public virtual long Written => Length;

    /// <summary>
    /// SHA-256 of its bytes as the caller has computed it, in lower-case hexadecimals; a store that can keep it
    /// beside the object does.
    /// </summary>
    public string? Sha256 { get; set; }

    /// <summary>
    /// What the client has told the store that the bytes are coded with, known once they were read; null where they
    /// are the file's own, as far as is known.
    /// </summary>
    public string? ContentEncoding { get; protected set; }

    /// <summary>
    /// The <c>Content-Type</c> that the client has told the store, known once the bytes were read; null where it told
    /// none, as far as is known.
    /// </summary>
    public string? MediaType { get; protected set; }

    /// <summary>
    /// Appends bytes, however few: they are collected. The memory belongs to the caller again when the task is done.
    /// A write that fails may be told by a later call.
    /// </summary>
    public abstract ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel);

    /// <summary>
    /// When it returns, all bytes survive a loss of power. A flush that failed must not be tried again: the upload is
    /// lost. <see cref="IObjectStore.PlaceAsync"/> does it where it was not done; of an upload that is not staged
    /// apart there may be nothing to do before.
    /// </summary>
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
