using System.CommandLine;
using OpenSdc.Client;
using OpenSdc.Server;

namespace OpenSdc.Cli.Client;

/// <summary>
/// The options that say which files are meant: those of the installed client, and a few more. The archive checks
/// the values.
/// </summary>
internal sealed class FilterOptions
{
    private readonly Option<string?> table = Text("--table",
        "Family of the files: science, ancillary, spice, quicklook, dependency, release; '*' for all. Default: science.");
    private readonly Option<string?> instrument = Text("--instrument", "Instrument, such as mag.");
    private readonly Option<string?> level = Text("--data-level", "Data level, such as l1a.");
    private readonly Option<string?> descriptor = Text("--descriptor", "Descriptor, such as burst or 'lo-*'.");
    private readonly Option<string?> start = Text("--start-date", "Files that start on or after this day, YYYYMMDD.");
    private readonly Option<string?> end = Text("--end-date", "Files that start on or before this day, YYYYMMDD.");
    private readonly Option<string?> ingestedFrom = Text("--ingestion-start-date", "Files published on or after this day, UTC, YYYYMMDD.");
    private readonly Option<string?> ingestedTo = Text("--ingestion-end-date", "Files published on or before this day, UTC, YYYYMMDD.");
    private readonly Option<string?> version = Text("--version",
        "Version as names write it, such as v001; '*' for all, latest for the newest of each series.");
    private readonly Option<string?> repointing = Text("--repointing", "Repointing: 2 or repoint00002.");
    private readonly Option<string?> cr = Text("--cr", "Carrington rotation: 2290 or cr02290.");
    private readonly Option<string?> extension = Text("--extension", "Extension without the dot, such as cdf.");
    private readonly Option<string?> filename = Text("--filename", "Single files by their bare names, as a comma list.");
    private readonly Option<string[]> where = new("--where")
    {
        Description = "Any other parameter of the archive, such as sort=-size or overlaps=20260101.",
        HelpName = "NAME=VALUE",
    };
    private readonly Option<bool> latest = new("--latest") { Description = "Only the newest version of each series." };
    private readonly Option<long?> limit = new("--limit") { Description = "Most files.", HelpName = "N" };

    private FilterOptions()
    {
    }

    private Option[] All => [table, instrument, level, descriptor, start, end, ingestedFrom, ingestedTo, version, repointing, cr,
        extension, filename, where, latest, limit];

    public static FilterOptions AddTo(Command command, bool withLatest = true)
    {
        var options = new FilterOptions();
        foreach (var option in options.All.Where(each => withLatest || each != options.latest))
            command.Add(option);
        return options;
    }

    /// <summary>Whether the command line says anything about which files are meant.</summary>
    public bool AreGiven(ParseResult parsed) => All.Any(option => parsed.GetResult(option) is { Implicit: false });

    public SdcQuery Read(ParseResult parsed)
    {
        if (parsed.GetValue(limit) is < 1)
            throw new SettingException("The option --limit is below 1; allowed: 1 or more.");
        return new SdcQuery
        {
            Table = parsed.GetValue(table),
            Instrument = parsed.GetValue(instrument),
            DataLevel = parsed.GetValue(level),
            Descriptor = parsed.GetValue(descriptor),
            StartDate = parsed.GetValue(start),
            EndDate = parsed.GetValue(end),
            IngestionStartDate = parsed.GetValue(ingestedFrom),
            IngestionEndDate = parsed.GetValue(ingestedTo),
            Version = parsed.GetValue(version),
            Repointing = parsed.GetValue(repointing),
            Cr = parsed.GetValue(cr),
            Extension = parsed.GetValue(extension),
            FileName = parsed.GetValue(filename),
            Latest = parsed.GetValue(latest),
            Limit = parsed.GetValue(limit),
            Other = Others(parsed.GetValue(where) ?? []),
        };
    }

    private static Dictionary<string, string> Others(string[] given)
    {
        var others = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var each in given)
        {
            var sign = each.IndexOf('=', StringComparison.Ordinal);
            if (sign < 1 || !others.TryAdd(each[..sign], each[(sign + 1)..]))
                throw new SettingException($"The option --where is '{ShownText.Of(each)}'; allowed: NAME=VALUE, each name once.");
            if (each[..sign] is "limit" or "cursor" or "format" or "fields")
                throw new SettingException(
                    $"The option --where cannot set {each[..sign]}, which is the program's own; see --limit and --output."
                );
        }

        return others;
    }

    private static Option<string?> Text(string name, string help) =>
        new(name) { Description = help, HelpName = name[2..].ToUpperInvariant() };
}
