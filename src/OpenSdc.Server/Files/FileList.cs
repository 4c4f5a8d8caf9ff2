using OpenSdc.Contract.Naming;

namespace OpenSdc.Server.Files;

/// <summary>The list of a parameter that names single files. Strays in it are gathered, so that one answer names all of them.</summary>
/// <param name="mission">What names there are.</param>
/// <param name="bare">Whether the files are given by their bare names, and not by their paths.</param>
internal sealed class FileList(Mission mission, bool bare)
{
    // To explain a name takes many times as long as to see that it is none; to name it costs an answer of some length.
    private const int MostExplained = 20;
    private const int MostNamed = 1000;

    // The longest piece of what was sent that a sentence holds.
    private const int MostShown = 200;

    private readonly List<string> strays = [];
    private int count;
    private (string Shown, string Allowed) first;

    /// <summary>The keys of the files, in the order of the list.</summary>
    public List<string> Keys { get; } = [];

    private string Allowed => bare ? "a file name of the mission" : "the path of a file as the archive gives it";

    public void Add(string text)
    {
        if (count >= MostExplained && !FileName.IsValid(text[(text.LastIndexOf('/') + 1)..], mission))
        {
            AddStray(text, Allowed, "");
            return;
        }

        var target = ArchivePath.ParseDownload(text, mission);
        if (
            target.Kind is DownloadTargetKind.NoName or DownloadTargetKind.NotAName
            || (bare && text.Contains('/', StringComparison.Ordinal))
        )
            AddStray(text, Allowed, string.Join(' ', target.Faults.Select(fault => fault.Message)));
        else if (target.Key is { } key)
            Keys.Add(key);
        else
            AddStray(text, $"the path of that file, which is {target.Name!.Key}", $"The path of that file is {target.Name.Key}.");
    }

    /// <summary>The problem with the strays; null where there are none.</summary>
    public Problem? ProblemOf(string parameter)
    {
        if (count == 0)
            return null;
        var sentence =
            count == 1
                ? $"The parameter {parameter} is '{first.Shown}'; allowed: {first.Allowed}."
                : $"The parameter {parameter} has {count} values that are not allowed; errors names them, and the first is '{first.Shown}'; allowed: {first.Allowed}.";
        return Problems.BadParameter(sentence) with
        {
            Errors = count <= MostNamed ? strays : [.. strays, $"There are {count - MostNamed} more."],
        };
    }

    private void AddStray(string text, string allowed, string why)
    {
        var shown = ParameterValues.Shown(text, MostShown);
        if (count == 0)
            first = (shown, allowed);
        if (count++ < MostNamed)
            strays.Add(why.Length == 0 ? $"'{shown}' is not {Allowed}." : $"'{shown}': {why}");
    }
}
