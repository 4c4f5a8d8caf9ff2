using System.Data.Common;
using System.Globalization;
using OpenSdc.Server;
using OpenSdc.Server.Upkeep;

namespace OpenSdc.Cli;

/// <summary>
/// Runs a command that takes a while: a line of progress on standard error, and every ending as an exit code
/// and a sentence.
/// </summary>
internal static class LongTask
{
    private const int LinesAtFirst = 10;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan IntervalLater = TimeSpan.FromSeconds(10);

    public static async Task<int> RunAsync(Func<UpkeepProgress, Task<int>> work, string interrupted, CancellationToken cancel)
    {
        var progress = new UpkeepProgress();
        using var ended = new CancellationTokenSource();
        var telling = TellAsync(progress, ended.Token);
        try
        {
            return await work(progress);
        }
        catch (SettingException fault)
        {
            await Console.Error.WriteLineAsync(ShownText.Plain(fault.Message));
            return ExitCode.BadSetting;
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync($"Stopped before the end. {interrupted}");
            return ExitCode.Interrupted;
        }
        catch (MigrationException failure)
        {
            await Console.Error.WriteLineAsync(ShownText.Plain(failure.Message));
            return ExitCode.Failed;
        }
        catch (DbException failure)
        {
            await Console.Error.WriteLineAsync($"The catalogue cannot be read: {ShownText.Plain(failure.Message)}");
            return ExitCode.CatalogueDamaged;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync($"The disk refuses: {ShownText.Plain(failure.Message)} {interrupted}");
            return ExitCode.Failed;
        }
        finally
        {
            await ended.CancelAsync();
            await telling;
        }
    }

    /// <summary>
    /// Tells of one object on standard error. Its name may be anybody's, and is shown without characters that
    /// a terminal acts on.
    /// </summary>
    public static void Tell(string line) => Console.Error.WriteLine(ShownText.Plain(line));

    /// <summary>A number of bytes as a person reads it.</summary>
    public static string Size(long bytes) => bytes switch
    {
        1 => "1 byte",
        < 10_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes} bytes"),
        < 10_000_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e3:0} kB"),
        < 10_000_000_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0} MB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e9:0.0} GB"),
    };

    /// <summary>A number of things and the word for one or for several.</summary>
    public static string Count(long number, string one, string several) =>
        string.Create(CultureInfo.InvariantCulture, $"{number} {(number == 1 ? one : several)}");

    /// <summary>Tells how far a task is until it has ended: a line each second at first, and then every ten seconds.</summary>
    /// <remarks>Lines, not one that is overwritten: standard error often is a file or a journal.</remarks>
    public static async Task TellAsync(UpkeepProgress progress, CancellationToken ended)
    {
        using var timer = new PeriodicTimer(Interval, TimeProvider.System);
        var told = "";
        for (var lines = 0; !ended.IsCancellationRequested; lines++)
        {
            if (lines == LinesAtFirst)
                timer.Period = IntervalLater;
            try
            {
                await timer.WaitForNextTickAsync(ended);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            var line =
                $"{progress.Doing}: {progress.Files}{(progress.Total > 0 ? $" of {progress.Total}" : "")}{(progress.Bytes > 0 ? $", {Size(progress.Bytes)}" : "")}";
            // Before there is anything to count, the one line is the sentence of what keeps it from beginning.
            if (line != told && progress.Doing.Length > 0)
                await Console.Error.WriteLineAsync(line);
            told = line;
        }
    }
}
