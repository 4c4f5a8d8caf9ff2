using System.Buffers;
using OpenSdc.Contract;
using OpenSdc.Contract.Naming;
using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Files.Formats;
using static OpenSdc.Server.Files.ParameterValues;

namespace OpenSdc.Server.Files;

/// <summary>
/// From the parameters of a request to a <see cref="FileQuery"/>. Whatever cannot mean anything is refused
/// with the parameter, its value and what is allowed: an empty list is only ever the answer to a question
/// that makes sense.
/// </summary>
internal sealed class QueryParameters
{
    public const int MostFiles = 10_000;
    public const int LargestPage = 10_000;

    /// <summary>What <c>sort=</c> may name.</summary>
    public static IReadOnlyList<string> SortColumns { get; } = ["start_date", "ingestion_date", "version", "size", "file_path", "seq"];

    /// <summary>Every parameter and how its values are read, in the order in which the contract lists them.</summary>
    private static readonly OrderedDictionary<string, Action<QueryParameters, string>> Readers = new(StringComparer.Ordinal)
    {
        ["instrument"] = (p, name) => p.query = p.query with { Instruments = p.Known(name, each => each.Instruments) },
        ["data_level"] = (p, name) => p.query = p.query with { DataLevels = p.Known(name, each => each.DataLevels) },
        ["descriptor"] = (p, name) => p.query = p.query with { Descriptors = p.ReadDescriptors(name) },
        ["start_date"] = (p, name) => p.query = p.query with { StartDate = p.given.Date(name) },
        ["end_date"] = (p, name) => p.query = p.query with { EndDate = p.given.Date(name) },
        ["version"] = (p, name) => p.ReadVersion(name),
        ["extension"] = (p, name) => p.query = p.query with { Extensions = p.Known(name, each => each.Extensions) },
        ["repointing"] = (p, name) => p.query = p.query with { Repointings = p.Numbers(name, "repoint") },
        ["cr"] = (p, name) => p.query = p.query with { Crs = p.Numbers(name, "cr") },
        ["ingestion_start_date"] = (p, name) => p.query = p.query with { IngestionStartDate = p.given.Date(name) },
        ["ingestion_end_date"] = (p, name) => p.query = p.query with { IngestionEndDate = p.given.Date(name) },
        ["major_version"] = (p, name) => p.ReadMajor(name),
        ["minor_version"] = (p, name) => p.query = p.query with { MinorVersions = p.Numbers(name, "") },
        ["latest"] = (p, name) => p.query = p.query with { Latest = p.query.Latest | p.given.YesOrNo(name) },
        ["table"] = (_, _) => { }, // read before all others, since it says what they may be
        ["file_path"] = (p, name) => p.ReadFiles(name, bare: false),
        ["filename"] = (p, name) => p.ReadFiles(name, bare: true),
        ["sha256"] = (p, name) => p.query = p.query with { Sha256s = p.Digests(name) },
        ["integrity"] = (p, name) => p.query = p.query with { Integrity = p.IntegrityWords(name) },
        ["released"] = (p, name) => p.query = p.query with { Released = p.given.YesOrNo(name) },
        ["crid"] = (p, name) => p.query = p.query with { Crids = p.Releases(name) },
        ["overlaps"] = (p, name) => p.query = p.query with { Overlaps = p.given.Days(name) },
        ["since_seq"] = (p, name) => p.query = p.query with { SinceSeq = p.given.BigNumber(name) is var seq and > 0 ? seq : null }, // all came after nothing
        ["as_of"] = (p, name) => p.query = p.query with { AsOf = p.given.BigNumber(name) },
        ["history"] = (p, name) => p.history = p.given.Single(name),
        ["current"] = (p, name) => p.query = p.query with { Current = p.given.YesOrNo(name) },
        ["sort"] = (p, name) => p.query = p.query with { Sort = p.SortFields(name) },
        ["fields"] = (p, name) => p.fields = p.FieldNames(name),
        ["count"] = (p, name) => p.count = p.given.YesOrNo(name),
        ["format"] = (p, name) => p.format = p.given.OneOf(name, ListingFormats.Names),
        ["limit"] = (p, name) => p.query = p.query with { Limit = p.given.Number(name, "", 1, LargestPage) },
        ["cursor"] = (p, name) => p.ReadCursor(name),
    };

    /// <summary>Every parameter of every mission, in that order.</summary>
    public static IReadOnlyCollection<string> Names => Readers.Keys;

    /// <summary>Every parameter of a mission: its own fields follow.</summary>
    public static IEnumerable<string> NamesOf(Mission mission) => [.. Names, .. mission.OwnFields.Select(each => each.Name)];

    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdefABCDEF");

