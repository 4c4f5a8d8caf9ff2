using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace OpenSdc.Server.Objects;

/// <summary>
/// The calls of the operating system that .NET does not offer, or not so that they can be relied on: link a file,
/// replace one, flush a file, a folder or a file system, ask whether a file takes writes, pass the page cache by,
/// drop a file from it.
/// </summary>
internal static partial class Posix
{
    private const int AlreadyThere = 17; // EEXIST
    private const int ReadOnly = 0;      // O_RDONLY
    private const int LockShared = 1;    // LOCK_SH
    private const int LockExclusive = 2; // LOCK_EX
    private const int LockNow = 4;       // LOCK_NB
    private const int DontNeed = 4;      // POSIX_FADV_DONTNEED
    private const int WriteOk = 2;       // W_OK
    private const int GetFlags = 3;      // F_GETFL
    private const int SetFlags = 4;      // F_SETFL

    // What the system says of a call, as the HResult of an IOException has it.
    public const int Invalid = 22;       // EINVAL

    // O_DIRECT of Linux, which depends on the processor; 0 where we do not know it.
    private static readonly int Direct = !OperatingSystem.IsLinux() ? 0 : RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 or Architecture.X86 or Architecture.RiscV64 or Architecture.LoongArch64 => 0x4000,
        Architecture.Arm64 or Architecture.Arm => 0x10000,
        _ => 0,
    };

    // O_CLOEXEC: a program that this one starts must not keep a lock.
    private static readonly int CloseOnExec = OperatingSystem.IsLinux() ? 0x80000 : OperatingSystem.IsMacOS() ? 0x1000000 : 0;

    /// <summary>Gives a file a second name; false where that name is taken, which is left as it is.</summary>
    public static bool Link(string existing, string name)
    {
        if (link(existing, name) == 0)
            return true;
        var error = Marshal.GetLastPInvokeError();
        return error == AlreadyThere ? false : throw Failure(error, $"link {name}");
    }

    /// <summary>Makes a file's bytes durable.</summary>
    /// <remarks>
    /// .NET's own flush loses the failure: on Unix its native part answers 1 where fsync failed, and its managed part looks for a
    /// number below 0. A disk that could not write would be taken for one that did.
    /// </remarks>
    public static void Flush(SafeFileHandle file, string path)
    {
        if (fsync(file) != 0)
            throw Failure(Marshal.GetLastPInvokeError(), $"flush {path}");
    }

    /// <summary>
    /// Gives a file the name of another, which loses it in the same moment: at no time is there neither. Not for
    /// objects, which are never replaced.
    /// </summary>
    public static void Replace(string file, string name)
    {
        if (rename(file, name) != 0)
            throw Failure(Marshal.GetLastPInvokeError(), $"rename {file} to {name}");
    }

    /// <summary>Makes a folder's entries durable.</summary>
    public static void FlushFolder(string folder)
    {
        using var handle = OpenFolder(folder);
        Flush(handle, $"folder {folder}");
    }

    /// <summary>Makes everything durable on the file system that a folder lies on.</summary>
    public static void FlushFileSystem(SafeFileHandle handle, string folder)
    {
        if (syncfs(handle) != 0)
            throw Failure(Marshal.GetLastPInvokeError(), $"flush the file system of {folder}");
    }

    /// <summary>
    /// Locks an open file or folder for as long as it is open; the error where that is not possible at once,
    /// otherwise 0.
    /// </summary>
    public static int Lock(SafeFileHandle handle, bool exclusive) =>
        flock(handle, (exclusive ? LockExclusive : LockShared) | LockNow) == 0 ? 0 : Marshal.GetLastPInvokeError();

    /// <summary>A handle to a folder itself, for flushing or locking.</summary>
    public static SafeFileHandle OpenFolder(string folder)
    {
        var descriptor = open(folder, ReadOnly | CloseOnExec);
        return descriptor < 0
            ? throw Failure(Marshal.GetLastPInvokeError(), $"open folder {folder}")
            : new SafeFileHandle(descriptor, ownsHandle: true);
    }

    /// <summary>
    /// The error that a write of a file would meet; 0 where there is none. It is not opened for that: closing it
    /// would give up the locks that a database of this process holds on it.
    /// </summary>
    public static int WhyNotWritable(string file) => access(file, WriteOk) == 0 ? 0 : Marshal.GetLastPInvokeError();

    /// <summary>
    /// Asks the system to forget what it has cached of a file. Advice: where the file system does not follow it,
    /// nothing is lost.
    /// </summary>
    public static void DropCache(SafeFileHandle file) => _ = posix_fadvise(file, 0, 0, DontNeed);

    /// <summary>
    /// Makes the next writes pass the page cache by, or no longer. They must then be of whole pages, in place, length
    /// and memory. False where this system or file system has no such way.
    /// </summary>
    public static bool SetDirect(SafeFileHandle file, bool direct)
    {
        if (Direct == 0)
            return false;
        var flags = fcntl(file, GetFlags, 0);
        return flags >= 0 && fcntl(file, SetFlags, direct ? flags | Direct : flags & ~Direct) == 0;
    }

    // As .NET's own file calls do on these systems, the error number travels as HResult.
    public static IOException Failure(int error, string what) => new($"{what}: {new Win32Exception(error).Message}", error);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int link(string existing, string name);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int rename(string from, string to);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int access(string path, int mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int flock(SafeFileHandle file, int operation);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsync(SafeFileHandle file);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int syncfs(SafeFileHandle descriptor);

    // In C its last parameter is one of a variable number; on the processors above those travel as the others do.
    [LibraryImport("libc")]
    private static partial int fcntl(SafeFileHandle file, int command, nint flags);

    [LibraryImport("libc")]
    private static partial int posix_fadvise(SafeFileHandle descriptor, long offset, long length, int advice);
}
