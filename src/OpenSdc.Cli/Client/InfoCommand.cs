using System.CommandLine;
using OpenSdc.Client;
using OpenSdc.Contract;

namespace OpenSdc.Cli.Client;

/// <summary><c>sdc info NAME</c>: what the archive knows of single files.</summary>
internal static class InfoCommand
{
    public static Command Make()
    {
        var command = new Command("info", """
            Show what the archive knows of single files, as JSON unless --output says otherwise.

            Example:
              sdc info imap_codice_l1a_lo_20260101_20260102_v01-01.cdf
            """);
        var names = new Argument<string[]>("NAME") { Description = "Bare name or path in the archive.", Arity = ArgumentArity.OneOrMore };
        command.Add(names);
        var output = ListOutput.AddTo(command, "json");
        var archive = ArchiveOptions.AddTo(command, withFolder: false);
        command.SetAction((parsed, cancel) => ClientRun.RunAsync(parsed, archive, async client =>
        {
            var found = new List<FileRecord>();
            var absent = new List<string>();
            foreach (var name in parsed.GetValue(names)!)
            {
                if (await client.FindAsync(name, cancel) is { } record)
                    found.Add(record);
                else
                    absent.Add(name);
            }

            await output.WriteAsync(parsed, found.ToAsyncEnumerable(), cancel);
            foreach (var name in absent)
                await ClientRun.TellAbsentAsync(client, name, cancel);
            return absent.Count > 0 ? ExitCode.NoSuchFile : ExitCode.Done;
        }, cancel));
        return command;
    }
}
