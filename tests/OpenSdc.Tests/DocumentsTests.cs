using System.Text.RegularExpressions;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests;

/// <summary>What the documents point to is there.</summary>
public sealed partial class DocumentsTests
{
    public static TheoryData<string> Documents() =>
        [.. Directory.EnumerateFiles(SharedData.RepositoryRoot, "*.md")
            .Concat(Directory.EnumerateFiles(Path.Combine(SharedData.RepositoryRoot, "docs"), "*.md", SearchOption.AllDirectories))
            .Concat(Directory.EnumerateFiles(Path.Combine(SharedData.RepositoryRoot, "bench"), "*.md", SearchOption.AllDirectories))
            .Select(path => Path.GetRelativePath(SharedData.RepositoryRoot, path))];

    [Theory]
    [MemberData(nameof(Documents))]
    public void Every_link_of_a_document_leads_to_a_file(string document)
    {
        var folder = Path.GetDirectoryName(Path.Combine(SharedData.RepositoryRoot, document))!;
        var missing = Links().Matches(File.ReadAllText(Path.Combine(SharedData.RepositoryRoot, document)))
            .Select(match => match.Groups["target"].Value.Split('#')[0])
            .Where(target => target.Length > 0 && !target.Contains("://", StringComparison.Ordinal))
            .Where(target => !Path.Exists(Path.GetFullPath(Path.Combine(folder, target))));

        missing.ShouldBeEmpty();
    }

    [Fact]
    public void The_walkthrough_is_ten_steps()
    {
        var steps = File.ReadLines(Path.Combine(SharedData.RepositoryRoot, "docs", "walkthrough.md")).Where(line => Step().IsMatch(line));

        steps.Count().ShouldBe(10);
    }

    [GeneratedRegex(@"\]\((?<target>[^)\s]+)\)")]
    private static partial Regex Links();

    [GeneratedRegex(@"^\| [0-9]+ \| \[")]
    private static partial Regex Step();
}
