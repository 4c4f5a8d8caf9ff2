using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Objects;

namespace OpenSdc.Server.Upkeep;

/// <summary>
/// Copies objects into a folder that is laid out as an archive's, each checked against its record while it is
/// copied. A copy is made as an upload is: written aside, flushed, and only then named, so that a copy under
/// its key is whole and right.
/// </summary>
/// <param name="from">Where the objects come from.</param>
/// <param name="folder">The folder with <c>objects/</c>.</param>
/// <param name="store">That folder as a store.</param>
/// <param name="progress">Told what was read and done.</param>
internal sealed class ObjectCopy(OpenObject from, string folder, DiskObjectStore store, UpkeepProgress progress)
{
    /// <summary>As many as share the flushes of their folders.</summary>
    public const int Batch = 256;

    // Enough that the disk is never idle while one copy waits for its flush.
    private const int AtOnce = 8;

    private readonly ObjectVerifier verifier = new() { OnRead = progress.Read };

    /// <summary>Copies a batch, and tells what was found, in its order. What is not intact is not copied.</summary>
    public async Task<ObjectVerdict[]> CopyAsync(IReadOnlyList<CopiedFile> batch, CancellationToken cancel)
    {
        var verdicts = new ObjectVerdict[batch.Count];
        var staged = new StagedObject?[batch.Count];
        try
        {
            await Parallel.ForEachAsync(Enumerable.Range(0, batch.Count), AtMost(cancel), async (i, token) =>
            {
                // A run that was interrupted may have left a good copy behind.
                verdicts[i] = await verifier.VerifyAsync(store.OpenAsync, batch[i].ToObject(), token);
                if (verdicts[i].IsIntact)
                    await store.FlushAsync(batch[i].Key, token);
                else
                    verdicts[i] = await StageAsync(batch[i], copy => staged[i] = copy, token);
                progress.Did();
            });
            await PlaceAsync([.. staged.Where((copy, i) => copy is not null && verdicts[i].IsIntact).Select(copy => copy!)], cancel);
            foreach (var (file, verdict) in batch.Zip(verdicts))
            {
                // The time of its ingestion, so that a catalogue rebuilt from these files has it again.
                if (verdict.IsIntact)
                    File.SetLastWriteTimeUtc(Path.Combine(folder, "objects", file.Key), file.IngestedAt.UtcDateTime);
            }

            return verdicts;
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
    public static async Task<ObjectVerdict[]> VerifyAsync(
        OpenObject from,
        IReadOnlyList<CopiedFile> batch,
        UpkeepProgress progress,
        CancellationToken cancel
    )
    {
        var check = new ObjectVerifier { OnRead = progress.Read };
        var verdicts = new ObjectVerdict[batch.Count];
        await Parallel.ForEachAsync(Enumerable.Range(0, batch.Count), AtMost(cancel), async (i, token) =>
        {
            verdicts[i] = await check.VerifyAsync(from, batch[i].ToObject(), token);
            progress.Did();
        });
        return verdicts;
    }

    /// <summary>Opens the objects of a folder that is only read.</summary>
    public static OpenObject In(string folder) => (key, _) =>
    {
        var path = Path.Combine(folder, "objects", key);
        return new(File.Exists(path) ? new DiskObject(path) : null);
    };

    private async ValueTask<ObjectVerdict> StageAsync(CopiedFile file, Action<StagedObject> staged, CancellationToken cancel)
    {
        StagedObject? copy = null;
        var verdict = await verifier.VerifyAsync(from, file.ToObject(), cancel, async (piece, token) =>
        {
            if (copy is null)
                await BeginAsync(token);
            await copy!.WriteAsync(piece, token);
        });
        if (!verdict.IsIntact)
            return verdict;
        // An empty object has no piece.
        if (copy is null)
            await BeginAsync(cancel);
        await copy!.FlushAsync(cancel);
        return verdict;

        // Whatever becomes of it, it is removed from staging at the end of the batch.
        async Task BeginAsync(CancellationToken token) => staged(copy = await store.StageAsync(file.Key, file.Size, token));
    }

    private async Task PlaceAsync(IReadOnlyList<StagedObject> staged, CancellationToken cancel)
    {
        var placed = await Task.WhenAll(staged.Select(each => store.PlaceAsync(each, cancel).AsTask()));
        // What has the key already was read above and is not right: a copy that went bad on this disk. The right bytes take its place.
        var bad = staged.Where((_, i) => placed[i] is { IsPlaced: false, Failure: null }).ToList();
        foreach (var each in bad)
            await store.RevertAsync(each, cancel);
        placed = [.. placed, .. await Task.WhenAll(bad.Select(each => store.PlaceAsync(each, cancel).AsTask()))];
        if (placed.FirstOrDefault(each => each.Failure is not null).Failure is { } failure)
            throw new IOException($"A copy could not be placed: {failure.Message}", failure);
    }

    private static ParallelOptions AtMost(CancellationToken cancel) =>
        new() { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancel };
}
