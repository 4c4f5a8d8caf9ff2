using System.Diagnostics;
using System.Globalization;

[assembly: Xunit.CollectionBehavior(DisableTestParallelization = true)]

namespace OpenSdc.FaultTests;

/// <summary>What a run is told by its environment, and what it tells the terminal.</summary>
internal static class Run
{
    public static int Number(string variable, int otherwise) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;

    /// <summary>How many files, sockets among them, a process may open here.</summary>
    public static int MostFiles =>
        File.ReadLines("/proc/self/limits")
            .Single(line => line.StartsWith("Max open files", StringComparison.Ordinal))
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)[3]
            is var soft
        && int.TryParse(soft, CultureInfo.InvariantCulture, out var most)
            ? most
            : int.MaxValue;

    /// <summary>
    /// How the program is started: compiled ahead of time where <c>OPENSDC_NATIVE</c> names it, which starts
    /// ten times as fast, since most of these tests start it hundreds of times; else as it was built beside
    /// the tests.
    /// </summary>
    public static ProcessStartInfo Sdc(string[] arguments)
    {
        // Another build where a test is to be shown to fail on it.
        var program =
            new[] { "OPENSDC_FAULT_PROGRAM", "OPENSDC_NATIVE" }
                .Select(Environment.GetEnvironmentVariable)
                .FirstOrDefault(path => path is { Length: > 0 })
            ?? Path.Combine(AppContext.BaseDirectory, "sdc.dll");
        var start = program.EndsWith(".dll", StringComparison.Ordinal)
            ? new ProcessStartInfo("dotnet", [program, .. arguments])
            : new ProcessStartInfo(program, arguments);
        start.RedirectStandardOutput = start.RedirectStandardError = true;
        start.Environment["DOTNET_TieredPGO"] = "0"; // it lives for a second
        return start;
    }

    /// <summary>The counts are the proof, so they are printed also when all went well.</summary>
    public static async Task SayAsync(string line)
    {
        await Console.Out.WriteLineAsync($"[fault] {line}");
        await Console.Out.FlushAsync();
    }
}

/// <summary>A folder for one test, removed after it. A real disk: on a file system in memory a flush proves nothing.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("opensdc-fault-").FullName;

    /// <summary>The archive's data folder in it.</summary>
    public string Data => System.IO.Path.Combine(Path, "data");

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
