using System.CommandLine;

namespace OpenSdc.Cli.Client;

/// <summary>How a transfer tells how far it is.</summary>
internal sealed class ProgressOptions
{
    private readonly Option<string?> form = new("--progress")
    {
        Description =
            "On standard error: bars (where that is a terminal), lines, json for a program (an object a line), none. Default: bars in a terminal, lines elsewhere.",
        HelpName = "bars|lines|json|none",
    };

    private ProgressOptions() => form.AcceptOnlyFromAmong("bars", "lines", "json", "none");

    public static ProgressOptions AddTo(Command command)
    {
        var options = new ProgressOptions();
        command.Add(options.form);
        return options;
    }

    public TransferReport Start(ParseResult parsed) => parsed.GetValue(form) switch
    {
        // Lines between the bars would tear them.
        null or "bars" when BarReport.IsPossible && !LeadingOptions.IsTraced(parsed) => new BarReport(TimeProvider.System),
        var other => new LineReport(other is "json" or "none" ? other : "lines", TimeProvider.System),
    };
}
