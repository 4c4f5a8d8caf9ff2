using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace OpenSdc.Server.Objects;

/// <summary>
/// The calls of the operating system that .NET does not offer, or not so that they can be relied on: link a file, replace one, flush a file, a folder or
/// a file system, drop a file from the page cache.
/// </summary>
internal static partial class Posix
{
    private const int AlreadyThere = 17; // EEXIST
    private const int ReadOnly = 0;      // O_RDONLY
    private const int DontNeed = 4;      // POSIX_FADV_DONTNEED

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

    /// <summary>Gives a file the name of another, which loses it in the same moment: at no time is there neither. Not for objects, which are never replaced.</summary>
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

    /// <summary>A handle to a folder itself, for flushing.</summary>
    public static SafeFileHandle OpenFolder(string folder)
    {
        var descriptor = open(folder, ReadOnly);
        return descriptor < 0 ? throw Failure(Marshal.GetLastPInvokeError(), $"open folder {folder}") : new SafeFileHandle(descriptor, ownsHandle: true);
    }

    /// <summary>Asks the system to forget what it has cached of a file. Advice: where the file system does not follow it, nothing is lost.</summary>
    public static void DropCache(SafeFileHandle file) => _ = posix_fadvise(file, 0, 0, DontNeed);

    // As .NET's own file calls do on these systems, the error number travels as HResult.
    private static IOException Failure(int error, string what) => new($"{what}: {new Win32Exception(error).Message}", error);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int link(string existing, string name);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int rename(string from, string to);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsync(SafeFileHandle file);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int syncfs(SafeFileHandle descriptor);

    [LibraryImport("libc")]
    private static partial int posix_fadvise(SafeFileHandle descriptor, long offset, long length, int advice);
}
