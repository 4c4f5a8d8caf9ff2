using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using OpenSdc.Tests.Client;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Cli;

/// <summary>Every command of <c>docs/cli.md</c>, run by a shell in the order of the page, answers what the page shows.</summary>
public sealed class CliDocumentTests
{
    [Fact]
    public async Task Every_command_of_the_page_answers_as_it_is_shown()
    {
        var archive = new FoundingArchive();
        await archive.InitializeAsync();
        using var folder = new Folder();
        try
        {
            MakeProgram(folder);
            var exchanges = Exchanges(await File.ReadAllTextAsync(Path.Combine(SharedData.RepositoryRoot, "docs", "cli.md"))).ToList();
            exchanges.Count.ShouldBeGreaterThan(10);
            var exports = "";
            foreach (var (command, shown) in exchanges)
            {
                if (command.StartsWith("export ", StringComparison.Ordinal))
                {
                    exports += command + "; ";
                    continue;
                }

                var (code, answer) = await RunAsync(folder.Path, archive.Archive.Address, exports + command);
                // A dry run that finds something to do says so by its code.
                code.ShouldBe(command.Contains("--dry-run", StringComparison.Ordinal) ? 42 : 0, $"{command}\n{answer}");
                // The two streams reach a terminal in any order; so do files that are fetched together.
                Sorted(answer).Count.ShouldBe(shown.Count, $"{command}\n{answer}");
                foreach (var line in shown)
                    Sorted(answer).ShouldContain(given => Regex.IsMatch(given, PatternOf(line)), $"{command}\n{line}\n{answer}");
            }
        }
        finally
        {
            await archive.DisposeAsync();
        }
    }

    [Fact]
    public async Task Every_client_command_of_the_README_ends_well()
    {
        var archive = new FoundingArchive();
        await archive.InitializeAsync();
        using var folder = new Folder();
        try
        {
            MakeProgram(folder);
            folder.Write($"out/{ArchiveFixture.NewName()}", [1, 2, 3]);
            var readme = await File.ReadAllTextAsync(Path.Combine(SharedData.RepositoryRoot, "README.md"));
            var section = readme[readme.IndexOf("## From the command line", StringComparison.Ordinal)..];
            var block = section.Split("```sh\n")[1].Split("```")[0];
            var commands = block.Split('\n', StringSplitOptions.RemoveEmptyEntries);
            commands.Length.ShouldBeGreaterThan(3);
            foreach (var command in commands)
            {
                var (code, answer) = await RunAsync(folder.Path, archive.Archive.Address, command);
                code.ShouldBe(0, $"{command}\n{answer}");
            }
        }
        finally
        {
            await archive.DisposeAsync();
        }
    }

    private static void MakeProgram(Folder folder)
    {
        var program = folder.Write(
            "bin/sdc",
            Encoding.UTF8.GetBytes($"#!/bin/sh\nexec dotnet '{Path.Combine(AppContext.BaseDirectory, "sdc.dll")}' \"$@\"\n")
        );
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private static List<string> Sorted(string answer) =>
        [
            .. answer
                .Replace("\r", "", StringComparison.Ordinal)
                .Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Order(StringComparer.Ordinal),
        ];

    /// <summary>What is cut or differs from run to run is written as <c>…</c>; runs of spaces of a table are one.</summary>
    private static string PatternOf(string line) =>
        $"^{Regex.Replace(Regex.Escape(line).Replace("…", ".*", StringComparison.Ordinal), @"(\\ )+", " +")}$";

    private static IEnumerable<(string Command, List<string> Shown)> Exchanges(string page)
    {
        foreach (
            var block in Regex
                .Matches(page, "^```console\n(.*?)^```", RegexOptions.Singleline | RegexOptions.Multiline)
                .Select(match => match.Groups[1].Value)
        )
        {
            foreach (var exchange in block.Split("$ ", StringSplitOptions.RemoveEmptyEntries))
            {
                var lines = exchange.Split('\n', StringSplitOptions.RemoveEmptyEntries);
                yield return (lines[0], [.. lines[1..]]);
            }
        }
    }

    private static async Task<(int Code, string Answer)> RunAsync(string folder, string archive, string command)
    {
        var start = new ProcessStartInfo("bash", ["-c", "exec 2>&1; " + command])
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
            UseShellExecute = false,
        };
        start.Environment["PATH"] = Path.Combine(folder, "bin") + ":" + start.Environment["PATH"];
        start.Environment["IMAP_DATA_ACCESS_URL"] = archive;
        start.Environment["HOME"] = folder;
        start.Environment.Remove("XDG_CONFIG_HOME");
        start.Environment.Remove("COLUMNS");
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var answer = process.StandardOutput.ReadToEndAsync();
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await process.WaitForExitAsync(deadline.Token);
        return (process.ExitCode, SdcCommand.WithoutTotals(await answer));
    }
}
