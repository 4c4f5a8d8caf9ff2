using OpenSdc.Server.Objects;

namespace OpenSdc.Server;

/// <summary>
/// The folder that holds an archive: <c>objects/</c> (the files, at their keys), <c>staging/</c> (uploads on their way),
/// <c>catalogue.sqlite</c>, <c>signing.key</c>, <c>lock</c>; where a check has repaired something also <c>quarantine/</c> and <c>fsck/</c> (its logs).
/// Opened by one process at a time.
/// </summary>
internal sealed class DataFolder : IDisposable
{
    private readonly FileStream? inUse;

    private DataFolder(string path, FileStream? inUse) => (Path, this.inUse) = (path, inUse);

    public string Path { get; }

    public string CatalogueFile => System.IO.Path.Combine(Path, "catalogue.sqlite");

    /// <summary>Opens a folder that exists beside a process that may be serving it; the caller writes only through the catalogue's transactions and by links.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="holdsObjects">Whether the archive's objects lie in it as well.</param>
    /// <exception cref="SettingException">There is no archive in it.</exception>
    public static DataFolder Join(string path, bool holdsObjects = true)
    {
        var full = System.IO.Path.GetFullPath(path);
        var needed = holdsObjects ? System.IO.Path.Combine(full, "objects") : full;
        return Directory.Exists(needed)
            ? new DataFolder(full, inUse: null)
            : throw new SettingException($"The folder {full} holds no archive: there is no folder {needed}.");
    }

    /// <summary>Opens the folder, or makes it, for this process alone.</summary>
    /// <exception cref="SettingException">It cannot be made or written, or another process has it.</exception>
    public static DataFolder Open(string path)
    {
        var full = System.IO.Path.GetFullPath(path);
        try
        {
            Directory.CreateDirectory(full);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new SettingException($"The data folder {full} cannot be made: {failure.Message}", failure);
        }

        try
        {
            return new DataFolder(full, new FileStream(System.IO.Path.Combine(full, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (UnauthorizedAccessException failure)
        {
            throw new SettingException($"The data folder {full} cannot be written by the user that runs this: {failure.Message}", failure);
        }
        catch (IOException failure) when (Disk.IsReadOnly(failure))
        {
            throw new SettingException(
                $"The data folder {full} cannot be used: it lies on a file system that is read-only, and an archive writes to it. Was it remounted so after an error of the disk? "
                + "sdc fsck and sdc backup can read it as it is.", failure);
        }
        catch (IOException failure)
        {
            throw new SettingException($"The data folder {full} cannot be used; is another archive running on it? {failure.Message}", failure);
        }
    }

    /// <summary>Whether a process is serving it now.</summary>
    public bool IsServed()
    {
        var file = System.IO.Path.Combine(Path, "lock");
        if (!File.Exists(file))
            return false;
        try
        {
            // A shared lock for a moment: it stands only where nobody has the exclusive one.
            using var asked = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read);
            return false;
        }
        catch (Exception held) when (held is IOException or UnauthorizedAccessException)
        {
            return true; // also where it cannot be asked: then the careful answer
        }
    }

    public void Dispose() => inUse?.Dispose();
}
