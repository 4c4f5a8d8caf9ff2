using System.Globalization;
using OpenSdc.Contract;

namespace OpenSdc.Server.Catalogue;

/// <summary>How coverage is read: its cells, and, where these do not say it, of which series each is.</summary>
internal readonly record struct CoverageReading(SqlStatement Cells, SqlStatement? Series);

/// <summary>
/// From a query to the one statement that says what its files cover: from the sums that <see cref="Coverage"/> keeps where they are kept by all that the
/// query filters by, and otherwise from the files themselves, which costs as much as reading them.
/// </summary>
/// <remarks>
/// The sums of all time, one row for each series, are the list of series that there are. Each of them is a range of its own in the key, so that a statement reads the
/// rows it answers and no others, in the order of the answer. A range of dates is made of the longest periods that lie in it whole: 15 January 2026
/// to the end of 2028 is seventeen days, eleven months and two years.
/// </remarks>
internal static class CoveragePlan
{
    private const string Numbers = """
        s.newest AS id, c.start_date AS period, c.files AS files, c.bytes AS bytes, c.version AS version, c.first_ingestion AS first_ingestion,
        c.last_ingestion AS last_ingestion
        """;

    private const string Columns = $"{Numbers}, c.major_version AS major_version, c.minor_version AS minor_version, c.newest AS newest, {SeriesColumns}";

    private const string SeriesColumns = "s.family AS family, s.instrument AS instrument, s.data_level AS data_level, s.descriptor AS descriptor, s.extension AS extension";

    private const string Order = " ORDER BY family, instrument, data_level, descriptor, extension, period";

    // A series' row of all time has no start date; with it the order is that of the whole key, so that SQLite sorts nothing.
    private const string OrderOfKey = " ORDER BY s.family, s.instrument, s.data_level, s.descriptor, s.extension, s.start_date, c.start_date";

    private const string FileColumns =
        "seq, family, instrument, data_level, descriptor, extension, start_date, version, major_version, minor_version, ingestion_date, size";

    // Numbers of equal length are ordered as texts as they are as numbers, so that a maximum finds the newest version and carries it along.
    private const string VersionOrder =
        "CAST(10000000001 + COALESCE(major_version, -1) AS TEXT) || CAST(10000000001 + COALESCE(minor_version, -1) AS TEXT) || CAST(1000000000000000000 + seq AS TEXT)";

    private const int LengthOfVersionOrder = 11 + 11 + 19;

    /// <summary>Whether the kept sums can answer a query: it filters by nothing but what they are kept by.</summary>
    public static bool IsKept(FileQuery query) =>
        !query.Latest && query.Versions.Count + query.Repointings.Count + query.Crs.Count + query.MajorVersions.Count + query.MinorVersions.Count + query.FilePaths.Count + query.Sha256s.Count + query.Integrity.Count == 0
        && query is { IngestionStartDate: null, IngestionEndDate: null, Overlaps: null, AsOf: null, SinceSeq: null, Current: null };

    /// <summary>What the files of a query cover, by periods of so many digits, or shorter ones at the ends of its dates.</summary>
    public static CoverageReading Of(FileQuery query, int digits)
    {
        if (!IsKept(query))
            return new(OfFiles(query, digits), null);
        if (Split(query.StartDate, query.EndDate, digits).Any(part => part.Digits != digits))
            return new(OfSums(query, digits, Columns, Order), null);
        // Where no cells are to be put together their versions' numbers are not needed, and what the cells of a series share is read once: each column costs as much as all the work on a row.
        var series = SeriesOf(query);
        return new(OfSums(query, digits, Numbers, OrderOfKey), new($"SELECT s.newest, {SeriesColumns} FROM coverage AS s WHERE {series.Conditions}", series.Values));
    }

