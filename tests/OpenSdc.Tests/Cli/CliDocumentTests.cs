using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using OpenSdc.Tests.Access;
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

    [Fact]
    public async Task Every_curl_command_of_the_README_answers_as_it_is_shown()
    {
        await using var archive = await RunningArchive.StartAsync();
        using var folder = new Folder();
        var exchanges = Exchanges(await File.ReadAllTextAsync(Path.Combine(SharedData.RepositoryRoot, "README.md"))).ToList();
        var founding = exchanges.FindIndex(each => each.Command.Contains("Accept: application/json", StringComparison.Ordinal));
        (founding, exchanges.Count).ShouldBe((5, 12));
        var variables = "exec 2> /dev/null; ";
        // The first of the document is for a file that the archive does not have yet.
        await AnswersAsync(exchanges[founding]);
        foreach (var exchange in exchanges[..founding])
            await AnswersAsync(exchange);
        foreach (var version in (string[])["v01-01", "v01-02"])
            await archive.UploadAsync($"imap_mag_l0_burst_20230112_20230113_{version}.pkts", [1]);
        foreach (var exchange in exchanges[(founding + 1)..])
            await AnswersAsync(exchange);

        async Task AnswersAsync((string Command, List<string> Shown) exchange)
        {
            var command = exchange.Command.Replace("http://127.0.0.1:8080", archive.Address, StringComparison.Ordinal);
            if (command.StartsWith("url=", StringComparison.Ordinal))
                variables += command + "; ";
            var (code, answer) = await RunAsync(folder.Path, archive.Address, variables + command);
            code.ShouldBe(0, $"{command}\n{answer}");
            if (exchange.Shown.Count > 0)
                Steady(answer.Trim()).ShouldMatch(PatternOf(Steady(exchange.Shown.ShouldHaveSingleItem())), command);
        }

        // What differs from run to run.
        string Steady(string line) =>
            Regex.Replace(
                line.Replace(archive.Address, "http://127.0.0.1:8080", StringComparison.Ordinal),
                """expires=\d+&signature=[\w-]+|(?<="sha256":")[^"]+|\d{8} \d\d:\d\d:\d\d""",
                "-"
            );
    }

    [Fact]
    public async Task Every_order_of_the_page_is_carried_out()
    {
        var closed = new ClosedArchive();
        await closed.InitializeAsync();
        using var folder = new Folder();
        try
        {
            MakeProgram(folder);
            var page = await File.ReadAllTextAsync(Path.Combine(SharedData.RepositoryRoot, "docs", "cli.md"));
            var section = page[page.IndexOf("## Release and withdraw", StringComparison.Ordinal)..];
            var commands = section.Split("```sh\n")[1].Split("```")[0].Split('\n', StringSplitOptions.RemoveEmptyEntries);
            commands.Length.ShouldBe(8);
            const string Old = "imap_mag_l2_norm_20260101_v001.cdf";
            folder.Write(Old, [1]);
            folder.Write("imap_mag_l2_norm_20260101_v002.cdf", [2]);
            folder.Write("imap_mag_release_20260101_20260131_v001.txt", "mag, l2, norm, true\n"u8.ToArray());
            var token = "";
            await OrderAsync("sdc upload *.cdf");
            foreach (var command in commands)
            {
                // What is purged is withdrawn, and the page has just given it back.
                if (command.StartsWith("sdc purge", StringComparison.Ordinal) && token.Length == 0)
                    await OrderAsync($"sdc withdraw {Old} --reason Wrong.");
                var answer = await OrderAsync(command.Replace("TOKEN", token, StringComparison.Ordinal));
                if (command.StartsWith("sdc purge", StringComparison.Ordinal) && token.Length == 0)
                    token = answer.Split("token is ")[1].Split(':')[0];
            }

            (await closed.Archive.SendAsync($"GET /download/{Old}", headers: closed.Admin)).Status.ShouldBe(410);
        }
        finally
        {
            await closed.DisposeAsync();
        }

        async Task<string> OrderAsync(string command)
        {
            var (code, answer) = await RunAsync(
                folder.Path,
                closed.Archive.Address,
                $"export OPENSDC_API_KEY={closed.Admin.Item2}; {command}"
            );
            code.ShouldBe(0, $"{command}\n{answer}");
            return answer;
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
