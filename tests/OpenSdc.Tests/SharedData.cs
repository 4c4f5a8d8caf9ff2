using Shouldly;
using Xunit;

namespace OpenSdc.Tests;

/// <summary>Real files of the mission, which lie beside the repository (<c>../shared/data/imap</c>) and are not part of it.</summary>
internal static class SharedData
{
    /// <summary>The folder that holds <c>OpenSdc.slnx</c>.</summary>
    public static string RepositoryRoot { get; } = FindRoot();

    /// <summary>Each file's path and the SHA-256 that <c>SHA256SUMS</c> gives for it.</summary>
    public static IReadOnlyList<(string Path, string Sha256)> Files()
    {
        var folder = Path.GetFullPath(Path.Combine(RepositoryRoot, "..", "shared", "data", "imap"));
        if (!Directory.Exists(folder))
            SkipOrFail("The mission's real files (../shared/data/imap beside the repository) are not here.");
        var files = File.ReadLines(Path.Combine(folder, "SHA256SUMS"))
            .Select(line => line.Split("  "))
            .Select(parts => (Path: Path.Combine(folder, parts[1]), Sha256: parts[0]))
            .ToList();
        files.ShouldNotBeEmpty();
        files.ShouldAllBe(file => File.Exists(file.Path));
        return files;
    }

    /// <summary>A test that cannot run here is skipped and says why; where CI=true everything must be here, so that it fails.</summary>
    public static void SkipOrFail(string reason)
    {
        if (Environment.GetEnvironmentVariable("CI") == "true")
            Assert.Fail($"{reason} With CI=true a test that cannot run is a failure.");
        Assert.Skip(reason);
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "OpenSdc.slnx")))
            folder = folder.Parent;
        return folder?.FullName ?? throw new DirectoryNotFoundException("The tests do not run from a clone of the repository.");
    }
}
