using System.CommandLine;
using OpenSdc.Client;
using OpenSdc.Contract;
using OpenSdc.Server;

namespace OpenSdc.Cli.Client;

/// <summary>
/// <c>sdc sync</c>: mirrors a query into the data folder and keeps it current. It never deletes.
/// </summary>
internal static class SyncCommand
{
    public static Command Make()
    {
        var command = new Command("sync", """
            Mirror the files of a query into the data folder, and keep it current: the first run compares all of them, later ones ask only for what is new. Nothing is ever deleted.
            Versions are all meant, unless --version or --latest says otherwise.

            Examples:
              sdc sync --instrument mag --data-level l2 --latest
              sdc sync --table '*' --dry-run
            """);
        var filters = FilterOptions.AddTo(command);
        var dryRun = new Option<bool>("--dry-run")
        {
            Description =
                "Change nothing; a line a file: '+' would be fetched, '*' would be replaced, '!' cannot be fetched, '=' is right (with --all).",
        };
        var all = new Option<bool>("--all") { Description = "With --dry-run: also name the files that are right." };
        var full = new Option<bool>("--full") { Description = "Compare all files again, also those of earlier runs." };
        foreach (var option in (Option[])[dryRun, all, full])
            command.Add(option);
        var atOnce = JobsOption.AddTo(command, usual: new DownloadOptions().FilesAtOnce);
        var progress = ProgressOptions.AddTo(command);
        var archive = ArchiveOptions.AddTo(command, withFolder: true);
        command.SetAction((parsed, cancel) => ClientRun.RunAsync(parsed, archive, async client =>
        {
            var most = atOnce.Read(parsed);
            var query = filters.Read(parsed);
            if (query.Limit is not null)
                throw new SettingException("The option --limit has no meaning for a mirror.");
            if (query.Version is null && !query.Latest)
                query = query with { Version = "*" };
            var folder = archive.Folder(parsed);
            var now = await client.GetStateAsync(cancel)
                ?? throw new SdcException(SdcError.BadAnswer,
                    "The server does not number its changes, so that nothing can be kept current; use download.");
            var state = SyncState.Read(folder);
            var key = $"{archive.Address(parsed)} {query.ToQueryString()}";
            var before = parsed.GetValue(full) ? null : state.Of(key, now.History);
            if (before?.Seq == now.Seq)
            {
                await Console.Error.WriteLineAsync("Nothing is new.");
                return ExitCode.Done;
            }

            var records = client.QueryAsync(query with { SinceSeq = before?.Seq, AsOf = now.Seq, History = now.History }, cancel);
            if (parsed.GetValue(dryRun))
                return await VerifyCommand.CompareAsync(client, records, folder, new DownloadOptions { Existing = ExistingFile.Verify },
                    parsed.GetValue(all), [], cancel);
            using var shown = progress.Start(parsed);
            var code = await DownloadCommand.FetchAsync(client, records, folder,
                new DownloadOptions { FilesAtOnce = most }, shown, [], cancel, tellSkipped: false);
            // What failed is asked for again by the next run.
            if (code == ExitCode.Done)
                await state.NoteAsync(key, now, cancel);
            return code;
        }, cancel));
        return command;
    }
}
