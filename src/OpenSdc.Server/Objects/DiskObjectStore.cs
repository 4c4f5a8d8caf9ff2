using System.Collections.Concurrent;
using Microsoft.Win32.SafeHandles;

namespace OpenSdc.Server.Objects;

/// <summary>Objects as files in the data folder, each at its key, so that the folder can be browsed without OpenSDC.</summary>
/// <remarks>
/// <para>Configuration: the data folder. <c>objects/KEY</c> holds the files, <c>staging/N/NAME</c> the uploads on
/// their way, <c>parts/</c> those that come in parts, <c>quarantine/</c> what
/// upkeep took out of the archive; all must be on one file system, one that has hard links.</para>
/// <para>How it works: an upload takes a free slot N of staging, so that its file can bear its own name there and a restart
/// knows where it belongs. It is written, flushed, and linked to its final name: a link, unlike a rename, never
/// overwrites. Then the folders that got a new entry are flushed. Removing the staging name afterwards needs no
/// flush: a left-over is recognised at the next start.</para>
/// <para>Watch for: flushes block their thread for a disk's latency; they run on threads of their own, since the pool's would
/// run out, and those of small files and of folders are shared. A folder is flushed also when another upload has just
/// made it but not yet flushed it.</para>
/// </remarks>
internal sealed class DiskObjectStore : IObjectStore, IDisposable
{
    private readonly string objects;
    private readonly string staging;
    private readonly DiskQuarantine quarantine;
    private readonly DriveInfo drive;
    private readonly FlushThreads flushThreads = new(most: 32);
    // Of uploads' bytes, which may keep many threads busy for long: names do not wait behind them.
    private readonly FlushThreads byteThreads = new(most: 32);
    private readonly AlignedBlocks blocks = new(most: 40);
    private readonly FileSystemFlush? fileSystem;
    private readonly SharedFlush sharedFlush;
    private readonly ConcurrentStack<string> freeSlots = new();
    private readonly ConcurrentDictionary<string, bool> durableFolders = new(StringComparer.Ordinal);
    private int slots;

    public DiskObjectStore(string dataFolder)
    {
        objects = Directory.CreateDirectory(Path.Combine(dataFolder, "objects")).FullName;
        staging = Directory.CreateDirectory(Path.Combine(dataFolder, "staging")).FullName;
        Posix.FlushFolder(dataFolder);
        quarantine = new DiskQuarantine(Path.GetFullPath(dataFolder));
        drive = new DriveInfo(Path.GetFullPath(dataFolder));
        fileSystem = FileSystemFlush.Of(objects);
        sharedFlush = new SharedFlush(flushThreads, fileSystem is null ? null : fileSystem.Run);
        Parts = new DiskParts(dataFolder, byteThreads);
    }

    public StoreCapabilities Capabilities { get; } = new() { IsShared = false };

    /// <summary>Where uploads in parts lie.</summary>
    public DiskParts Parts { get; }

    public ValueTask<StagedObject> StageAsync(string key, long? length, CancellationToken cancel)
    {
        if (!freeSlots.TryPop(out var slot))
            slot = Directory.CreateDirectory(Path.Combine(staging, Interlocked.Increment(ref slots).ToString("D4"))).FullName;
        try
        {
            return new(
                new StagedFile(key, Path.Combine(slot, Path.GetFileName(key)), byteThreads, sharedFlush, blocks, () => freeSlots.Push(slot))
            );
        }
        catch
        {
            freeSlots.Push(slot);
            throw;
        }
    }

    public ValueTask<StagedObject> StageApartAsync(string key, CancellationToken cancel) => StageAsync(key, length: null, cancel);

    public ValueTask<PlaceResult> PlaceAsync(StagedObject staged, CancellationToken cancel)
    {
        // The work goes on on the thread that flushes, and its caller must not.
        var done = new TaskCompletionSource<PlaceResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        _ = EndAsync();
        return new(done.Task);

        async Task EndAsync()
        {
            try
            {
                done.SetResult(await PlaceTogetherAsync(staged));
            }
            catch (Exception failure)
            {
                done.SetException(failure);
            }
        }
    }

    private async Task<PlaceResult> PlaceTogetherAsync(StagedObject staged)
    {
        var isPlaced = false;
        try
        {
            var (file, folder) = ((DiskStaged)staged, FolderOf(staged.Key));
            await MakeFolderAsync(folder);
            await file.FlushTogetherAsync();
            // The link is made when the flush of its folder begins.
            await sharedFlush.TogetherAsync(
                sharedFlush.Mark,
                folder,
                () => Posix.FlushFolder(folder),
                first: () => isPlaced = Posix.Link(file.Path, PathOf(file.Key))
            );
            return new PlaceResult(isPlaced);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return new PlaceResult(false, isPlaced ? await RevertedAsync(staged, failure) : failure);
        }
    }

