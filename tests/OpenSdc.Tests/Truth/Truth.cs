using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace OpenSdc.Tests.Truth;

/// <summary>The contract's section "Query" and the parameters that came after it, read aloud: what a query must answer, from a plain list of rows. It judges what a
/// caller sends and gets; <see cref="Catalogue.Definition"/> judges the catalogue alone, on both databases,
/// with filters that no parameter can say.</summary>
public static class Truth
{
    /// <summary>
    /// The rows of the answer in its order, in the state after the publication with this number; an
    /// <c>as_of</c> in the query goes before it.
    /// </summary>
    public static List<TruthRow> Evaluate(IEnumerable<TruthRow> all, IReadOnlyList<(string Name, string Value)> query, long state)
    {
        state = One(query, "as_of") is { } asOf ? long.Parse(asOf, CultureInfo.InvariantCulture) : state;
        var there = all.Where(row => row.Seq <= state).ToList();
        var left = there.Where(row => Passes(row, query));
        if (One(query, "current") is { } current)
        {
            var newest = Newest(there).ToHashSet();
            left = left.Where(row => newest.Contains(row) == (current is "true" or "True"));
        }

        if (Lists(query, "version").Contains("latest") || One(query, "latest") is "true" or "True")
            left = Newest(left);
        else if (ListsHighestMajor(query))
            left = left.GroupBy(Series)
                .SelectMany(series =>
                    series.Where(row => CountedMajor(row) is not { } major || !series.Any(other => CountedMajor(other) > major))
                );
        var sorted = left.Order(Comparer<TruthRow>.Create((_, _) => 0));
        foreach (var field in Lists(query, "sort"))
            sorted =
                field[0] == '-'
                    ? sorted.ThenByDescending(row => Sortable(row, field[1..]), Texts)
                    : sorted.ThenBy(row => Sortable(row, field), Texts);
        return Lists(query, "sort").LastOrDefault() switch
        {
            null => [.. sorted.ThenBy(row => row.File.Key, StringComparer.Ordinal)],
            ['-', ..] => [.. sorted.ThenByDescending(row => row.Seq)],
            _ => [.. sorted.ThenBy(row => row.Seq)],
        };
    }

    /// <summary>
    /// Lists of science show of each series the highest major only, unless the query names a major version,
    /// files or changes. A version of one number names none: it is a minor too.
    /// </summary>
    private static bool ListsHighestMajor(IReadOnlyList<(string Name, string Value)> query) =>
        (One(query, "table") ?? "science") == "science"
        && !query.Any(each => each.Name is "major_version" or "current" or "filename" or "file_path")
        && One(query, "since_seq") is null
        && Lists(query, "version").All(version => version == "latest" || MinorOf(version) is not null);

    // Of names with a v and one or two numbers; a name without a major version counts as of the first.
    private static int? CountedMajor(TruthRow row) =>
        row.File.Family == "science" && Regex.IsMatch(row.File.Version ?? "", "^v[0-9]{3}(\\.[0-9]{4})?$") ? row.File.Major ?? 1 : null;

    private static string? Written(string version)
    {
        if (Regex.Match(version, "^[vV]?0*([0-9]{1,3})$") is { Success: true } one)
            return "v" + one.Groups[1].Value.PadLeft(3, '0');
        return Regex.Match(version, "^[vV]?0*([0-9]{1,3})\\.0*([0-9]{1,4})$") is { Success: true } two
            ? $"v{two.Groups[1].Value.PadLeft(3, '0')}.{two.Groups[2].Value.PadLeft(4, '0')}"
            : null;
    }

