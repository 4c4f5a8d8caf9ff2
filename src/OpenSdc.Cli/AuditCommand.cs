using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.Json;
using OpenSdc.Cli.Client;
using OpenSdc.Server;
using OpenSdc.Server.Access;
using OpenSdc.Server.Catalogue;

namespace OpenSdc.Cli;

/// <summary>
/// <c>sdc audit [verify|head]</c>: who did what, of a running archive or in a catalogue, and whether anything
/// of it was changed.
/// </summary>
internal static class AuditCommand
{
    private static readonly string[] Places = ["data", "catalogue", "catalogue-file"];

    public static Command Make()
    {
        var command = new Command(
            "audit",
            "Show who did what: number, moment, action, caller, address, target, status, and how often where that is more than once."
        )
        {
            MakeVerify(),
            MakeHead(),
        };
        var actions = new Option<string?>("--action")
        {
            Description = "Only these, separated by commas: " + string.Join(", ", AuditAction.All) + ".",
        };
        var caller = new Option<string?>("--caller") { Description = "Only what this caller did; * stands for any characters." };
        var target = new Option<string?>("--target")
        {
            Description = "Only what was done to this file, key or route; * stands for any characters.",
        };
        var since = new Option<string?>("--since") { Description = "From this day or moment on, UTC: 2026-01-02 or 2026-01-02T03:04:05Z." };
        var before = new Option<string?>("--before") { Description = "Before this day or moment." };
        var after = new Option<long>("--after") { Description = "After the entry of this number." };
        var limit = new Option<long?>("--limit") { Description = "At most so many." };
        var json = new Option<bool>("--json") { Description = "One JSON object a line, with the hashes, as GET /audit gives it." };
        foreach (var option in (Option[])[actions, caller, target, since, before, after, limit, json])
            command.Add(option);
        var run = Place(command);
        command.SetAction(
            (parsed, cancel) =>
                run(
                    parsed,
                    async source =>
                    {
                        var filter = new AuditFilter
                        {
                            Actions = parsed.GetValue(actions)?.Split(',', StringSplitOptions.RemoveEmptyEntries) ?? [],
                            Caller = parsed.GetValue(caller),
                            Target = parsed.GetValue(target),
                            Since = Moment("--since", parsed.GetValue(since)),
                            Before = Moment("--before", parsed.GetValue(before)),
                        };
                        if (filter.Actions.FirstOrDefault(each => !AuditAction.All.Contains(each, StringComparer.Ordinal)) is { } unknown)
                            throw new SettingException(
                                $"The option --action names {ShownText.Of(unknown)}; allowed, separated by commas: {string.Join(", ", AuditAction.All)}."
                            );
                        await foreach (
                            var entry in source.EntriesAsync(
                                filter,
                                parsed.GetValue(after),
                                parsed.GetValue(limit) ?? long.MaxValue,
                                cancel
                            )
                        )
                            await Console.Out.WriteLineAsync(parsed.GetValue(json) ? entry.ToLine() : ShownText.Plain(Line(entry)));
                        return ExitCode.Done;
                    },
                    cancel
                )
        );
        return command;
    }

