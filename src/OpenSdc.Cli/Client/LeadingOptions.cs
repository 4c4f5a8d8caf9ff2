using System.CommandLine;
using System.CommandLine.Parsing;
using OpenSdc.Server;

namespace OpenSdc.Cli.Client;

/// <summary>
/// Options that may stand before a client command, as the installed client has them:
/// <c>sdc --url X query</c> is <c>sdc query --url X</c>. Where both are given, that after the command wins.
/// </summary>
internal static class LeadingOptions
{
    private static readonly Option<string?> Url = new("--url")
    { Description = "Address of the archive, for the client commands.", HelpName = "URL" };

    private static readonly Option<string?> Folder = new("--data-dir")
    { Description = "Folder of the local files, for the client commands.", HelpName = "DIR" };

    private static readonly Option<bool> Verbose = MakeVerbose();

    public static void AddTo(RootCommand root)
    {
        foreach (var option in (Option[])[Url, Folder, Verbose])
            root.Add(option);
    }

    /// <summary>Gives a client command <c>--verbose</c>.</summary>
    public static void AddTraceTo(Command command) => command.Add(MakeVerbose());

    /// <summary>What stands before the command, of an option of the command that is not given after it.</summary>
    public static string? Find(ParseResult parsed, Option<string?> option) =>
        parsed.GetValue(option) ?? parsed.GetValue(option.Name == Url.Name ? Url : Folder);

    /// <summary>Whether the command writes its requests.</summary>
    public static bool IsTraced(ParseResult parsed)
    {
        for (var at = (SymbolResult?)parsed.CommandResult; at is not null; at = at.Parent)
        {
            if (
                at is CommandResult { Command: var command }
                && command.Options.FirstOrDefault(each => each.Name == Verbose.Name) is Option<bool> option
                && parsed.GetValue(option)
            )
                return true;
        }

        return false;
    }

    /// <summary>A sentence where an option stands before a command that does not have it; otherwise null.</summary>
    public static string? Refusal(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        // Every command that talks to an archive has its address. The folder is no matter to some of them, as to the installed client.
        if (command is RootCommand || command.Options.Any(each => each.Name == Url.Name))
            return null;
        return ((Option[])[Url, Folder, Verbose]).FirstOrDefault(each => parsed.GetResult(each) is { Implicit: false }) is { } given
            ? $"The option {given.Name} stands before {command.Name}, which does not have it."
            : null;
    }

    private static Option<bool> MakeVerbose() => new("--verbose", "-v", "--debug")
    { Description = "Write each answer of a server to standard error: method, URL, status, milliseconds." };
}
