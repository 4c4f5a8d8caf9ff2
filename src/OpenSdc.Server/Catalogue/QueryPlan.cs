using System.Globalization;
using OpenSdc.Contract;
using OpenSdc.Contract.Naming;

namespace OpenSdc.Server.Catalogue;

/// <summary>One statement and its parameter values.</summary>
internal readonly record struct SqlStatement(string Text, object?[] Values);

/// <summary>
/// From a query to the statements that answer it, one after the other, already in the order of the answer. Which index serves a query is decided here,
/// from what the mission's names say, and not by statistics: the same query has the same plan in an archive of any size.
/// </summary>
/// <remarks>
/// <list type="bullet">
/// <item><b>Products of one descriptor</b>: the index by product, which is in the order of start dates; the order of paths is the same, and each product has a folder of its own.</item>
/// <item><b>What came when</b> (since or until a number or a day), where that is little of what there is: the rows by number or by ingestion, then sorted; see <see cref="LeadChoice"/>.</item>
/// <item><b>A repointing or rotation</b>: the few rows that have it, then sorted.</item>
/// <item><b>Single files</b>: their paths.</item>
/// <item><b>Anything else</b>: ranges of paths, since a path begins with instrument, level and month; in order by themselves.</item>
/// </list>
/// </remarks>
internal static class QueryPlan
{
    private const int MostRanges = 400;
    private const int PathsAtOnce = 500;

    /// <param name="query">The filters, the order and the page.</param>
    /// <param name="family">The family that it asks for; null for all of them.</param>
    /// <param name="columns">What to select.</param>
    /// <param name="given">What leads to the files, where more is known of that than the query says.</param>
    public static IReadOnlyList<SqlStatement> Of(FileQuery query, Family? family, string columns, Lead? given = null)
    {
        var lead = given ?? LeadChoice.Of(query);
        if (lead == Lead.Names)
            lead = LeadChoice.ByNames(query);
        if (query.Latest && LatestPlan.MustRank(query, family))
            return [LatestPlan.Ranked(query, columns, lead)];
        if (query.Sort is [{ Column: "file_path" } byPath] && query.FilePaths.Count == 0 && lead == Lead.Names && !IsOneProduct(query, family))
            return [InPathOrder(query, family, columns, byPath.Descending)];
        if (query.Sort.Count > 0)
            return [Sorted(query, columns, lead)];
        if (query.FilePaths.Count == 1)
            return [SomePaths(query, query.FilePaths, columns)];
        if (query.FilePaths.Count > 0)
            return [.. query.FilePaths.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Chunk(PathsAtOnce).Select(paths => SomePaths(query, paths, columns))];
        if (IsOneProduct(query, family) && (given is null or Lead.Names) && ((lead is not (Lead.Repointing or Lead.Rotation) || (query.StartDate ?? query.EndDate) is not null) && lead != Lead.Digest))
            return [OneProduct(query, family!, columns)];
        if (lead != Lead.Names)
            return [Led(query, columns, lead, Filters.Unindexed("file_path"))];
        if (family is { KeyOrder.FollowsStart: true } && IsOne(query.Descriptors) && Products(query, family) is { } products)
            return [.. products.Select(product => OneProduct(product, family, columns))];
        return [.. Ranges(query, family).Select(range => OneRange(query, range.Range, range.IsExact, columns))];
    }

    /// <summary>The path of the one file that a query asks for and of which it asks nothing else; null for any other query.</summary>
    public static string? OnePath(FileQuery query) =>
        query.FilePaths.Count == 1 && Of(query, null, "1") is [{ Text: "SELECT 1 FROM files WHERE file_path = @p0 ORDER BY file_path" }] ? query.FilePaths[0] : null;

    /// <summary>The statements whose sum is the number of files that a query finds, its limit aside.</summary>
    public static IReadOnlyList<SqlStatement> CountOf(FileQuery query, Family? family, Lead? lead = null)
    {
        var whole = query with { Limit = null, Offset = 0, After = null, Sort = [] };
        if (CoveragePlan.IsCounted(whole))
            return [CoveragePlan.CountOf(whole)];
        return [.. Of(whole, family, "1", lead).Select(each => each with { Text = $"SELECT COUNT(*) FROM ({WithoutOrder(each)}) AS found" })];
    }

