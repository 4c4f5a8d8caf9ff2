using System.Buffers;
using System.Security.Cryptography;
using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Objects;

namespace OpenSdc.Server.Upkeep;

/// <summary>Opens an object by its key; null where there is none.</summary>
internal delegate ValueTask<StoredObject?> OpenObject(string key, CancellationToken cancel);

/// <summary>What was found of an object that a record names.</summary>
internal enum ObjectState
{
    /// <summary>The bytes of the record; where it was to be copied, the copy is there.</summary>
    Sound,

    /// <summary>There is none.</summary>
    Missing,

    /// <summary>It has another length or other bytes.</summary>
    Damaged,

    /// <summary>The disk does not give it to us: an error of the medium, or no permission.</summary>
    Unreadable,
}

/// <summary>
/// Copies objects into a folder that is laid out as an archive's, each checked against its record while it is copied. A copy is made as an upload is:
/// written aside, flushed, and only then named, so that a copy under its key is whole and right.
/// </summary>
/// <param name="from">Where the objects come from.</param>
/// <param name="folder">The folder with <c>objects/</c>.</param>
/// <param name="store">That folder as a store.</param>
internal sealed class ObjectCopy(OpenObject from, string folder, DiskObjectStore store)
{
    /// <summary>As many as share the flushes of their folders.</summary>
    public const int Batch = 256;

    // Enough that the disk is never idle while one copy waits for its flush.
    private const int AtOnce = 8;
    private const int BufferSize = 256 * 1024;

    /// <summary>Copies a batch, and tells what was found, in its order. What is not sound is not copied.</summary>
    public async Task<ObjectState[]> CopyAsync(IReadOnlyList<CopiedFile> batch, UpkeepProgress progress, CancellationToken cancel)
    {
        var states = new ObjectState[batch.Count];
        var staged = new StagedObject?[batch.Count];
        try
        {
            await Parallel.ForEachAsync(Enumerable.Range(0, batch.Count), AtMost(cancel), async (i, token) =>
            {
                // A run that was interrupted may have left a good copy behind.
                states[i] = await CheckAsync(store.OpenAsync, batch[i], token);
                if (states[i] == ObjectState.Sound)
                    await store.FlushAsync(batch[i].Key, token);
                else
                    states[i] = await StageAsync(batch[i], copy => staged[i] = copy, token);
                progress.Did(batch[i].Size);
            });
            await NameAsync([.. staged.Where((copy, i) => copy is not null && states[i] == ObjectState.Sound).Select(copy => copy!)], cancel);
            foreach (var (file, state) in batch.Zip(states))
            {
                // The time of its ingestion, so that a catalogue rebuilt from these files has it again.
                if (state == ObjectState.Sound)
                    File.SetLastWriteTimeUtc(Path.Combine(folder, "objects", file.Key), file.IngestedAt.UtcDateTime);
            }

            return states;
        }
        finally
        {
            foreach (var copy in staged)
            {
                if (copy is not null)
                    await copy.DisposeAsync();
            }
        }
    }

    /// <summary>Compares objects with their records and copies nothing.</summary>
    public static async Task<ObjectState[]> CheckAsync(
        OpenObject from, IReadOnlyList<CopiedFile> batch, UpkeepProgress progress, CancellationToken cancel)
    {
        var states = new ObjectState[batch.Count];
        await Parallel.ForEachAsync(Enumerable.Range(0, batch.Count), AtMost(cancel), async (i, token) =>
        {
            states[i] = await CheckAsync(from, batch[i], token);
            progress.Did(batch[i].Size);
        });
        return states;
    }

    /// <summary>Opens the objects of a folder that is only read.</summary>
    public static OpenObject In(string folder) => (key, _) =>
    {
        var path = Path.Combine(folder, "objects", key);
        return new(File.Exists(path) ? new PlainFile(path) : null);
    };

    private static async Task<ObjectState> CheckAsync(OpenObject from, CopiedFile file, CancellationToken cancel)
    {
        try
        {
            using var there = await from(file.Key, cancel);
            if (there is null)
                return ObjectState.Missing;
            return there.Length == file.Size && await ObjectDigest.OfAsync(there, cancel) == file.Sha256 ? ObjectState.Sound : ObjectState.Damaged;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return ObjectState.Unreadable; // an outcome, not an accident: to find these is what the check is for
        }
    }

    private async Task<ObjectState> StageAsync(CopiedFile file, Action<StagedObject> staged, CancellationToken cancel)
    {
        var (source, refused) = await OpenAsync(file.Key, cancel);
        if (source is null)
            return refused ? ObjectState.Unreadable : ObjectState.Missing;
        using (source)
        {
            if (source.Length != file.Size)
                return ObjectState.Damaged;
            var copy = await store.StageAsync(file.Key, cancel);
            // Whatever becomes of it, it is removed from staging at the end of the batch.
            staged(copy);
            return await FillAsync(copy, source, file.Sha256, cancel);
        }
    }

    private static async Task<ObjectState> FillAsync(StagedObject copy, StoredObject source, string expected, CancellationToken cancel)
    {
        using var sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            int read;
            while ((read = await ReadAsync(source, copy.Length, buffer, cancel)) > 0)
            {
                sha256.AppendData(buffer, 0, read);
                await copy.WriteAsync(buffer.AsMemory(0, read), cancel);
            }

            if (read < 0)
                return ObjectState.Unreadable;
            if (Convert.ToHexStringLower(sha256.GetHashAndReset()) != expected)
                return ObjectState.Damaged;
            await copy.FlushAsync(cancel);
            return ObjectState.Sound;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Less than 0 where the source cannot be read: unlike a copy that cannot be written, that concerns this object only.</summary>
    private static async ValueTask<int> ReadAsync(StoredObject source, long offset, Memory<byte> buffer, CancellationToken cancel)
    {
        try
        {
            return await source.ReadAsync(offset, buffer, cancel);
        }
        catch (IOException)
        {
            return -1;
        }
    }

    private async Task NameAsync(IReadOnlyList<StagedObject> staged, CancellationToken cancel)
    {
        var outcomes = await store.NameAsync(staged, cancel);
        // What has the name already was read above and is not right: a copy that went bad on this disk. The right bytes take its place.
        var bad = staged.Where((_, i) => outcomes[i] is { IsNamed: false, Failure: null }).ToList();
        foreach (var each in bad)
            await store.UnnameAsync(each, cancel);
        if (bad.Count > 0)
            outcomes = [.. outcomes, .. await store.NameAsync(bad, cancel)];
        if (outcomes.FirstOrDefault(outcome => outcome.Failure is not null).Failure is { } failure)
            throw new IOException($"A copy could not be named: {failure.Message}", failure);
    }

    private async ValueTask<(StoredObject? Source, bool IsRefused)> OpenAsync(string key, CancellationToken cancel)
    {
        try
        {
            return (await from(key, cancel), false);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return (null, true);
        }
    }

    private static ParallelOptions AtMost(CancellationToken cancel) => new() { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancel };

    private sealed class PlainFile(string path) : StoredObject
    {
        private readonly Microsoft.Win32.SafeHandles.SafeFileHandle handle = File.OpenHandle(path);

        public override long Length => RandomAccess.GetLength(handle);

        public override DateTime Written => File.GetLastWriteTimeUtc(handle);

        public override ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancel) =>
            new(RandomAccess.Read(handle, buffer.Span, offset));

        public override void Dispose() => handle.Dispose();
    }
}
