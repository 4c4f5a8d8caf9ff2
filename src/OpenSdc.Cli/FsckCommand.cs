using System.CommandLine;
using System.Data.Common;
using System.Text.Json;
using OpenSdc.Server;
using OpenSdc.Server.Upkeep;

namespace OpenSdc.Cli;

/// <summary>
/// <c>sdc fsck</c>: compares the catalogue with the objects, and repairs or undoes where it is told to. The
/// archive may be serving meanwhile.
/// </summary>
internal static class FsckCommand
{
    private static readonly Option<bool> Digest = new("--digest")
    {
        Description = "Read every byte and compare it with the recorded digest.",
    };
    private static readonly Option<long> Rate = new("--rate")
    {
        Description = "Most bytes read in a second.",
        HelpName = "BYTES_PER_SECOND",
    };
    private static readonly Option<int> Readers = new("--readers")
    {
        Description = "Objects read side by side. Default: one a core, at most 4.",
        HelpName = "N",
        DefaultValueFactory = _ => new FsckOptions().Readers,
    };

    private static readonly Option<string?> Resume = new("--resume")
    {
        Description = "With --digest: keep the position in this file, and go on from it where it exists. Removed at the end.",
        HelpName = "FILE",
    };

    private static readonly Option<bool> Repair = new("--repair")
    {
        Description = "Repair what was found. Nothing is deleted; every action is logged and can be undone.",
    };
    private static readonly Option<string> MaxChanges = new("--max-changes")
    {
        Description = "Most changes of a repair: a share of the files or a number. More change nothing.",
        HelpName = "1%|N",
        DefaultValueFactory = _ => "1%",
    };

    private static readonly Option<string?> Undo = new("--undo") { Description = "Undo the repair that wrote this log.", HelpName = "LOG" };
    private static readonly Option<bool> Json = new("--json") { Description = "Report as one JSON object with every finding." };
    private static readonly Option<int> Show = new("--show")
    {
        Description = "Findings of each kind that the report in words names.",
        HelpName = "N",
        DefaultValueFactory = _ => 10,
    };

    public static Command Make()
    {
        var command = new Command(
            "fsck",
            "Compare the catalogue with the stored objects. A dry run unless --repair is given; safe while the archive serves."
        );
        var settings = SettingOptions.AddTo(command, SettingOptions.OfArchive);
        foreach (var option in (Option[])[Digest, Rate, Readers, Resume, Repair, MaxChanges, Undo, Json, Show])
            command.Add(option);
        command.SetAction((parsed, cancel) => RunAsync(parsed, settings, cancel));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, SettingOptions settings, CancellationToken cancel)
    {
        try
        {
            return parsed.GetValue(Undo) is { } log
                ? await UndoAsync(parsed, settings.Read(parsed), log, cancel)
                : await CheckAsync(parsed, settings.Read(parsed), OptionsOf(parsed), cancel);
        }
        catch (SettingException fault)
        {
            await Console.Error.WriteLineAsync(ShownText.Plain(fault.Message));
            return ExitCode.BadSetting;
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync(parsed.GetValue(Resume) is { } file
                ? $"Stopped before the end; the same command with --resume {file} goes on."
                : "Stopped before the end.");
            return ExitCode.Interrupted;
        }
        catch (Exception failure) when (failure is DbException or IOException or UnauthorizedAccessException)
        {
            var what = failure is DbException ? "The catalogue cannot be used" : "The archive cannot be read or written";
            await Console.Error.WriteLineAsync($"{what}: {ShownText.Plain(failure.Message)}");
            return ExitCode.Failed;
        }
    }

    private static async Task<int> CheckAsync(ParseResult parsed, ServerOptions settings, FsckOptions options, CancellationToken cancel)
    {
        var progress = new UpkeepProgress();
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var telling = LongTask.TellAsync(progress, ended.Token);
        using var run = await EndingAsync(Fsck.RunAsync(settings, options, progress, TimeProvider.System, cancel), ended, telling);
        if (parsed.GetValue(Json))
            await WriteAsync(run.Report, FsckJson.Default.FsckReport, cancel);
        else
            await FsckWords.WriteAsync(Console.Out, run.Report, parsed.GetValue(Show), cancel);
        return run.Report.Outcome switch
        {
            FsckOutcome.Clean => ExitCode.Done,
            FsckOutcome.Repaired => ExitCode.Repaired,
            FsckOutcome.Stopped => ExitCode.TooManyChanges,
            _ => ExitCode.ProblemsFound,
        };
    }

    private static async Task<int> UndoAsync(ParseResult parsed, ServerOptions settings, string log, CancellationToken cancel)
    {
        if (parsed.GetValue(Repair) || parsed.GetValue(Digest))
            throw new SettingException("--undo stands alone: it neither checks nor repairs.");
        if (!File.Exists(log))
            throw new SettingException($"There is no log {log}; a repair says where its log lies.");
        var report = await Fsck.UndoAsync(settings, log, TimeProvider.System, cancel);
        if (parsed.GetValue(Json))
            await WriteAsync(report, FsckJson.Default.FsckUndoReport, cancel);
        else
            await FsckWords.WriteAsync(Console.Out, report);
        return report.Left.Count == 0 ? ExitCode.Done : ExitCode.ProblemsFound;
    }

    private static FsckOptions OptionsOf(ParseResult parsed)
    {
        var options = new FsckOptions
        {
            Digest = parsed.GetValue(Digest),
            Rate = parsed.GetValue(Rate),
            Readers = parsed.GetValue(Readers),
            Repair = parsed.GetValue(Repair),
            Resume = parsed.GetValue(Resume),
            MaxChanges =
                ChangeCap.Parse(parsed.GetValue(MaxChanges)!)
                ?? throw new SettingException(
                    $"--max-changes is '{parsed.GetValue(MaxChanges)}'; allowed: a number such as 25, or a share from 0% to 100%."
                ),
        };
        if (options.Rate < 0)
            throw new SettingException($"--rate is {options.Rate}; allowed: a number of bytes, or 0 for as fast as it goes.");
        if (options.Readers is < 1 or > 256)
            throw new SettingException($"--readers is {options.Readers}; allowed: 1 to 256.");
        if (options.Resume is not null && !options.Digest)
            throw new SettingException("--resume keeps the position of --digest, and goes with it only.");
        return options;
    }

    /// <summary>The result, after the last line of progress: none comes between it and the report.</summary>
    private static async Task<T> EndingAsync<T>(Task<T> work, CancellationTokenSource ended, Task telling)
    {
        try
        {
            return await work;
        }
        finally
        {
            await ended.CancelAsync();
            await telling;
        }
    }

    private static async Task WriteAsync<T>(
        T report,
        System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type,
        CancellationToken cancel
    )
    {
        await using var output = Console.OpenStandardOutput();
        await JsonSerializer.SerializeAsync(output, report, type, cancel);
        output.WriteByte((byte)'\n');
    }
}
