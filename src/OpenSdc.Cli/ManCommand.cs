using System.CommandLine;
using System.Text;
using OpenSdc.Server;

namespace OpenSdc.Cli;

/// <summary>
/// <c>sdc man DIR</c>: writes a manual page for the program and each of its commands. They are made when a
/// package is made, from what <c>--help</c> says, so that the two agree.
/// </summary>
internal static class ManCommand
{
    public static Command Make(RootCommand root)
    {
        var command = new Command("man", "Write the manual pages of all commands into a folder, for packages.") { Hidden = true };
        var folder = new Argument<string>("DIR") { Description = "The folder; it is made where it is absent." };
        command.Add(folder);
        command.SetAction(async (parsed, cancel) =>
        {
            var target = parsed.GetValue(folder)!;
            Directory.CreateDirectory(target);
            foreach (var page in PagesOf(root))
                await File.WriteAllTextAsync(Path.Combine(target, page.Name + ".1"), page.Text, new UTF8Encoding(false), cancel);
            return ExitCode.Done;
        });
        return command;
    }

    /// <summary>The pages: <c>sdc</c>, <c>sdc-query</c>, <c>sdc-uploads</c>, <c>sdc-uploads-list</c>, ….</summary>
    public static IEnumerable<(string Name, string Text)> PagesOf(RootCommand root) => PagesOf(root, "sdc");

    private static IEnumerable<(string Name, string Text)> PagesOf(Command command, string words)
    {
        yield return (words.Replace(' ', '-'), new ManPage(words, command).Write());
        foreach (var page in command.Subcommands.Where(each => !each.Hidden).SelectMany(each => PagesOf(each, $"{words} {each.Name}")))
            yield return page;
    }
}

/// <summary>One manual page, in the language of <c>man(7)</c>.</summary>
internal sealed class ManPage(string words, Command command)
{
    private static readonly (string Name, string Text)[] Variables =
    [
        (Client.ArchiveOptions.AddressVariable, "Address of the archive, where --url is not given."),
        (Client.ArchiveOptions.FolderVariable, "Folder of local files, where --data-dir is not given."),
        (Client.ArchiveOptions.KeyVariable, "API key."),
        (Client.ArchiveOptions.InstalledClientsKeyVariable, "API key, where the one above is not set."),
        (Client.ArchiveOptions.TokenVariable, "Access token; without one, that of sdc login."),
        (Client.ArchiveOptions.InstalledClientsTokenVariable, "Access token, where the one above is not set."),
        ("NO_COLOR", "Without colours, where it is set."),
    ];

    private readonly StringBuilder text = new();

    public string Write()
    {
        var (summary, rest, examples) = Parts(command.Description ?? "");
        text.Append(
            $".TH \"{words.Replace(' ', '-').ToUpperInvariant()}\" 1 \"\" \"OpenSDC {ProgramVersion.Text.Split('+')[0]}\" \"OpenSDC\"\n"
        );
        Section("NAME");
        text.Append($"{Plain(words.Replace(' ', '-'))} \\- {Plain(summary.TrimEnd('.'))}\n");
        Section("SYNOPSIS");
        text.Append($".B {Plain(words)}\n");
        var commands = command.Subcommands.Where(each => !each.Hidden).ToList();
        if (commands.Count > 0)
            text.Append("\\fICOMMAND\\fR\n");
        foreach (var argument in command.Arguments)
            text.Append(
                argument.Arity.MinimumNumberOfValues > 0
                    ? $"{Italic(argument.Name)}{Many(argument)}\n"
                    : $"[{Italic(argument.Name)}{Many(argument)}]\n"
            );
        text.Append("[\\fIOPTIONS\\fR]\n");
        Section("DESCRIPTION");
        foreach (var line in rest.Length > 0 ? rest : [summary])
            text.Append(Line(line)).Append('\n');
        if (commands.Count > 0)
            Entries(
                "COMMANDS",
                commands.Select(each =>
                    (
                        $"\\fB{Plain(each.Name)}\\fR",
                        $"{Parts(each.Description ?? "").Summary} See {words.Replace(' ', '-')}-{each.Name}(1)."
                    )
                )
            );
        Entries("ARGUMENTS", command.Arguments.Select(each => (Italic(each.Name), each.Description ?? "")));
        Entries("OPTIONS", command.Options.Where(each => !each.Hidden).Select(each => (Names(each), each.Description ?? "")));
        if (examples.Count > 0)
        {
            Section("EXAMPLES");
            text.Append(".nf\n").AppendJoin('\n', examples.Select(Line)).Append("\n.fi\n");
        }

        if (command.Options.Any(each => each.Name == "--url") && command.Options.All(each => each.Name != "--urls"))
        {
            Entries("ENVIRONMENT", Variables.Select(each => ($"\\fB{Plain(each.Name)}\\fR", each.Text)));
            if (words != "sdc")
                Entries("EXIT STATUS", ExitCode.OfClients.Select(each => ($"\\fB{each.Code}\\fR", each.Meaning)));
        }

        Section("SEE ALSO");
        text.Append(
            words == "sdc"
                ? "The folder docs of the source: cli.md, operate.md, api.md.\n"
                : $".BR {Plain(words.Replace(' ', '-')[..words.LastIndexOf(' ')])} (1)\n"
        );
        return text.ToString();
    }

    private void Section(string title) => text.Append($".SH {title}\n");

    private void Entries(string title, IEnumerable<(string Term, string Text)> entries)
    {
        var all = entries.ToList();
        if (all.Count == 0)
            return;
        Section(title);
        foreach (var (term, said) in all)
            text.Append($".TP\n{term}\n{Line(said.ReplaceLineEndings(" "))}\n");
    }

    /// <summary>A description's first sentence, its paragraphs, and the lines below "Examples:".</summary>
    private static (string Summary, string[] Prose, IReadOnlyList<string> Examples) Parts(string description)
    {
        var lines = description.ReplaceLineEndings("\n").Split('\n');
        var from = Array.FindIndex(lines, line => line.StartsWith("Example", StringComparison.Ordinal));
        string[] prose = [.. (from < 0 ? lines : lines[..from]).Where(line => line.Length > 0)];
        var end = prose[0].IndexOf(". ", StringComparison.Ordinal);
        return (
            end < 0 ? prose[0] : prose[0][..(end + 1)],
            prose,
            from < 0 ? [] : [.. lines[(from + 1)..].Where(line => line.Length > 0).Select(line => line.TrimStart())]
        );
    }

    private static string Names(Option option)
    {
        var names = string.Join(", ", option.Aliases.Prepend(option.Name).Select(name => $"\\fB{Plain(name)}\\fR"));
        return option.Arity.MaximumNumberOfValues == 0 || option.ValueType == typeof(bool)
            ? names
            : $"{names} {Italic(option.HelpName ?? "VALUE")}";
    }

    private static string Many(Argument argument) => argument.Arity.MaximumNumberOfValues > 1 ? " ..." : "";

    private static string Italic(string word) => $"\\fI{Plain(word)}\\fR";

    /// <summary>A line of text, which is no request whatever it begins with.</summary>
    private static string Line(string line) => line.StartsWith('.') || line.StartsWith('\'') ? "\\&" + Plain(line) : Plain(line);

    private static string Plain(string words) =>
        words
            .Replace("\\", "\\e", StringComparison.Ordinal)
            .Replace("-", "\\-", StringComparison.Ordinal)
            .Replace("'", "\\(aq", StringComparison.Ordinal);
}
