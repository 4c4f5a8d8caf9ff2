using OpenSdc.Cli.Client;

namespace OpenSdc.Cli;

/// <summary>
/// The native library of SQLite lies beside the program and is loaded by whatever first opens a catalogue. Where
/// somebody copied the program alone, one sentence says so; the client commands do not need it.
/// </summary>
internal static class MissingLibrary
{
    private const string Name = "e_sqlite3";

    /// <summary>Runs a command to its end, and says what no command expects.</summary>
    public static async Task<int> GuardAsync(Func<Task<int>> run)
    {
        try
        {
            return await run();
        }
        catch (Exception failure)
        {
            if (IsCause(failure))
                return await ClientRun.FailAsync(ExitCode.BadSetting, Sentence);
            // A fault of the program; whoever reports it needs all of it.
            if (failure is not OperationCanceledException)
                await Console.Error.WriteLineAsync($"Unhandled exception: {failure}");
            return ExitCode.Failed;
        }
    }

    private static string Sentence =>
        $"The file {FileName} is not in {AppContext.BaseDirectory}, where the program is: a catalogue cannot be opened without it. Copy it there from where the program comes from, or install the program again.";

    private static string FileName =>
        OperatingSystem.IsWindows() ? Name + ".dll"
        : OperatingSystem.IsMacOS() ? $"lib{Name}.dylib"
        : $"lib{Name}.so";

    private static bool IsCause(Exception? failure)
    {
        for (; failure is not null; failure = failure.InnerException)
        {
            if (failure is DllNotFoundException && failure.Message.Contains(Name, StringComparison.Ordinal))
                return true;
        }

        return false;
    }
}