    public ValueTask RevertAsync(StagedObject staged, CancellationToken cancel)
    {
        File.Delete(PathOf(staged.Key));
        return ValueTask.CompletedTask;
    }

    public async ValueTask RemoveAsync(string key, CancellationToken cancel)
    {
        if (!File.Exists(PathOf(key)))
            return;
        File.Delete(PathOf(key));
        await flushThreads.RunAsync(() => Posix.FlushFolder(FolderOf(key)));
    }

    public async ValueTask FlushAsync(string key, CancellationToken cancel)
    {
        var mark = sharedFlush.Mark;
        await flushThreads.RunAsync(() =>
        {
            // Reading is enough to flush, and a file that someone put there may allow no more.
            using var handle = File.OpenHandle(PathOf(key), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            Posix.Flush(handle, PathOf(key));
        });
        await MakeFolderAsync(FolderOf(key));
        await flushThreads.RunAsync(() => Posix.FlushFolder(FolderOf(key)));
        sharedFlush.Check(mark);
    }

    public ValueTask<StoredObject?> OpenAsync(string key, CancellationToken cancel)
    {
        try
        {
            return new(new DiskObject(PathOf(key)));
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            return new((StoredObject?)null);
        }
    }

    public IEnumerable<string> LeftOver(DateTimeOffset? writtenBefore = null) =>
        DiskListing.Of(staging).Where(file => writtenBefore is null || file.LastWrite < writtenBefore).Select(file => file.Key);

    public IAsyncEnumerable<string> LeftOverAsync(DateTimeOffset? writtenBefore, CancellationToken cancel) =>
        LeftOver(writtenBefore).ToAsyncEnumerable();

    public void RemoveLeftOver(string leftOver) => File.Delete(Path.Combine(staging, leftOver));

    public ValueTask RemoveLeftOverAsync(string leftOver, CancellationToken cancel)
    {
        RemoveLeftOver(leftOver);
        return ValueTask.CompletedTask;
    }

    public long? FreeBytes => drive.AvailableFreeSpace;

    public long StagingSize()
    {
        var size = Parts.Size();
        foreach (var file in new DirectoryInfo(staging).EnumerateFiles("*", SearchOption.AllDirectories))
        {
            // An upload may end between the listing and the question.
            if (file.Exists)
                size += file.Length;
        }

        return size;
    }

    public IAsyncEnumerable<ListedObject> ListAsync(CancellationToken cancel) => DiskListing.Of(objects).ToAsyncEnumerable();

    public ValueTask<Moved> QuarantineAsync(string key, string place, CancellationToken cancel) =>
        MoveAsync(() => quarantine.Take(key, place));

    public ValueTask<Moved> ReturnAsync(string place, string key, CancellationToken cancel) =>
        MoveAsync(() => quarantine.GiveBack(place, key));

    public void Dispose()
    {
        sharedFlush.Dispose();
        fileSystem?.Dispose();
        flushThreads.Dispose();
        byteThreads.Dispose();
    }

    private async ValueTask<Moved> MoveAsync(Func<Moved> move)
    {
        var moved = Moved.Missing;
        await flushThreads.RunAsync(() => moved = move());
        return moved;
    }

    private async ValueTask<Exception> RevertedAsync(StagedObject staged, Exception failure)
    {
        try
        {
            await RevertAsync(staged, CancellationToken.None);
            return failure;
        }
        catch (Exception second) when (second is IOException or UnauthorizedAccessException)
        {
            return second;
        }
    }

    private string PathOf(string key) => Path.Combine(objects, key);

    private string FolderOf(string key) => Path.GetDirectoryName(PathOf(key))!;

    /// <summary>Makes a folder and those above it, and makes each of them durable by flushing the one that it lies in.</summary>
    private async ValueTask MakeFolderAsync(string folder)
    {
        if (durableFolders.ContainsKey(folder))
            return;
        var mark = sharedFlush.Mark;
        Directory.CreateDirectory(folder);
        for (var at = folder; at.Length > objects.Length; at = Path.GetDirectoryName(at)!)
        {
            var parent = Path.GetDirectoryName(at)!;
            if (!durableFolders.ContainsKey(at))
                await flushThreads.RunAsync(() => Posix.FlushFolder(parent));
        }

        sharedFlush.Check(mark);
        // A folder is known only when the whole way down to it is durable.
        for (var at = folder; at.Length > objects.Length; at = Path.GetDirectoryName(at)!)
            durableFolders.TryAdd(at, true);
    }
}
