using System.CommandLine;

namespace OpenSdc.Cli.Client;

/// <summary><c>sdc query</c>: lists the files of an archive that have what the options say.</summary>
internal static class QueryCommand
{
    public static Command Make()
    {
        var command = new Command("query", """
            List the files of an archive.

            Examples:
              sdc query --instrument mag --data-level l1a --start-date 20260101
              sdc query --instrument codice --latest --output csv > codice.csv
            """);
        var filters = FilterOptions.AddTo(command);
        var output = ListOutput.AddTo(command);
        var archive = ArchiveOptions.AddTo(command, withFolder: false);
        command.SetAction((parsed, cancel) => ClientRun.RunAsync(parsed, archive, async client =>
        {
            var count = await output.WriteAsync(parsed, client.QueryAsync(filters.Read(parsed), cancel), cancel);
            await Console.Error.WriteLineAsync(LongTask.Count(count, "file", "files"));
            return ExitCode.Done;
        }, cancel));
        return command;
    }
}
