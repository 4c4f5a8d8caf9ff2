using System.Collections.Concurrent;
using Microsoft.Win32.SafeHandles;

namespace OpenSdc.Server.Objects;

/// <summary>
/// Uploads in parts, on the disk: each is one file <c>parts/UPLOAD</c>, which its parts fill at their places, in any
/// order, and which is linked to its key as any upload is. It lies apart from <c>staging/</c>, since it outlives the
/// process: its sender goes on after a restart.
/// </summary>
/// <remarks>
/// Which parts have come is for the ledger to know; a hole and a part look alike here. Watch for: a sender who lost
/// its connection sends the part again while the server still waits for the first; only the newest sending of a part
/// writes to its place.
/// </remarks>
internal sealed class DiskParts(string dataFolder, FlushThreads flushThreads)
{
    private readonly string folder = Path.Combine(dataFolder, "parts");
    private readonly ConcurrentDictionary<(string Upload, long Offset), DiskPart> writing = new();
    private readonly ConcurrentDictionary<string, bool> durable = new(StringComparer.Ordinal);

    /// <summary>Opens the place of a part for its bytes. Whoever was writing there writes no more.</summary>
    /// <param name="uploadId">The upload.</param>
    /// <param name="key">The key that it is for.</param>
    /// <param name="offset">Where the part begins.</param>
    /// <param name="size">Its bytes.</param>
    /// <param name="finish">Notes that the part has come, once it is durable; false where it does not count any more.</param>
    public DiskPart OpenPart(string uploadId, string key, long offset, long size, Func<CancellationToken, Task<bool>> finish)
    {
        // Made when it is needed: most archives never see a part.
        Directory.CreateDirectory(folder);
        var part = new DiskPart(this, PathOf(uploadId), (uploadId, key), offset, size, finish);
        DiskPart? overtaken = null;
        writing.AddOrUpdate((uploadId, offset), part, (_, earlier) =>
        {
            overtaken = earlier;
            return part;
        });
        overtaken?.Overtake();
        return part;
    }

    /// <summary>An upload all of whose parts have come, to be hashed and named; null where nothing of it is there.</summary>
    public DiskArrivedUpload? Open(string uploadId, string key)
    {
        var path = PathOf(uploadId);
        return File.Exists(path) ? new DiskArrivedUpload(path, key) : null;
    }

    /// <summary>Removes an upload; one that is not there is no fault.</summary>
    public void Remove(string uploadId)
    {
        if (Directory.Exists(folder))
            File.Delete(PathOf(uploadId));
        durable.TryRemove(uploadId, out _);
    }

    /// <summary>Every upload of which something is there, and when its last byte came.</summary>
    public IEnumerable<(string UploadId, DateTimeOffset LastWrite)> List() =>
        Files().Select(file => (file.Name, new DateTimeOffset(file.LastWriteTimeUtc)));

    /// <summary>Bytes in all of them.</summary>
    public long Size() => Files().Sum(file => file.Exists ? file.Length : 0);

    private IEnumerable<FileInfo> Files() => Directory.Exists(folder) ? new DirectoryInfo(folder).EnumerateFiles() : [];

    private string PathOf(string uploadId) => Path.Combine(folder, uploadId);

    /// <summary>A part is written no more.</summary>
    public void Close(DiskPart part, string uploadId, long offset) => writing.TryRemove(new((uploadId, offset), part));

    /// <summary>Makes what was written to an upload durable, and that it is there at all.</summary>
    public async Task FlushAsync(SafeFileHandle handle, string uploadId)
    {
        await flushThreads.RunAsync(() => Posix.Flush(handle, PathOf(uploadId)));
        if (durable.ContainsKey(uploadId))
            return;
        await flushThreads.RunAsync(() => Posix.FlushFolder(folder));
        await flushThreads.RunAsync(() => Posix.FlushFolder(dataFolder));
        durable.TryAdd(uploadId, true);
    }
}

/// <summary>The place of one part of an upload, for its bytes.</summary>
internal sealed class DiskPart : StagedPart
{
    private readonly DiskParts parts;
    private readonly string uploadId;
    private readonly long offset;
    private readonly long size;
    private readonly SafeFileHandle handle;
    private readonly Func<CancellationToken, Task<bool>> finish;
    private readonly Lock gate = new();
    private bool overtaken;

    public DiskPart(
        DiskParts parts,
        string path,
        (string Id, string Key) upload,
        long offset,
        long size,
        Func<CancellationToken, Task<bool>> finish
    )
        : base(upload.Key)
    {
        (this.parts, uploadId, this.offset, this.size, this.finish) = (parts, upload.Id, offset, size, finish);
        handle = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
    }

    /// <summary>Whether the same part was begun again since: then its bytes may be those of the later sending.</summary>
    public bool IsOvertaken
    {
        get
        {
            lock (gate)
                return overtaken;
        }
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel)
    {
        lock (gate)
        {
            // What is too much is counted, but never written: the next part lies there.
            var fits = (int)Math.Min(bytes.Length, Math.Max(0, size - Length));
            if (!overtaken)
                RandomAccess.Write(handle, bytes.Span[..fits], offset + Length);
        }

        Length += bytes.Length;
        return ValueTask.CompletedTask;
    }

    public override ValueTask FlushAsync(CancellationToken cancel) => new(parts.FlushAsync(handle, uploadId));

    public override async Task<bool> FinishAsync(CancellationToken cancel)
    {
        await FlushAsync(cancel);
        return !IsOvertaken && await finish(cancel);
    }

    public override ValueTask RemoveAsync() => ValueTask.CompletedTask;

    /// <summary>When it returns, this sending writes no more.</summary>
    public void Overtake()
    {
        lock (gate)
            overtaken = true;
    }

    public override ValueTask DisposeAsync()
    {
        parts.Close(this, uploadId, offset);
        handle.Dispose();
        return ValueTask.CompletedTask;
    }
}

/// <summary>An upload whose parts have all come. Disposing leaves it: it is removed when it has its record.</summary>
internal sealed class DiskArrivedUpload : DiskStaged
{
    private readonly StoredObject stored;

    public DiskArrivedUpload(string path, string key) : base(key)
    {
        Path = path;
        stored = new DiskObject(path);
        Length = stored.Length;
    }

    public override string Path { get; }

    /// <summary>Reads it once, and keeps and gives its SHA-256.</summary>
    public async Task<string> DigestAsync(CancellationToken cancel) =>
        Sha256 = await ObjectVerifier.Unthrottled.DigestAsync(stored, cancel);

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel) =>
        throw new InvalidOperationException("All its parts have come.");

    // Each part was flushed when it came.
    public override ValueTask FlushAsync(CancellationToken cancel) => ValueTask.CompletedTask;

    public override ValueTask RemoveAsync()
    {
        File.Delete(Path);
        return ValueTask.CompletedTask;
    }

    public override ValueTask DisposeAsync()
    {
        stored.Dispose();
        return ValueTask.CompletedTask;
    }
}
