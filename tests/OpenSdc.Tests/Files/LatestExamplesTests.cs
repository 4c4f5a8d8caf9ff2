using System.Text;
using System.Text.RegularExpressions;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Files;

/// <summary>Each worked example of <c>docs/api.md</c>, "What latest means", as it stands there.</summary>
public sealed partial class LatestExamplesTests
{
    public static TheoryData<string> Examples =>
        [
            .. Example()
                .Matches(File.ReadAllText(Path.Combine(SharedData.RepositoryRoot, "docs", "api.md")))
                .Select(each => each.Groups[1].Value),
        ];

    [Theory]
    [MemberData(nameof(Examples))]
    public async Task An_example_of_the_document_is_true(string example)
    {
        await using var archive = await RunningArchive.StartAsync();
        var lines = example.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        for (var i = 0; i < lines.Length; i++)
        {
            if (lines[i].StartsWith("+ ", StringComparison.Ordinal))
            {
                await archive.UploadAsync(lines[i][2..], Encoding.ASCII.GetBytes(lines[i]));
                continue;
            }

            lines[i].ShouldStartWith("GET /query?");
            var expected = lines
                .Skip(i + 1)
                .TakeWhile(line => line.StartsWith("= ", StringComparison.Ordinal))
                .Select(line => line[2..])
                .ToList();
            var answer = await archive.SendAsync(lines[i]);
            answer.Status.ShouldBe(200, answer.Text);
            answer
                .Json.EnumerateArray()
                .Select(each => Path.GetFileName(each.GetProperty("file_path").GetString()!))
                .ShouldBe(expected, lines[i]);
            i += expected.Count;
        }
    }

    [Fact]
    public void The_document_has_an_example_of_each_rule() => Examples.Count().ShouldBe(10);

    [GeneratedRegex("```text latest\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Example();
}
