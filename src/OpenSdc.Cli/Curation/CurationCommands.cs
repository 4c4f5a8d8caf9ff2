using System.CommandLine;
using System.Text.Json;
using OpenSdc.Cli.Client;
using OpenSdc.Server;

namespace OpenSdc.Cli.Curation;

/// <summary>
/// <c>sdc release|unrelease|withdraw|restore-file|purge</c>: over HTTP with a key, or with <c>--data</c> in a
/// data folder that nobody serves.
/// </summary>
internal static class CurationCommands
{
    public static IEnumerable<Command> Make() =>
        [
            MakeRelease(
                "release",
                "Release files to everybody: those that a query lists, or that a manifest of the archive names.",
                release: true
            ),
            MakeRelease("unrelease", "Take a release back: only the team sees the files from then on.", release: false),
            MakeWithdraw(),
            MakeFile("restore-file", "Give a withdrawn file out again."),
            MakePurge(),
        ];

    private static Command MakeRelease(string name, string description, bool release)
    {
        var command = new Command(name, description);
        var filters = new Argument<string[]>("FILTER")
        {
            Description = "Filters of /query as name=value, such as instrument=mag data_level=l2 latest=true.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var manifest = new Option<string?>("--manifest")
        {
            Description =
                "The name of a manifest that was uploaded: lines instrument,data_type,descriptor,true|false, and the days in its name.",
            HelpName = "FILE",
        };
        command.Add(filters);
        command.Add(manifest);
        Run(command, (orders, parsed, cancel) => (parsed.GetValue(manifest), Pairs(parsed.GetValue(filters)!)) switch
        {
            ({ } file, []) => orders.ReleaseByManifestAsync(release, file, cancel),
            (null, { Count: > 0 } pairs) => orders.ReleaseAsync(release, pairs, cancel),
            _ => throw new SettingException($"sdc {name} needs either filters, such as instrument=mag, or --manifest FILE."),
        });
        return command;
    }

    private static Command MakeWithdraw()
    {
        var reason = new Option<string>("--reason")
        {
            Description = "Why, in one line: whoever asks for the file is told.",
            HelpName = "TEXT",
            Required = true,
        };
        var successor = new Option<string>("--superseded-by") { Description = "The file that stands for it.", HelpName = "NAME" };
        return MakeFile(
            "withdraw",
            "Take a wrong file out of the archive: nobody is given it any more, and its name stays taken.",
            ("reason", reason),
            ("superseded_by", successor)
        );
    }

    private static Command MakePurge()
    {
        var token = new Option<string>("--token")
        {
            Description = "What the command without it has answered: removes the bytes for good.",
            HelpName = "TOKEN",
        };
        return MakeFile("purge", "Remove the bytes of a withdrawn file for good, in two steps.", ("token", token));
    }

    private static Command MakeFile(string name, string description, params (string Parameter, Option<string> Option)[] options)
    {
        var command = new Command(name, description);
        var file = new Argument<string>("NAME") { Description = "The name of the file, bare or with its path." };
        command.Add(file);
        foreach (var (_, option) in options)
            command.Add(option);
        Run(command, (orders, parsed, cancel) =>
        {
            var parameters = new Dictionary<string, string> { ["filename"] = parsed.GetValue(file)! };
            foreach (var (parameter, option) in options)
            {
                if (parsed.GetValue(option) is { } value)
                    parameters.Add(parameter, value);
            }

            return orders.FileAsync(name, parameters, cancel);
        });
        return command;
    }

    private static void Run(Command command, Func<Orders, ParseResult, CancellationToken, Task<string>> work)
    {
        var archive = ArchiveOptions.AddTo(command, withFolder: false, withRetries: false);
        var settings = SettingOptions.AddTo(command, SettingOptions.OfArchive);
        command.SetAction(
            (parsed, cancel) =>
                LongTask.RunAsync(
                    async _ =>
                    {
                        try
                        {
                            using var orders = command.Options.Any(option =>
                                option.Name == "--data" && parsed.GetResult(option) is not null
                            )
                                ? (Orders)await LocalOrders.OpenAsync(settings.Read(parsed), cancel)
                                : new RemoteOrders(archive.Http(parsed));
                            await Console.Out.WriteLineAsync(ShownText.Plain(await work(orders, parsed, cancel)));
                            return ExitCode.Done;
                        }
                        catch (OrderRefusedException refused)
                        {
                            await Console.Error.WriteLineAsync(ShownText.Plain(refused.Message));
                            return ExitCode.Refused;
                        }
                        catch (HttpRequestException failure)
                        {
                            await Console.Error.WriteLineAsync(
                                $"The archive at {ShownText.Plain(archive.Address(parsed).Authority)} cannot be reached: {ShownText.Plain(ClientRun.SentenceOf(failure))}"
                            );
                            return ExitCode.ArchiveAway;
                        }
                        catch (Exception fault) when (fault is JsonException or InvalidOperationException or KeyNotFoundException)
                        {
                            await Console.Error.WriteLineAsync(
                                $"What answers at {ShownText.Plain(archive.Address(parsed).Authority)} is no archive."
                            );
                            return ExitCode.Refused;
                        }
                    },
                    "What was changed before stays so; the same command goes on.",
                    cancel
                )
        );
    }

    private static List<KeyValuePair<string, string>> Pairs(string[] filters) =>
        [
            .. filters.Select(text =>
                text.IndexOf('=', StringComparison.Ordinal) is var at and > 0
                    ? KeyValuePair.Create(text[..at], text[(at + 1)..])
                    : throw new SettingException($"The filter '{ShownText.Of(text)}' is not name=value.")
            ),
        ];
}