    /// <summary>
    /// The same in rows of a year of a series each, whose cells, days or months, the database writes into one text: <see cref="CoverageLines"/>, and after it the columns of the series.
    /// Null where there is nothing to write together, or cells are to be put together first.
    /// </summary>
    public static SqlStatement? YearsOf(FileQuery query, int digits)
    {
        if (digits == 4 || !IsKept(query) || Split(query.StartDate, query.EndDate, digits).ToList() is not [var part] || part.Digits != digits)
            return null;
        var filters = SeriesOf(query);
        var (first, last) = ("y.start_date", "CASE WHEN y.start_date = '' THEN '' ELSE y.start_date || '1231' END");
        var years = "";
        if (part.From is { } from)
        {
            var start = filters.Add(from.Period);
            first = $"CASE WHEN y.start_date > {start} THEN y.start_date ELSE {start} END";
            years += $" AND y.start_date >= {filters.Add(from.Period[..4])}";
        }

        if (part.To is { } to)
        {
            var end = filters.Add(to.Period);
            last = $"CASE WHEN y.start_date || '1231' < {end} THEN y.start_date || '1231' ELSE {end} END";
            years += $" AND y.start_date > '' AND y.start_date <= {filters.Add(to.Period[..4])}";
        }

        // The order of the inner statement is that in which its rows are put together; an order of the aggregate itself SQLite would sort for.
        return new(
            $"""
            SELECT (SELECT string_agg(line, '/') FROM (
                SELECT concat_ws('/', c.start_date, c.files, c.bytes, COALESCE(c.version, ''), c.first_ingestion, c.last_ingestion) AS line FROM coverage AS c
                WHERE c.digits = {digits} AND {IsOf("c")} AND c.start_date >= {first} AND c.start_date <= {last} ORDER BY c.start_date) AS lines) AS text, {SeriesColumns}
            FROM coverage AS s CROSS JOIN coverage AS y
            WHERE {filters.Conditions} AND y.digits = 4 AND {IsOf("y")}{years}
            ORDER BY s.family, s.instrument, s.data_level, s.descriptor, s.extension, s.start_date, y.start_date
            """, filters.Values);
    }

    /// <summary>
    /// Whether the kept sums tell how many files a query finds: those of which there is a newer version, or is none, are counted too. Where filters take a series apart,
    /// <see cref="IsKept"/> says no.
    /// </summary>
    public static bool IsCounted(FileQuery query) => !(query.Latest && query.Current == false) && IsKept(query with { Latest = false, Current = null }) || IsCountedByVersion(query);

    /// <summary>Whether a query asks for versions, by their names or numbers.</summary>
    public static bool HasVersion(FileQuery query) => query.Versions.Count + query.MajorVersions.Count + query.MinorVersions.Count > 0;

    /// <summary>Whether a query asks for a version of some product: how many files have one is counted, over all time.</summary>
    private static bool IsCountedByVersion(FileQuery query) =>
        query is { StartDate: null, EndDate: null } && HasVersion(query)
        && IsKept(query with { Versions = [], MajorVersions = [], MinorVersions = [] });

    /// <summary>The number of files of a query that <see cref="IsCounted"/>.</summary>
    public static SqlStatement CountOf(FileQuery query)
    {
        if (IsCountedByVersion(query))
        {
            var filters = new Filters();
            AddSeries(filters, query);
            AddVersions(filters, query);
            return new($"SELECT COALESCE(SUM(s.files), 0) FROM versions AS s{filters.Where}", filters.Values);
        }

        var counted = query.Latest || query.Current == true ? "c.series" : query.Current == false ? "c.files - c.series" : "c.files";
        var dated = query.StartDate is not null || query.EndDate is not null;
        var sums = OfSums(query, dated ? 4 : 0, counted + " AS files", "");
        return sums with { Text = $"SELECT COALESCE(SUM(files), 0) FROM ({sums.Text}) AS found" };
    }

    private static SqlStatement OfSums(FileQuery query, int digits, string columns, string order)
    {
        var filters = SeriesOf(query);
        var series = filters.Conditions;
        var parts = Split(query.StartDate, query.EndDate, digits).Select(part =>
            $"""
            SELECT {columns} FROM coverage AS s CROSS JOIN coverage AS c
            WHERE {series} AND c.digits = {part.Digits} AND {IsOf("c")}{Bound(part.From)}{Bound(part.To)}{(part is { From: null, To: not null } ? " AND c.start_date <> ''" : "")}
            """).ToList();
        return new(string.Join(" UNION ALL ", parts) + order, filters.Values);

        string Bound((string Comparison, string Period)? bound) => bound is { } b ? $" AND c.start_date {b.Comparison} {filters.Add(b.Period)}" : "";
    }

    /// <summary>Whether a row is of the series that another one is of.</summary>
    public static string IsOf(string row, string other = "s") =>
        $"{row}.family = {other}.family AND {row}.instrument = {other}.instrument AND {row}.data_level = {other}.data_level AND {row}.descriptor = {other}.descriptor AND {row}.extension = {other}.extension";

