using System.Data.Common;
using System.Globalization;

namespace OpenSdc.Server.Catalogue;

/// <summary>
/// Shows files to an audience, or hides them, inside a transaction that has the ledger's turn. Each file gets
/// a change with the next number; the interval in which it is seen begins or ends with that change. The notes
/// of the files' series and the coverage of their days follow in the same transaction, by the statements that
/// <see cref="DerivedData"/> compares with.
/// </summary>
internal sealed class Visibility(Session session, DbTransaction transaction)
{
    private static readonly VisibilityStatements Team = new(Audience.Team);
    private static readonly VisibilityStatements Public = new(Audience.Public);

    /// <summary>Adds a change for each of some files, in their order, after the newest one.</summary>
    /// <returns>The number of the last.</returns>
    public async Task<long> AddChangesAsync(
        IReadOnlyList<long> files,
        long head,
        string kind,
        string at,
        string? who,
        string? detail,
        CancellationToken cancel
    )
    {
        var last = head + files.Count;
        await RunAsync($"""
            INSERT INTO changes (seq, kind, file, at, who, detail)
            SELECT CAST(@p1 AS BIGINT) + row_number() OVER (ORDER BY list.key), CAST(@p2 AS TEXT), list.value, CAST(@p3 AS TEXT), CAST(@p4 AS TEXT), CAST(@p5 AS TEXT)
            FROM {session.Dialect.Elements("@p0")}
            """, [session.Dialect.ListText(files), head, kind, at, who, detail], cancel);
        await RunAsync("UPDATE ledger SET seq = @p0 WHERE id = 1", [last], cancel);
        return last;
    }

    /// <summary>An audience sees these files since the changes that were just added for them.</summary>
    public Task ShowAsync(Audience audience, IReadOnlyList<long> files, long head, CancellationToken cancel) =>
        ChangeAsync(audience, files, head, shows: true, cancel);

    /// <summary>It sees them no more since then.</summary>
    public Task HideAsync(Audience audience, IReadOnlyList<long> files, long head, CancellationToken cancel) =>
        ChangeAsync(audience, files, head, shows: false, cancel);

    /// <summary>Which of some files an audience sees now, or does not though the team does; in their order.</summary>
    public async Task<List<long>> SelectAsync(IReadOnlyList<long> files, bool isPublic, CancellationToken cancel)
    {
        var found = new HashSet<long>();
        var sql =
            $"SELECT seq FROM files WHERE {session.Dialect.IsAnyOf("seq", "@p0", isNumber: true)} AND team_to IS NULL AND is_public = {(isPublic ? "1" : "0")}";
        await using var reader = await session.Statement(sql, [session.Dialect.ListText(files)], transaction).ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
            found.Add(reader.GetInt64(0));
        return [.. files.Where(found.Remove)];
    }

    private async Task ChangeAsync(Audience audience, IReadOnlyList<long> files, long head, bool shows, CancellationToken cancel)
    {
        var sql = audience == Audience.Public ? Public : Team;
        var list = session.Dialect.ListText(files);
        var listed = session.Dialect.IsAnyOf("seq", "@p0", isNumber: true);
        if (shows)
        {
            await RunAsync(sql.KeepEarlier + listed, [list], cancel);
            await RunAsync(sql.Show, [head], cancel);
        }
        else
        {
            await RunAsync(sql.Hide, [head], cancel);
            await RunAsync(sql.Revise, [head + files.Count], cancel);
        }

        if (audience == Audience.Public)
            await RunAsync("UPDATE ledger SET public_seq = @p0 WHERE id = 1", [head + files.Count], cancel);
        foreach (var note in sql.Notes)
            await RunAsync(note.Replace(VisibilityStatements.Listed, listed, StringComparison.Ordinal), [list], cancel);
        foreach (var cover in sql.Coverage)
            await RunAsync(cover.Replace(VisibilityStatements.Listed, listed, StringComparison.Ordinal), [list], cancel);
    }

    private Task<int> RunAsync(string sql, object?[] values, CancellationToken cancel) =>
        session.Statement(sql, values, transaction).ExecuteNonQueryAsync(cancel);
}