    private static int? MinorOf(string version) =>
        Regex.Match(version, "^[vV]?([0-9]+)$") is { Success: true } match
            ? int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture)
            : null;

    /// <summary>Plain: the JSON members of the contract, in its order.</summary>
    public static string Plain(IEnumerable<TruthRow> rows) =>
        "["
        + string.Join(
            ',',
            rows.Select(row =>
            {
                var file = row.File;
                List<(string Name, string Value)> members =
                [
                    ("file_path", Text(file.Key)),
                    ("instrument", Text(file.Instrument)),
                    ("data_level", Text(file.DataLevel)),
                    ("descriptor", Text(file.Descriptor)),
                    ("start_date", Text(file.StartDate)),
                    ("end_date", Text(file.EndDate)),
                    ("repointing", Number(file.Repointing)),
                    ("cr", Number(file.Cr)),
                    ("version", Text(file.Version)),
                    ("major_version", Number(file.Major)),
                    ("minor_version", Number(file.Minor)),
                    ("extension", Text(file.Extension)),
                    ("ingestion_date", Text(row.IngestionDate)),
                    ("size", $"{row.Size}"),
                    ("sha256", Text(row.Sha256)),
                    ("seq", $"{row.Seq}"),
                    ("released", "true"),
                    ("crid", "null"),
                ];
                // Left out where names of the form have none.
                members.RemoveAll(member => member is ("end_date", "null") && file.Family is not ("ancillary" or "release"));
                return "{" + string.Join(',', members.Select(member => $"\"{member.Name}\":{member.Value}")) + "}";
            })
        )
        + "]";

    /// <summary>Documented: the Python text of a list of tuples.</summary>
    public static string Documented(IEnumerable<TruthRow> rows) =>
        "["
        + string.Join(
            ", ",
            rows.Select(row =>
            {
                var file = row.File;
                string?[] fields =
                [
                    file.Instrument,
                    file.DataLevel,
                    file.Descriptor,
                    file.StartDate,
                    file.EndDate ?? file.StartDate,
                    file.Version,
                    file.Extension,
                ];
                return $"({string.Join(", ", fields.Select(field => field is null ? "None" : $"'{field}'"))})";
            })
        )
        + "]";

    /// <summary>CSV: a header line and CRLF. Neither a name nor a number holds what would have to be quoted.</summary>
    public static string Csv(IEnumerable<TruthRow> rows) =>
        "file_path,instrument,data_level,descriptor,start_date,end_date,repointing,cr,version,major_version,minor_version,extension,ingestion_date,size,sha256,seq,released,crid,integrity\r\n"
        + string.Concat(
            rows.Select(row =>
            {
                var f = row.File;
                return FormattableString.Invariant(
                    $"{f.Key},{f.Instrument},{f.DataLevel},{f.Descriptor},{f.StartDate},{f.EndDate},{f.Repointing},{f.Cr},{f.Version},{f.Major},{f.Minor},{f.Extension},{row.IngestionDate},{row.Size},{row.Sha256},{row.Seq},true,,\r\n"
                );
            })
        );

    /// <summary>NDJSON: the same objects, each on a line.</summary>
    public static string Ndjson(IEnumerable<TruthRow> rows) => string.Concat(rows.Select(row => Plain([row])[1..^1] + "\n"));

    public static string Sha256Sum(IEnumerable<TruthRow> rows) => string.Concat(rows.Select(row => $"{row.Sha256}  {row.File.Name}\n"));

    /// <summary>The addresses, but for what each is signed with.</summary>
    public static string Urls(IEnumerable<TruthRow> rows) => string.Concat(rows.Select(row => $"/objects/{row.File.Key}\n"));

    private static IEnumerable<TruthRow> Newest(IEnumerable<TruthRow> rows) => rows
        .GroupBy(Series)
        .Select(series => series.MaxBy(row => (row.File.Major ?? -1, row.File.Minor ?? -1, row.Seq))!);

    private static object Series(TruthRow row) =>
        (
            row.File.Family,
            row.File.Instrument,
            row.File.DataLevel,
            row.File.Descriptor,
            row.File.StartDate,
            row.File.Repointing,
            row.File.Cr,
            row.File.Extension
        );

    private static bool Passes(TruthRow row, IReadOnlyList<(string Name, string Value)> query)
    {
        var file = row.File;
        var names = Lists(query, "filename")
            .Concat(Lists(query, "file_path").Select(path => path[(path.LastIndexOf('/') + 1)..]))
            .ToHashSet(StringComparer.Ordinal);
        return (names.Count == 0 || names.Contains(file.Name))
            && file.Family == (One(query, "table") ?? (names.Count > 0 ? file.Family : "science"))
            && AnyText("instrument", file.Instrument)
            && AnyText("data_level", file.DataLevel)
            && AnyText("descriptor", file.Descriptor)
            && AnyText("extension", file.Extension)
            && AnyText("version", file.Version, isKernel: file.Family == "spice")
            && AnyNumber("repointing", file.Repointing)
            && AnyNumber("cr", file.Cr)
            && AnyNumber("major_version", file.Major)
            && AnyNumber("minor_version", file.Minor)
            && From("start_date", file.StartDate)
            && To("end_date", file.StartDate)
            && From("ingestion_start_date", row.IngestionDate[..8])
            && To("ingestion_end_date", row.IngestionDate[..8])
            && (One(query, "since_seq") is not { } since || row.Seq > long.Parse(since, CultureInfo.InvariantCulture))
            && (One(query, "released") is null or "true" or "True")
            && One(query, "crid") is null
            && (
                One(query, "overlaps") is not { } days
                || (file.StartDate is { } start && AtMost(start, days.Split('-')[^1]) && AtMost(days.Split('-')[0], file.EndDate ?? start))
            );

        bool AnyText(string name, string? value, bool isKernel = false)
        {
            var any = Lists(query, name).Where(each => each != "latest").ToList();
            // Some kernels' names write a letter before their version, which is recorded without it; in a query it
            // may stand in either case.
            var ofKernels = isKernel
                ? any.Where(each => each is ['v' or 'V', ..] && each.Any(char.IsAsciiDigit)).Select(each => each[1..]).ToList()
                : [];
            // A number or two, however they are written, stand for the version that a name of science writes;
            // another family may write the same, letter and all.
            if (name == "version" && (One(query, "table") ?? "science") == "science")
                any.AddRange(any.Select(Written).OfType<string>().ToList());
            any.AddRange(ofKernels);
            // One number is a minor of whatever major, and two are those of a name, however they are written.
            if (name == "version" && file.Family == "science" && CountedMajor(row) is not null
                && any.Exists(each => MinorOf(each) == file.Minor || Regex.IsMatch(each, $"^[vV]?0*{file.Major ?? -1}\\.0*{file.Minor}$")))
                return true;
            return any.Count == 0
                || any.Contains("*")
                || (
                    value is not null
                    && any.Exists(each => Regex.IsMatch(value, $"^{Regex.Escape(each).Replace("\\*", ".*", StringComparison.Ordinal)}$"))
                );
        }

        bool AnyNumber(string name, int? value)
        {
            var any = Lists(query, name).Select(each => int.Parse(each.TrimStart([.. "repointcr"]), CultureInfo.InvariantCulture)).ToList();
            return any.Count == 0 || (value is { } number && any.Contains(number));
        }

        bool From(string name, string? value) => One(query, name) is not { } least || (value is not null && AtMost(least, value));

        bool To(string name, string? value) => One(query, name) is not { } most || (value is not null && AtMost(value, most));
    }

    private static bool AtMost(string a, string b) => string.CompareOrdinal(a, b) <= 0;

    private static List<string> Lists(IReadOnlyList<(string Name, string Value)> query, string name) =>
        [.. query.Where(each => each.Name == name).SelectMany(each => each.Value.Split(','))];

    private static string? One(IReadOnlyList<(string Name, string Value)> query, string name) =>
        query.Where(each => each.Name == name).Select(each => each.Value).SingleOrDefault();

    /// <summary>What a column is sorted by, as text of equal length: what a name lacks sorts first.</summary>
    private static string Sortable(TruthRow row, string column) => column switch
    {
        "start_date" => row.File.StartDate ?? "",
        "ingestion_date" => row.IngestionDate,
        "version" => $"{(row.File.Major ?? -1) + 1:D10}{(row.File.Minor ?? -1) + 1:D10}",
        "size" => $"{row.Size:D20}",
        "seq" => $"{row.Seq:D20}",
        _ => row.File.Key,
    };

    private static readonly StringComparer Texts = StringComparer.Ordinal;

    // As System.Text.Json escapes by default: everything that could end an attribute or a script.
    private static string Escaped(string text)
    {
        var escaped = new StringBuilder();
        foreach (var c in text)
            _ = c is '+' or '&' or '<' or '>' or '\'' or '`' or '"' or '\\' ? escaped.Append($"\\u{(int)c:X4}") : escaped.Append(c);
        return escaped.ToString();
    }

    private static string Text(string? text) => text is null ? "null" : $"\"{Escaped(text)}\"";

    private static string Number(int? number) => number?.ToString(CultureInfo.InvariantCulture) ?? "null";
}
