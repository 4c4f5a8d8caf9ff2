using OpenSdc.Server.Objects;

namespace OpenSdc.Server;

/// <summary>
/// The folder that holds an archive: <c>objects/</c> (the files, at their keys), <c>staging/</c> (uploads on
/// their way), <c>catalogue.sqlite</c>, <c>signing.key</c>, <c>mission.json</c>, <c>access-control</c> once
/// it has a key or an issuer; where a check has repaired something also <c>quarantine/</c> and <c>fsck/</c>
/// (its logs). Opened by one process at a time.
/// </summary>
internal sealed partial class DataFolder : IDisposable
{
    private readonly FolderLock? inUse;

    private DataFolder(string path, FolderLock? inUse) => (Path, this.inUse) = (path, inUse);

    public string Path { get; }

    public string CatalogueFile => System.IO.Path.Combine(Path, "catalogue.sqlite");

    /// <summary>
    /// Opens a folder that exists beside a process that may be serving it; the caller writes only through the
    /// catalogue's transactions and by links.
    /// </summary>
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
    public static DataFolder Open(string path, UnixFileMode mode = FileRights.OfOwner)
    {
        var full = System.IO.Path.GetFullPath(path);
        try
        {
            if (OperatingSystem.IsWindows())
                Directory.CreateDirectory(full);
            else
                Directory.CreateDirectory(full, mode);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new SettingException($"The data folder {full} cannot be made: {failure.Message}", failure);
        }

        try
        {
            if (Posix.WhyNotWritable(full) is var error and not 0)
                throw Posix.Failure(error, $"write {full}");
            return FolderLock.Take(full) is { } held
                ? new DataFolder(full, held)
                : throw new SettingException(
                    $"The data folder {full} cannot be used; is another archive running on it? Its lock is held by another process."
                );
        }
        catch (IOException failure) when (Disk.IsReadOnly(failure))
        {
            throw new SettingException(
                $"The data folder {full} cannot be used: it lies on a file system that is read-only, and an archive writes to it. Was it remounted so after an error of the disk? "
                + "sdc fsck and sdc backup can read it as it is.", failure);
        }
        catch (IOException failure)
        {
            throw new SettingException($"The data folder {full} cannot be written by the user that runs this: {failure.Message}", failure);
        }
    }

    /// <summary>Whether a process is serving it now.</summary>
    public bool IsServed() => FolderLock.IsTaken(Path);

    /// <summary>
    /// Warns of what in it has wider rights than the setting says. No refusal: an archive that ran yesterday
    /// starts today as well.
    /// </summary>
    public void WarnOfRights(UnixFileMode allowed, ILogger logger)
    {
        foreach (var (path, mode) in FileRights.Wider(Path, allowed))
            LogExposed(logger, path, mode, Convert.ToString((int)allowed, 8));
    }

    public void Dispose() => inUse?.Dispose();

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "{Path} has the mode {Mode}, which lets others than data-mode ({Allowed}) says read the archive past its server; chmod it"
    )]
    private static partial void LogExposed(ILogger logger, string path, string mode, string allowed);
}
