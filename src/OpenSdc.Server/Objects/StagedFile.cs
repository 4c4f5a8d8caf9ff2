using Microsoft.Win32.SafeHandles;

namespace OpenSdc.Server.Objects;

/// <summary>An upload on its way into a file of the disk store's staging.</summary>
/// <remarks>
/// <para>Bytes are collected in blocks of a MiB, and a full block is written past the page cache while the next one
/// fills. Whoever writes through the cache pays for each
/// page of it, several times what the disk asks of a processor, and must then wait until the cache has been written
/// out; that was more than hashing costs. What is left at the end, less than a page, goes through the cache, and so
/// do small files, and all where the file system knows no other way.</para>
/// <para>Disk calls run on the store's flush threads: they wait for the disk.</para>
/// </remarks>
internal sealed class StagedFile : DiskStaged
{
    // Below it the cache costs less than the disk's latency.
    private const int LeastDirect = 64 * 1024;

    // A larger one would make those wait that share its flush.
    private const long MostShared = 256 * 1024;

    private readonly FlushThreads threads;
    private readonly SharedFlush sharedFlush;
    private readonly long mark;
    private readonly AlignedBlocks blocks;
    private readonly Action free;
    private readonly SafeFileHandle handle;
    private Memory<byte> filling;
    private Memory<byte> other; // the block that is being written, or was
    private int held; // bytes of the filling block, which stays here when it is full: the last one is written and flushed in one go
    private Task writing = Task.CompletedTask;
    private long written;
    private bool isDirect;
    private bool neverDirect;
    private bool isFlushed;

    public StagedFile(string key, string path, FlushThreads threads, SharedFlush sharedFlush, AlignedBlocks blocks, Action free) : base(key)
    {
        (Path, this.threads, this.sharedFlush, this.blocks, this.free) = (path, threads, sharedFlush, blocks, free);
        mark = sharedFlush.Mark;
        handle = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read);
    }

    public override string Path { get; }

    public override long Written => written;

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel)
    {
        Length += bytes.Length;
        while (bytes.Length > 0)
        {
            if (held == filling.Length && !await MakeRoomAsync())
            {
                // Nothing is held and nothing on its way: a file that has had a block keeps one.
                RandomAccess.Write(handle, bytes.Span, written);
                written += bytes.Length;
                return;
            }

            var fits = Math.Min(bytes.Length, filling.Length - held);
            bytes[..fits].CopyTo(filling[held..]);
            (held, bytes) = (held + fits, bytes[fits..]);
        }
    }

    public override async ValueTask FlushAsync(CancellationToken cancel)
    {
        if (isFlushed)
            return;
        await WriteOutAsync();
        if (IsShared)
            await sharedFlush.RunAsync(mark, () => Posix.Flush(handle, Path));
        isFlushed = true;
    }

    public override async ValueTask FlushTogetherAsync()
    {
        if (isFlushed)
            return;
        await WriteOutAsync();
        if (IsShared)
            await sharedFlush.TogetherAsync(mark, Path, () => Posix.Flush(handle, Path));
    }

    public override ValueTask RemoveAsync()
    {
        File.Delete(Path);
        // Not reached where the file could not be removed: that slot stays taken until the next start mends it.
        free();
        return ValueTask.CompletedTask;
    }

    public override async ValueTask DisposeAsync()
    {
        // Who disposes while a block is written has met a failure, and has told of that one.
        await writing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        handle.Dispose();
        blocks.Return(filling);
        blocks.Return(other);
        (filling, other) = (default, default);
        if (IsKept)
            return;
        try
        {
            await RemoveAsync();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // The caller has its answer, published or refused, and a left-over does not change it; the next start removes it.
        }
    }

    /// <summary>
    /// Sets a full block on its way once the one before it has been written, and takes another one, or that one again
    /// where there is none. False where the file has no block and there is none left.
    /// </summary>
    private async ValueTask<bool> MakeRoomAsync()
    {
        if (filling.IsEmpty)
        {
            filling = blocks.Rent();
            return !filling.IsEmpty;
        }

        await writing;
        var (full, at) = (filling, written);
        (filling, other, held) = (other, full, 0);
        written += full.Length;
        writing = threads.RunAsync(() => Write(full.Span, at));
        if (filling.IsEmpty)
            filling = blocks.Rent();
        if (filling.IsEmpty)
        {
            await writing;
            (filling, other) = (full, default);
        }

        return true;
    }

    private bool IsShared => Length <= MostShared;

    /// <summary>Writes what is left, and flushes what is too large to share a flush.</summary>
    private async ValueTask WriteOutAsync()
    {
        await writing;
        if (Length < LeastDirect)
            WriteRest();
        else
            await threads.RunAsync(IsShared ? WriteRest : WriteRestAndFlush);
        if (!IsShared)
            sharedFlush.Check(mark);
    }

    private void WriteRestAndFlush()
    {
        WriteRest();
        Posix.Flush(handle, Path);
    }

    private void WriteRest()
    {
        Write(filling.Span[..held], written);
        written += held;
        held = 0;
    }

    private void Write(ReadOnlySpan<byte> bytes, long at)
    {
        var whole =
            bytes.Length < LeastDirect || at % AlignedBlocks.Alignment != 0 ? 0 : bytes.Length - (bytes.Length % AlignedBlocks.Alignment);
        if (whole > 0 && TryDirect(true))
        {
            try
            {
                RandomAccess.Write(handle, bytes[..whole], at);
                bytes = bytes[whole..];
                at += whole;
            }
            catch (IOException failure) when (failure.HResult == Posix.Invalid)
            {
                // A disk that wants more than pages, or a write that was cut within one: all of it again, through the cache.
                neverDirect = true;
            }
        }

        if (bytes.IsEmpty)
            return;
        TryDirect(false);
        RandomAccess.Write(handle, bytes, at);
    }

    private bool TryDirect(bool direct)
    {
        if (direct && neverDirect)
            return false;
        if (isDirect == direct)
            return true;
        neverDirect = !Posix.SetDirect(handle, direct);
        isDirect = direct && !neverDirect;
        return !neverDirect;
    }
}
