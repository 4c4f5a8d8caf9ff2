using System.Collections.Concurrent;
using Microsoft.Win32.SafeHandles;

namespace OpenSdc.Server.Objects;

/// <summary>Objects as files in the data folder, each at its key, so that the folder can be browsed without OpenSDC.</summary>
/// <remarks>
/// <para>Configuration: the data folder. <c>objects/KEY</c> holds the files, <c>staging/N/NAME</c> the uploads on their way, <c>parts/</c> those that come in parts, <c>quarantine/</c> what
/// upkeep took out of the archive; all must be on one file system, one that has hard links.</para>
/// <para>How it works: an upload takes a free slot N of staging, so that its file can bear its own name there and a restart
/// knows where it belongs. It is written, flushed, and linked to its final name: a link, unlike a rename, never overwrites. Then the folders that got a
/// new entry are flushed. Removing the staging name afterwards needs no flush: a left-over is recognised at the next start.</para>
/// <para>Watch for: flushes block their thread for a disk's latency; they run on threads of their own, since the pool's would
/// run out, and those of small files and of folders are shared. A folder is flushed also when another upload has just made it but not yet flushed it.</para>
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

    public DiskParts? Parts { get; }

    public ValueTask<StagedObject> StageAsync(string key, CancellationToken cancel)
    {
        if (!freeSlots.TryPop(out var slot))
            slot = Directory.CreateDirectory(Path.Combine(staging, Interlocked.Increment(ref slots).ToString("D4"))).FullName;
        try
        {
            return new(new StagedFile(key, Path.Combine(slot, Path.GetFileName(key)), byteThreads, sharedFlush, blocks, () => freeSlots.Push(slot)));
        }
        catch
        {
            freeSlots.Push(slot);
            throw;
        }
    }

    public async ValueTask<Naming[]> NameAsync(IReadOnlyList<StagedObject> staged, CancellationToken cancel)
    {
        if (staged.Any(each => each.Written < each.Length))
            throw new InvalidOperationException("An upload is named before it was flushed.");
        var mark = sharedFlush.Mark;
        var outcomes = new Naming[staged.Count];
        for (var i = 0; i < outcomes.Length; i++)
        {
            try
            {
                await MakeFolderAsync(FolderOf(staged[i].Key));
                outcomes[i] = new Naming(Posix.Link(((DiskStaged)staged[i]).Path, PathOf(staged[i].Key)));
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                outcomes[i] = new Naming(false, failure);
            }
        }

        // Once for each folder, after all its links. Also where a name was taken: who relies on that object relies on its folder entry.
        var folders = staged.Where((_, i) => outcomes[i].Failure is null).Select(each => FolderOf(each.Key)).Distinct(StringComparer.Ordinal).ToList();
        var flushes = sharedFlush.RunAsync(mark, [.. folders.Select(folder => (Action)(() => Posix.FlushFolder(folder)))]);
        for (var i = 0; i < outcomes.Length; i++)
        {
            if (outcomes[i].Failure is not null)
                continue;
            try
            {
                await flushes[folders.IndexOf(FolderOf(staged[i].Key))];
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                if (outcomes[i].IsNamed)
                    await UnnameAsync(staged[i], cancel);
                outcomes[i] = new Naming(false, failure);
            }
        }

        return outcomes;
    }

    public void FlushAndName(StagedObject staged, Action<Naming> ended) => _ = FlushAndNameAsync(staged, ended);

    private async Task FlushAndNameAsync(StagedObject staged, Action<Naming> ended)
    {
        var outcome = new Naming(false);
        try
        {
            var (file, folder) = ((StagedFile)staged, FolderOf(staged.Key));
            await MakeFolderAsync(folder);
            await file.FlushTogetherAsync();
            // The link is made when the flush of its folder begins: in the order in which those who meet at one key are told of it.
            await sharedFlush.TogetherAsync(sharedFlush.Mark, folder, () => Posix.FlushFolder(folder),
                first: () => outcome = new Naming(Posix.Link(file.Path, PathOf(file.Key))));
        }
        catch (Exception failure)
        {
            outcome = new Naming(false, outcome.IsNamed ? await TakenBackAsync(staged, failure) : failure);
        }

        ended(outcome);
    }

    public ValueTask UnnameAsync(StagedObject staged, CancellationToken cancel)
    {
        File.Delete(PathOf(staged.Key));
        return ValueTask.CompletedTask;
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

    public IAsyncEnumerable<string> LeftOverAsync(DateTimeOffset? writtenBefore, CancellationToken cancel) => LeftOver(writtenBefore).ToAsyncEnumerable();

    public void RemoveLeftOver(string leftOver) => File.Delete(Path.Combine(staging, leftOver));

    public ValueTask RemoveLeftOverAsync(string leftOver, CancellationToken cancel)
    {
        RemoveLeftOver(leftOver);
        return ValueTask.CompletedTask;
    }

    public long? FreeBytes => drive.AvailableFreeSpace;

    public DirectTransfer? Direct => null;

    public long StagingSize()
    {
        var size = Parts!.Size();
        foreach (var file in new DirectoryInfo(staging).EnumerateFiles("*", SearchOption.AllDirectories))
        {
            // An upload may end between the listing and the question.
            if (file.Exists)
                size += file.Length;
        }

        return size;
    }

    public IAsyncEnumerable<ListedObject> ListAsync(CancellationToken cancel) => DiskListing.Of(objects).ToAsyncEnumerable();

    public ValueTask<Moved> QuarantineAsync(string key, string place, CancellationToken cancel) => MoveAsync(() => quarantine.Take(key, place));

    public ValueTask<Moved> ReturnAsync(string place, string key, CancellationToken cancel) => MoveAsync(() => quarantine.GiveBack(place, key));

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

    private async ValueTask<Exception> TakenBackAsync(StagedObject staged, Exception failure)
    {
        try
        {
            await UnnameAsync(staged, CancellationToken.None);
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
