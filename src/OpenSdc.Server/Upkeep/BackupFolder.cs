using System.Globalization;
using System.Text;
using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Objects;

namespace OpenSdc.Server.Upkeep;

/// <summary>
/// A folder of backups, opened to add one: <c>objects/KEY</c>, <c>manifests/</c>, <c>catalogue.sqlite</c>,
/// <c>signing.key</c>, <c>backup.json</c>.
/// </summary>
/// <remarks>
/// Nothing bears its final name before it is whole and flushed, and the names come in this order: objects,
/// manifests, the catalogue that needs them, <c>backup.json</c>. So a crash at any moment leaves the last
/// backup as it was, and objects that the next run finds and keeps.
/// </remarks>
internal sealed class BackupFolder : IDisposable
{
    /// <summary>What a file's name ends in while it is being written.</summary>
    public const string Partial = ".partial";

    private readonly FolderLock inUse;
    private readonly string manifests;
    private readonly string prefix;

    /// <exception cref="SettingException">The folder is in use, or holds something else than backups of this sort.</exception>
    public BackupFolder(string path, string data, bool catalogueOnly)
    {
        Folder = Path.GetFullPath(path);
        manifests = Path.Combine(Folder, "manifests");
        // Two names, so that the objects of a backup without any are never taken to be there.
        prefix = catalogueOnly ? "digests" : "manifest";
        Refuse(Path.GetFullPath(data), catalogueOnly ? "manifest" : "digests");
        Directory.CreateDirectory(Folder);
        inUse =
            FolderLock.Take(Folder)
            ?? throw new SettingException(
                $"The backup folder {Folder} cannot be used; is another backup writing to it? Its lock is held by another process."
            );
        Directory.CreateDirectory(manifests);
        Posix.FlushFolder(Folder);
        if (!catalogueOnly)
            Store = new DiskObjectStore(Folder);
        RemoveLeftOvers();
        Last = LastOf(manifests, prefix);
    }

    public string Folder { get; }

    public string CatalogueFile => Path.Combine(Folder, "catalogue.sqlite");

    public string PartialCatalogue => CatalogueFile + Partial;

    /// <summary>Where the objects go; null where they are backed up otherwise.</summary>
    public DiskObjectStore? Store { get; }

    /// <summary>All publications up to this one are in the backup, but for those of <see cref="Missing"/>.</summary>
    public long Last { get; }

    /// <summary>Finishes what a crash interrupted between the names of a catalogue and of its state.</summary>
    public async Task FinishAsync(CancellationToken cancel)
    {
        var partial = Path.Combine(Folder, BackupState.FileName + Partial);
        if (!File.Exists(partial))
            return;
        if (
            File.Exists(CatalogueFile)
            && BackupState.Read(partial)?.CatalogueSha256 == await BackupState.DigestAsync(CatalogueFile, cancel)
        )
            NamePartial(BackupState.FileName);
        else
            File.Delete(partial);
    }

    /// <summary>The newest entry of the audit in the last backup; null where there is none.</summary>
    public AuditHead? AuditHead =>
        BackupState.Read(Path.Combine(Folder, BackupState.FileName)) is { } last ? Catalogue.AuditHead.Parse(last.AuditHead) : null;

    /// <summary>The publications whose objects an earlier run could not copy.</summary>
    public List<long> Missing()
    {
        var path = Path.Combine(manifests, "missing.txt");
        return File.Exists(path)
            ?
            [
                .. File.ReadLines(path)
                    .Select(line =>
                        long.Parse(
                            line.AsSpan(0, line.IndexOf(' ', StringComparison.Ordinal)),
                            NumberStyles.None,
                            CultureInfo.InvariantCulture
                        )
                    ),
            ]
            : [];
    }

    public void PutMissing(IEnumerable<(long Seq, string Key)> missing) =>
        Put("manifests/missing.txt", Encoding.UTF8.GetBytes(string.Concat(missing.Select(each => $"{each.Seq} {each.Key}\n"))));

    /// <summary>The name of the manifest that goes on from <see cref="Last"/>.</summary>
    public string ManifestTo(long head) => string.Create(CultureInfo.InvariantCulture, $"manifests/{prefix}-{Last + 1}-{head}.txt");

    /// <summary>The name of the manifest of objects that were missing before.</summary>
    public static string LateManifest(DateTimeOffset now) =>
        string.Create(CultureInfo.InvariantCulture, $"manifests/late-{now:yyyyMMdd'T'HHmmss'Z'}.txt");

    public StreamWriter Begin(string name) =>
        new(Path.Combine(Folder, name + Partial), append: false, new UTF8Encoding(false), bufferSize: 1 << 16);

