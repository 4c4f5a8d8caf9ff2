using System.CommandLine;
using OpenSdc.Server;

namespace OpenSdc.Cli.Client;

/// <summary><c>--jobs</c>: how many files are on their way at the same time.</summary>
internal sealed class JobsOption
{
    private const int Most = 256;

    private readonly Option<int> count;

    private JobsOption(Option<int> count) => this.count = count;

    /// <summary>Gives a command the option, with so many where it is not given.</summary>
    public static JobsOption AddTo(Command command, int usual)
    {
        var option = new Option<int>("--jobs", "-j")
        {
            Description = "Files at the same time.",
            HelpName = "N",
            DefaultValueFactory = _ => usual,
        };
        command.Add(option);
        return new JobsOption(option);
    }

    /// <exception cref="SettingException">Not so many are allowed.</exception>
    public int Read(ParseResult parsed) => parsed.GetValue(count) is var given and >= 1 and <= Most
        ? given
        : throw new SettingException($"The option --jobs is {parsed.GetValue(count)}; allowed: 1 to {Most}.");
}
