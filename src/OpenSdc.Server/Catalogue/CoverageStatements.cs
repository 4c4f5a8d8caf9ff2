using System.Globalization;
using OpenSdc.Contract;

namespace OpenSdc.Server.Catalogue;

/// <summary>
/// From a query to the statement that says what its files cover, or how many there are: from the table
/// coverage, where the query filters by nothing but products and start dates, and otherwise from the files
/// themselves, which costs as much as reading them.
/// </summary>
internal static class CoverageStatements
{
    /// <summary>A bucket as text: <c>period/files/bytes/version/first/last</c>; see <see cref="CoverageLine"/>.</summary>
    private const string Line = "concat_ws('/', period, files, bytes, COALESCE(version, ''), first_ingestion, last_ingestion)";

    private static readonly string Newest = VersionRank.Version("MAX(rank)");

    /// <summary>The column of coverage that counts the files of a query; null where none does.</summary>
    public static string? Counted(ReadyQuery ready) => !IsOfCoverage(ready) ? null : (ready.Query.Latest, ready.Query.Current) switch
    {
        (false, null) => "files",
        _ when ready.Query.DefaultVersions => null,
        (true, not false) or (false, true) => "latest",
        (false, false) => "files - latest",
        _ => null,
    };

    /// <summary>
    /// The sum of a column of coverage over the products and dates of a query, without the files of lower
    /// majors where those are left out: few have a note of that, and an index finds them.
    /// </summary>
    public static SqlStatement CountOf(SqlDialect dialect, ReadyQuery ready, string column)
    {
        var filters = new Filters(dialect);
        var products = Of(ready.Scope.Audience) + filters.IsAnyOf("product", ready.ProductIds);
        var parts = Periods.Split(ready.Query.StartDate, ready.Query.EndDate, digits: 4)
            .Select(part => $"SELECT {column} AS files FROM coverage WHERE {products}{Of(part, filters)}");
        var sum = $"SELECT COALESCE(SUM(files), 0) FROM ({string.Join(" UNION ALL ", parts)}) AS found";
        if (!ready.Query.DefaultVersions || column != "files")
            return new(sum, filters.Values);
        // By the index of these files alone, whatever else they are.
        var outdated = filters.Beside().AnyOf(Filters.Unindexed("product", isNumber: true), ready.ProductIds)
            .Between(Filters.Unindexed("start_date"), ready.Query.StartDate, ready.Query.EndDate);
        return new(
            $"SELECT ({sum}) - (SELECT COUNT(*) FROM files WHERE {ready.Scope.Columns.OutdatedBy} IS NOT NULL{outdated.AndAll})",
            filters.Values
        );
    }

    /// <summary>
    /// What the files of a query cover, by periods of so many digits: rows of a product's id and the text of
    /// some of its buckets, in order of the products as they are given and of the periods.
    /// </summary>
    public static SqlStatement Of(SqlDialect dialect, ReadyQuery ready, int digits)
    {
        var filters = new Filters(dialect);
        if (!IsOfCoverage(ready) || ready.Query is not { Latest: false, Current: null })
            return OfFiles(dialect, ready, digits);
        var list = dialect.Elements(filters.AddList(ready.ProductIds));
        var parts = Periods.Split(ready.Query.StartDate, ready.Query.EndDate, digits).ToList();
        var buckets = string.Join(
            " UNION ALL ",
            parts.Select(part => $"SELECT * FROM coverage WHERE {Of(ready.Scope.Audience)}product = list.value{Of(part, filters)}")
        );
        // The days at the ends of a range that begins or ends within a month or year are put together.
        if (parts.Exists(part => part.Digits != digits))
        {
            buckets = $"""
                SELECT period, SUM(files) AS files, CAST(SUM(bytes) AS BIGINT) AS bytes, MIN(first_ingestion) AS first_ingestion, MAX(last_ingestion) AS last_ingestion,
                  {Newest} AS version FROM (SELECT substr(period, 1, {digits}) AS period, files, bytes, first_ingestion, last_ingestion, {VersionRank.Of("newest")} AS rank FROM ({buckets}) AS parts) AS ranked GROUP BY period
                """;
        }

        return new(
            $"SELECT list.value, (SELECT string_agg(line, '/') FROM (SELECT {Line} AS line FROM ({buckets}) AS buckets ORDER BY period) AS lines) FROM {list} ORDER BY list.key",
            filters.Values
        );
    }

    /// <summary>The same from the files themselves; a row a bucket.</summary>
    private static SqlStatement OfFiles(SqlDialect dialect, ReadyQuery ready, int digits)
    {
        var files = new FileStatements(dialect, ready).All(
            $"product, substr(start_date, 1, {digits}) AS period, size, ingestion_date, {VersionRank.Of("seq")} AS rank"
        );
        var filters = new Filters(dialect);
        foreach (var value in files.Values)
            filters.Add(value);
        var list = dialect.Elements(filters.AddList(ready.ProductIds));
        return new(
            $"""
            SELECT product, {Line} FROM (
              SELECT product, period, COUNT(*) AS files, CAST(SUM(size) AS BIGINT) AS bytes, {Newest} AS version, MIN(ingestion_date) AS first_ingestion, MAX(ingestion_date) AS last_ingestion
              FROM ({files.Text}) AS found GROUP BY product, period) AS buckets
            JOIN {list} ON list.value = buckets.product ORDER BY list.key, period
            """, filters.Values);
    }

    private static bool IsOfCoverage(ReadyQuery ready) =>
        ready.Scope is { IsNow: true, Audience: not Audience.All }
        && ready.Query.Repointings.Count + ready.Query.Crs.Count == 0
        && !(ready.Query with { Current = null }).SplitsSeries;

    private static string Of(Audience audience) => string.Create(CultureInfo.InvariantCulture, $"audience = {(int)audience} AND ");

    private static string Of(Period part, Filters filters) =>
        string.Create(CultureInfo.InvariantCulture, $" AND digits = {part.Digits}") + Bound(part.From, filters) + Bound(part.To, filters)
        + (part is { From: null, To: not null } ? " AND period <> ''" : "");

    private static string Bound((string Comparison, string Value)? bound, Filters filters) =>
        bound is var (comparison, value) ? $" AND period {comparison} {filters.Add(value)}" : "";
}
