using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace OpenSdc.Client;

/// <summary>
/// Makes a file durable before it gets its name. .NET's own flush loses the failure of fsync on Unix.
/// </summary>
internal static partial class Durable
{
    private const int ReadOnly = 0;            // O_RDONLY
    private const int Invalid = 22;            // EINVAL: the file system does not flush folders
    private const int Unsupported = 95;        // EOPNOTSUPP of Linux

    private static readonly int CloseOnExec = OperatingSystem.IsLinux() ? 0x80000 : OperatingSystem.IsMacOS() ? 0x1000000 : 0;

    public static void Flush(FileStream file)
    {
        if (OperatingSystem.IsWindows())
        {
#pragma warning disable RS0030 // Its failure is lost on Unix only.
            file.Flush(flushToDisk: true);
#pragma warning restore RS0030
            return;
        }

        if (fsync(file.SafeFileHandle) != 0)
            throw Failure($"flush {file.Name}");
    }

    /// <summary>
    /// Gives a file its name, in place of a file that has it. The name is durable once its folder is flushed.
    /// </summary>
    public static void Rename(string from, string to)
    {
        if (OperatingSystem.IsWindows())
        {
#pragma warning disable RS0030 // To replace is what the caller means.
            File.Move(from, to, overwrite: true);
#pragma warning restore RS0030
            return;
        }

        if (rename(from, to) != 0)
            throw Failure($"rename {from} to {to}");
    }

    /// <summary>Makes the names in a folder durable.</summary>
    public static void FlushFolder(string path)
    {
        if (OperatingSystem.IsWindows())
            return;
        var descriptor = open(path, ReadOnly | CloseOnExec);
        if (descriptor < 0)
            throw Failure($"open the folder {path}");
        using var folder = new SafeFileHandle(descriptor, ownsHandle: true);
        if (fsync(folder) != 0 && Marshal.GetLastPInvokeError() is not (Invalid or Unsupported))
            throw Failure($"flush the folder {path}");
    }

    private static IOException Failure(string what)
    {
        var error = Marshal.GetLastPInvokeError();
        return new($"{what}: {new Win32Exception(error).Message}", error);
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsync(SafeFileHandle file);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int rename(string from, string to);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);
}
