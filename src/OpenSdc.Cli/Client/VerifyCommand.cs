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
            '+' only the archive has it, '*' it differs, '!' it cannot be read. With --all also '=' for those that are right,
            with --extra also '-' for files of the folder that the query does not have.

            Examples:
              sdc verify --instrument mag --data-level l1a
              sdc verify imap_codice_l1a_lo_20260101_20260102_v01-01.cdf
            """);
        var names = NameOptions.AddTo(command);
        var filters = FilterOptions.AddTo(command);
        var all = new Option<bool>("--all") { Description = "Also name the files that are right." };
        var flat = new Option<bool>("--flat") { Description = "The files lie directly in the data folder." };
        var extra = new Option<bool>("--extra") { Description = "Also name the files of the data folder that are not among those meant." };
        command.Add(all);
        command.Add(extra);
        command.Add(flat);
        var archive = ArchiveOptions.AddTo(command, withFolder: true);
        command.SetAction(
            (parsed, cancel) =>
                ClientRun.RunAsync(
                    parsed,
                    archive,
                    async client =>
                    {
                        var missing = new List<string>();
                        var records = names.AreGiven(parsed)
                            ? names.FindAsync(parsed, client, ArchiveOptions.Mission(), filters.Read(parsed), missing, cancel)
                            : client.QueryAsync(filters.Read(parsed), cancel);
                        var how = new DownloadOptions { Existing = ExistingFile.Verify, Flat = parsed.GetValue(flat) };
                        return await CompareAsync(
                            client,
                            records,
                            archive.Folder(parsed),
                            how,
                            parsed.GetValue(all),
                            missing,
                            cancel,
                            parsed.GetValue(extra)
                        );
                    },
                    cancel
                )
        );
        return command;
    }

    public static async Task<int> CompareAsync(
        SdcClient client, IAsyncEnumerable<FileRecord> records, string folder, DownloadOptions how, bool all, List<string> missing,
            CancellationToken cancel, bool extra = false)
    {
        var known = new HashSet<string>(StringComparer.Ordinal);
        var (right, wrong) = (0L, 0L);
        await foreach (var result in client.DownloadManyAsync(records, folder, how, progress: null, cancel))
        {
            var sign = result.Record.Integrity is not null && result.Outcome != DownloadOutcome.AlreadyThere ? '!'
                : result.Outcome == DownloadOutcome.AlreadyThere ? '='
                : result.Failure!.Error != SdcError.LocalFile ? '!'
                : File.Exists(result.Path) || Directory.Exists(result.Path) ? '*'
                : '+';
            if (extra)
                known.Add(result.Path);
            if (sign == '=')
                right++;
            else
                wrong++;
            if (sign != '=' || all)
                await Console.Out.WriteLineAsync(ShownText.Plain($"{sign} {result.Record.FilePath}"));
        }

        foreach (var file in extra && Directory.Exists(folder) ? LocalFiles(folder).Where(file => !known.Contains(file)) : [])
        {
            wrong++;
            await Console.Out.WriteLineAsync(ShownText.Plain($"- {Path.GetRelativePath(folder, file)}"));
        }

        foreach (var name in missing)
            await ClientRun.TellAbsentAsync(client, name, cancel);
        await Console.Error.WriteLineAsync($"{LongTask.Count(right, "file is", "files are")} right, {wrong} not.");
        return wrong > 0 ? ExitCode.FilesDiffer : missing.Count > 0 ? ExitCode.NoSuchFile : ExitCode.Done;
    }

    /// <summary>The files of a folder and below it, without those that hide and those that are still on their way.</summary>
    private static IEnumerable<string> LocalFiles(string folder) =>
        Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Where(file => !Path.GetFileName(file).StartsWith('.') && !file.EndsWith(".part", StringComparison.OrdinalIgnoreCase))
            .Order(StringComparer.Ordinal);
}
