using System.Diagnostics;
using System.Text.RegularExpressions;

namespace OpenSdc.Tests.Cli;

/// <summary>One run of the program to its end: what a script sees of it.</summary>
internal sealed partial record SdcCommand(int Code, string Output, string Errors)
{
    /// <summary>Runs <c>sdc</c> against an archive, in a folder that is also its home and its configuration.</summary>
    public static async Task<SdcCommand> RunAsync(
        string folder,
        string archive,
        string[] arguments,
        string? input = null,
        params (string Name, string? Value)[] environment
    )
    {
        var native = Environment.GetEnvironmentVariable("OPENSDC_CLI_UNDER_TEST");
        var start = new ProcessStartInfo(native ?? "dotnet")
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        if (native is null)
            start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "sdc.dll"));
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        foreach (
            var name in (string[])
                ["IMAP_DATA_DIR", "OPENSDC_API_KEY", "IMAP_API_KEY", "OPENSDC_ACCESS_TOKEN", "IMAP_ACCESS_TOKEN", "COLUMNS", "NO_COLOR"]
        )
            start.Environment.Remove(name);
        start.Environment["HOME"] = folder;
        start.Environment["XDG_CONFIG_HOME"] = Path.Combine(folder, "config");
        start.Environment["IMAP_DATA_ACCESS_URL"] = archive;
        foreach (var (name, value) in environment)
        {
            if (value is null)
                start.Environment.Remove(name);
            else
                start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.StandardInput.WriteAsync(input ?? "");
        process.StandardInput.Close();
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(120));
        await process.WaitForExitAsync(deadline.Token);
        return new SdcCommand(process.ExitCode, await output, WithoutTotals(await errors));
    }

    /// <summary>Lines that come by the clock, of a transfer that takes long enough.</summary>
    public static string WithoutTotals(string errors) => Totals().Replace(errors, "");

    [GeneratedRegex(@"^(\d+ done, \d+ on the way, |\{""event"":""totals"").*\n", RegexOptions.Multiline)]
    private static partial Regex Totals();
}
