using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Demo;

/// <summary>Real files of the mission, which lie beside the repository and are not part of it.</summary>
internal static class RealFiles
{
    /// <summary>Their paths; a test that finds none is skipped and says so.</summary>
    public static IReadOnlyList<string> With(string extension)
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (root is not null && !File.Exists(Path.Combine(root.FullName, "OpenSdc.slnx")))
            root = root.Parent;

        var folder = root is null ? null : Path.Combine(root.FullName, "..", "shared", "data", "imap");
        if (folder is null || !Directory.Exists(folder))
        {
            Assert.Skip("The real files (../shared/data/imap beside the repository) are not here.");
            return [];
        }

        var files = Directory.GetFiles(folder, "*." + extension);
        files.ShouldNotBeEmpty();
        return files;
    }
}
