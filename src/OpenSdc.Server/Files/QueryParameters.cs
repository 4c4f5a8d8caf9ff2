using System.Globalization;
using System.Text;
using Microsoft.Extensions.Primitives;
using OpenSdc.Contract;
using OpenSdc.Contract.Naming;
using OpenSdc.Server.Files.Formats;

namespace OpenSdc.Server.Files;

/// <summary>
/// From the parameters of a request to a <see cref="FileQuery"/>. Whatever cannot mean anything is refused with the parameter, its value and
/// what is allowed: an empty list is only ever the answer to a question that makes sense.
/// </summary>
internal sealed class QueryParameters
{
    public const int LongestValue = 255;
    // A cursor holds a path, and is longer than what it holds.
    private const int LongestSingle = 1024;

    public const int MostWildcards = 4;
    public const int MostValues = 1000;
    public const int MostFiles = 10_000;
    public const int LargestPage = 10_000;

    /// <summary>What <c>sort=</c> may name.</summary>
    public static IReadOnlyList<string> SortColumns { get; } = ["start_date", "ingestion_date", "version", "size", "file_path"];

    /// <summary>Every parameter and how its values are read, in the order in which the contract lists them.</summary>
    private static readonly OrderedDictionary<string, Action<QueryParameters, string>> Readers = new(StringComparer.Ordinal)
    {
        ["instrument"] = (p, name) => p.query = p.query with { Instruments = p.Known(name, each => each.Instruments) },
        ["data_level"] = (p, name) => p.query = p.query with { DataLevels = p.Known(name, each => each.DataLevels) },
        ["descriptor"] = (p, name) => p.query = p.query with { Descriptors = p.ReadDescriptors(name) },
        ["start_date"] = (p, name) => p.query = p.query with { StartDate = p.Date(name) },
        ["end_date"] = (p, name) => p.query = p.query with { EndDate = p.Date(name) },
        ["version"] = (p, name) => p.ReadVersion(name),
        ["extension"] = (p, name) => p.query = p.query with { Extensions = p.Known(name, each => each.Extensions) },
        ["repointing"] = (p, name) => p.query = p.query with { Repointings = p.Numbers(name, "repoint") },
        ["cr"] = (p, name) => p.query = p.query with { Crs = p.Numbers(name, "cr") },
        ["ingestion_start_date"] = (p, name) => p.query = p.query with { IngestionStartDate = p.Date(name) },
        ["ingestion_end_date"] = (p, name) => p.query = p.query with { IngestionEndDate = p.Date(name) },
        ["major_version"] = (p, name) => p.query = p.query with { MajorVersions = p.Numbers(name, "") },
        ["minor_version"] = (p, name) => p.query = p.query with { MinorVersions = p.Numbers(name, "") },
        ["latest"] = (p, name) => p.query = p.query with { Latest = p.query.Latest | p.YesOrNo(name) },
        ["table"] = (_, _) => { }, // read before all others, since it says what they may be
        ["file_path"] = (p, name) => p.ReadFiles(name, bare: false),
        ["filename"] = (p, name) => p.ReadFiles(name, bare: true),
        ["overlaps"] = (p, name) => p.query = p.query with { Overlaps = p.Days(name) },
        ["since_seq"] = (p, name) => p.query = p.query with { SinceSeq = p.BigNumber(name) },
        ["as_of"] = (p, name) => p.query = p.query with { AsOf = p.BigNumber(name) },
        ["current"] = (p, name) => p.query = p.query with { Current = p.YesOrNo(name) },
        ["sort"] = (p, name) => p.query = p.query with { Sort = p.SortFields(name) },
        ["fields"] = (p, name) => p.fields = p.FieldNames(name),
        ["count"] = (p, name) => p.count = p.YesOrNo(name),
        ["format"] = (p, name) => p.format = p.OneOf(name, ListingFormats.Names),
        ["limit"] = (p, name) => p.query = p.query with { Limit = p.Number(name, "", 1, LargestPage) },
        ["cursor"] = (p, name) => p.query = p.ReadCursor(name),
    };

    /// <summary>Every parameter there is, in that order.</summary>
    public static IReadOnlyCollection<string> Names => Readers.Keys;

    private readonly IQueryCollection given;
    private readonly Mission mission;
    private readonly Family family;

    // What values may be is said by the family that is asked for, or by all of them where single files are, which say themselves what family they are of.
    private readonly IReadOnlyList<Family> families;
    private FileQuery query;
    private IReadOnlyList<string> fields = [];
    private string? format;
    private bool count;

    private QueryParameters(IQueryCollection given, Mission mission)
    {
        (this.given, this.mission) = (given, mission);
        var table = given.ContainsKey("table") ? Single("table") : "science";
        family = mission.Families.FirstOrDefault(each => each.Name == table)
            ?? throw new Refused(Problems.BadParameter(
                $"The parameter table is '{Shown(table)}', which is no family of files; allowed: {string.Join(", ", mission.Families.Select(each => each.Name))}."));
        var anyFamily = !given.ContainsKey("table") && (given.ContainsKey("file_path") || given.ContainsKey("filename"));
        families = anyFamily ? mission.Families : [family];
        query = new FileQuery { Family = anyFamily ? null : table };
    }

