using System.CommandLine;

namespace OpenSdc.Cli.Client;

/// <summary><c>sdc latest</c>: lists the newest version of each series.</summary>
internal static class LatestCommand
{
    public static Command Make()
    {
        var command = new Command("latest", """
            List the newest version of each series of files, as query --latest does.

            Example:
              sdc latest --instrument mag --data-level l2 --output names
            """);
        var filters = FilterOptions.AddTo(command, withLatest: false);
        var output = ListOutput.AddTo(command);
        var archive = ArchiveOptions.AddTo(command, withFolder: false);
        command.SetAction((parsed, cancel) => ClientRun.RunAsync(parsed, archive, async client =>
        {
            var count = await output.WriteAsync(parsed, client.QueryAsync(filters.Read(parsed) with { Latest = true }, cancel), cancel);
            await Console.Error.WriteLineAsync(LongTask.Count(count, "file", "files"));
            return ExitCode.Done;
        }, cancel));
        return command;
    }
}
