using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Objects;

namespace OpenSdc.Server.Upkeep;

/// <summary>What a backup did.</summary>
/// <param name="State">What <c>backup.json</c> says now; null where the catalogue is damaged and the last backup was left as it is.</param>
/// <param name="New">Publications that it looked at.</param>
/// <param name="Failed">Objects that the archive did not give right, and did not know that it would not.</param>
/// <param name="KnownLost">Objects that the archive knows to be lost or damaged.</param>
/// <param name="CatalogueFault">What is wrong with the catalogue.</param>
/// <param name="AuditFault">What is wrong with the audit; the backup is made all the same.</param>
internal sealed record BackupResult(
    BackupState? State,
    long New,
    long Failed,
    long KnownLost,
    string? CatalogueFault = null,
    string? AuditFault = null
);

/// <summary>
/// <c>sdc backup</c>: adds to a folder what an archive has published since the last time, while the archive
/// serves.
/// </summary>
/// <remarks>
/// The catalogue is copied first. Everything after it reads only that copy, so that the archive is not held
/// up however long the objects take; each object that the copy names is there, since a record is never
/// written before its object. Objects are copied, never linked: a link shares its bytes, and so their damage,
/// with the archive.
/// </remarks>
internal sealed class Backup(
    DataFolder data,
    IObjectStore archive,
    BackupFolder folder,
    TimeProvider clock,
    UpkeepProgress progress,
    Action<string> report
)
{
    private readonly List<(long Seq, string Key)> missing = [];
    private long copied;
    private long copiedBytes;
    private long failed;
    private long knownLost;

    /// <exception cref="SettingException">There is no catalogue, or the folder's backups are of another archive.</exception>
    public async Task<BackupResult> RunAsync(CancellationToken cancel)
    {
        if (!File.Exists(data.CatalogueFile))
            throw new SettingException($"The data folder {data.Path} holds no catalogue.sqlite; sdc rebuild makes one from the objects.");
        await folder.FinishAsync(cancel);
        var time = clock.GetUtcNow();
        progress.Begin("pages of the catalogue");
        CatalogueCopy.Take(data.CatalogueFile, folder.PartialCatalogue, progress.At, cancel);
        long head;
        AuditHead auditHead;
        string? auditFault;
        using (var copy = new CatalogueCopy(folder.PartialCatalogue))
        {
            if (copy.Fault(thorough: false) is { } fault)
                return new BackupResult(null, 0, 0, 0, fault);
            head = copy.Head;
            MustContinue(copy);
            progress.Begin("audit");
            auditHead = copy.Audit.Head;
            auditFault = await copy.AuditFaultAsync(folder.AuditHead, sinceThen: true, cancel);
            await CopyAsync(copy, head, cancel);
        }

        return new BackupResult(
            await NameAsync(time, head, auditHead, cancel),
            head - folder.Last,
            failed,
            knownLost,
            AuditFault: auditFault
        );
    }

    private async Task CopyAsync(CatalogueCopy copy, long head, CancellationToken cancel)
    {
        // First those that an earlier run could not copy; a crash after their manifest only lists them twice.
        var late = folder.Missing().Where(seq => seq <= folder.Last).ToList();
        if (late.Count > 0)
            await CopyAsync(
                "objects that were missing",
                BackupFolder.LateManifest(clock.GetUtcNow()),
                late.Select(seq => copy.Find(seq)!.Value),
                late.Count,
                cancel
            );
        var before = folder.Last;
        if (head > before)
        {
            // Named only after the list of what is missing from it.
            await CopyAsync("objects", folder.ManifestTo(head), copy.After(before), copy.CountAfter(before), cancel, folder.PutMissing);
        }
        else
        {
            folder.PutMissing(missing);
        }
    }

    private async Task CopyAsync(
        string what,
        string manifest,
        IEnumerable<CopiedFile> files,
        long count,
        CancellationToken cancel,
        Action<IEnumerable<(long, string)>>? beforeName = null
    )
    {
        progress.Begin(what, count);
        await using var writer = folder.Begin(manifest);
        foreach (var batch in files.Chunk(ObjectCopy.Batch))
        {
            var verdicts = folder.Store is { } store
                ? await new ObjectCopy(archive.OpenAsync, folder.Folder, store, progress).CopyAsync(batch, cancel)
                : [.. batch.Select(_ => ObjectVerdict.Intact)];
            for (var i = 0; i < batch.Length; i++)
            {
                if (verdicts[i].IsIntact)
                    await TakeAsync(writer, batch[i], cancel);
                else
                    Lack(batch[i], verdicts[i]);
            }
        }

        beforeName?.Invoke(missing);
        folder.Name(manifest, writer);
    }

    private async Task TakeAsync(TextWriter manifest, CopiedFile file, CancellationToken cancel)
    {
        await Manifest.WriteAsync(manifest, file, cancel);
        if (folder.Store is null)
            return;
        copied++;
        copiedBytes += file.Size;
    }

    private void Lack(CopiedFile file, ObjectVerdict verdict)
    {
        missing.Add((file.Seq, file.Key));
        if (file.IsMarked)
            knownLost++;
        else
            failed++;
        report($"{verdict.Word}{(file.IsMarked ? ", as the archive knows" : "")}: {file.Key} (seq {file.Seq})");
    }

    /// <summary>The signing key, the mission file, the catalogue and the state get their names, in this order.</summary>
    private async Task<BackupState> NameAsync(DateTimeOffset time, long head, AuditHead auditHead, CancellationToken cancel)
    {
        progress.Begin("names");
        // The mission file, so that a catalogue can be made again from the objects of a backup, too.
        foreach (var name in (string[])["signing.key", MissionText.FileName])
        {
            if (Path.Combine(data.Path, name) is var file && File.Exists(file))
                folder.Put(name, await File.ReadAllBytesAsync(file, cancel));
        }

        var state = new BackupState
        {
            Time = time,
            Seq = head,
            CatalogueSha256 = await BackupState.DigestAsync(folder.PartialCatalogue, cancel),
            CatalogueOnly = folder.Store is null,
            Copied = copied,
            CopiedBytes = copiedBytes,
            Missing = missing.Count,
            AuditHead = auditHead.ToString(),
        };
        folder.PutCatalogue(state);
        return state;
    }

    /// <summary>A folder holds the backups of one archive, which only grows: its last publication here must be the same there.</summary>
    private void MustContinue(CatalogueCopy copy)
    {
        if (copy.Head < folder.Last)
        {
            throw new SettingException(
                $"The folder {folder.Folder} holds publications up to {folder.Last}, but the archive only up to {copy.Head}: it is another one, or an older one that was restored; give an empty folder."
            );
        }

        if (!File.Exists(folder.CatalogueFile))
            return;
        using var before = new CatalogueCopy(folder.CatalogueFile);
        if (
            before.Find(before.Head) is { } then
            && (copy.Find(then.Seq) is not { } now || (now.Key, now.Sha256) != (then.Key, then.Sha256))
        )
            throw new SettingException(
                $"The folder {folder.Folder} holds another file than the archive as publication {then.Seq}: these are two archives; give an empty folder."
            );
    }
}
