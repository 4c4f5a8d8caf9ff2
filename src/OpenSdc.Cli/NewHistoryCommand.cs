using System.CommandLine;
using OpenSdc.Server;

namespace OpenSdc.Cli;

/// <summary><c>sdc new-history</c>: what to run after a catalogue was brought back by the database's own tools.</summary>
internal static class NewHistoryCommand
{
    public static Command Make()
    {
        var command = new Command(
            "new-history",
            "Begin a new history, after the catalogue was restored by the database's own tools or from a snapshot: numbers that pollers noted before are then refused. The archive may be serving."
        );
        var settings = SettingOptions.AddTo(command, "data", "catalogue");
        command.SetAction(
            (parsed, cancel) => LongTask.RunAsync(_ => RunAsync(settings.Read(parsed), cancel), "The history is as it was.", cancel)
        );
        return command;
    }

    private static async Task<int> RunAsync(ServerOptions options, CancellationToken cancel)
    {
        using var records = await RecordsAlone.JoinAsync(options, cancel);
        var catalogue = records.Catalogue;
        var before = await catalogue.StateAsync(Server.Catalogue.Audience.All, cancel);
        var history = await catalogue.BeginHistoryAsync(cancel);
        await Console.Out.WriteLineAsync(
            $"The archive in {catalogue.Name} has the new history {history}, up to publication {before.Seq}; it was {before.History}."
        );
        return ExitCode.Done;
    }
}
