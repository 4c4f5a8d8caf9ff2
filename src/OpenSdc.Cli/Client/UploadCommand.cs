using System.CommandLine;
using System.Runtime.CompilerServices;
using OpenSdc.Client;
using OpenSdc.Server;

namespace OpenSdc.Cli.Client;

/// <summary>
/// <c>sdc upload</c>: sends files, whole folders, or those of a list. It may be repeated: what the archive has
/// already is a success.
/// </summary>
internal static class UploadCommand
{
    private const string FromInput = "-";

    public static Command Make()
    {
        var command = new Command("upload", """
            Send files to an archive. Their names decide where they lie there. What the archive has already, with the same bytes, is a success.

            Examples:
              sdc upload imap_codice_l1a_lo_20260101_20260102_v01-01.cdf
              sdc upload out/ -j 8
              find out -name '*.cdf' | sdc upload -
            """
        );
        var paths = new Argument<string[]>("PATH")
        {
            Description = "Files, folders with everything below them, or - for a path a line on standard input.",
            Arity = ArgumentArity.OneOrMore,
        };
        command.Add(paths);
        var atOnce = JobsOption.AddTo(command, usual: 4);
        var progress = ProgressOptions.AddTo(command);
        var archive = ArchiveOptions.AddTo(command, withFolder: false);
        command.SetAction((parsed, cancel) => ClientRun.RunAsync(parsed, archive, async client =>
        {
            var most = atOnce.Read(parsed);
            using var shown = progress.Start(parsed);
            return await SendAsync(client, FilesAsync(parsed.GetValue(paths)!, cancel), most, shown, cancel);
        }, cancel));
        return command;
    }

    private static async Task<int> SendAsync(SdcClient client, IAsyncEnumerable<string> files, int atOnce, TransferReport shown,
        CancellationToken cancel)
    {
        var (sent, there, failed) = (0L, 0L, 0L);
        SdcException? alone = null;
        await Parallel.ForEachAsync(files, new ParallelOptions { MaxDegreeOfParallelism = atOnce, CancellationToken = cancel },
            async (file, stop) =>
        {
            try
            {
                var result = await client.UploadAsync(file, shown, stop);
                Interlocked.Increment(ref result.Outcome == UploadOutcome.Published ? ref sent : ref there);
                var line = $"{(result.Outcome == UploadOutcome.Published ? "published" : "was there")}  {result.FilePath}";
                // Of several threads; each line is written whole.
                shown.WriteData(ShownText.Plain(line));
            }
            catch (SdcException failure)
            {
                Interlocked.Increment(ref failed);
                alone = failure;
            }
        });
        shown.Dispose();
        await Console.Error.WriteLineAsync(
            $"{LongTask.Count(sent, "file", "files")} published, {there} there already{(failed > 0 ? $", {failed} failed" : "")}."
        );
        return failed == 1 && sent + there == 0 ? ClientRun.CodeOf(alone!)
            : failed > 0 ? ExitCode.TransfersIncomplete
            : ExitCode.Done;
    }

    private static async IAsyncEnumerable<string> FilesAsync(string[] paths, [EnumeratorCancellation] CancellationToken cancel)
    {
        foreach (var path in paths)
        {
            if (path == FromInput)
            {
                await foreach (var line in NameOptions.LinesAsync(FromInput, cancel))
                    yield return line;
            }
            else if (Directory.Exists(path))
            {
                // What hides, and what is not whole, is not meant.
                foreach (var file in Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories).Where(file =>
                    !IsLeftOut(Path.GetFileName(file))).Order(StringComparer.Ordinal))
                    yield return file;
            }
            else
            {
                yield return path;
            }
        }
    }

    private static bool IsLeftOut(string name) => name.StartsWith('.') || name.EndsWith(".part", StringComparison.OrdinalIgnoreCase);
}
