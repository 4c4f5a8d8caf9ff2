using System.CommandLine;
using OpenSdc.Server;
using OpenSdc.Server.Upkeep;

namespace OpenSdc.Cli;

/// <summary><c>sdc backup DIR</c>: copies what is new in an archive to a folder, while the archive serves.</summary>
internal static class BackupCommand
{
    public static Command Make()
    {
        var command = new Command(
            "backup",
            "Copy the catalogue, and the objects published since the last backup, to a folder. The archive may go on serving."
        );
        var folder = new Argument<string>("DIR") { Description = "Folder of the backups, best on another disk; made where it is absent." };
        var catalogueOnly = new Option<bool>("--catalogue-only")
        {
            Description = "Copy no objects: for sites that back them up otherwise.",
        };
        command.Add(folder);
        command.Add(catalogueOnly);
        var settings = SettingOptions.AddTo(command, SettingOptions.OfArchive);
        command.SetAction(
            (parsed, cancel) =>
                LongTask.RunAsync(
                    progress => RunAsync(settings.Read(parsed), parsed.GetValue(folder)!, parsed.GetValue(catalogueOnly), progress, cancel),
                    "The last backup is as it was, and what was copied is kept; the same command goes on.",
                    cancel
                )
        );
        return command;
    }

    private static async Task<int> RunAsync(
        ServerOptions options,
        string path,
        bool catalogueOnly,
        UpkeepProgress progress,
        CancellationToken cancel
    )
    {
        if (options.Catalogue is not null)
        {
            throw new SettingException(
                "The records lie in PostgreSQL, which has its own backups: pg_dump, or its write-ahead log kept elsewhere. Back up the database first and then the objects, by a copy of the folder objects or the bucket's replication; sdc backup is for an archive on SQLite."
            );
        }

        using var data = DataFolder.Join(options.Data, holdsObjects: options.Objects is null);
        var store = await OpenArchive.StoreAsync(options, TimeProvider.System, cancel);
        using var _ = store as IDisposable;
        using var folder = new BackupFolder(path, data.Path, catalogueOnly);
        var result = await new Backup(data, store, folder, TimeProvider.System, progress, LongTask.Tell).RunAsync(cancel);
        if (result.State is not { } state)
        {
            await Console.Error.WriteLineAsync(
                $"The archive's catalogue is damaged: {result.CatalogueFault}. The last backup is as it was."
            );
            return ExitCode.CatalogueDamaged;
        }

        if (!LastBackup.TryNote(data.Path, state.Time))
            await Console.Error.WriteLineAsync("The data folder cannot be written, so the archive's metrics do not tell of this backup.");
        var objects = catalogueOnly
            ? ""
            : $"; {LongTask.Count(state.Copied, "object", "objects")} copied, {LongTask.Size(state.CopiedBytes)}";
        await Console.Out.WriteLineAsync(
            $"{folder.Folder} holds the archive up to publication {state.Seq}, {result.New} more than before{objects}."
        );
        if (result.KnownLost > 0)
            await Console.Out.WriteLineAsync(
                $"{LongTask.Count(result.KnownLost, "object is", "objects are")} not in it that the archive knows to be lost or damaged."
            );
        if (result.AuditFault is { } fault)
            await Console.Error.WriteLineAsync(
                $"The audit is broken: {fault} The backup holds it as it is; the head in {BackupState.FileName} of the backup before may tell when."
            );
        if (result.Failed == 0)
            return result.AuditFault is null ? ExitCode.Done : ExitCode.AuditBroken;
        await Console.Out.WriteLineAsync(
            $"{LongTask.Count(result.Failed, "object is", "objects are")} not in it, since the archive did not give the right bytes: run sdc fsck --digest."
        );
        return ExitCode.BackupIncomplete;
    }
}
