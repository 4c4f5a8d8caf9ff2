namespace OpenSdc.Server.Objects;

/// <summary>
/// Moves files between the archive and its quarantine: linked to the new name, which never overwrites, made durable there, and only then
/// taken from the old name.
/// </summary>
internal sealed class DiskQuarantine(string dataFolder)
{
    private const int NoEntry = 2; // ENOENT

    private readonly string objects = Path.Combine(dataFolder, "objects");
    private readonly string quarantine = Path.Combine(dataFolder, "quarantine");

    public Moved Take(string key, string place) => Move(Within(objects, key), Within(quarantine, place));

    public Moved GiveBack(string place, string key) => Move(Within(quarantine, place), Within(objects, key));

    private Moved Move(string from, string to)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(to)!);
        try
        {
            if (!Posix.Link(from, to))
                return Moved.Taken;
        }
        catch (IOException missing) when (missing.HResult == NoEntry)
        {
            return Moved.Missing;
        }

        FlushFoldersOf(to);
        File.Delete(from);
        Posix.FlushFolder(Path.GetDirectoryName(from)!);
        return Moved.Done;
    }

    private void FlushFoldersOf(string path)
    {
        for (var folder = Path.GetDirectoryName(path)!; folder.Length >= dataFolder.Length; folder = Path.GetDirectoryName(folder)!)
            Posix.FlushFolder(folder);
    }

    /// <summary>Keys come from listings and from logs, which anyone may have written: none leads out of its folder.</summary>
    private static string Within(string root, string key)
    {
        var path = Path.GetFullPath(Path.Combine(root, key));
        return path.StartsWith(root + Path.DirectorySeparatorChar, StringComparison.Ordinal)
            ? path
            : throw new IOException($"'{key}' leads out of {root}");
    }
}
