using Microsoft.Win32.SafeHandles;

namespace OpenSdc.Server.Objects;

/// <summary>
/// Makes all of a file system durable at once, where the system promises to tell when that fails: Linux does since 5.8, and for the
/// file systems named here it is known that the flush reaches the disk.
/// </summary>
internal sealed class FileSystemFlush : IDisposable
{
    private static readonly Version TellsOfFailures = new(5, 8);
    private static readonly string[] Known = ["ext2", "ext3", "ext4", "xfs"];

    private readonly string folder;

    // A failure is told once to each handle that was open when it came: so it is opened once, before anything is written.
    private readonly SafeFileHandle handle;

    private FileSystemFlush(string folder) => (this.folder, handle) = (folder, Posix.OpenFolder(folder));

    /// <summary>For the file system that a folder lies on; null where it cannot be relied on.</summary>
    public static FileSystemFlush? Of(string folder) =>
        OperatingSystem.IsLinux() && Environment.OSVersion.Version >= TellsOfFailures && Known.Contains(new DriveInfo(folder).DriveFormat)
            ? new FileSystemFlush(folder)
            : null;

    public void Run() => Posix.FlushFileSystem(handle, folder);

    public void Dispose() => handle.Dispose();
}
