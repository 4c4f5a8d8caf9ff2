using System.Data.Common;
using System.Globalization;
using OpenSdc.Contract.Naming;

namespace OpenSdc.Server.Catalogue;

/// <summary>What was found of one kind of derived data.</summary>
/// <param name="Name">Coverage, the column of a note, max_days, or own_values.</param>
/// <param name="Differ">How many rows do not say what follows from the records.</param>
internal readonly record struct DerivedState(string Name, long Differ);

/// <summary>
/// What is kept beside the records and follows from them: coverage, the notes of newer versions, the longest
/// file of each product, the values of a mission's own fields. Each is compared with what its one statement
/// makes of the records, and made again by that statement.
/// </summary>
internal sealed class DerivedData(Catalogue catalogue, Mission mission)
{
    /// <summary>Seconds: a statement over all records takes minutes in a large archive, where others end after half a minute.</summary>
    public const int LongestStatement = 3600;

    private readonly OwnValueTable ownValues = new(catalogue, mission);

    private const string Columns =
        "audience, product, digits, period, files, latest, bytes, version, version_order, newest, first_ingestion, last_ingestion";

    private const string Sums =
        "CAST(SUM(files) AS BIGINT) AS files, CAST(SUM(latest) AS BIGINT) AS latest, CAST(SUM(bytes) AS BIGINT) AS bytes, MAX(rank) AS rank, MIN(first) AS first, MAX(last) AS last";

    private static readonly string Fresh = $"""
        WITH days AS ({Days(Audience.Team)} UNION ALL {Days(Audience.Public)}),
        months AS (SELECT audience, product, substr(period, 1, 6) AS period, {Sums} FROM days GROUP BY audience, product, substr(period, 1, 6)),
        years AS (SELECT audience, product, substr(period, 1, 4) AS period, {Sums} FROM months GROUP BY audience, product, substr(period, 1, 4)),
        fresh AS (
          SELECT audience, product, digits, period, files, latest, CAST(bytes AS BIGINT) AS bytes, {VersionRank.Version("rank")} AS version, {VersionRank.Order("rank")} AS version_order,
            {VersionRank.Seq("rank")} AS newest, first AS first_ingestion, last AS last_ingestion
          FROM (SELECT 8 AS digits, days.* FROM days UNION ALL SELECT 6, months.* FROM months UNION ALL SELECT 4, years.* FROM years) AS buckets)
        """;

    private const string Key = "audience, product, digits, period";

    // By EXCEPT both ways, which sorts or hashes whatever a planner believes of the number of rows.
    private static readonly string CoverageDiffersSql =
        $"{Fresh} SELECT (SELECT COUNT(*) FROM (SELECT {Columns} FROM fresh EXCEPT SELECT {Columns} FROM coverage) AS missing) "
        + $"+ (SELECT COUNT(*) FROM (SELECT {Key} FROM coverage EXCEPT SELECT {Key} FROM fresh) AS surplus)";

    private static readonly string MakeCoverageSql = $"INSERT INTO coverage ({Columns}) {Fresh} SELECT {Columns} FROM fresh";

    // The notes of each audience, with what follows from the rows.
    private static readonly (string Column, string Sql)[] Notes = [.. ((Audience[])[Audience.Team, Audience.Public]).SelectMany(NotesOf)];

    /// <summary>The statements that count the rows which differ, by the names of what they say.</summary>
    public static IReadOnlyList<(string Name, string Sql)> Checks { get; } =
    [
        ("coverage", CoverageDiffersSql),
        .. Notes.Select(each => (each.Column, DiffersSql(each.Column, each.Sql))),
    ];

    /// <summary>
    /// The notes of an audience, and what each is of a row of <c>files</c>. A row is superseded since the
    /// first newer one of its series that is seen together with it.
    /// </summary>
    public static (string Column, string Sql)[] NotesOf(Audience audience)
    {
        var columns = VisibilityColumns.Of(audience);
        return
        [
            (columns.SupersededBy, Note("(newer.version_order, newer.seq) > (files.version_order, files.seq)")),
            (columns.OutdatedBy, Note("newer.counted_major > files.counted_major")),
        ];

        string Note(string isNewer) => $"""
            CASE WHEN {VisibilityColumns.IsSeen(audience)} THEN
              (SELECT MIN(CASE WHEN newer.{columns.From} < files.{columns.From} THEN files.{columns.From} ELSE newer.{columns.From} END)
               FROM files AS newer WHERE newer.series = files.series AND {VisibilityColumns.IsSeen(audience, "newer")} AND {isNewer}) END
            """;
    }

