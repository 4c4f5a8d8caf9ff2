using System.CommandLine;
using OpenSdc.Cli.Client;
using OpenSdc.Server;
using OpenSdc.Server.Access;

namespace OpenSdc.Cli;

/// <summary>
/// <c>sdc keys list|add|revoke|rotate-urls</c>: the API keys of a running archive, over HTTP with the key in
/// <c>OPENSDC_API_KEY</c>, or of one that nobody serves, where the first key is made.
/// </summary>
internal static class KeysCommand
{
    private static readonly string[] Places = ["data", "data-mode", "catalogue", "catalogue-file", "mission"];

    public static Command Make() =>
        new("keys", "List, make and revoke API keys, and replace the key that signs URLs.")
        {
            MakeList(),
            MakeAdd(),
            MakeRevoke(),
            MakeRotate(),
        };

    private static Command MakeList()
    {
        var command = new Command(
            "list",
            "List the keys, revoked ones too: id, scopes, owner, when made, until when, last used, limits. No key is shown."
        );
        var run = Place(command);
        command.SetAction((parsed, cancel) => run(parsed, async keys =>
        {
            foreach (var key in await keys.ListAsync(cancel))
                await Console.Out.WriteLineAsync(ShownText.Plain(Line(key)));
            return ExitCode.Done;
        }, cancel));
        return command;
    }

    private static Command MakeAdd()
    {
        var command = new Command("add", "Make a key. It is shown once, on standard output, and stored nowhere.");
        var owner = new Option<string?>("--owner") { Description = "Whose key it is. Default: the name of who runs this." };
        var scopes = new Option<string[]>("--scope")
        {
            Description = "read (unreleased files too), upload, release or admin; may be repeated.",
            AllowMultipleArgumentsPerToken = true,
        };
        var admin = new Option<bool>("--admin") { Description = "As --scope admin, which includes all others." };
        var expires = new Option<string?>("--expires")
        {
            Description = "When it ends, UTC: 2030-01-01 or 2030-01-01T00:00:00Z. Default: never.",
        };
        var limits = new Option<string[]>("--limit")
        {
            Description =
                "Allows uploads only of files with this value in this field of their names: instrument, data_level, family, or a field of the mission's own. Several values of one field, and several fields, by repeating it.",
            HelpName = "FIELD=VALUE",
        };
        foreach (var option in (Option[])[owner, scopes, admin, expires, limits])
            command.Add(option);
        var run = Place(command);
        command.SetAction((parsed, cancel) => run(parsed, async keys =>
        {
            var asked = new KeyRequest
            {
                Owner = parsed.GetValue(owner) ?? Environment.UserName,
                Scopes = [.. parsed.GetValue(scopes) ?? [], .. parsed.GetValue(admin) ? (string[])["admin"] : []],
                Expires = parsed.GetValue(expires),
                Limits = Limits(parsed.GetValue(limits) ?? []),
            };
            var key = await keys.AddAsync(asked, cancel);
            await Console.Error.WriteLineAsync($"Made the key {ShownText.Plain(Line(key))}. It is shown this once:");
            await Console.Out.WriteLineAsync(key.Key);
            return ExitCode.Done;
        }, cancel));
        return command;
    }

    private static Command MakeRevoke()
    {
        var command = new Command("revoke", "End keys: no server takes them any more, within a second. Ending one twice is no fault.");
        var ids = new Argument<string[]>("ID") { Description = "Ids, as list gives them.", Arity = ArgumentArity.OneOrMore };
        command.Add(ids);
        var run = Place(command);
        command.SetAction((parsed, cancel) => run(parsed, async keys =>
        {
            foreach (var id in parsed.GetValue(ids)!)
            {
                await keys.RevokeAsync(id, cancel);
                await Console.Out.WriteLineAsync($"{ShownText.Plain(id)} is revoked.");
            }

            return ExitCode.Done;
        }, cancel));
        return command;
    }

    private static Command MakeRotate()
    {
        var command = new Command("rotate-urls", "Replace the key that signs URLs: every signed URL that is out is refused from now on.");
        var run = Place(command);
        command.SetAction((parsed, cancel) => run(parsed, async keys =>
        {
            await keys.RotateUrlsAsync(cancel);
            await Console.Out.WriteLineAsync("The key that signs URLs is new; URLs that were signed before are refused.");
            return ExitCode.Done;
        }, cancel));
        return command;
    }

    private static Func<ParseResult, Func<KeyAdministration, Task<int>>, CancellationToken, Task<int>> Place(Command command)
    {
        var url = new Option<string?>("--url")
        {
            Description =
                $"Address of a running archive, such as http://127.0.0.1:8080. Default: {ArchiveOptions.AddressVariable} of the environment, unless --data or --catalogue is given. The key for it is {ArchiveOptions.KeyVariable}.",
            HelpName = "URL",
        };
        command.Add(url);
        LeadingOptions.AddTraceTo(command);
        var settings = SettingOptions.AddTo(command, Places);
        return (parsed, work, cancel) =>
            LongTask.RunAsync(
                async _ =>
                {
                    var address = LeadingOptions.Find(parsed, url);
                    var namesPlace = Places.Any(name =>
                        parsed.GetResult("--" + name) is System.CommandLine.Parsing.OptionResult { Implicit: false }
                    );
                    if (address is not null && namesPlace)
                        throw new SettingException(
                            "The option --url names a running archive, and --data or --catalogue one that is opened here; leave one of them out."
                        );
                    if (!namesPlace)
                        address ??= Environment.GetEnvironmentVariable(ArchiveOptions.AddressVariable) is { Length: > 0 } known
                            ? known
                            : null;
                    try
                    {
                        if (address is not null)
                        {
                            using var remote = new KeysOverHttp(address);
                            return await work(remote);
                        }

                using var local = await KeysInFolder.OpenAsync(settings.Read(parsed), cancel);
                return await work(local);
            }
            catch (KeyException refused)
            {
                await Console.Error.WriteLineAsync(ShownText.Plain(refused.Message));
                return refused.Code;
            }
        }, "What was done stays done.", cancel);
    }

    private static Dictionary<string, IReadOnlyList<string>>? Limits(string[] given)
    {
        if (given.FirstOrDefault(each => each.IndexOf('=', StringComparison.Ordinal) < 1) is { } wrong)
            throw new SettingException($"The option --limit is '{ShownText.Of(wrong)}'; allowed: FIELD=VALUE, such as instrument=swe.");
        return given.Length == 0 ? null : given.Select(each => each.Split('=', 2)).GroupBy(each => each[0], StringComparer.Ordinal)
            .ToDictionary(each => each.Key, IReadOnlyList<string> (each) => [.. each.Select(pair => pair[1])], StringComparer.Ordinal);
    }

    private static string Line(KeyInfo key) =>
        $"{key.Id}  {string.Join('+', key.Scopes)}  {key.Owner}  made {key.Created}  {(key.Revoked is { } revoked ? $"revoked {revoked}" : $"until {key.Expires ?? "-"}")}  last used {key.LastUsed ?? "-"}"
        + string.Concat(key.Limits.Select(limit => $"  {limit.Key}={string.Join('|', limit.Value)}"));
}
