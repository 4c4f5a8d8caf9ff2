using System.CommandLine;
using OpenSdc.Server;
using OpenSdc.Server.Upkeep;

namespace OpenSdc.Cli;

/// <summary><c>sdc rebuild</c>: makes a lost catalogue again from the objects.</summary>
internal static class RebuildCommand
{
    public static Command Make()
    {
        var command = new Command("rebuild", "Make a lost catalogue again from the objects alone. The archive must not be serving.");
        var settings = SettingOptions.AddTo(command, ["mission", .. SettingOptions.OfArchive]);
        command.SetAction(
            (parsed, cancel) =>
                LongTask.RunAsync(
                    progress => RunAsync(settings.Read(parsed), progress, cancel),
                    "There is still no catalogue; the same command begins again.",
                    cancel
                )
        );
        return command;
    }

    /// <summary>The mission that the data folder keeps; a bucket without one has that of the settings.</summary>
    private static MissionText MissionOf(ServerOptions options)
    {
        if (MissionText.InFolder(options.Data) is not { } kept)
            return ArchiveMission.First(options);
        if (MissionText.Given(options) is { } given && !given.SaysTheSame(kept))
            throw new SettingException(
                $"{given.From} is not the one that the data folder keeps in {MissionText.FileName}, and by which its files were named; leave the setting mission out, or move {MissionText.FileName} away."
            );
        return kept;
    }

    private static async Task<int> RunAsync(ServerOptions options, UpkeepProgress progress, CancellationToken cancel)
    {
        if (options.Catalogue is not null)
        {
            throw new SettingException(
                "A rebuild makes an SQLite catalogue; for PostgreSQL run it without the setting catalogue, with --data naming a folder that has room for it, and then sdc migrate into an empty database."
            );
        }

        var mission = MissionOf(options);
        // Only to see that there is an archive: opening would make a folder, and a rebuild of nothing.
        if (options.Objects is null)
            DataFolder.Join(options.Data).Dispose();
        var store = await OpenArchive.StoreAsync(options, TimeProvider.System, cancel);
        using var _ = store as IDisposable;
        using var folder = DataFolder.Open(options.Data, options.DataMode);
        var result = await new Rebuild(folder, store, mission, TimeProvider.System, progress, LongTask.Tell).RunAsync(cancel);
        await Console.Out.WriteLineAsync(
            $"The catalogue of {folder.Path} is made again: {LongTask.Count(result.Recorded, "record", "records")}."
        );
        if (result.LeftAlone == 0)
            return ExitCode.Done;
        await Console.Out.WriteLineAsync($"{LongTask.Count(result.LeftAlone, "file was", "files were")} left alone, without a record.");
        return ExitCode.RebuildIncomplete;
    }
}
