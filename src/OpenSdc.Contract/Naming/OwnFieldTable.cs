namespace OpenSdc.Contract.Naming;

/// <summary>
/// Gathers the fields of a mission's own from all of its conventions, and refuses those that could not be
/// told from something else.
/// </summary>
internal static class OwnFieldTable
{
    /// <summary>What records, queries and other answers call something already.</summary>
    public static IReadOnlySet<string> Taken { get; } =
        new HashSet<string>(StringComparer.Ordinal)
        {
            // Fields of templates and keys.
            "name",
            "level",
            "start",
            "end",
            "major",
            "minor",
            // Members of records.
            "file_path",
            "instrument",
            "data_level",
            "descriptor",
            "start_date",
            "end_date",
            "start_time",
            "end_time",
            "repointing",
            "cr",
            "version",
            "major_version",
            "minor_version",
            "extension",
            "ingestion_date",
            "size",
            "sha256",
            "seq",
            "released",
            "crid",
            "integrity",
            // Parameters.
            "ingestion_start_date",
            "ingestion_end_date",
            "latest",
            "table",
            "filename",
            "overlaps",
            "since_seq",
            "as_of",
            "history",
            "current",
            "sort",
            "fields",
            "count",
            "format",
            "limit",
            "cursor",
            "bin",
            // Members of coverage and facets.
            "family",
            "files",
            "bytes",
            "first_ingestion",
            "last_ingestion",
            "start_year",
        };

    /// <summary>The fields by their names, in ordinal order; the conventions are told of theirs.</summary>
    /// <param name="conventions">All conventions of the mission.</param>
    /// <param name="outside">The fields that are outside the series.</param>
    /// <param name="unseen">The fields that are in no record.</param>
    public static IReadOnlyList<OwnField> Gather(
        IReadOnlyList<Convention> conventions,
        IReadOnlyList<string> outside,
        IReadOnlyList<string> unseen
    )
    {
        SortedDictionary<string, (Convention First, Field Field, List<string> Words)> found = new(StringComparer.Ordinal);
        foreach (var convention in conventions)
        {
            foreach (var field in convention.Own)
            {
                Check(field.Name, convention);
                if (!found.TryGetValue(field.Name, out var known)) found.Add(field.Name, known = (convention, field, []));
                if (OwnText.KindOf(field) != OwnText.KindOf(known.Field) || field.InVersion != known.Field.InVersion)
                {
                    throw new MissionFileException(
                        $"The field '{field.Name}' is {Said(field)} in {convention.FullName} and {Said(known.Field)} in {known.First.FullName}; "
                            + "it must be the same in every convention that has it."
                    );
                }

                known.Words.AddRange(field.Values);
            }
        }

        foreach (var name in outside)
            if (!found.ContainsKey(name) && name is not ("repointing" or "cr" or "start_time"))
                throw new MissionFileException(
                    $"The mission file, under 'outside_series', names '{name}', which is neither a field of its own in any template nor repointing, cr or start_time."
                );

        foreach (var name in unseen)
            if (!found.ContainsKey(name))
                throw new MissionFileException(
                    $"The mission file, under 'outside_records', names '{name}', which is no field of its own in any template."
                );
        foreach (var (name, (convention, field, _)) in found)
            if (field is { Kind: FieldKind.OneOf, InVersion: false } && outside.Contains(name, StringComparer.Ordinal))
                throw new MissionFileException(
                    $"The mission file, under 'outside_series', names '{name}', whose words in {convention.FullName} make products; only other kinds can be outside the series."
                );

        var fields = found
            .Select(each => new OwnField(
                each.Key,
                OwnText.KindOf(each.Value.Field),
                [.. each.Value.Words.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)],
                InSeries: !each.Value.Field.InVersion && !outside.Contains(each.Key, StringComparer.Ordinal),
                InRecord: !unseen.Contains(each.Key, StringComparer.Ordinal)
            ))
            .ToArray();
        var byName = fields.ToDictionary(field => field.Name, StringComparer.Ordinal);
        foreach (var convention in conventions) convention.OwnFields = byName;
        return fields;
    }

    private static void Check(string name, Convention convention)
    {
        if (Taken.Contains(name))
            throw new MissionFileException(
                $"The template of convention {convention.FullName} has the field '{name}', and records or queries already call something else so; give it another name."
            );
        if (
            !char.IsAsciiLetterLower(name[0])
            || name.Any(c => !char.IsAsciiLetterLower(c) && !char.IsAsciiDigit(c) && c != '_')
            || name.Length > 40
        )
            throw new MissionFileException(
                $"The template of convention {convention.FullName} has the field '{name}'; a field is named by at most 40 lower-case letters, digits and '_', the first a letter."
            );
    }

    private static string Said(Field field) => OwnText.KindOf(field) switch
    {
        OwnFieldKind.Word => "a word of a list",
        OwnFieldKind.Number => "a number",
        OwnFieldKind.Day => "a day",
        OwnFieldKind.Time => "a time",
        _ => "a text",
    } + (field.InVersion ? " of the version" : "");
}