/// <summary>
/// The statements that show files to an audience and hide them, and make again what follows from that. In
/// place of <see cref="Listed"/> stands the condition that a file is one of them.
/// </summary>
internal sealed class VisibilityStatements
{
    public const string Listed = "$listed";

    public VisibilityStatements(Audience audience)
    {
        var (columns, number) = (VisibilityColumns.Of(audience), ((int)audience).ToString(CultureInfo.InvariantCulture));
        var (shown, hidden) = audience == Audience.Public ? (", is_public = 1", ", is_public = 0") : ("", "");
        const string Changed = " FROM changes WHERE changes.file = files.seq AND changes.seq > @p0";
        KeepEarlier =
            $"INSERT INTO earlier_intervals (file, audience, from_seq, to_seq) SELECT seq, {number}, {columns.From}, {columns.To} FROM files WHERE {columns.To} IS NOT NULL AND ";
        Show = $"UPDATE files SET {columns.From} = changes.seq, {columns.To} = NULL{shown}{Changed}";
        Hide = $"UPDATE files SET {columns.To} = changes.seq{hidden}, {columns.SupersededBy} = NULL, {columns.OutdatedBy} = NULL{Changed}";
        Revise = $"UPDATE ledger SET {(audience == Audience.Public ? "public_revised" : "team_revised")} = @p0 WHERE id = 1";
        Notes =
        [
            .. DerivedData
                .NotesOf(audience)
                .Select(note =>
                    $"UPDATE files SET {note.Column} = {note.Sql} WHERE series IN (SELECT series FROM files WHERE {Listed}) AND {VisibilityColumns.IsSeen(audience)} AND {note.Column} IS DISTINCT FROM {note.Sql}"
                ),
        ];
        var days = DerivedData.Days(
            audience,
            $"(SELECT DISTINCT product, start_date FROM files WHERE {Listed}) AS touched JOIN files ON files.product = touched.product AND files.start_date = touched.start_date"
        );
        Coverage = [Forget(8), Insert(8, days), Forget(6), Insert(6, Sum(6, of: 8)), Forget(4), Insert(4, Sum(4, of: 6))];

        string Forget(int digits) =>
            string.Create(
                CultureInfo.InvariantCulture,
                $"DELETE FROM coverage WHERE (audience, product, digits, period) IN (SELECT {number}, product, {digits}, substr(start_date, 1, {digits}) FROM files WHERE {Listed})"
            );

        static string Insert(int digits, string rows) =>
            string.Create(
                CultureInfo.InvariantCulture,
                $"""
                INSERT INTO coverage (audience, product, digits, period, files, latest, bytes, version, version_order, newest, first_ingestion, last_ingestion)
                SELECT audience, product, {digits}, period, files, latest, CAST(bytes AS BIGINT), {VersionRank.Version("rank")}, {VersionRank.Order("rank")}, {VersionRank.Seq("rank")}, first, last FROM ({rows}) AS fresh
                """
            );

        // The text of a period is a prefix of those in it.
        string Sum(int digits, int of) =>
            string.Create(
                CultureInfo.InvariantCulture,
                $"""
                SELECT {number} AS audience, coverage.product, touched.period, SUM(files) AS files, SUM(latest) AS latest, SUM(bytes) AS bytes, MAX({VersionRank.Of("newest")}) AS rank,
                  MIN(first_ingestion) AS first, MAX(last_ingestion) AS last
                FROM (SELECT DISTINCT product, substr(start_date, 1, {digits}) AS period FROM files WHERE {Listed}) AS touched
                JOIN coverage ON coverage.audience = {number} AND coverage.product = touched.product AND coverage.digits = {of}
                  AND coverage.period >= touched.period AND substr(coverage.period, 1, {digits}) = touched.period
                GROUP BY coverage.product, touched.period
                """
            );
    }

    public string KeepEarlier { get; }

    public string Show { get; }

    public string Hide { get; }

    public string Revise { get; }

    public IReadOnlyList<string> Notes { get; }

    public IReadOnlyList<string> Coverage { get; }
}