    /// <summary>Flushes a file that <see cref="Begin"/> gave, and names it; an empty one goes.</summary>
    public void Name(string name, StreamWriter written)
    {
        written.Flush();
        var isEmpty = written.BaseStream.Length == 0;
        var stream = (FileStream)written.BaseStream;
        stream.Flush();
        Posix.Flush(stream.SafeFileHandle, stream.Name);
        written.Dispose();
        if (isEmpty)
            File.Delete(Path.Combine(Folder, name + Partial));
        else
            NamePartial(name);
    }

    /// <summary>Puts a small file in the place of the one of that name.</summary>
    public void Put(string name, ReadOnlySpan<byte> bytes)
    {
        WritePartial(name, bytes);
        NamePartial(name);
    }

    /// <summary>Puts the partial catalogue, and its state, in the place of those of the last backup.</summary>
    public void PutCatalogue(BackupState state)
    {
        WritePartial(BackupState.FileName, state.ToJson());
        Posix.FlushFolder(Folder);
        NamePartial("catalogue.sqlite");
        NamePartial(BackupState.FileName);
    }

    public void Dispose()
    {
        Store?.Dispose();
        inUse.Dispose();
    }

    /// <summary>
    /// The last publication of an unbroken row of manifests. What lies behind a gap is looked at again, which
    /// costs time and nothing else.
    /// </summary>
    private static long LastOf(string manifests, string prefix)
    {
        long last = 0;
        foreach (var (from, to) in Directory.EnumerateFiles(manifests, prefix + "-*.txt").Select(Range).Order())
        {
            if (from <= last + 1)
                last = Math.Max(last, to);
        }

        return last;
    }

    private static (long From, long To) Range(string path)
    {
        var parts = Path.GetFileNameWithoutExtension(path).Split('-');
        return parts.Length == 3 && long.TryParse(parts[1], out var from) && long.TryParse(parts[2], out var to)
            ? (from, to)
            : throw new SettingException($"The file {path} is none that a backup writes; move it away.");
    }

    /// <summary>Names a file that lies whole and flushed beside its name; what had that name is gone in the same moment.</summary>
    private void NamePartial(string name)
    {
        var path = Path.Combine(Folder, name);
        Posix.Replace(path + Partial, path);
        Posix.FlushFolder(Path.GetDirectoryName(path)!);
    }

    private void WritePartial(string name, ReadOnlySpan<byte> bytes)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        // The signing key is only for the owner, the rest at most for its group: never for others.
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode =
                UnixFileMode.UserRead | UnixFileMode.UserWrite | (name == "signing.key" ? UnixFileMode.None : UnixFileMode.GroupRead);
        var path = Path.Combine(Folder, name + Partial);
        File.Delete(path);
        using var stream = new FileStream(path, options);
        stream.Write(bytes);
        stream.Flush();
        Posix.Flush(stream.SafeFileHandle, stream.Name);
    }

    private void Refuse(string data, string otherSort)
    {
        if (IsBelow(Folder, data) || IsBelow(data, Folder))
            throw new SettingException(
                $"The backup folder {Folder} and the data folder {data} must not lie in each other; the best place is another disk."
            );
        if (!Directory.Exists(Folder))
            return;
        if (
            !Directory.Exists(manifests)
            && Directory.EnumerateFileSystemEntries(Folder).Any(entry => Path.GetFileName(entry) is not ("lock" or "lost+found"))
        )
            throw new SettingException($"The folder {Folder} is not empty, and holds no backup; give an empty one.");
        if (Directory.Exists(manifests) && Directory.EnumerateFiles(manifests, otherSort + "-*.txt").Any())
            throw new SettingException(
                $"The folder {Folder} holds backups {(otherSort == "manifest" ? "with" : "without")} objects (--catalogue-only); keep the two sorts in two folders."
            );
    }

    private static bool IsBelow(string path, string folder) =>
        (Path.TrimEndingDirectorySeparator(path) + '/').StartsWith(
            Path.TrimEndingDirectorySeparator(folder) + '/',
            StringComparison.Ordinal
        );

    private void RemoveLeftOvers()
    {
        foreach (var leftOver in Store?.LeftOver().ToList() ?? [])
            Store!.RemoveLeftOver(leftOver);
        foreach (
            var partial in Directory.EnumerateFiles(Folder, "*" + Partial + "*").Concat(Directory.EnumerateFiles(manifests, "*" + Partial))
        )
        {
            // The state may be the one that goes with the catalogue.
            if (Path.GetFileName(partial) != BackupState.FileName + Partial)
                File.Delete(partial);
        }
    }
}
