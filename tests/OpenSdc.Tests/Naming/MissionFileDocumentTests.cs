using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using OpenSdc.Contract.Naming;
using OpenSdc.Tests.Cli;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Naming;

/// <summary>The page on mission files and the JSON Schema say what the program does.</summary>
public sealed partial class MissionFileDocumentTests
{
    private static readonly string Page = File.ReadAllText(Path.Combine(SharedData.RepositoryRoot, "docs/mission-file.md"));

    [Fact]
    public async Task The_tutorial_prints_what_it_shows()
    {
        var folder = Directory.CreateTempSubdirectory("opensdc-").FullName;
        try
        {
            await File.WriteAllTextAsync(Path.Combine(folder, "moth.json"), MothFile().Match(Page).Groups["json"].Value);
            var runs = Runs().Matches(Page).ToList();
            runs.Count.ShouldBe(2);
            foreach (var run in runs)
            {
                await using var sdc = SdcProcess.Start(folder, run.Groups["arguments"].Value);
                (await sdc.ExitCodeAsync()).ShouldBe(run.Groups["output"].Value.Contains("fault", StringComparison.Ordinal) ? 32 : 0);
                sdc.Output.ReplaceLineEndings("\n").Trim().ShouldBe(run.Groups["output"].Value.Trim());
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>The loader's own sentence lists the members of each object.</summary>
    [Theory]
    [InlineData("", "{ \"zzz\": 1 }")]
    [InlineData("family", """{ "mission": "m", "root": "m/", "families": [{ "zzz": 1 }] }""")]
    [InlineData("convention", """{ "mission": "m", "root": "m/", "families": [{ "name": "f", "conventions": [{ "zzz": 1 }] }] }""")]
    [InlineData(
        "rule",
        """{ "mission": "m", "root": "m/", "families": [{ "name": "f", "conventions": [{ "name": "c", "template": "x", "rules": [{ "zzz": 1 }] }] }] }"""
    )]
    [InlineData("kernels", """{ "mission": "m", "root": "m/", "families": [], "kernels": { "zzz": 1 } }""")]
    public void The_schema_has_the_members_that_the_program_takes(string definition, string json)
    {
        var sentence = Should.Throw<MissionFileException>(() => Mission.Load(new MemoryStream(Encoding.UTF8.GetBytes(json)))).Message;
        var taken = sentence[(sentence.IndexOf("one of ", StringComparison.Ordinal) + 7)..].TrimEnd('.').Split(", ");
        var schema = JsonNode.Parse(File.ReadAllText(Path.Combine(SharedData.RepositoryRoot, "docs/mission.schema.json")))!;
        var described = (definition.Length == 0 ? schema : schema["$defs"]![definition])!["properties"]!
            .AsObject()
            .Select(member => member.Key)
            .ToList();
        described.Order(StringComparer.Ordinal).ShouldBe(taken.Order(StringComparer.Ordinal));
        foreach (var member in definition == "rule" ? [] : described)
            Page.ShouldContain($"`{member}`");
    }

    [Fact]
    public void The_page_names_every_kind() =>
        KindsOf(Should.Throw<MissionFileException>(() => OwnFieldTests.One("x_{a:nothing}.{extension}")).Message)
            .Select(kind => kind.Replace("(1)", "(n)", StringComparison.Ordinal))
            .Where(kind => !Page.Contains($"`{kind}`", StringComparison.Ordinal))
            .ShouldBeEmpty();

    private static string[] KindsOf(string sentence) =>
        [
            .. sentence[(sentence.IndexOf("one of ", StringComparison.Ordinal) + 7)..sentence.IndexOf(": 'x_", StringComparison.Ordinal)]
                .Split(", ")
                .Select(kind => kind.Split(" to ")[0]),
        ];

    [GeneratedRegex("```json\n(?<json>.*?)```", RegexOptions.Singleline)]
    private static partial Regex MothFile();

    [GeneratedRegex("```console\n\\$ sdc (?<arguments>[^\n]*)\n(?<output>.*?)```", RegexOptions.Singleline)]
    private static partial Regex Runs();
}
