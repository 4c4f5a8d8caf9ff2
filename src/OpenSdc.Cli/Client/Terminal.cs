using System.Globalization;

namespace OpenSdc.Cli.Client;

/// <summary>What standard output is written to.</summary>
internal static class Terminal
{
    /// <summary>
    /// Characters of a line: of the terminal, of COLUMNS, or without a limit where nobody looks.
    /// </summary>
    public static int Width =>
        int.TryParse(Environment.GetEnvironmentVariable("COLUMNS"), NumberStyles.None, CultureInfo.InvariantCulture, out var columns)
            && columns > 0 ? columns
        : Console.IsOutputRedirected ? int.MaxValue
        : Console.WindowWidth is > 0 and var width ? width : int.MaxValue;
}
