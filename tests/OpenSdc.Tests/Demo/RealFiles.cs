using Shouldly;

namespace OpenSdc.Tests.Demo;

/// <summary>The mission's real files of one kind: what reads these right reads ours right.</summary>
internal static class RealFiles
{
    /// <summary>Their paths; a test that finds none is skipped and says so.</summary>
    public static IReadOnlyList<string> With(string extension)
    {
        List<string> files =
        [
            .. SharedData.Files().Select(file => file.Path).Where(path => path.EndsWith("." + extension, StringComparison.Ordinal)),
        ];
        files.ShouldNotBeEmpty();
        return files;
    }
}
