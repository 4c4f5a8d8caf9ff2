using System.Text.RegularExpressions;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Catalogue;

/// <summary>Nothing is read around the scope: only these files of the sources name the tables that it guards, each for a reason.</summary>
public sealed partial class ReadScopeTests
{
    /// <summary>What callers read: each of their statements is given a scope.</summary>
    private static readonly string[] ForCallers =
    [
        "Catalogue.cs",
        "FileStatements.cs",
        "FileQueries.cs",
        "CoverageStatements.cs",
        "LookupBatcher.cs",
        "IntegrityState.cs",
        "Product.cs",
        "FileHistory.cs",
    ];

    /// <summary>
    /// What the publisher must know, inside its transaction, whoever may see it: whether a name is taken, and
    /// what is newer.
    /// </summary>
    private static readonly string[] ForPublishing =
    [
        "Recorder.cs",
        "VersionNotes.cs",
        "Visibility.cs",
        "Withdrawals.cs",
        "Coverage.cs",
        "UploadLedger.cs",
        "UploadLeases.cs",
        "Receipts.cs",
    ];

    /// <summary>What the operator's own commands compare and copy.</summary>
    private static readonly string[] ForUpkeep =
    [
        "DerivedData.cs",
        "OwnValueTable.cs",
        "CatalogueCopy.cs",
        "Migration.cs",
        "MissionTable.cs",
    ];

    [Fact]
    public void Only_these_files_read_files_products_and_coverage()
    {
        var sources = Path.Combine(SharedData.RepositoryRoot, "src");
        var found = Directory
            .EnumerateFiles(sources, "*.cs", SearchOption.AllDirectories)
            .Where(file =>
                !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal)
                && Tables().IsMatch(File.ReadAllText(file))
            )
            .Select(file => Path.GetFileName(file)!)
            .Order(StringComparer.Ordinal)
            .ToList();
        found.ShouldBe([.. ForCallers.Concat(ForPublishing).Concat(ForUpkeep).Order(StringComparer.Ordinal)]);
    }

    [Theory]
    [InlineData("SELECT 1 FROM files WHERE", true)]
    [InlineData("UPDATE files SET", true)]
    [InlineData("x JOIN coverage ON", true)]
    [InlineData("FROM file_parts", false)]
    [InlineData("reads from files", false)]
    public void A_statement_over_them_is_recognised(string text, bool isOne) => Tables().IsMatch(text).ShouldBe(isOne);

    [GeneratedRegex(@"\b(FROM|JOIN|INTO|UPDATE) (files|products|coverage)\b")]
    private static partial Regex Tables();
}
