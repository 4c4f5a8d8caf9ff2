using System.Diagnostics;
using OpenSdc.Tests.Client;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Cli;

/// <summary>
/// Progress on the screen of a real terminal (tmux): what a person sees in mid-transfer, when the window
/// becomes narrow, and after Ctrl-C.
/// </summary>
public sealed class TmuxTests(ClientFixture fixture) : IClassFixture<ClientFixture>, IDisposable
{
    private readonly Folder folder = new();
    private readonly string socket = $"opensdc-{Environment.ProcessId}-{Guid.NewGuid():N}";

    [Theory]
    [InlineData(110)]
    [InlineData(44)]
    public async Task A_bar_stands_in_mid_transfer_and_Ctrl_C_ends_it(int columns)
    {
        await using var proxy = await FaultyProxy.StartAsync(fixture.Archive.Address);
        proxy.Choose = request => FaultyProxy.IsBytes(request) ? new Fault.Stall(600_000) : new Fault.None();
        var name = Path.GetFileName(fixture.Record.FilePath);
        await TmuxAsync(
            "-f",
            "/dev/null",
            "new-session",
            "-d",
            "-x",
            $"{columns}",
            "-y",
            "24",
            "-c",
            folder.Path,
            $"env --default-signal=INT HOME='{folder.Path}' TERM=xterm-256color dotnet '{Path.Combine(AppContext.BaseDirectory, "sdc.dll")}' download {name} --data-dir data --url {proxy.Address}; echo \"code $?\"; sleep 600"
        );

        // 600 000 of 1 500 000 bytes.
        var screen = await ScreenAsync(text => text.Contains("40%", StringComparison.Ordinal));
        screen.ShouldContain("0 done, ");
        screen.Split('\n').ShouldAllBe(line => line.Length <= columns);
        if (columns > 100)
            screen.ShouldContain(name);

        await TmuxAsync("resize-window", "-x", "60");
        await ScreenAsync(text => text.Contains("40%", StringComparison.Ordinal));

        await TmuxAsync("send-keys", "C-c");
        screen = await ScreenAsync(text => text.Contains("code ", StringComparison.Ordinal));
        screen.ShouldContain("code 130");
        screen.Replace("\n", "", StringComparison.Ordinal).ShouldContain("the same command goes on");
        (await TmuxAsync("display-message", "-p", "#{cursor_flag}")).Trim().ShouldBe("1", "the cursor is shown again");
        folder.Files.ShouldContain($"data/{fixture.Record.FilePath}.part");
    }

    public void Dispose()
    {
        using (
            var end = Process.Start(
                new ProcessStartInfo("tmux", ["-L", socket, "kill-server"]) { RedirectStandardError = true, UseShellExecute = false }
            )!
        )
            end.WaitForExit();
        folder.Dispose();
    }

    /// <summary>What the screen shows, once it shows what is waited for.</summary>
    private async Task<string> ScreenAsync(Func<string, bool> isThere)
    {
        var screen = "";
        for (var tries = 0; tries < 600; tries++)
        {
            screen = await TmuxAsync("capture-pane", "-p");
            if (isThere(screen))
                return screen;
            await Task.Delay(100);
        }

        throw new InvalidOperationException("The screen does not show it:\n" + screen);
    }

    private async Task<string> TmuxAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("tmux", ["-L", socket, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach (var name in (string[])["TMUX", "NO_COLOR", "CI", "XDG_CONFIG_HOME", "COLUMNS"])
            start.Environment.Remove(name);
        start.Environment["LC_ALL"] = "C.UTF-8";
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        process.ExitCode.ShouldBe(0, $"tmux {string.Join(' ', arguments)}: {await errors}");
        return output;
    }
}
