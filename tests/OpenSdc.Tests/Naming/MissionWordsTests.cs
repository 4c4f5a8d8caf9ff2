using System.Text.RegularExpressions;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Naming;

/// <summary>Names are data: no word of the built-in mission stands in the code that serves any other.</summary>
public sealed partial class MissionWordsTests
{
    /// <summary>
    /// The built-in file is loaded by two types, and its demo and the samples of the founding document are of
    /// its names; <see cref="MissionDocumentTests"/> and <see cref="Cli.OtherMissionTests"/> hold that
    /// another mission's documents, banner and sentences have none of these. Clients take the environment and
    /// the answers of IMAP's own ones.
    /// </summary>
    private static readonly string[] Allowed = ["Mission.cs", "MissionText.cs", "Banner.cs", "SettingList.cs"];

    [Fact]
    public void No_code_names_the_built_in_mission()
    {
        var sources = Path.Combine(SharedData.RepositoryRoot, "src");
        var found = Directory.EnumerateFiles(sources, "*.cs", SearchOption.AllDirectories)
            .Where(file => !Folders().IsMatch(Path.GetRelativePath(sources, file)) && !Allowed.Contains(Path.GetFileName(file)))
            .SelectMany(file =>
                File.ReadLines(file)
                    .Where(line => !line.TrimStart().StartsWith("//", StringComparison.Ordinal) && Words().IsMatch(line))
                    .Select(line => $"{Path.GetFileName(file)}: {line.Trim()}")
            );
        found.ShouldBeEmpty();
    }

    [GeneratedRegex(@"(^|/)(obj|bin|Demo|Description|Client|OpenSdc\.Client)/")]
    private static partial Regex Folders();

    [GeneratedRegex("imap|codice|glows|(?<!val)idex|swapi|ialirt|l1const|repoint0", RegexOptions.IgnoreCase)]
    private static partial Regex Words();
}
