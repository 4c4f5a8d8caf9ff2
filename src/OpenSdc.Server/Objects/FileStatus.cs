using System.ComponentModel;
using System.Runtime.InteropServices;

namespace OpenSdc.Server.Objects;

/// <summary>
/// What a file is, without opening it. .NET tells neither pipes from files, which must not be opened, nor when a file got its
/// name, which is how a fresh upload is known; the system's <c>statx</c> tells both in one call.
/// </summary>
internal static partial class FileStatus
{
    private const int WorkingFolder = -100;     // AT_FDCWD
    private const int DoNotFollow = 0x100;      // AT_SYMLINK_NOFOLLOW
    private const uint Wanted = 0x2C3;          // STATX_TYPE | STATX_MODE | STATX_MTIME | STATX_CTIME | STATX_SIZE
    private const int TypeMask = 0xF000;        // S_IFMT
    private const int RegularFile = 0x8000;     // S_IFREG
    private const int Link = 0xA000;            // S_IFLNK
    private const int NoEntry = 2;              // ENOENT
    private const int NoFolder = 20;            // ENOTDIR

    /// <summary>Null where there is nothing of that name. The answer has no key.</summary>
    public static ListedObject? Of(string path)
    {
        if (!OperatingSystem.IsLinux())
            return OfAnySystem(path);
        if (statx(WorkingFolder, path, DoNotFollow, Wanted, out var status) != 0)
        {
            var error = Marshal.GetLastPInvokeError();
            return error is NoEntry or NoFolder
                ? null
                : throw new IOException($"look at {path}: {new Win32Exception(error).Message}", error);
        }

        var what = (status.Mode & TypeMask) switch
        {
            RegularFile => ListedKind.Object,
            Link => ListedKind.Link,
            _ => ListedKind.Other,
        };
        return new ListedObject(
            "",
            what,
            what == ListedKind.Object ? (long)status.Size : 0,
            At(status.Written, status.WrittenPart),
            At(status.Changed, status.ChangedPart)
        );
    }

    private static ListedObject? OfAnySystem(string path)
    {
        var file = new FileInfo(path);
        if (!file.Exists && file.LinkTarget is null)
            return Directory.Exists(path) ? new ListedObject("", ListedKind.Other, 0, default, default) : null;
        var written = new DateTimeOffset(file.LastWriteTimeUtc);
        return file.LinkTarget is null
            ? new ListedObject("", ListedKind.Object, file.Length, written, written)
            : new ListedObject("", ListedKind.Link, 0, written, written);
    }

    // A file system may hold any number; one that no calendar has is as old or as young as can be.
    private static DateTimeOffset At(long seconds, uint nanoseconds) =>
        DateTimeOffset.FromUnixTimeSeconds(Math.Clamp(seconds, -62135596800, 253402300799)).AddTicks(nanoseconds / 100);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int statx(int folder, string path, int flags, uint mask, out Status status);

    /// <summary>The part of the kernel's <c>struct statx</c> that is read; the same on every machine that Linux runs on.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Status
    {
        [FieldOffset(28)] public ushort Mode;
        [FieldOffset(40)] public ulong Size;
        [FieldOffset(96)] public long Changed;
        [FieldOffset(104)] public uint ChangedPart;
        [FieldOffset(112)] public long Written;
        [FieldOffset(120)] public uint WrittenPart;
    }
}
