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
/// <item><b>One product</b> (one instrument, level and descriptor): the index by product, which is in the order of start dates; the order of paths is the same.</item>
/// <item><b>What is new</b> (since a number, or ingested from a day on): the rows by number or by ingestion, then sorted.</item>
/// <item><b>Single files</b>: their paths.</item>
/// <item><b>Anything else</b>: ranges of paths, since a path begins with instrument, level and month; in order by themselves.</item>
/// </list>
/// </remarks>
internal static class QueryPlan
{
    private const string Series = "family, instrument, data_level, descriptor, start_date, repointing, cr, extension";
    private const string NewestFirst = "COALESCE(major_version, -1) DESC, COALESCE(minor_version, -1) DESC, seq DESC";
    private const int MostRanges = 400;
    private const int PathsAtOnce = 500;

    public static IReadOnlyList<SqlStatement> Of(FileQuery query, Family? family, string columns)
    {
        if (query.Latest && !LatestIsKept(query))
            return [Ranked(query, columns)];
        if (query.Sort.Count > 0)
            return [Sorted(query, columns)];
        if (query.FilePaths.Count > 0)
            return [.. query.FilePaths.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Chunk(PathsAtOnce).Select(paths => SomePaths(query, paths, columns))];
        if (IsOneProduct(query, family))
            return [OneProduct(query, columns)];
        if (query.SinceSeq is not null || query.IngestionStartDate is not null)
            return [Recent(query, columns)];
        return [.. Ranges(query, family).Select(range => OneRange(query, range.Range, range.IsExact, columns))];
    }

    /// <summary>The statements whose sum is the number of files that a query finds, its limit aside.</summary>
    public static IReadOnlyList<SqlStatement> CountOf(FileQuery query, Family? family)
    {
        var whole = query with { Limit = null, Offset = 0, After = null, Sort = [] };
        if (CoveragePlan.IsKept(whole))
            return [CoveragePlan.CountOf(whole)];
        return [.. Of(whole, family, "1").Select(each => each with { Text = $"SELECT COUNT(*) FROM ({WithoutOrder(each)}) AS found" })];
    }

    /// <summary>All rows of a query in no order, as one statement to be summed up by another.</summary>
    public static SqlStatement Unordered(FileQuery query, string columns)
    {
        var whole = query with { Limit = null, Offset = 0, After = null, Sort = [] };
        var statement = query.Latest && !LatestIsKept(query) ? Ranked(whole, columns) : Sorted(whole, columns);
        return statement with { Text = WithoutOrder(statement) };
    }

    private static string WithoutOrder(SqlStatement statement) => statement.Text[..statement.Text.LastIndexOf(" ORDER BY", StringComparison.Ordinal)];

    /// <summary>
    /// Whether the newest of each series is the same with these filters as without them, so that what publication notes can be used: they take whole
    /// series, or, by number, a state of the catalogue.
    /// </summary>
    private static bool LatestIsKept(FileQuery query) =>
        query.Versions.Count + query.MajorVersions.Count + query.MinorVersions.Count + query.FilePaths.Count == 0
        && query is { IngestionStartDate: null, IngestionEndDate: null, SinceSeq: null, Overlaps: null };

    private static bool IsOneProduct(FileQuery query, Family? family) =>
        family is { KeyOrder.FollowsStart: true }
        && IsOne(query.Instruments) && IsOne(query.Descriptors) && (family.DataLevels.Count == 0 || IsOne(query.DataLevels));

    private static bool IsOne(IReadOnlyList<string> values) => values.Count == 1 && !values[0].Contains('*', StringComparison.Ordinal);

    private static SqlStatement OneProduct(FileQuery query, string columns)
    {
        var filters = new Filters().Compare("family =", query.Family).Compare("instrument =", query.Instruments[0]);
        if (query.DataLevels.Count == 0)
            filters.And("data_level IS NULL");
        filters.AnyOf("data_level", query.DataLevels).Compare("descriptor =", query.Descriptors[0])
            .Compare("start_date >=", query.StartDate).Compare("start_date <=", query.EndDate)
            .Compare(Filters.UnindexedNumber("seq") + " >", query.SinceSeq)
            .Compare(Filters.Unindexed("ingestion_date") + " >=", query.IngestionStartDate)
            .Compare(Filters.Unindexed("file_path") + " >", query.After);
        return Finish(filters, query, columns, "start_date, file_path");
    }