    /// <summary>All rows of a query in no order, as one statement to be summed up by another.</summary>
    public static SqlStatement Unordered(FileQuery query, string columns, Lead? given = null)
    {
        var whole = query with { Limit = null, Offset = 0, After = null, Sort = [] };
        var lead = given ?? LeadChoice.ByNames(query);
        var statement = query.Latest && LatestPlan.MustRank(query, family: null) ? LatestPlan.Ranked(whole, columns, lead) : Sorted(whole, columns, lead);
        return statement with { Text = WithoutOrder(statement) };
    }

    public static string WithoutOrder(SqlStatement statement) => statement.Text[..statement.Text.LastIndexOf(" ORDER BY", StringComparison.Ordinal)];

    /// <summary>Whether a query that names lead to is answered by its products, and not by ranges of paths.</summary>
    public static bool ByProduct(FileQuery query, Family family) =>
        IsOneProduct(query, family) || (query.Sort.Count == 0 && family.KeyOrder.FollowsStart && IsOne(query.Descriptors) && Products(query, family) is not null);

    public static bool IsOneProduct(FileQuery query, Family? family) =>
        family is { KeyOrder.FollowsStart: true }
        && IsOne(query.Instruments) && IsOne(query.Descriptors) && (family.DataLevels.Count == 0 || IsOne(query.DataLevels));

    private static bool IsOne(IReadOnlyList<string> values) => values.Count == 1 && !values[0].Contains('*', StringComparison.Ordinal);

    /// <summary>The query for each product alone, in the order of their folders; null where paths do not give each a folder.</summary>
    private static List<FileQuery>? Products(FileQuery query, Family family)
    {
        var products = new List<(KeyRange Range, FileQuery Query)>();
        foreach (var instrument in Values(query.Instruments, family.Instruments))
        {
            foreach (var level in Values(query.DataLevels, family.DataLevels))
            {
                var range = family.KeyOrder.Range(instrument, level, null, null, out var isExact);
                // A level asked for by a pattern is none that is known.
                if (!isExact || products.Count == MostRanges || (level is null && family.DataLevels.Count > 0))
                    return null;
                if (query.After is null || string.CompareOrdinal(range.Below, query.After) > 0)
                    products.Add((range, query with { Instruments = [instrument!], DataLevels = level is null ? [] : [level] }));
            }
        }

        return [.. products.OrderBy(each => each.Range.From, StringComparer.Ordinal).Select(each => each.Query)];
    }

    private static SqlStatement OneProduct(FileQuery query, Family family, string columns)
    {
        var filters = new Filters().Compare("family =", family.Name).Compare("instrument =", query.Instruments[0]);
        if (query.DataLevels.Count == 0)
            filters.And("data_level IS NULL");
        filters.AnyOf("data_level", query.DataLevels).Compare("descriptor =", query.Descriptors[0]);
        var product = filters.Conditions;
        // A next page begins on the day on which the one before ended, if it was this product's, and not again at the first day.
        if (query.After is not null)
            filters.And($"start_date >= COALESCE((SELECT start_date FROM files WHERE file_path = {filters.Add(query.After)} AND {product}), '')");
        filters.Compare((query.After is null ? "start_date" : Filters.Unindexed("start_date")) + " >=", query.StartDate).Compare("start_date <=", query.EndDate)
            .Compare(Filters.UnindexedNumber("seq") + " >", query.SinceSeq)
            .Compare(Filters.Unindexed("ingestion_date") + " >=", query.IngestionStartDate)
            .Compare(Filters.Unindexed("file_path") + " >", query.After);
        return Finish(filters, query, columns, "start_date, file_path");
    }