    /// <summary>What an audience sees of each product and day.</summary>
    public static string Days(Audience audience, string from = "files") =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"""
            SELECT {(int)audience} AS audience, files.product, files.start_date AS period, COUNT(*) AS files,
              SUM(CASE WHEN {VisibilityColumns.Of(audience).SupersededBy} IS NULL THEN 1 ELSE 0 END) AS latest, SUM(size) AS bytes, MAX({VersionRank.Of("files.seq")}) AS rank,
              MIN(ingestion_date) AS first, MAX(ingestion_date) AS last
            FROM {from} WHERE {VisibilityColumns.IsSeen(audience)} GROUP BY files.product, files.start_date
            """
        );

    /// <summary>What does not say what follows from the records; empty where all of it does.</summary>
    public async ValueTask<List<DerivedState>> CheckAsync(CancellationToken cancel)
    {
        var found = await CheckBySqlAsync(cancel);
        if (await ownValues.CountDifferingAsync(cancel) is var differ and > 0)
            found.Add(new("own_values", differ));
        return found;
    }

    private ValueTask<List<DerivedState>> CheckBySqlAsync(CancellationToken cancel) => catalogue.ReadAsync(async session =>
    {
        var found = new List<DerivedState>();
        foreach (var (name, sql) in Checks)
        {
            if (Convert.ToInt64(await Long(session, sql).ExecuteScalarAsync(cancel), CultureInfo.InvariantCulture) is var differ and > 0)
                found.Add(new(name, differ));
        }

        var longest = await LongestAsync(session, null, cancel);
        if (longest.Count > 0)
            found.Add(new("max_days", longest.Count));
        return found;
    }, cancel);

    /// <summary>Makes all of it again.</summary>
    public Task RepairAsync(CancellationToken cancel) =>
        catalogue.WriteAsync(
            async (session, transaction) =>
            {
                await LedgerTurn.TakeAsync(session, transaction, cancel);
                foreach (
                    var sql in (string[])[.. Notes.Select(each => MakeSql(each.Column, each.Sql)), "DELETE FROM coverage", MakeCoverageSql]
                )
                    await Long(session, sql, transaction).ExecuteNonQueryAsync(cancel);
                foreach (var (product, days) in await LongestAsync(session, transaction, cancel))
                    await session
                        .Statement("UPDATE products SET max_days = @p0 WHERE id = @p1", [days, product], transaction)
                        .ExecuteNonQueryAsync(cancel);
                await ownValues.MakeAsync(session, transaction, cancel);
                return true;
            },
            cancel
        );

    /// <summary>A statement over all records.</summary>
    private static DbCommand Long(Session session, string sql, DbTransaction? transaction = null)
    {
        var command = session.Statement(sql, [], transaction);
        command.CommandTimeout = LongestStatement;
        return command;
    }

    private static string DiffersSql(string column, string note) => $"SELECT COUNT(*) FROM files WHERE {column} IS DISTINCT FROM {note}";

    private static string MakeSql(string column, string note) =>
        $"UPDATE files SET {column} = {note} WHERE {column} IS DISTINCT FROM {note}";

    /// <summary>The products whose longest file goes on for another number of days than is noted, with that of their files.</summary>
    private static async Task<Dictionary<long, long>> LongestAsync(Session session, DbTransaction? transaction, CancellationToken cancel)
    {
        var noted = new Dictionary<long, long>();
        await using (var reader = await session.Statement("SELECT id, max_days FROM products", [], transaction).ExecuteReaderAsync(cancel))
        {
            while (await reader.ReadAsync(cancel))
                noted.Add(reader.GetInt64(0), reader.GetInt64(1));
        }

        var longest = noted.Keys.ToDictionary(id => id, _ => 0L);
        await using (
            var reader = await Long(
                    session,
                    "SELECT product, start_date, end_date FROM files WHERE end_date > start_date AND start_date > ''",
                    transaction
                )
                .ExecuteReaderAsync(cancel)
        )
        {
            while (await reader.ReadAsync(cancel))
            {
                var (product, days) = (reader.GetInt64(0), Day.Of(reader.GetString(2)).DayNumber - Day.Of(reader.GetString(1)).DayNumber);
                longest[product] = Math.Max(longest.GetValueOrDefault(product), days);
            }
        }

        return longest.Where(each => noted.GetValueOrDefault(each.Key) != each.Value).ToDictionary();
    }
}
