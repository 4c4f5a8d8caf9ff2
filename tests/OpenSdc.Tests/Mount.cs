using System.Diagnostics;
using Shouldly;

namespace OpenSdc.Tests;

/// <summary>A file system of a test's own: a small one that can be filled, or a folder that cannot be written.</summary>
internal sealed class Mount : IDisposable
{
    private readonly bool made;

    private Mount(string folder, bool made) => (Folder, this.made) = (folder, made);

    public string Folder { get; }

    /// <summary>A file system in memory; the test is skipped, and says so, where it may not be mounted.</summary>
    public static Mount Small(string size)
    {
        var folder = Directory.CreateTempSubdirectory("opensdc-").FullName;
        return MountOrSkip(new Mount(folder, made: true), "-t", "tmpfs", "-o", "size=" + size, "tmpfs", folder);
    }

    /// <summary>Makes a folder read-only for everybody, root included, until it is disposed.</summary>
    public static Mount ReadOnly(string folder) => MountOrSkip(new Mount(folder, made: false), "-o", "bind,ro", folder, folder);

    public void Dispose()
    {
        Run("umount", "-l", Folder).ShouldBe(0);
        if (made)
            Directory.Delete(Folder);
    }

    private static Mount MountOrSkip(Mount mount, params string[] arguments)
    {
        if (Run("mount", arguments) == 0)
            return mount;
        if (mount.made)
            Directory.Delete(mount.Folder);
        SharedData.SkipOrFail("This test mounts a file system, which only root may do here.");
        return mount;
    }

    private static int Run(string program, params string[] arguments)
    {
        using var process = Process.Start(
            new ProcessStartInfo(program, arguments) { RedirectStandardError = true, UseShellExecute = false }
        )!;
        process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode;
    }
}
