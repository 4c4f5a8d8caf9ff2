using System.CommandLine;
using OpenSdc.Server;
using OpenSdc.Server.Upkeep;

namespace OpenSdc.Cli;

/// <summary><c>sdc restore DIR</c>: makes a data folder from a backup, or only proves that it could.</summary>
internal static class RestoreCommand
{
    public static Command Make()
    {
        var command = new Command("restore", "Make a data folder from a backup, every object verified.");
        var folder = new Argument<string>("DIR") { Description = "Folder of the backups." };
        var verify = new Option<bool>("--verify") { Description = "Read and compare the whole backup, and restore nothing." };
        command.Add(folder);
        command.Add(verify);
        var settings = SettingOptions.AddTo(command, "data", "data-mode");
        command.SetAction((parsed, cancel) => LongTask.RunAsync(
            progress => RunAsync(settings.Read(parsed), parsed.GetValue(folder)!, parsed.GetValue(verify), progress, cancel),
            "What was restored is no archive yet; empty the data folder and begin again.", cancel));
        return command;
    }

    private static async Task<int> RunAsync(
        ServerOptions options,
        string backup,
        bool verify,
        UpkeepProgress progress,
        CancellationToken cancel
    )
    {
        backup = Path.GetFullPath(backup);
        var found = verify
            ? await new BackupCheck(backup, progress, LongTask.Tell).RunAsync(cancel)
            : await new Restore(backup, options.Data, TimeProvider.System, progress, LongTask.Tell, options.DataMode).RunAsync(cancel);
        if (found.CatalogueFault is { } fault)
        {
            await Console.Error.WriteLineAsync(
                $"The catalogue of the backup is damaged: {fault}. Nothing was restored; an older backup, or sdc rebuild on its objects, is what is left."
            );
            return ExitCode.CatalogueDamaged;
        }

        await Console.Out.WriteLineAsync(
            $"{(verify ? $"{backup} holds" : $"{Path.GetFullPath(options.Data)} has")} the archive up to publication {found.Records}{(found.HasObjects ? $"; {LongTask.Count(found.Intact, "object is", "objects are")} intact" : "; the backup has no objects")}."
        );
        if (found.Newer > 0)
            await Console.Out.WriteLineAsync(
                $"{LongTask.Count(found.Newer, "object is", "objects are")} newer than the catalogue; sdc fsck --repair makes the missing records."
            );
        if (found.KnownLost > 0)
            await Console.Out.WriteLineAsync(
                $"{LongTask.Count(found.KnownLost, "object is", "objects are")} not there that the archive knew to be lost or damaged."
            );
        if (found.AuditFault is { } broken)
            await Console.Error.WriteLineAsync($"The audit in the backup is broken: {broken}");
        if (found.Failed == 0)
            return found.AuditFault is null ? ExitCode.Done : ExitCode.AuditBroken;
        await Console.Out.WriteLineAsync(
            $"{LongTask.Count(found.Failed, "object is", "objects are")} missing or damaged in the backup{(verify ? "" : ", and marked as lost")}."
        );
        return ExitCode.RestoreIncomplete;
    }
}
