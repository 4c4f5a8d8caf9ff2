using OpenSdc.Contract.Naming;
using OpenSdc.Server.Access;
using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Objects;

namespace OpenSdc.Server.Upkeep;

/// <summary>What a rebuild did.</summary>
/// <param name="Recorded">Objects that have a record now.</param>
/// <param name="LeftAlone">Files that have none: of another name, at another place, or not readable.</param>
internal sealed record RebuildResult(long Recorded, long LeftAlone);

/// <summary>
/// <c>sdc rebuild</c>: makes a lost catalogue again from the objects alone.
/// </summary>
/// <remarks>
/// It brings back what names and bytes tell: every record with its fields, size and digest. The time of
/// ingestion is that of the file, which was written right before it was published. The numbers follow these
/// times, and where they are equal the keys, so that the same objects always get the same numbers, but not
/// always those they had. What only the catalogue knew is gone: the events, which objects were lost, and
/// whether an object still has the bytes that were acknowledged; the manifests of a backup tell that.
/// </remarks>
internal sealed class Rebuild(
    DataFolder folder,
    IObjectStore store,
    MissionText names,
    TimeProvider clock,
    UpkeepProgress progress,
    Action<string> report
)
{
    private const int Batch = 1024;

    private readonly ObjectVerifier verifier = new() { OnRead = progress.Read };
    private readonly Mission mission = names.Load();
    private long recorded;
    private long leftAlone;

    /// <exception cref="SettingException">There is a catalogue, or a part of one.</exception>
    public async Task<RebuildResult> RunAsync(CancellationToken cancel)
    {
        // A log that outlived its catalogue would be taken for the new one's.
        if (
            Directory
                .EnumerateFiles(folder.Path, "catalogue.sqlite*")
                .FirstOrDefault(file => !file.Contains(BackupFolder.Partial, StringComparison.Ordinal)) is
            { } there
        )
            throw new SettingException(
                $"The data folder has {there}; a rebuild makes a catalogue only where there is none. Move it away first, and keep it."
            );
        using var found = new FoundObjects(Path.Combine(folder.Path, "rebuild.partial"));
        await ListAsync(found, cancel);
        using var made = new NewCatalogue(folder, clock);
        await made.Catalogue.OpenAsync(cancel);
        await new MissionTable(made.Catalogue).AddAsync(
            new StoredMission(1, Catalogue.Catalogue.Text(clock.GetUtcNow()), names.IsBuiltIn, names.Text),
            cancel
        );
        progress.Begin("objects", found.Count);
        foreach (var batch in found.ByAge().Chunk(Batch))
            await RecordAsync(batch, made.Catalogue, cancel);
        // Who might use the archive only its lost catalogue knew. A folder that was not served itself, such
        // as a new one for a bucket, does not even tell whether it was open.
        var mark = new AccessMark(made.Catalogue, folder.Path);
        if (await mark.IsSetAsync(cancel) || SigningKey.OfFolder(folder.Path) is null)
            await mark.SetAsync(cancel);
        names.Keep(folder.Path);
        made.Name();
        return new RebuildResult(recorded, leftAlone);
    }

    private async Task ListAsync(FoundObjects found, CancellationToken cancel)
    {
        progress.Begin("files listed");
        await foreach (var listed in store.ListAsync(cancel))
        {
            cancel.ThrowIfCancellationRequested();
            if (listed.What == ListedKind.Object && NameAt(listed.Key) is not null)
                found.Add(new FoundObject(listed.LastWrite.UtcTicks, listed.Key));
            else
                LeaveAlone(listed.Key, "not a file of the archive by its name and place");
            progress.Did();
        }
    }

    private async Task RecordAsync(FoundObject[] batch, Catalogue.Catalogue catalogue, CancellationToken cancel)
    {
        var publications = new Publication?[batch.Length];
        await Parallel.ForEachAsync(
            Enumerable.Range(0, batch.Length),
            new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = cancel },
            async (i, token) => publications[i] = await ReadAsync(batch[i], token)
        );
        // The catalogue numbers them in the order in which it gets them.
        var readable = publications.OfType<Publication>().ToList();
        await catalogue.PublishAsync(readable, cancel);
        recorded += readable.Count;
    }

    private async Task<Publication?> ReadAsync(FoundObject found, CancellationToken cancel)
    {
        try
        {
            using var stored =
                await store.OpenAsync(found.Key, cancel) ?? throw new FileNotFoundException("it is gone since it was listed");
            var publication = new Publication(NameAt(found.Key)!, stored.Length, await verifier.DigestAsync(stored, cancel))
            {
                IngestedAt = new DateTimeOffset(found.WrittenAt, TimeSpan.Zero),
                Change = ChangeKind.Adopted,
            };
            progress.Did();
            return publication;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // The disk that lost the catalogue may well have lost more; that must not keep the rest from coming back.
            LeaveAlone(found.Key, fault.Message);
            return null;
        }
    }

    /// <summary>The name that a key ends in, where that name's file belongs at this key; otherwise null.</summary>
    private FileName? NameAt(string key) =>
        FileName.Parse(key[(key.LastIndexOf('/') + 1)..], mission).Name is { } name && name.Key == key ? name : null;

    private void LeaveAlone(string key, string why)
    {
        Interlocked.Increment(ref leftAlone);
        report($"left alone: {key} ({why})");
    }
}
