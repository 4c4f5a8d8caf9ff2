using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Objects;

namespace OpenSdc.Server.Upkeep;

/// <summary>
/// <c>sdc restore</c>: makes a data folder from a backup. Every object is compared with its record while it
/// is copied; the catalogue comes last, so that a restore that was interrupted leaves nothing that could be
/// served.
/// </summary>
/// <remarks>
/// A record whose object is missing or damaged in the backup stays, marked as lost with an event: the archive
/// then says so to whoever asks for the file, and the bytes can still come back. Objects that are newer than
/// the catalogue are copied too; <c>sdc fsck --repair</c> gives them records.
/// </remarks>
internal sealed class Restore(
    string backup,
    string data,
    TimeProvider clock,
    UpkeepProgress progress,
    Action<string> report,
    UnixFileMode mode = FileRights.OfOwner
)
{
    private readonly string target = Path.GetFullPath(data);

    /// <exception cref="SettingException">The target holds something, or the source is no backup.</exception>
    public async Task<BackupFindings> RunAsync(CancellationToken cancel)
    {
        if (Directory.Exists(target) && Directory.EnumerateFileSystemEntries(target).Any(entry => Path.GetFileName(entry) != "lost+found"))
            throw new SettingException(
                $"The data folder {target} is not empty; a restore needs a folder that is empty or absent, and changes no archive."
            );
        var check = new BackupCheck(backup, progress, report);
        var findings = await check.CatalogueAsync(cancel);
        if (findings.CatalogueFault is not null)
            return findings;

        using var folder = DataFolder.Open(target, mode);
        using var store = new DiskObjectStore(target);
        using var made = new NewCatalogue(folder, clock, check.CatalogueFile);
        await made.Catalogue.OpenAsync(cancel);
        // What the archive published after the backup is gone, and its numbers will be given again.
        await made.Catalogue.BeginHistoryAsync(cancel);
        // From here on the audit is another one than that of the archive whose backup this is.
        await new AuditTable(made.Catalogue, clock).AppendAsync(
            [AuditEntry.OfLocal(AuditAction.Restored, backup) with { Detail = $"publications up to {findings.Records}" }], cancel);
        if (findings.HasObjects)
            await CopyAsync(check, findings, store, made.Integrity, cancel);
        CopySigningKey();
        if (await new MissionTable(made.Catalogue).NewestAsync(cancel) is { } mission)
            new MissionText(mission.Text, backup).Keep(target);
        made.Name();
        return findings;
    }

    private async Task CopyAsync(
        BackupCheck check,
        BackupFindings findings,
        DiskObjectStore store,
        IntegrityState integrity,
        CancellationToken cancel
    )
    {
        var copying = new ObjectCopy(ObjectCopy.In(backup), target, store, progress);
        using var copy = new CatalogueCopy(check.CatalogueFile);
        progress.Begin("objects", copy.CountAfter(0));
        await check.CompareAsync(copy.After(0), findings, CopyBatchAsync, (file, verdict) => file.IsMarked
            ? Task.CompletedTask
            : integrity.MarkAsync(file.Seq, ChangeKind.Lost, $"restore: {verdict.Word} in the backup", cancel));
        await check.CompareAsync(check.Newer(copy), findings, CopyBatchAsync);

        Task<ObjectVerdict[]> CopyBatchAsync(CopiedFile[] batch) => copying.CopyAsync(batch, cancel);
    }

    // Without it the archive makes a new one, and every signed URL that is out is void.
    private void CopySigningKey()
    {
        var source = Path.Combine(backup, "signing.key");
        if (!File.Exists(source))
            return;
        var copy = Path.Combine(target, "signing.key");
        File.Copy(source, copy);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(copy, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        using var stream = new FileStream(copy, FileMode.Open, FileAccess.ReadWrite);
        stream.Flush();
        Posix.Flush(stream.SafeFileHandle, stream.Name);
    }
}
