using System.CommandLine;
using System.Net;
using System.Text.Json;
using OpenSdc.Cli.Client;
using OpenSdc.Contract;
using OpenSdc.Server;

namespace OpenSdc.Cli;

/// <summary><c>sdc uploads list|abort</c>: asks a running archive which uploads are open, and gives some of them up.</summary>
internal static class UploadsCommand
{
    private const int PageSize = 1000;

    public static Command Make() =>
        new("uploads", "List the open uploads of a running archive, or give some up.") { MakeList(), MakeAbort() };

    private static Command MakeList()
    {
        var command = new Command(
            "list",
            "List the open uploads: id, when asked for, until when open, size (- where it is not known), key."
        );
        var archive = ArchiveOptions.AddTo(command, withFolder: false, withRetries: false);
        var json = new Option<bool>("--json") { Description = "One JSON object a line, as GET /uploads gives it." };
        command.Add(json);
        command.SetAction(
            (parsed, cancel) => RunAsync(parsed, archive, client => ListAsync(client, parsed.GetValue(json), cancel), cancel)
        );
        return command;
    }

    private static Command MakeAbort()
    {
        var command = new Command("abort", "Give uploads up: nothing of them is stored any more. Giving up twice is no fault.");
        var ids = new Argument<string[]>("ID") { Description = "Ids, as list gives them.", Arity = ArgumentArity.OneOrMore };
        command.Add(ids);
        var archive = ArchiveOptions.AddTo(command, withFolder: false, withRetries: false);
        command.SetAction(
            (parsed, cancel) => RunAsync(parsed, archive, client => AbortAsync(client, parsed.GetValue(ids)!, cancel), cancel)
        );
        return command;
    }

    private static async Task<int> RunAsync(
        ParseResult parsed,
        ArchiveOptions archive,
        Func<HttpClient, Task<int>> work,
        CancellationToken cancel
    )
    {
        try
        {
            using var client = archive.Http(parsed);
            return await work(client);
        }
        catch (SettingException fault)
        {
            return await FailAsync(ExitCode.BadSetting, ShownText.Plain(fault.Message));
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            return await FailAsync(ExitCode.Interrupted, "Stopped before the end.");
        }
        catch (Exception failure) when (failure is HttpRequestException or OperationCanceledException)
        {
            return await FailAsync(
                ExitCode.ArchiveAway,
                $"The archive at {ShownText.Plain(archive.Address(parsed).Authority)} cannot be reached: {ShownText.Plain(ClientRun.SentenceOf(failure))}"
            );
        }
        catch (JsonException)
        {
            return await FailAsync(
                ExitCode.Failed,
                $"What answers at {ShownText.Plain(archive.Address(parsed).Authority)} is no archive: its answer is not the list of uploads."
            );
        }
    }

    private static async Task<int> ListAsync(HttpClient client, bool json, CancellationToken cancel)
    {
        string? cursor = null;
        do
        {
            var page = $"uploads?state=open&limit={PageSize}{(cursor is null ? "" : "&cursor=" + Uri.EscapeDataString(cursor))}";
            using var answer = await client.GetAsync(page, cancel);
            if (!answer.IsSuccessStatusCode)
                return await RefusedAsync(answer, "The archive does not list its uploads", cancel);
            var uploads = JsonSerializer.Deserialize(await answer.Content.ReadAsByteArrayAsync(cancel), ContractJson.Default.UploadList)
                ?? throw new JsonException();
            foreach (var upload in uploads.Uploads)
            {
                await Console.Out.WriteLineAsync(
                    json
                        ? JsonSerializer.Serialize(upload, ContractJson.Default.UploadStatus)
                        : ShownText.Plain(
                            $"{upload.Id}  {upload.Created}  {upload.Expires}  {upload.Size?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "-", 13}"
                        )
                            + "  "
                            + ShownText.Plain(upload.FilePath)
                );
            }

            cursor = uploads.NextCursor;
        }
        while (cursor is not null);

        return ExitCode.Done;
    }

    private static async Task<int> AbortAsync(HttpClient client, string[] ids, CancellationToken cancel)
    {
        var code = ExitCode.Done;
        foreach (var id in ids)
        {
            using var answer = await client.DeleteAsync("uploads/" + Uri.EscapeDataString(id), cancel);
            if (answer.StatusCode == HttpStatusCode.NoContent)
                await Console.Out.WriteLineAsync($"{ShownText.Plain(id)} is given up.");
            else if (
                await RefusedAsync(answer, $"{ShownText.Plain(id)} is not given up", cancel) is var refused
                && (refused != ExitCode.NotAborted || code == ExitCode.Done)
            )
                code = refused;
        }

        return code;
    }

    /// <summary>Says what an answer says that is no success, and gives its exit code.</summary>
    private static async Task<int> RefusedAsync(HttpResponseMessage answer, string what, CancellationToken cancel)
    {
        var sentence = ShownText.Plain(await ProblemSentence.OfAsync(answer, cancel));
        var code = (int)answer.StatusCode switch
        {
            404 or 409 when answer.RequestMessage?.Method == HttpMethod.Delete => ExitCode.NotAborted,
            401 or 403 => ExitCode.Refused,
            >= 500 => ExitCode.ArchiveAway,
            _ => ExitCode.Failed,
        };
        return await FailAsync(code, $"{what} ({(int)answer.StatusCode}).{(sentence.Length > 0 ? " " + sentence : "")}");
    }

    private static async Task<int> FailAsync(int code, string sentence)
    {
        await Console.Error.WriteLineAsync(sentence);
        return code;
    }
}
