using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Objects;

namespace OpenSdc.Server.Upkeep;

/// <summary>What was found in a backup.</summary>
internal sealed record BackupFindings
{
    /// <summary>What is wrong with its catalogue; null where nothing is. Nothing else was looked at where something is.</summary>
    public string? CatalogueFault { get; init; }

    /// <summary>What is wrong with the audit in its catalogue; null where nothing is.</summary>
    public string? AuditFault { get; init; }

    /// <summary>Publications in its catalogue.</summary>
    public long Records { get; init; }

    /// <summary>Whether it holds objects.</summary>
    public bool HasObjects { get; init; }

    /// <summary>Objects that are intact.</summary>
    public long Intact { get; set; }

    /// <summary>Objects that are missing, corrupt or unreadable.</summary>
    public long Failed { get; set; }

    /// <summary>Those that the archive knew to be lost when it was backed up.</summary>
    public long KnownLost { get; set; }

    /// <summary>Right objects that the catalogue does not know: published after it was copied.</summary>
    public long Newer { get; set; }
}

/// <summary>
/// <c>sdc restore --verify</c>: reads a whole backup and compares it with its catalogue, and changes nothing.
/// The backup may be on a medium that cannot be written.
/// </summary>
internal sealed class BackupCheck(string backup, UpkeepProgress progress, Action<string> report)
{
    public string CatalogueFile => Path.Combine(backup, "catalogue.sqlite");

    /// <summary>Checks the catalogue: it is the one that was written, a sound database, and a ledger without gaps.</summary>
    /// <exception cref="SettingException">The folder holds no backup.</exception>
    public async Task<BackupFindings> CatalogueAsync(CancellationToken cancel)
    {
        if (!File.Exists(CatalogueFile))
            throw new SettingException($"The folder {backup} holds no backup: it has no catalogue.sqlite.");
        progress.Begin("catalogue");
        if (BackupState.Of(backup, await BackupState.DigestAsync(CatalogueFile, cancel)) is not { } state)
            return new BackupFindings { CatalogueFault = $"its digest is not the one in {BackupState.FileName}" };
        using var copy = new CatalogueCopy(CatalogueFile);
        if (copy.Fault(thorough: true) is { } fault)
            return new BackupFindings { CatalogueFault = fault };
        var auditFault = await copy.AuditFaultAsync(AuditHead.Parse(state.AuditHead), sinceThen: false, cancel);
        return new BackupFindings
        {
            Records = copy.Head,
            HasObjects = Directory.Exists(Path.Combine(backup, "objects")),
            AuditFault = auditFault,
        };
    }

    /// <summary>Checks the catalogue, then every object.</summary>
    public async Task<BackupFindings> RunAsync(CancellationToken cancel)
    {
        var findings = await CatalogueAsync(cancel);
        if (findings.CatalogueFault is not null || !findings.HasObjects)
            return findings;
        using var copy = new CatalogueCopy(CatalogueFile);
        progress.Begin("objects", copy.CountAfter(0));
        await CompareAsync(copy.After(0), findings, batch => ObjectCopy.VerifyAsync(ObjectCopy.In(backup), batch, progress, cancel));
        foreach (var batch in Newer(copy).Chunk(ObjectCopy.Batch))
            Count(batch, await ObjectCopy.VerifyAsync(ObjectCopy.In(backup), batch, progress, cancel), findings);
        return findings;
    }

    /// <summary>Goes through records in batches, counts what becomes of them, and gives those that are not intact.</summary>
    public async Task CompareAsync(
        IEnumerable<CopiedFile> files,
        BackupFindings findings,
        Func<CopiedFile[], Task<ObjectVerdict[]>> verify,
        Func<CopiedFile, ObjectVerdict, Task>? onBad = null
    )
    {
        foreach (var batch in files.Chunk(ObjectCopy.Batch))
        {
            var verdicts = await verify(batch);
            Count(batch, verdicts, findings);
            for (var i = 0; onBad is not null && i < batch.Length; i++)
            {
                if (!verdicts[i].IsIntact)
                    await onBad(batch[i], verdicts[i]);
            }
        }
    }

    /// <summary>
    /// Objects that a later backup added before it was interrupted. Those that got as far as a manifest are
    /// held to it; for the others their own bytes are all there is.
    /// </summary>
    public IEnumerable<CopiedFile> Newer(CatalogueCopy copy)
    {
        var head = copy.Head;
        var manifests = Path.Combine(backup, "manifests");
        // Only what one interrupted run added, so that it fits into memory.
        var listed = !Directory.Exists(manifests)
            ? []
            : Directory
                .EnumerateFiles(manifests, "manifest-*.txt")
                .SelectMany(Manifest.Read)
                .Where(entry => entry.Seq > head)
                .DistinctBy(entry => entry.Key)
                .ToDictionary(entry => entry.Key, StringComparer.Ordinal);
        var objects = Path.Combine(backup, "objects");
        foreach (var file in new DirectoryInfo(objects).EnumerateFiles("*", SearchOption.AllDirectories))
        {
            var key = Path.GetRelativePath(objects, file.FullName);
            if (copy.Find(key) is not null)
                continue;
            var writtenAt = new DateTimeOffset(file.LastWriteTimeUtc);
            yield return listed.TryGetValue(key, out var entry)
                ? new CopiedFile(0, key, entry.Size, entry.Sha256, writtenAt, IsMarked: false)
                : new CopiedFile(0, key, file.Length, Sha256: null, writtenAt, IsMarked: false);
        }
    }

    private void Count(CopiedFile[] batch, ObjectVerdict[] verdicts, BackupFindings findings)
    {
        for (var i = 0; i < batch.Length; i++)
        {
            var (file, verdict) = (batch[i], verdicts[i]);
            if (!verdict.IsIntact)
            {
                report(
                    $"{verdict.Word}{(file.IsMarked ? ", as the archive knew" : "")}: {file.Key}{(file.Seq > 0 ? $" (seq {file.Seq})" : "")}"
                );
                findings.KnownLost += file.IsMarked ? 1 : 0;
                findings.Failed += file.IsMarked ? 0 : 1;
            }
            else if (file.Seq > 0)
            {
                findings.Intact++;
            }
            else
            {
                findings.Newer++;
            }
        }
    }
}
