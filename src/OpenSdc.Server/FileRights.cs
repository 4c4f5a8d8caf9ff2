using System.Runtime.InteropServices;

namespace OpenSdc.Server;

/// <summary>
/// Who may read what the archive writes: its user, or also its group; never others. The process makes every
/// file and folder so (its umask), whatever the shell or the service manager that started it says: also those
/// that SQLite makes.
/// </summary>
internal static partial class FileRights
{
    public const UnixFileMode OfOwner = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode OfGroup = UnixFileMode.GroupRead | UnixFileMode.GroupExecute;

    /// <summary>The setting's words: the mode of the data folder.</summary>
    public static UnixFileMode Parse(string text) => text switch
    {
        "0700" or "700" => OfOwner,
        "0750" or "750" => OfOwner | OfGroup,
        _ => throw new FormatException("0700 (its user alone) or 0750 (its group may read)"),
    };

    /// <summary>Takes from everything that this process makes from now on what the setting does not give.</summary>
    public static void Restrict(ServerOptions options)
    {
        if (!OperatingSystem.IsWindows())
            _ = umask((uint)~options.DataMode & 0b111_111_111);
    }

    /// <summary>
    /// What of the archive's own in a folder has wider rights than the setting says, each with its mode.
    /// Below a folder that others cannot enter nothing else is looked at; the files of the archive are as
    /// many as there are, so that only the folders and the catalogue at its top are.
    /// </summary>
    public static IEnumerable<(string Path, string Mode)> Wider(string folder, UnixFileMode allowed)
    {
        if (OperatingSystem.IsWindows())
            yield break;
        string[] looked = [folder, .. Directory.EnumerateDirectories(folder), .. Directory.EnumerateFiles(folder, "catalogue.sqlite*")];
        foreach (var path in looked)
        {
            var mode = File.GetUnixFileMode(path) & ~(UnixFileMode.SetGroup | UnixFileMode.SetUser | UnixFileMode.StickyBit);
            if ((mode & ~(allowed | OfOwner)) == UnixFileMode.None)
                continue;
            yield return (path, Convert.ToString((int)mode, 8));
        }
    }

    [LibraryImport("libc")]
    private static partial uint umask(uint mask);
}