    private static Command MakeVerify()
    {
        var command = new Command(
            "verify",
            "Follow the chain of hashes from the first entry to the last, and say where it is broken (exit code 29)."
        );
        var noted = new Option<string[]>("--head")
        {
            Description =
                "A head that was noted before, from sdc audit head or a backup's backup.json, which must be in the chain; may be repeated.",
            HelpName = "NUMBER:HASH",
        };
        command.Add(noted);
        var run = Place(command);
        command.SetAction(
            (parsed, cancel) =>
                run(
                    parsed,
                    async source =>
                    {
                        var heads = (parsed.GetValue(noted) ?? [])
                            .Select(text =>
                                AuditHead.Parse(text)
                                ?? throw new SettingException(
                                    $"The option --head is '{ShownText.Of(text)}'; allowed: a number, a colon and 64 hexadecimal digits, as sdc audit head prints it."
                                )
                            )
                            .ToList();
                        var (head, dropped) = await source.HeadAsync(cancel);
                        if (
                            await AuditChain.VerifyAsync(
                                head,
                                dropped,
                                source.EntriesAsync(new AuditFilter(), dropped.Number, long.MaxValue, cancel),
                                heads,
                                cancel
                            ) is
                            { } fault
                        )
                        {
                            await Console.Error.WriteLineAsync($"The audit is broken. {ShownText.Plain(fault)}");
                            return ExitCode.AuditBroken;
                        }

                        foreach (var old in heads.Where(each => each.Number < dropped.Number))
                            await Console.Error.WriteLineAsync(
                                $"Entry {old.Number} has been dropped since, with all up to {dropped.Number}, so that nothing can be said of it."
                            );
                        await Console.Out.WriteLineAsync(
                            $"The audit is whole: {LongTask.Count(head.Number - dropped.Number, "entry", "entries")}{(dropped.Number > 0 ? $" after the {dropped.Number} that were dropped" : "")}, head {head}"
                        );
                        return ExitCode.Done;
                    },
                    cancel
                )
        );
        return command;
    }

    private static Command MakeHead()
    {
        var command = new Command("head", "Print the number and the hash of the newest entry, to be noted elsewhere.");
        var run = Place(command);
        command.SetAction((parsed, cancel) => run(parsed, async source =>
        {
            await Console.Out.WriteLineAsync((await source.HeadAsync(cancel)).Head.ToString());
            return ExitCode.Done;
        }, cancel));
        return command;
    }

    private static Func<ParseResult, Func<AuditSource, Task<int>>, CancellationToken, Task<int>> Place(Command command)
    {
        var archive = ArchiveOptions.AddTo(command, withFolder: false, withRetries: false);
        var settings = SettingOptions.AddTo(command, Places);
        return (parsed, work, cancel) =>
            LongTask.RunAsync(
                async _ =>
                {
                    try
                    {
                        using AuditSource source = Places.Any(name => parsed.GetResult("--" + name) is OptionResult { Implicit: false })
                            ? new AuditInCatalogue(await RecordsAlone.JoinAsync(settings.Read(parsed), cancel))
                            : new AuditOverHttp(archive.Http(parsed));
                        return await work(source);
                    }
                    catch (AuditException refused)
                    {
                        await Console.Error.WriteLineAsync(ShownText.Plain(refused.Message));
                        return refused.Code;
                    }
                    catch (JsonException)
                    {
                        await Console.Error.WriteLineAsync("What answers is no archive.");
                        return ExitCode.Failed;
                    }
                    catch (Exception failure)
                        when (failure is HttpRequestException || (failure is OperationCanceledException && !cancel.IsCancellationRequested))
                    {
                        await Console.Error.WriteLineAsync(
                            $"The archive at {ShownText.Plain(archive.Address(parsed).Authority)} cannot be reached: {ShownText.Plain(ClientRun.SentenceOf(failure))}"
                        );
                        return ExitCode.ArchiveAway;
                    }
                },
                "Nothing was changed.",
                cancel
            );
    }

    private static string? Moment(string option, string? text) =>
        text is null
            ? null
            : AuditRoutes.Moment(text)
                ?? throw new SettingException(
                    $"The option {option} is '{ShownText.Of(text)}'; allowed: a day or a moment in UTC, such as 2026-01-02 or 2026-01-02T03:04:05Z."
                );

    private static string Line(AuditEntry entry) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{entry.Number}  {entry.At}  {entry.Action}  {entry.Caller}  {(entry.Client.Length > 0 ? entry.Client : "-")}  {(entry.Target.Length > 0 ? entry.Target : "-")}  {entry.Status}"
        )
        + (entry.Count > 1 ? $"  ×{entry.Count}" : "")
        + (entry.Detail.Length > 0 ? $"  {entry.Detail}" : "");
}