    /// <summary>What the parameters ask, or the problem with them.</summary>
    public static (QueryRequest? Request, Problem? Problem) Read(IQueryCollection given, Mission mission)
    {
        try
        {
            foreach (var (name, _) in given)
            {
                if (!Readers.ContainsKey(name))
                    return (null, Problems.UnknownParameter(Shown(name), Readers.Keys));
            }

            var p = new QueryParameters(given, mission);
            foreach (var (name, _) in given)
                Readers[name](p, name);
            return (new QueryRequest(p.query, p.query.Family is null ? null : p.family, p.format, p.fields, p.count), null);
        }
        catch (Refused refused)
        {
            return (null, refused.Problem);
        }
    }

    /// <summary>Out of a set where every name's is, as those of kernels are.</summary>
    private List<string> ReadDescriptors(string name) => families.All(each => each.Descriptors.Count > 0)
        ? Known(name, each => each.Descriptors)
        : Texts(name, @"the descriptor of a name: letters, digits, hyphens and other visible ASCII but _, / and \", IsDescriptor);

    private void ReadVersion(string name)
    {
        var forms = families.SelectMany(each => each.VersionExamples).Distinct(StringComparer.Ordinal);
        var versions = Texts(name, $"a version as these files' names write it, such as {string.Join(", ", forms)}, or latest", text =>
            text == "latest" || (text.Contains('*', StringComparison.Ordinal) ? IsVersion(text) : families.Any(each => each.CanHaveVersion(text))));
        query = query with
        {
            Latest = query.Latest || versions.Contains("latest"),
            Versions = [.. versions.Where(each => each is not ("latest" or "*"))],
        };
    }

    private void ReadFiles(string name, bool bare)
    {
        var keys = new List<string>();
        foreach (var text in Split(name, MostFiles))
        {
            var target = ArchivePath.ParseDownload(text, mission);
            if (target.Kind is DownloadTargetKind.NoName or DownloadTargetKind.NotAName || (bare && text.Contains('/', StringComparison.Ordinal)))
                throw Bad(name, text, bare ? "a file name of the mission" : "the path of a file as the archive gives it", target.Faults);
            if (target.Key is { } key)
                keys.Add(key);
            else if (target.Name is { } other)
                throw Bad(name, text, $"the path of that file, which is {other.Key}", []);
        }

        query = query with { FilePaths = [.. query.FilePaths, .. keys] };
    }

    private FileQuery ReadCursor(string name)
    {
        if (!given.ContainsKey("limit"))
            throw Bad(name, Single(name), "together with limit, as the header Link gave it", []);
        // A page of another order than that of paths goes on at a place, and any other after a path.
        return Cursor.Read(Single(name)) is { } cursor && (given.ContainsKey("sort") ? cursor is { After: "", Offset: > 0 } : cursor is { After.Length: > 0, Offset: 0 })
            ? query with { After = cursor.After, Offset = cursor.Offset, AsOf = cursor.AsOf }
            : throw Bad(name, Single(name), "what the header Link of the page before gave, unchanged", []);
    }

    /// <summary>Values out of a set that the mission file fixes; wildcards become the members that they match.</summary>
    private List<string> Known(string name, Func<Family, IReadOnlyList<string>> of)
    {
        var allowed = families.SelectMany(of).Distinct(StringComparer.Ordinal).ToList();
        if (allowed.Count == 0)
            throw DoesNotGo(name);
        var values = new List<string>();
        foreach (var text in Split(name))
        {
            if (text == "*")
                return [];
            var matches = allowed.Where(each => Wildcard.Matches(text, each)).ToList();
            if (matches.Count == 0)
                throw Bad(name, text, string.Join(", ", allowed), []);
            values.AddRange(matches);
        }

        return values;
    }

    private List<string> Texts(string name, string allowed, Func<string, bool> isAllowed)
    {
        var values = Split(name).ToList();
        if (values.Find(text => text != "*" && !isAllowed(text)) is { } bad)
            throw Bad(name, bad, allowed, []);
        // A lone star filters nothing.
        return values.Contains("*") ? values.Where(text => text == "latest").ToList() : values;
    }

    private List<int> Numbers(string name, string prefix) => families.Any(each => each.Fields.Contains(name))
        ? [.. Split(name).Select(text => Number(name, text, prefix, 0, int.MaxValue))]
        : throw DoesNotGo(name);

    private int Number(string name, string prefix, int least, int most) => Number(name, Single(name), prefix, least, most);

    private static int Number(string name, string text, string prefix, int least, int most)
    {
        var digits = prefix.Length > 0 && text.StartsWith(prefix, StringComparison.Ordinal) ? text.AsSpan(prefix.Length) : text;
        return int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number
            : throw Bad(name, text, prefix.Length > 0 ? $"a whole number such as 2 or {prefix}00002" : $"a whole number from {least} to {most}", []);
    }

    private long BigNumber(string name) =>
        long.TryParse(Single(name), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw Bad(name, Single(name), "the number of a publication, 0 or more", []);

    private string Date(string name) => IsDay(Single(name)) ? Single(name) : throw Bad(name, Single(name), "a day that exists, as YYYYMMDD", []);

    private (string From, string To) Days(string name)
    {
        var days = Single(name).Split('-');
        return days.Length <= 2 && days.All(IsDay) && string.CompareOrdinal(days[0], days[^1]) <= 0
            ? (days[0], days[^1])
            : throw Bad(name, Single(name), "a day that exists, as YYYYMMDD, or two of them in order with a hyphen between", []);
    }

    private static bool IsDay(string text) =>
        text.Length == 8 && DateOnly.TryParseExact(text, "yyyyMMdd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _);

    private List<SortField> SortFields(string name)
    {
        var order = new List<SortField>();
        foreach (var text in Split(name))
        {
            var column = text.TrimStart('-');
            if (!SortColumns.Contains(column) || text.Length - column.Length > 1)
                throw Bad(name, text, $"{string.Join(", ", SortColumns)}, with a hyphen before it for descending", []);
            if (order.Exists(each => each.Column == column))
                throw Bad(name, string.Join(',', given[name].AsEnumerable()), $"each field once, and {column} is named twice", []);
            order.Add(new SortField(column, Descending: text[0] == '-'));
        }

        return order;
    }

    private List<string> FieldNames(string name) =>
        [.. Split(name).Select(text => QueryRequest.AllFields.Contains(text) ? text : throw Bad(name, text, string.Join(", ", QueryRequest.AllFields), [])).Distinct()];

    private string OneOf(string name, IReadOnlyList<string> allowed) =>
        allowed.Contains(Single(name)) ? Single(name) : throw Bad(name, Single(name), string.Join(", ", allowed), []);

    private bool YesOrNo(string name) => Single(name) switch
    {
        "true" or "True" => true,
        "false" or "False" => false,
        var other => throw Bad(name, other, "true or false", []),
    };

    private string Single(string name)
    {
        var values = given[name];
        if (values.Count != 1)
            throw new Refused(Problems.BadParameter($"The parameter {name} is given {values.Count} times; allowed: once."));
        return values[0] switch
        {
            null or "" => throw Bad(name, "", "a value, or leave the parameter out", []),
            { Length: > LongestSingle } text => throw Bad(name, text, $"at most {LongestSingle} characters", []),
            var text => text,
        };
    }

    /// <summary>Repeated parameters and comma lists alike.</summary>
    private IEnumerable<string> Split(string name, int most = MostValues)
    {
        StringValues values = given[name];
        var seen = 0;
        foreach (var value in values)
        {
            foreach (var text in (value ?? "").Split(','))
            {
                if (text.Length == 0)
                    throw Bad(name, value ?? "", "one value or several between commas, none of them empty", []);
                if (text.Length > LongestValue)
                    throw Bad(name, text, $"at most {LongestValue} characters a value", []);
                if (text.AsSpan().Count('*') > MostWildcards)
                    throw Bad(name, text, $"at most {MostWildcards} wildcards a value", []);
                if (++seen > most)
                    throw Bad(name, value ?? "", $"at most {most} values", []);
                yield return text;
            }
        }
    }

    private bool IsDescriptor(string text)
    {
        // What a name may have there; and with files of any family it may be a kernel's type, which is written with underscores.
        foreach (var c in text)
        {
            if (c is <= ' ' or > '~' or '/' or '\\' || (c == '_' && families.All(each => each.Descriptors.Count == 0)))
                return false;
        }

        return true;
    }

    private static bool IsVersion(string text)
    {
        // v and digits, or a kernel's digits, which may follow another letter.
        var digits = char.IsAsciiLetter(text[0]) ? text.AsSpan(1) : text;
        return digits.Length > 0 && digits.IndexOfAnyExcept("0123456789.-*") < 0 && digits.IndexOfAny("0123456789*") == 0;
    }

    private Refused DoesNotGo(string name) => new(Problems.BadParameter($"The parameter {name} does not go with table={family.Name}: its files have none."));

    private static Refused Bad(string name, string text, string allowed, IReadOnlyList<NameFault> faults) =>
        new(Problems.BadParameter($"The parameter {name} is '{Shown(text)}'; allowed: {allowed}.") with { Errors = [.. faults.Select(fault => fault.Message)] });

    /// <summary>A caller's text as a sentence can hold it: short, and on one line.</summary>
    public static string Shown(string text)
    {
        // By whole characters: half of one could not be written as JSON.
        var shown = new StringBuilder();
        foreach (var rune in text.EnumerateRunes())
        {
            if (shown.Length >= 80)
                return shown.Append('…').ToString();
            shown.Append(Rune.IsControl(rune) ? Rune.ReplacementChar : rune);
        }

        return shown.ToString();
    }

    /// <summary>Leaves the reading of one parameter from wherever its fault is found; never leaves this class.</summary>
    private sealed class Refused(Problem problem) : Exception
    {
        public Problem Problem => problem;
    }
}