    private static SqlStatement Led(FileQuery query, string columns, Lead lead, string order)
    {
        var filters = new Filters();
        if (lead == Lead.Repointing)
            filters.AnyOf("repointing", query.Repointings);
        if (lead == Lead.Rotation)
            filters.AnyOf("cr", query.Crs);
        if (lead == Lead.Digest)
            filters.AnyOf("substr(sha256, 1, 16)", [.. query.Sha256s.Select(each => each[..16]).Distinct(StringComparer.Ordinal)]);
        var seq = lead == Lead.Number ? "seq" : Filters.UnindexedNumber("seq");
        var ingestion = lead == Lead.Ingestion ? "ingestion_date" : Filters.Unindexed("ingestion_date");
        filters.Compare(seq + " >", query.SinceSeq).Compare(seq + " <=", query.AsOf)
            .Compare(ingestion + " >=", query.IngestionStartDate).Compare(ingestion + " <=", Filters.EndOfDay(query.IngestionEndDate))
            .Compare(Filters.Unindexed("file_path") + " >", query.After);
        AddNames(filters, query);
        return Finish(filters, query, columns, order);
    }

    /// <summary>A page of what meets a condition that leads to few files, or to more of them in the order of the page.</summary>
    public static SqlStatement Among(FileQuery query, string columns, Func<Filters, string> few, bool inOrder)
    {
        var filters = new Filters();
        filters.And(few(filters));
        AddNames(filters, query);
        return Finish(AddRecent(filters, query), query, columns, OrderOf(query, isLeading: inOrder));
    }

    private static SqlStatement SomePaths(FileQuery query, IReadOnlyList<string> paths, string columns)
    {
        var filters = new Filters().AnyOf("file_path", paths).Compare("file_path >", query.After);
        AddNames(filters, query);
        return Finish(AddRecent(filters, query), query, columns, "file_path");
    }

    private static SqlStatement OneRange(FileQuery query, KeyRange range, bool isExact, string columns)
    {
        var filters = new Filters();
        if (query.After is { } after && string.CompareOrdinal(after, range.From) >= 0)
            filters.Compare("file_path >", after);
        else
            filters.Compare("file_path >=", range.From);
        filters.Compare("file_path <", range.Below);
        AddNames(filters, query, isExact);
        return Finish(AddRecent(filters, query), query, columns, "file_path");
    }

    public static SqlStatement Sorted(FileQuery query, string columns, Lead lead = Lead.Names)
    {
        if (lead != Lead.Names)
            return Led(query, columns, lead, OrderOf(query, isLeading: false));
        var filters = new Filters().AnyOf("file_path", query.FilePaths).AnyOf("family", query.Family is { } family ? [family] : Array.Empty<string>())
            .AnyOf("instrument", query.Instruments).AnyOf("data_level", query.DataLevels).AnyOf("descriptor", query.Descriptors)
            .Compare("start_date >=", query.StartDate).Compare("start_date <=", query.EndDate).Compare("seq >", query.SinceSeq)
            .Compare("ingestion_date >=", query.IngestionStartDate);
        return Finish(filters, query, columns, OrderOf(query, isLeading: true));
    }

    /// <param name="query">Whose order.</param>
    /// <param name="isLeading">Whether the order may lead to the files; it must not where something better does.</param>
    private static string OrderOf(FileQuery query, bool isLeading)
    {
        return string.Join(", ", [.. query.Sort.SelectMany(SortColumns), .. query.Sort.Any(each => each.Column == "file_path") ? [] : (string[])[Ordered("file_path")]]);

        string Ordered(string column) => isLeading ? column : Filters.Unindexed(column);

        IEnumerable<string> SortColumns(SortField field)
        {
            var direction = field.Descending ? " DESC" : "";
            return field.Column == "version"
                ? [$"COALESCE(major_version, -1){direction}", $"COALESCE(minor_version, -1){direction}"]
                : [(field.Column switch { "start_date" => "COALESCE(start_date, '')", "size" => "size", _ => Ordered(field.Column) }) + direction];
        }
    }

    private static SqlStatement Finish(Filters filters, FileQuery query, string columns, string order)
    {
        filters.AddResidual(query).Compare(Filters.Unindexed("ingestion_date") + " <=", Filters.EndOfDay(query.IngestionEndDate));
        if (query.Latest)
            LatestPlan.AddTo(filters, query);
        var limit = Limit(filters, query);
        return new($"SELECT {columns} FROM files{filters.Where} ORDER BY {order}{limit}", filters.Values);
    }

    public static string Limit(Filters filters, FileQuery query) =>
        (query.Limit is { } most ? $" LIMIT {filters.Add(most)}" : "") + (query.Offset > 0 ? $" OFFSET {filters.Add(query.Offset)}" : "");

