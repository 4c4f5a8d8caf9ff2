using System.Globalization;
using System.Text.Json;
using OpenSdc.Contract.Naming;
using OpenSdc.Server.Catalogue;

namespace OpenSdc.Server;

/// <summary>
/// Compares what two missions read from the names of all records: one may take the other's place only where
/// that is the same.
/// </summary>
internal static class MissionChange
{
    private const int MostShown = 10;

    /// <exception cref="SettingException">Some records would be read otherwise or have another key; the sentence lists them.</exception>
    public static async Task RefuseAsync(MissionTable table, Mission old, Mission next, string from, CancellationToken cancel)
    {
        var (all, other) = (0L, 0L);
        var shown = new List<string>();
        await foreach (var paths in table.PathsAsync(cancel))
        {
            foreach (var path in paths)
            {
                all++;
                if (DifferenceOf(path, old, next) is not { } difference)
                    continue;
                if (other++ < MostShown)
                    shown.Add($"{path} {difference}");
            }
        }

        if (other == 0)
            return;
        throw new SettingException(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{from} cannot be taken: by it {other} of the archive's {all} records would be read otherwise or have another key. Nothing was changed. "
            )
                + string.Join("; ", shown)
                + (other > MostShown ? string.Create(CultureInfo.InvariantCulture, $"; and {other - MostShown} more.") : ".")
        );
    }

    private static string? DifferenceOf(string path, Mission old, Mission next)
    {
        var text = path[(path.LastIndexOf('/') + 1)..];
        if (FileName.Parse(text, next).Name is not { } name)
            return "is no name of the mission";
        if (name.Key != path)
            return $"would have the key {name.Key}";
        // Recorded by an earlier one still: then its record is compared with what the last one reads.
        if (FileName.Parse(text, old).Name is not { } before)
            return null;
        if (name.Family != before.Family)
            return $"would be of the family {name.Family}";
        var (was, would) = (Members(before), Members(name));
        if (
            was.Keys.Union(would.Keys).FirstOrDefault(member => was.GetValueOrDefault(member) != would.GetValueOrDefault(member)) is
            { } differs
        )
            return $"would have {would.GetValueOrDefault(differs) ?? "no value"} for {differs}, and has {was.GetValueOrDefault(differs) ?? "none"}";
        if (
            name.SeriesParts != before.SeriesParts
            || ProductTable.WordsOf(name) != ProductTable.WordsOf(before)
            || !name.Own.Equals(before.Own)
        )
            return "would be of another series";
        return name.VersionOrder != before.VersionOrder || name.CountedMajor != before.CountedMajor
            ? "would stand elsewhere in the order of versions"
            : null;
    }

    private static Dictionary<string, string> Members(FileName name)
    {
        using var record = JsonDocument.Parse(RecordJson.Of(new Publication(name, 0, "").Record(0, ""), name));
        return record
            .RootElement.EnumerateObject()
            .ToDictionary(member => member.Name, member => member.Value.GetRawText(), StringComparer.Ordinal);
    }
}
