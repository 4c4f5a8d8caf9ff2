using OpenSdc.Contract.Naming;
using OpenSdc.Server;
using OpenSdc.Server.Objects;
using OpenSdc.Server.Upkeep;

namespace OpenSdc.Tests.Upkeep;

/// <summary>A folder of backups beside archives, and the commands' work on them, step by step.</summary>
internal sealed class BackupSteps : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("opensdc-").FullName;

    /// <summary>Where the backups go.</summary>
    public string Folder => Path.Combine(root, "backup");

    /// <summary>Where they are restored to.</summary>
    public string Restored => Path.Combine(root, "restored");

    /// <summary>What the operator was told, line by line.</summary>
    public List<string> Told { get; } = [];

    public async Task<BackupResult> BackUpAsync(
        string data,
        bool catalogueOnly = false,
        Action<string>? report = null,
        CancellationToken cancel = default
    )
    {
        using var joined = DataFolder.Join(data);
        using var store = new DiskObjectStore(data);
        using var folder = new BackupFolder(Folder, data, catalogueOnly);
        return await new Backup(joined, store, folder, TimeProvider.System, new UpkeepProgress(), report ?? Told.Add).RunAsync(cancel);
    }

    public Task<BackupFindings> RestoreAsync(string? target = null) =>
        new Restore(Folder, target ?? Restored, TimeProvider.System, new UpkeepProgress(), Told.Add).RunAsync(CancellationToken.None);

    public Task<BackupFindings> VerifyAsync() => new BackupCheck(Folder, new UpkeepProgress(), Told.Add).RunAsync(CancellationToken.None);

    public async Task<RebuildResult> RebuildAsync(string data)
    {
        using var folder = DataFolder.Open(data);
        using var store = new DiskObjectStore(data);
        return await new Rebuild(
            folder,
            store,
            MissionText.InFolder(data) ?? MissionText.BuiltIn,
            TimeProvider.System,
            new UpkeepProgress(),
            Told.Add
        ).RunAsync(CancellationToken.None);
    }

    /// <summary>All files of the backups, as paths.</summary>
    public List<string> Files() =>
        [
            .. Directory
                .EnumerateFiles(Folder, "*", SearchOption.AllDirectories)
                .Select(path => Path.GetRelativePath(Folder, path))
                .Where(path => path != "lock")
                .Order(StringComparer.Ordinal),
        ];

    /// <summary>Changes one bit of an object, which is what a disk does to it; a second time undoes the first.</summary>
    public static void Damage(string folder, string key)
    {
        using var stream = new FileStream(Path.Combine(folder, "objects", key), FileMode.Open, FileAccess.ReadWrite);
        var first = stream.ReadByte();
        stream.Position = 0;
        stream.WriteByte((byte)(first ^ 1));
    }

    public void Dispose() => Directory.Delete(root, recursive: true);
}