    public static Filters AddRecent(Filters filters, FileQuery query) => filters
        .Compare(Filters.UnindexedNumber("seq") + " >", query.SinceSeq)
        .Compare(Filters.Unindexed("ingestion_date") + " >=", query.IngestionStartDate);

    /// <summary>One range about all paths that can be meant, in one direction or the other: a page ends early, and an answer in whole is not sorted.</summary>
    private static SqlStatement InPathOrder(FileQuery query, Family? family, string columns, bool descending)
    {
        var ranges = Ranges(query with { After = null }, family);
        var filters = new Filters().Compare("file_path >=", ranges[0].Range.From).Compare("file_path <", ranges.Select(each => each.Range.Below).Max(StringComparer.Ordinal));
        AddNames(filters, query);
        return Finish(AddRecent(filters, query), query, columns, descending ? "file_path DESC" : "file_path");
    }

    /// <summary>How many rows a statement has, so many at most.</summary>
    public static SqlStatement CountUpTo(long most, SqlStatement statement) =>
        new($"SELECT COUNT(*) FROM ({WithoutOrder(statement)} LIMIT {most.ToString(CultureInfo.InvariantCulture)}) AS found", statement.Values);

    /// <summary>What the path may not say, or says too late to help.</summary>
    private static void AddNames(Filters filters, FileQuery query, bool pathIsExact = false)
    {
        filters.AnyOf(Filters.Unindexed("family"), query.Family is { } family ? [family] : Array.Empty<string>());
        if (!pathIsExact)
            filters.AnyOf(Filters.Unindexed("instrument"), query.Instruments).AnyOf(Filters.Unindexed("data_level"), query.DataLevels);
        filters.AnyOf(Filters.Unindexed("descriptor"), query.Descriptors)
            .Compare(Filters.Unindexed("start_date") + " >=", query.StartDate)
            .Compare(Filters.Unindexed("start_date") + " <=", query.EndDate);
    }

    /// <summary>The ranges of paths that can hold an answer, in order; they do not meet.</summary>
    private static List<(KeyRange Range, bool IsExact)> Ranges(FileQuery query, Family? family)
    {
        if (family is null)
            return [(new KeyRange("", "\uffff"), false)];
        var dated = query.StartDate is not null || query.EndDate is not null || query.Overlaps is not null;
        IReadOnlyList<string?> instruments = query.Instruments.Count > 0 || query.DataLevels.Count > 0 || dated ? Values(query.Instruments, family.Instruments) : [null];
        IReadOnlyList<string?> levels = query.DataLevels.Count > 0 || dated ? Values(query.DataLevels, family.DataLevels) : [null];
        if (instruments.Count * levels.Count > MostRanges)
            levels = [null];
        DateOnly? start = dated ? DayOf(query.StartDate) ?? DateOnly.MinValue : null;
        DateOnly? end = dated ? DayOf(query.EndDate) ?? DayOf(query.Overlaps?.To) ?? DateOnly.MaxValue : null;
        var ranges = new List<(KeyRange Range, bool IsExact)>();
        foreach (var instrument in instruments)
        {
            foreach (var level in levels)
            {
                var range = family.KeyOrder.Range(instrument, level, start, end, out var isExact);
                if (query.After is null || string.CompareOrdinal(range.Below, query.After) > 0)
                    ranges.Add((range, isExact && (level is not null || query.DataLevels.Count == 0)));
            }
        }

        ranges.Sort((a, b) => string.CompareOrdinal(a.Range.From, b.Range.From));
        // Where paths do not tell two of them apart, they are one.
        return [.. ranges.DistinctBy(each => each.Range)];

        static DateOnly? DayOf(string? text) => text is null ? null : Day.Of(text);
    }

    private static IReadOnlyList<string?> Values(IReadOnlyList<string> asked, IReadOnlyList<string> all) =>
        asked.Any(each => each.Contains('*', StringComparison.Ordinal)) ? [null]
        : asked.Count > 0 ? [.. asked.Distinct(StringComparer.Ordinal)]
        : all.Count > 0 ? [.. all] : [null];
}
