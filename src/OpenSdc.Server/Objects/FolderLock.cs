using Microsoft.Win32.SafeHandles;

namespace OpenSdc.Server.Objects;

/// <summary>
/// A folder that one process has for itself, by a lock on the folder itself: a file in it could be removed, and a
/// second process would make and lock another one. The system gives the lock up when the process ends, however it
/// does.
/// </summary>
/// <remarks>Where a file system locks no folders (NFS wants a file that is open for writing), a file <c>lock</c> in
/// it takes their place.</remarks>
internal sealed class FolderLock : IDisposable
{
    private const int WouldBlock = 11;   // EWOULDBLOCK
    private const int BadDescriptor = 9; // EBADF: what NFS says of a folder

    private readonly IDisposable held;

    private FolderLock(IDisposable held) => this.held = held;

    /// <summary>Locks a folder that exists; null where another process has it.</summary>
    public static FolderLock? Take(string folder)
    {
        var handle = Posix.OpenFolder(folder);
        var error = Posix.Lock(handle, exclusive: true);
        if (error == 0)
            return new FolderLock(handle);
        handle.Dispose();
        return error switch
        {
            WouldBlock => null,
            BadDescriptor => TakeFile(Path.Combine(folder, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None),
            _ => throw Posix.Failure(error, $"lock folder {folder}"),
        };
    }

    /// <summary>Whether a process has it; also true where that cannot be asked, which is the careful answer.</summary>
    public static bool IsTaken(string folder)
    {
        try
        {
            // A shared lock for a moment: it stands only where nobody has the exclusive one.
            using SafeFileHandle handle = Posix.OpenFolder(folder);
            var error = Posix.Lock(handle, exclusive: false);
            if (error != BadDescriptor)
                return error != 0;
            var file = Path.Combine(folder, "lock");
            if (!File.Exists(file))
                return false;
            using var asked = TakeFile(file, FileMode.Open, FileAccess.Read, FileShare.Read);
            return asked is null;
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            return true;
        }
    }

    public void Dispose() => held.Dispose();

    private static FolderLock? TakeFile(string file, FileMode mode, FileAccess access, FileShare share)
    {
        try
        {
            return new FolderLock(new FileStream(file, mode, access, share));
        }
        catch (IOException failure) when (failure.HResult == WouldBlock)
        {
            return null;
        }
    }
}
