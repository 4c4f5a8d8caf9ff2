using System.CommandLine;
using System.Runtime.CompilerServices;
using OpenSdc.Client;
using OpenSdc.Contract;
using OpenSdc.Server;

namespace OpenSdc.Cli.Client;

/// <summary>
/// <c>sdc download</c>: fetches files by name, by a list of names, or by a query, each verified before it gets
/// its name.
/// </summary>
internal static class DownloadCommand
{
    public static Command Make()
    {
        var command = new Command("download", """
            Fetch files into the data folder, at their paths in the archive. Each is verified before it gets its name, and an interrupted download goes on.

            Examples:
              sdc download imap_codice_l1a_lo_20260101_20260102_v01-01.cdf
              sdc download --instrument mag --data-level l1a --latest -j 8
              sdc download 'imap_mag_*_20260101_*' --table '*'
              sdc query --instrument mag --output names | sdc download --from -
            """);
        var names = NameOptions.AddTo(command);
        var filters = FilterOptions.AddTo(command);
        var existing = new Option<ExistingFile>("--existing")
        {
            Description =
                "What to do with a file that is there: refresh (keep one that agrees, replace one that differs), skip (keep one that agrees, fail on one that differs), verify (fetch nothing), error, overwrite.",
            HelpName = "refresh|skip|verify|error|overwrite",
        };
        var flat = new Option<bool>("--flat") { Description = "Put the files directly into the data folder." };
        // As they are written on this command line, not as the library's names.
        existing.CompletionSources.Clear();
        existing.CompletionSources.Add("refresh", "skip", "verify", "error", "overwrite");
        command.Add(existing);
        var atOnce = JobsOption.AddTo(command, usual: new DownloadOptions().FilesAtOnce);
        command.Add(flat);
        var progress = ProgressOptions.AddTo(command);
        var archive = ArchiveOptions.AddTo(command, withFolder: true);
        command.SetAction(
            (parsed, cancel) =>
                ClientRun.RunAsync(
                    parsed,
                    archive,
                    async client =>
                    {
                        var most = atOnce.Read(parsed);
                        if (!names.AreGiven(parsed) && !filters.AreGiven(parsed))
                            throw new SettingException(
                                "Nothing says which files are meant; give names, --from, or an option such as --instrument."
                            );
                        var how = new DownloadOptions
                        {
                            Existing = parsed.GetValue(existing),
                            Flat = parsed.GetValue(flat),
                            FilesAtOnce = most,
                        };
                        using var shown = progress.Start(parsed);
                        var missing = new List<string>();
                        var records = names.AreGiven(parsed)
                            ? names.FindAsync(parsed, client, ArchiveOptions.Mission(), filters.Read(parsed), missing, cancel)
                            : client.QueryAsync(filters.Read(parsed), cancel);
                        return await FetchAsync(client, records, archive.Folder(parsed), how, shown, missing, cancel);
                    },
                    cancel
                )
        );
        return command;
    }

    /// <summary>
    /// Fetches the files, writes the path of each to standard output, and says at the end how many there were.
    /// </summary>
    public static async Task<int> FetchAsync(
        SdcClient client, IAsyncEnumerable<FileRecord> records, string folder, DownloadOptions how, TransferReport shown,
            List<string> missing, CancellationToken cancel, bool tellSkipped = true)
    {
        var (fetched, there, failed) = (0L, 0L, 0L);
        SdcException? alone = null;
        await foreach (var result in client.DownloadManyAsync(records, folder, how, shown, cancel))
        {
            switch (result.Outcome)
            {
                case DownloadOutcome.Failed:
                    failed++;
                    alone = result.Failure;
                    break;
                case DownloadOutcome.AlreadyThere:
                    there++;
                    if (tellSkipped)
                        shown.WriteData(ShownText.Plain(result.Path));
                    break;
                default:
                    fetched++;
                    shown.WriteData(ShownText.Plain(result.Path));
                    break;
            }
        }

        shown.Dispose();
        foreach (var name in missing)
            await ClientRun.TellAbsentAsync(client, name, cancel);
        await Console.Error.WriteLineAsync(
            $"{LongTask.Count(fetched, "file", "files")} fetched, {there} there already{(failed + missing.Count > 0 ? $", {failed + missing.Count} failed" : "")}."
        );
        return failed == 1 && fetched + there + missing.Count == 0 ? ClientRun.CodeOf(alone!)
            : failed > 0 ? ExitCode.TransfersIncomplete
            : missing.Count > 0 ? ExitCode.NoSuchFile
            : ExitCode.Done;
    }
}