    private static readonly SearchValues<char> IdentifierCharacters = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"
    );

    private readonly ParameterValues given;
    private readonly Mission mission;
    private readonly Func<string, string?> openCursor;
    private readonly Family family;

    // What values may be is said by the family that is asked for, or by all of them where single files are,
    // which say themselves what family they are of.
    private readonly IReadOnlyList<Family> families;
    private readonly IReadOnlyList<string> members;
    private FileQuery query;
    private IReadOnlyList<string> fields = [];
    private string? format;
    private bool count;
    private string? history;
    private string? cursor;
    private bool namesMajor;

    private QueryParameters(ParameterValues given, Mission mission, Func<string, string?> openCursor)
    {
        (this.given, this.mission, this.openCursor) = (given, mission, openCursor);
        var table = given.Has("table") ? given.Single("table") : DefaultTable(mission);
        var isAny = table == "*";
        family =
            mission.Families.FirstOrDefault(each => isAny || each.Name == table)
            ?? throw new Refused(
                Problems.BadParameter(
                    $"The parameter table is '{Shown(table)}', which is no family of files; allowed: {string.Join(", ", mission.Families.Select(each => each.Name))}, or * for all of them."
                )
            );
        var anyFamily = isAny || (!given.Has("table") && (given.Has("file_path") || given.Has("filename") || given.Has("sha256")));
        families = anyFamily ? mission.Families : [family];
        members = RecordJson.MembersOf(families);
        query = new FileQuery { Family = anyFamily ? null : table };
    }

    /// <summary>What the parameters ask, or the problem with them.</summary>
    /// <param name="given">The parameters.</param>
    /// <param name="mission">The mission.</param>
    /// <param name="openCursor">Takes the seal off a cursor; where it is left out, cursors have none.</param>
    public static (QueryRequest? Request, Problem? Problem) Read(
        IQueryCollection given,
        Mission mission,
        Func<string, string?>? openCursor = null
    )
    {
        try
        {
            foreach (var (name, _) in given)
            {
                if (!IsParameter(name, mission))
                    return (null, Problems.UnknownParameter(Shown(name), [.. Names, .. OwnOf(given, mission)]));
            }

            var p = new QueryParameters(new ParameterValues(given), mission, openCursor ?? (static text => text));
            foreach (var (name, _) in given)
            {
                if (Readers.TryGetValue(name, out var read))
                    read(p, name);
                else
                    p.ReadOwn(name);
            }

            p.RefuseReversed();
            var page = p.CursorOf(p.query.Sort);
            p.query = p.query with { After = page?.After, DefaultVersions = p.ListsHighestMajor };
            return (
                new QueryRequest(p.query, p.query.Family is null ? null : p.family, p.format, p.fields, p.count)
                {
                    History = p.history,
                    Cursor = page,
                    Members = p.members,
                },
                null
            );
        }
        catch (Refused refused)
        {
            return (null, refused.Problem);
        }
    }

    /// <summary>The table that a query asks for which names none: that of science, or the mission's first.</summary>
    public static string DefaultTable(Mission mission) => mission.FindFamily("science")?.Name ?? mission.Families[0].Name;

    public static bool IsParameter(string name, Mission mission) =>
        Readers.ContainsKey(name) || mission.OwnFields.Any(each => each.Name == name);

    /// <summary>The mission's own fields that a query may name, as far as the table is known.</summary>
    private static IEnumerable<string> OwnOf(IQueryCollection given, Mission mission)
    {
        var table = given.ContainsKey("table") ? given["table"].ToString() : DefaultTable(mission);
        return mission
            .OwnFields.Where(each =>
                mission.Families.Any(family => (table == "*" || family.Name == table) && family.OwnFields.Contains(each))
            )
            .Select(each => each.Name);
    }

    private void ReadOwn(string name)
    {
        var field = families.SelectMany(each => each.OwnFields).FirstOrDefault(each => each.Name == name) ?? throw DoesNotGo(name);
        IReadOnlyList<string> values = field.Kind switch
        {
            OwnFieldKind.Word => Known(name, _ => field.Words),
            OwnFieldKind.Number => Read(
                text =>
                    text.AsSpan().ContainsAnyExceptInRange('0', '9') ? null
                    : text.TrimStart('0') is { Length: > 0 } digits ? digits
                    : "0",
                "a whole number"
            ),
            OwnFieldKind.Day => Read(text => IsDay(text) ? text : null, "a day that exists, as YYYYMMDD"),
            OwnFieldKind.Time => Read(text => IsTime(text) ? text : null, "a time of day, as HH:MM:SS, with tenths where names have them"),
            _ => Read(text => text, ""),
        };
        if (values.Count > 0)
            query = query with { Own = [.. query.Own, new OwnFilter(field, values)] };

        // A lone star filters nothing.
        IReadOnlyList<string> Read(Func<string, string?> read, string allowed)
        {
            var texts = Distinct(name);
            return texts.Exists(IsStar)
                ? []
                : [.. texts.Select(text => read(text) ?? throw Bad(name, text, allowed, [])).Distinct(StringComparer.Ordinal)];
        }
    }

    private static bool IsTime(string text) =>
        text.Length is 8 or 10
        && text[2] == ':'
        && text[5] == ':'
        && (text.Length == 8 || text[8] == '.')
        && !string.Concat(text.Where((_, i) => i is not (2 or 5 or 8))).AsSpan().ContainsAnyExceptInRange('0', '9');

    /// <summary>Out of a set where every name's is, as those of kernels are.</summary>
    private List<string> ReadDescriptors(string name) => families.All(each => each.Descriptors.Count > 0)
        ? Known(name, each => each.Descriptors)
        : Texts(name, @"the descriptor of a name: letters, digits, hyphens and other visible ASCII but _, / and \", IsDescriptor);

    private List<string> IntegrityWords(string name) =>
        [
            .. given
                .Split(name)
                .Select(text => FileIntegrity.All.Contains(text) ? text : throw Bad(name, text, string.Join(", ", FileIntegrity.All), []))
                .Distinct(StringComparer.Ordinal),
        ];

    private List<string> Releases(string name)
    {
        const string Allowed = "the identifier of a composite release, 1 to 64 letters, digits, dots, hyphens and underscores";
        var identifiers = Distinct(name);
        return identifiers.Find(text => text.Length is 0 or > 64 || text.AsSpan().ContainsAnyExcept(IdentifierCharacters)) is { } bad
            ? throw Bad(name, bad, Allowed, [])
            : identifiers;
    }

    private void ReadVersion(string name)
    {
        var forms = families.SelectMany(each => each.VersionExamples).Distinct(StringComparer.Ordinal);
        var versions = Texts(
            name,
            $"a version as these files' names write it, such as {string.Join(", ", forms)}, or latest",
            text =>
                IsLatest(text)
                || (
                    text.Contains('*', StringComparison.Ordinal)
                        ? IsVersion(text) || families.Any(each => each.MayBeVersion(text))
                        : families.Any(each => each.Means(text).Any)
                )
        );
        var isPattern = given.Split(name).Any(text => text.Contains('*', StringComparison.Ordinal));
        var meant = versions.Where(each => !IsLatest(each)).SelectMany(each => families.Select(family => family.Means(each))).ToList();
        query = query with
        {
            Latest = query.Latest || versions.Exists(IsLatest),
            Versions = [.. meant.SelectMany(each => each.Recorded).Distinct(StringComparer.Ordinal)],
            MinorOfVersions = [.. meant.Select(each => each.Minor).OfType<int>().Distinct()],
        };
        // A number alone says nothing of the major version.
        namesMajor |= isPattern || meant.Exists(each => each is { Any: true, Minor: null });
    }

    private void ReadMajor(string name)
    {
        namesMajor = true;
        if (!given.Split(name).All(IsStar))
            query = query with { MajorVersions = Numbers(name, "") };
        else if (!families.Any(each => each.Fields.Contains(name)))
            throw DoesNotGo(name);
    }

    /// <summary>
    /// Whether only the highest major version of each series is listed: where the query names neither a major
    /// version, nor files, nor changes.
    /// </summary>
    private bool ListsHighestMajor =>
        !namesMajor && families.Any(each => each.HighestMajorByDefault) && query is { Latest: false, Current: null, SinceSeq: null }
        && query.FilePaths.Count + query.Sha256s.Count == 0 && !given.Has("since_seq");

    private void ReadFiles(string name, bool bare)
    {
        var list = new FileList(mission, bare);
        foreach (var text in given.Split(name, MostFiles))
            list.Add(text);
        if (list.ProblemOf(name) is { } problem)
            throw new Refused(problem);
        var keys = list.Keys;

        // A file must satisfy both parameters where both are given; no file has the empty path.
        if (query.FilePaths.Count > 0)
            keys = [.. query.FilePaths.Intersect(keys, StringComparer.Ordinal).DefaultIfEmpty("")];
        query = query with { FilePaths = [.. keys.Distinct(StringComparer.Ordinal)] };
    }

    private void ReadCursor(string name)
    {
        if (!given.Has("limit"))
            throw Bad(name, given.Single(name), "together with limit, as the header Link gave it", []);
        // What it holds depends on the order, which may be read later.
        cursor = given.Single(name);
    }

    private Cursor? CursorOf(IReadOnlyList<SortField> sort) =>
        cursor is null
            ? null
            : (openCursor(cursor) is { } open ? Cursor.Read(open, SortOrder.Of(sort)) : null)
                ?? throw Bad("cursor", cursor, "what the header Link of the page before gave, unchanged", []);

    /// <summary>No file can meet a range whose end is before its start, and an empty list would hide the slip.</summary>
    private void RefuseReversed()
    {
        RefuseReversed("start_date", query.StartDate, "end_date", query.EndDate);
        RefuseReversed("ingestion_start_date", query.IngestionStartDate, "ingestion_end_date", query.IngestionEndDate);
        if (query.SinceSeq > query.AsOf)
            throw Reversed("since_seq", $"{query.SinceSeq}", "as_of", $"{query.AsOf}");
    }

    private static void RefuseReversed(string startName, string? start, string endName, string? end)
    {
        if (start is not null && end is not null && string.CompareOrdinal(start, end) > 0)
            throw Reversed(startName, start, endName, end);
    }

    private static Refused Reversed(string startName, string start, string endName, string end) =>
        new(
            Problems.BadParameter(
                $"The parameter {startName} is '{start}', which is after {endName}, '{end}'; allowed: a range whose end is not before its start."
            )
        );

    /// <summary>Values out of a set that the mission file fixes; wildcards become the members that they match.</summary>
    private List<string> Known(string name, Func<Family, IReadOnlyList<string>> of)
    {
        var allowed = families.SelectMany(of).Distinct(StringComparer.Ordinal).ToList();
        if (allowed.Count == 0)
            throw DoesNotGo(name);
        var values = new HashSet<string>(StringComparer.Ordinal);
        foreach (var text in Distinct(name))
        {
            if (IsStar(text))
                return [];
            var matches = allowed.Where(each => Wildcard.Matches(text, each)).ToList();
            if (matches.Count == 0)
                throw Bad(name, text, string.Join(", ", allowed), []);
            values.UnionWith(matches);
        }

        return [.. allowed.Where(values.Contains)];
    }

    private List<string> Texts(string name, string allowed, Func<string, bool> isAllowed)
    {
        var values = Distinct(name);
        if (values.Find(text => !IsStar(text) && !isAllowed(text)) is { } bad)
            throw Bad(name, bad, allowed, []);
        // A lone star filters nothing.
        if (values.Exists(IsStar))
            return [.. values.Where(IsLatest)];
        return values.Count(text => text.Contains('*', StringComparison.Ordinal)) > MostPatterns
            ? throw Bad(name, given.Text(name), $"at most {MostPatterns} different values with wildcards", [])
            : values;
    }

    private List<string> Distinct(string name) => [.. given.Split(name).Distinct(StringComparer.Ordinal)];

    private List<string> Digests(string name)
    {
        var digests = new HashSet<string>(StringComparer.Ordinal);
        foreach (var text in given.Split(name))
        {
            if (text.Length != 64 || text.AsSpan().ContainsAnyExcept(HexDigits))
                throw Bad(name, text, "the SHA-256 of a file, 64 hexadecimal digits", []);
            digests.Add(text.ToLowerInvariant());
        }

        return [.. digests];
    }

    private static bool IsLatest(string text) => text.Equals("latest", StringComparison.OrdinalIgnoreCase);

    private List<int> Numbers(string name, string prefix) => families.Any(each => each.Fields.Contains(name))
        ? [.. given.Split(name).Select(text => Number(name, text, prefix, 0, int.MaxValue)).Distinct()]
        : throw DoesNotGo(name);

    private List<SortField> SortFields(string name)
    {
        var order = new List<SortField>();
        foreach (var text in given.Split(name))
        {
            var column = text.TrimStart('-');
            if (!SortColumns.Contains(column) || text.Length - column.Length > 1)
                throw Bad(name, text, $"{string.Join(", ", SortColumns)}, with a hyphen before it for descending", []);
            if (order.Exists(each => each.Column == column))
                throw Bad(name, given.Text(name), $"each field once, and {column} is named twice", []);
            order.Add(new SortField(column, Descending: text[0] == '-'));
        }

        return order;
    }

    private List<string> FieldNames(string name) =>
        [
            .. given
                .Split(name)
                .Select(text => members.Contains(text) ? text : throw Bad(name, text, string.Join(", ", members), []))
                .Distinct(),
        ];

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
        // v and digits, or a kernel's digits, which may follow another letter; a star before them may stand for nothing.
        var digits = text.AsSpan().TrimStart('*');
        if (digits.Length == 0)
            return true;
        if (char.IsAsciiLetter(digits[0]))
            digits = digits[1..];
        else
            digits = text;
        return digits.Length > 0 && digits.IndexOfAnyExcept("0123456789.-*") < 0 && digits.IndexOfAny("0123456789*") == 0;
    }

    private Refused DoesNotGo(string name) =>
        new(Problems.BadParameter($"The parameter {name} does not go with table={family.Name}: its files have none."));
}
