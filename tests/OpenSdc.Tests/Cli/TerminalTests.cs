using System.Diagnostics;
using System.Text.RegularExpressions;
using OpenSdc.Tests.Client;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Cli;

/// <summary>Progress in a terminal, which <c>script</c> gives the program.</summary>
public sealed partial class TerminalTests(ClientFixture fixture) : IClassFixture<ClientFixture>, IDisposable
{
    private readonly Folder folder = new();

    [Theory]
    [InlineData(100, false)]
    [InlineData(100, true)]
    [InlineData(30, false)]
    public async Task A_download_draws_bars_and_ends_with_its_path(int columns, bool noColor)
    {
        await using var proxy = await FaultyProxy.StartAsync(fixture.Archive.Address);
        // One try breaks off, so that the bar stands for a moment.
        var asked = 0;
        proxy.Choose = request => FaultyProxy.IsBytes(request) && ++asked == 1 ? new Fault.Cut(500_000) : new Fault.None();

        var screen = await RunAsync($"download {Path.GetFileName(fixture.Record.FilePath)} --url {proxy.Address}", columns, noColor);

        screen.ShouldContain("\u001b[");
        // Where it is too narrow for a bar nothing has a colour.
        Colours().IsMatch(screen).ShouldBe(!noColor && columns > 30, screen);
        var text = Escapes().Replace(screen, "").Replace("\r", "", StringComparison.Ordinal).Replace("\n", "", StringComparison.Ordinal);
        text.ShouldContain("Trying again.");
        text.ShouldContain(fixture.Record.FilePath);
        text.ShouldContain("1 file fetched, 0 there already.");
        File.ReadAllBytes(Path.Combine(folder.Path, "data", fixture.Record.FilePath)).ShouldBe(ClientFixture.Bytes);
    }

    public void Dispose() => folder.Dispose();

    private async Task<string> RunAsync(string arguments, int columns, bool noColor)
    {
        var start = new ProcessStartInfo(
            "script",
            [
                "-qec",
                $"stty cols {columns} rows 24; exec dotnet '{Path.Combine(AppContext.BaseDirectory, "sdc.dll")}' {arguments}",
                "/dev/null",
            ]
        )
        {
            WorkingDirectory = folder.Path,
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
            UseShellExecute = false,
        };
        start.Environment["TERM"] = "xterm-256color";
        start.Environment["HOME"] = folder.Path;
        foreach (var name in (string[])["IMAP_DATA_DIR", "COLUMNS", "XDG_CONFIG_HOME", "CI", "NO_COLOR"])
            start.Environment.Remove(name);
        if (noColor)
            start.Environment["NO_COLOR"] = "1";
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await process.WaitForExitAsync(deadline.Token);
        var screen = await output;
        process.ExitCode.ShouldBe(0, screen);
        return screen;
    }

    [GeneratedRegex(@"\e\[[0-9;?]*[A-Za-z]")]
    private static partial Regex Escapes();

    [GeneratedRegex(@"\e\[(38|9[0-7]|3[0-7])[0-9;]*m")]
    private static partial Regex Colours();
}