    private static SqlStatement Recent(FileQuery query, string columns)
    {
        var filters = new Filters().Compare("seq >", query.SinceSeq);
        filters.Compare((query.SinceSeq is null ? "ingestion_date" : Filters.Unindexed("ingestion_date")) + " >=", query.IngestionStartDate)
            .Compare(Filters.Unindexed("file_path") + " >", query.After);
        AddNames(filters, query);
        return Finish(filters, query, columns, Filters.Unindexed("file_path"));
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

    private static SqlStatement Sorted(FileQuery query, string columns)
    {
        var filters = new Filters().AnyOf("file_path", query.FilePaths).AnyOf("family", query.Family is { } family ? [family] : Array.Empty<string>())
            .AnyOf("instrument", query.Instruments).AnyOf("data_level", query.DataLevels).AnyOf("descriptor", query.Descriptors)
            .Compare("start_date >=", query.StartDate).Compare("start_date <=", query.EndDate).Compare("seq >", query.SinceSeq)
            .Compare("ingestion_date >=", query.IngestionStartDate);
        var order = string.Join(", ", query.Sort.SelectMany(SortColumns));
        return Finish(filters, query, columns, order + (query.Sort.Any(each => each.Column == "file_path") ? "" : ", file_path"));

        static IEnumerable<string> SortColumns(SortField field)
        {
            var direction = field.Descending ? " DESC" : "";
            return field.Column == "version"
                ? [$"COALESCE(major_version, -1){direction}", $"COALESCE(minor_version, -1){direction}"]
                : [field.Column == "start_date" ? $"COALESCE(start_date, ''){direction}" : field.Column + direction];
        }
    }

    /// <summary>The newest among what the filters leave, where publication could not know it.</summary>
    private static SqlStatement Ranked(FileQuery query, string columns)
    {
        var inner = Sorted(query with { Latest = false, Sort = [], Limit = null, Offset = 0, After = null }, $"files.*, ROW_NUMBER() OVER (PARTITION BY {Series} ORDER BY {NewestFirst}) AS place");
        var filters = new Filters();
        foreach (var value in inner.Values)
            filters.Add(value);
        filters.And("place = 1").Compare("file_path >", query.After);
        var outer = query.Sort.Count > 0 ? Sorted(new FileQuery { Family = null, Sort = query.Sort }, "1").Text.Split(" ORDER BY ")[1] : "file_path";
        var limit = Limit(filters, query);
        return new($"SELECT {columns} FROM ({WithoutOrder(inner)}) AS ranked{filters.Where} ORDER BY {outer}{limit}", filters.Values);
    }

    private static SqlStatement Finish(Filters filters, FileQuery query, string columns, string order)
    {
        filters.AddResidual(query).Compare(Filters.Unindexed("ingestion_date") + " <=", Filters.EndOfDay(query.IngestionEndDate));
        if (query.Latest)
            filters.And(query.AsOf is { } asOf ? $"(superseded_by IS NULL OR superseded_by > {filters.Add(asOf)})" : "superseded_by IS NULL");
        var limit = Limit(filters, query);
        return new($"SELECT {columns} FROM files{filters.Where} ORDER BY {order}{limit}", filters.Values);
    }

    private static string Limit(Filters filters, FileQuery query) =>
        (query.Limit is { } most ? $" LIMIT {filters.Add(most)}" : "") + (query.Offset > 0 ? $" OFFSET {filters.Add(query.Offset)}" : "");

    private static Filters AddRecent(Filters filters, FileQuery query) => filters
        .Compare(Filters.UnindexedNumber("seq") + " >", query.SinceSeq)
        .Compare(Filters.Unindexed("ingestion_date") + " >=", query.IngestionStartDate);

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
        DateOnly? start = dated ? Day(query.StartDate) ?? DateOnly.MinValue : null;
        DateOnly? end = dated ? Day(query.EndDate) ?? Day(query.Overlaps?.To) ?? DateOnly.MaxValue : null;
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

        static DateOnly? Day(string? text) => text is null ? null : DateOnly.ParseExact(text, "yyyyMMdd", CultureInfo.InvariantCulture);

        static IReadOnlyList<string?> Values(IReadOnlyList<string> asked, IReadOnlyList<string> all) =>
            asked.Any(each => each.Contains('*', StringComparison.Ordinal)) ? [null]
            : asked.Count > 0 ? [.. asked.Distinct(StringComparer.Ordinal)]
            : all.Count > 0 ? [.. all] : [null];
    }
}
