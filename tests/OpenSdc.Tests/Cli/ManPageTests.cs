using System.Diagnostics;
using OpenSdc.Tests.Client;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Cli;

/// <summary>The manual pages, as a package holds them.</summary>
public sealed class ManPageTests : IDisposable
{
    private readonly Folder folder = new();

    [Fact]
    public async Task Every_command_has_a_page_that_man_reads_without_a_complaint()
    {
        (await SdcCommand.RunAsync(folder.Path, "", ["man", "pages"])).ShouldBe(new SdcCommand(0, "", ""));

        var help = (await SdcCommand.RunAsync(folder.Path, "", ["--help"])).Output;
        var commands = help[help.IndexOf("Commands:", StringComparison.Ordinal)..]
            .Split('\n')[1..]
            .Where(line => line.StartsWith("  ", StringComparison.Ordinal) && line.Length > 2 && line[2] != ' ')
            .Select(line => line.Trim().Split(' ')[0])
            .ToList();
        commands.Count.ShouldBeGreaterThan(15);
        foreach (var command in commands)
            folder.Files.ShouldContain($"pages/sdc-{command}.1");
        folder.Files.ShouldContain("pages/sdc-uploads-abort.1");
        commands.ShouldNotContain("man", "it is for who makes packages");

        foreach (var page in folder.Files.Where(file => file.EndsWith(".1", StringComparison.Ordinal)))
        {
            var (_, text) = await RunAsync("mandoc", "-T", "lint", page);
            // Pages have no date, so that the same source makes the same package; long lines are only a matter of taste.
            text.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Where(line =>
                    !line.Contains("missing date", StringComparison.Ordinal) && !line.Contains(" STYLE: ", StringComparison.Ordinal)
                )
                .ShouldBeEmpty();
        }
    }

    [Fact]
    public async Task A_page_says_what_the_help_and_the_documentation_say()
    {
        (await SdcCommand.RunAsync(folder.Path, "", ["man", "pages"])).Code.ShouldBe(0);

        var (_, page) = await RunAsync("mandoc", "-T", "utf8", "-O", "width=400", "pages/sdc-download.1");
        foreach (
            var line in (string[])
                [
                    "sdc-download - Fetch files into the data folder, at their paths in the archive",
                    "sdc download [NAME ...] [OPTIONS]",
                    "--existing refresh|skip|verify|error|overwrite",
                    "sdc download 'imap_mag_*_20260101_*' --table '*'",
                    "IMAP_DATA_DIR",
                    "sdc(1)",
                ]
        )
            page.ShouldContain(line);

        var document = await File.ReadAllTextAsync(Path.Combine(SharedData.RepositoryRoot, "docs", "cli.md"));
        var codes = document[document.IndexOf("## Exit codes", StringComparison.Ordinal)..]
            .Split('\n')
            .Where(line => line.StartsWith("| ", StringComparison.Ordinal) && char.IsAsciiDigit(line[2]))
            .Select(line => line.Replace("`", "", StringComparison.Ordinal).Split('|', StringSplitOptions.TrimEntries))
            .Select(cells => (int.Parse(cells[1]), cells[2]));
        codes.ShouldBe(OpenSdc.Cli.ExitCode.OfClients);
        foreach (var (_, meaning) in OpenSdc.Cli.ExitCode.OfClients)
            page.ShouldContain(meaning);
    }

    public void Dispose() => folder.Dispose();

    private async Task<(int Code, string Text)> RunAsync(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder.Path,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        // Bold and underlined letters are overstruck.
        var text = System.Text.RegularExpressions.Regex.Replace(await process.StandardOutput.ReadToEndAsync(), ".\b", "");
        await process.WaitForExitAsync();
        return (process.ExitCode, text + await errors);
    }
}
