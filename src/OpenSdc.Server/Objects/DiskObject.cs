using Microsoft.Win32.SafeHandles;

namespace OpenSdc.Server.Objects;

/// <summary>A file of the data folder opened for reading.</summary>
internal sealed class DiskObject : StoredObject
{
    private readonly SafeFileHandle handle;

    public DiskObject(string path) =>
        handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);

    public override long Length => RandomAccess.GetLength(handle);

    public override DateTime Written => File.GetLastWriteTimeUtc(handle);

    public override ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancel) =>
        new(RandomAccess.Read(handle, buffer.Span, offset));

    public override void DropCache() => Posix.DropCache(handle);

    public override void Dispose() => handle.Dispose();
}

/// <summary>An upload that lies on the disk, whole or on its way, to be linked to its key.</summary>
internal abstract class DiskStaged(string key) : StagedObject(key)
{
    /// <summary>Where it lies.</summary>
    public abstract string Path { get; }

    /// <summary>
    /// The same as <see cref="StagedObject.FlushAsync"/>, but it may return on the thread that flushes, see
    /// <see cref="SharedFlush.TogetherAsync"/>.
    /// </summary>
    public virtual ValueTask FlushTogetherAsync() => FlushAsync(CancellationToken.None);
}