    /// <summary>Which series a query asks for. Only family and instrument use the key: there are few series of one instrument, and lists would undo the order.</summary>
    private static Filters SeriesOf(FileQuery query)
    {
        var filters = new Filters().And("s.digits = 0");
        AddSeries(filters, query);
        return filters;
    }

    /// <summary>The conditions on products and extensions, in a table that has them, under the name it has in the statement.</summary>
    public static void AddSeries(Filters filters, FileQuery query, string table = "s")
    {
        filters.Compare($"{table}.family =", query.Family);
        var isOne = query.Instruments is [var only] && !only.Contains('*', StringComparison.Ordinal);
        Any(isOne ? $"{table}.instrument" : Filters.Unindexed($"{table}.instrument"), query.Instruments);
        Any(Filters.Unindexed($"{table}.data_level"), query.DataLevels);
        Any(Filters.Unindexed($"{table}.descriptor"), query.Descriptors);
        Any(Filters.Unindexed($"{table}.extension"), query.Extensions);

        // A pattern that matches anything does not match what is not there.
        void Any(string column, IReadOnlyList<string> any)
        {
            if (any.Count > 0)
                filters.AnyOf(column, any).And($"{column} <> ''");
        }
    }

    /// <summary>The conditions on versions, in a table that has them under the name <c>s</c>.</summary>
    public static void AddVersions(Filters filters, FileQuery query)
    {
        if (query.Versions.Count > 0)
            filters.AnyOf("s.version", query.Versions).And("s.version <> ''");
        filters.AnyOf("s.major_version", query.MajorVersions).AnyOf("s.minor_version", query.MinorVersions);
    }

    /// <summary>The longest periods of at most that length which together are these days, in order; none of them overlap.</summary>
    private static IEnumerable<Part> Split(string? start, string? end, int digits)
    {
        if (start is null && end is null)
            return [new Part(digits, null, null)];
        if (digits == 8 || (start is not null && end is not null && string.CompareOrdinal(start, end) > 0))
            return [new Part(8, start is null ? null : (">=", start), end is null ? null : ("<=", end))];
        var startsWhole = start is null || start == FirstDay(start[..digits]);
        var endsWhole = end is null || end == LastDay(end[..digits]);
        if (start is not null && end is not null && start[..digits] == end[..digits] && !(startsWhole && endsWhole))
            return Split(start, end, digits + 2);
        return
        [
            .. startsWhole ? [] : Split(start, LastDay(start![..digits]), digits + 2),
            new Part(digits, start is null ? null : (startsWhole ? ">=" : ">", start[..digits]), end is null ? null : (endsWhole ? "<=" : "<", end[..digits])),
            .. endsWhole ? [] : Split(FirstDay(end![..digits]), end, digits + 2),
        ];
    }

    private static string FirstDay(string period) => period.Length == 4 ? period + "0101" : period + "01";

    private static string LastDay(string period) => period.Length == 4
        ? period + "1231"
        : period + DateTime.DaysInMonth(int.Parse(period.AsSpan(0, 4), CultureInfo.InvariantCulture), int.Parse(period.AsSpan(4), CultureInfo.InvariantCulture));

    private static SqlStatement OfFiles(FileQuery query, int digits)
    {
        var files = QueryPlan.Unordered(query, FileColumns);
        return files with
        {
            Text = $"""
                SELECT MIN(seq) AS id, substr(COALESCE(start_date, ''), 1, {digits}), COUNT(*), CAST(SUM(size) AS BIGINT),
                  substr(MAX({VersionOrder} || COALESCE(version, '')), {LengthOfVersionOrder + 1}), MIN(ingestion_date), MAX(ingestion_date), CAST(0 AS BIGINT), CAST(0 AS BIGINT), CAST(0 AS BIGINT),
                  family, COALESCE(instrument, ''), COALESCE(data_level, ''), COALESCE(descriptor, ''), extension
                FROM ({files.Text}) AS found GROUP BY 11, 12, 13, 14, 15, 2 ORDER BY 11, 12, 13, 14, 15, 2
                """,
        };
    }

    private readonly record struct Part(int Digits, (string Comparison, string Period)? From, (string Comparison, string Period)? To);
}
