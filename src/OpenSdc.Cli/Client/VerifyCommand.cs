using System.CommandLine;
using OpenSdc.Client;
using OpenSdc.Contract;
using OpenSdc.Server;

namespace OpenSdc.Cli.Client;

/// <summary>
/// <c>sdc verify</c>: compares the files of the data folder with the archive's records. It changes nothing.
/// </summary>
internal static class VerifyCommand
{
    public static Command Make()
    {
        var command = new Command("verify", """
            Compare local files with the archive, by their digests, and change nothing. A line for each file that is not right:
            '+' only the archive has it, '*' it differs, '!' it cannot be read. With --all also '=' for those that are right.

            Examples:
              sdc verify --instrument mag --data-level l1a
              sdc verify imap_codice_l1a_lo_20260101_20260102_v01-01.cdf
            """);
        var names = NameOptions.AddTo(command);
        var filters = FilterOptions.AddTo(command);
        var all = new Option<bool>("--all") { Description = "Also name the files that are right." };
        var flat = new Option<bool>("--flat") { Description = "The files lie directly in the data folder." };
        command.Add(all);
        command.Add(flat);
        var archive = ArchiveOptions.AddTo(command, withFolder: true);
        command.SetAction((parsed, cancel) => ClientRun.RunAsync(parsed, archive, async client =>
        {
            var missing = new List<string>();
            var records = names.AreGiven(parsed) ? names.FindAsync(parsed, client, filters.Read(parsed), missing, cancel)
                : client.QueryAsync(filters.Read(parsed), cancel);
            var how = new DownloadOptions { Existing = ExistingFile.Verify, Flat = parsed.GetValue(flat) };
            return await CompareAsync(client, records, archive.Folder(parsed), how, parsed.GetValue(all), missing, cancel);
        }, cancel));
        return command;
    }

    public static async Task<int> CompareAsync(
        SdcClient client, IAsyncEnumerable<FileRecord> records, string folder, DownloadOptions how, bool all, List<string> missing,
            CancellationToken cancel)
    {
        var (right, wrong) = (0L, 0L);
        await foreach (var result in client.DownloadManyAsync(records, folder, how, progress: null, cancel))
        {
            var sign = result.Record.Integrity is not null && result.Outcome != DownloadOutcome.AlreadyThere ? '!'
                : result.Outcome == DownloadOutcome.AlreadyThere ? '='
                : result.Failure!.Error != SdcError.LocalFile ? '!'
                : File.Exists(result.Path) || Directory.Exists(result.Path) ? '*'
                : '+';
            if (sign == '=')
                right++;
            else
                wrong++;
            if (sign != '=' || all)
                await Console.Out.WriteLineAsync(ShownText.Plain($"{sign} {result.Record.FilePath}"));
        }

        foreach (var name in missing)
            await ClientRun.FailAsync(ExitCode.NoSuchFile, $"The archive has no file {name}.");
        await Console.Error.WriteLineAsync($"{LongTask.Count(right, "file is", "files are")} right, {wrong} not.");
        return wrong > 0 ? ExitCode.FilesDiffer : missing.Count > 0 ? ExitCode.NoSuchFile : ExitCode.Done;
    }
}
