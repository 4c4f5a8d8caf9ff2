namespace OpenSdc.Server.Catalogue;

/// <summary>A file's record as upkeep compares it with its object.</summary>
internal readonly record struct KeptFile(long Seq, string Key, long Size, string Sha256, string? Unsound);

/// <summary>
/// What upkeep knows of the bytes behind the records: which are lost or damaged, and when each was last verified. Every change is an event
/// beside it, in the same transaction.
/// </summary>
internal sealed class Soundness(Catalogue catalogue, TimeProvider clock)
{
    private const string Columns = "files.seq, file_path, size, sha256, kind FROM files LEFT JOIN unsound ON unsound.seq = files.seq";
    private const string ByPathSql = "SELECT " + Columns + " WHERE file_path > @p0 ORDER BY file_path LIMIT @p1";
    private const string BySeqSql = "SELECT " + Columns + " WHERE files.seq > @p0 ORDER BY files.seq LIMIT @p1";
    private const string KindSql = "SELECT kind FROM unsound WHERE seq = @p0";
    private const string HappenedSql = "SELECT COUNT(*) FROM events WHERE seq = @p0 AND kind = @p1";
    private const string CountSql = "SELECT COUNT(*) FROM unsound";
    private const string MarkSql = "INSERT INTO unsound (seq, kind, at) VALUES (@p0, @p1, @p2) ON CONFLICT (seq) DO UPDATE SET kind = excluded.kind, at = excluded.at";
    private const string ClearSql = "DELETE FROM unsound WHERE seq = @p0";
    private const string VerifiedSql = "INSERT INTO verified (seq, at) VALUES (@p0, @p1) ON CONFLICT (seq) DO UPDATE SET at = excluded.at";

    /// <summary>Records in the order of their paths, after one of them.</summary>
    public ValueTask<List<KeptFile>> ByPathAsync(string after, int count, CancellationToken cancel) => PageAsync(ByPathSql, after, count, cancel);

    /// <summary>Records in the order of their publication, after one of them.</summary>
    public ValueTask<List<KeptFile>> BySeqAsync(long after, int count, CancellationToken cancel) => PageAsync(BySeqSql, after, count, cancel);

    /// <summary><c>lost</c> or <c>damaged</c>, or null where nothing is known against the file.</summary>
    public ValueTask<string?> OfAsync(long seq, CancellationToken cancel) =>
        catalogue.ReadAsync(async session => (string?)await session.Statement(KindSql, [seq]).ExecuteScalarAsync(cancel), cancel);

    /// <summary>Whether a file's history has an event of this kind.</summary>
    public ValueTask<bool> HappenedAsync(long seq, string kind, CancellationToken cancel) =>
        catalogue.ReadAsync(async session => Convert.ToInt64(await session.Statement(HappenedSql, [seq, kind]).ExecuteScalarAsync(cancel)) > 0, cancel);

    /// <summary>How many files are lost or damaged now.</summary>
    public ValueTask<long> CountAsync(CancellationToken cancel) =>
        catalogue.ReadAsync(async session => Convert.ToInt64(await session.Statement(CountSql, []).ExecuteScalarAsync(cancel)), cancel);

    /// <summary>Marks a file as lost or damaged, or, by <see cref="EventKind.Sound"/>, as neither any more.</summary>
    public Task MarkAsync(long seq, string kind, string detail, CancellationToken cancel) => catalogue.WriteAsync(async (session, transaction) =>
    {
        var at = Catalogue.Text(clock.GetUtcNow());
        await (kind == EventKind.Sound
            ? session.Statement(ClearSql, [seq], transaction)
            : session.Statement(MarkSql, [seq, kind, at], transaction)).ExecuteNonQueryAsync(cancel);
        await Catalogue.AddEventAsync(session, transaction, seq, kind, at, detail, cancel);
        return true;
    }, cancel);

    /// <summary>Records that these files were read just now and are right.</summary>
    public Task VerifiedAsync(IReadOnlyList<long> seqs, CancellationToken cancel) => catalogue.WriteAsync(async (session, transaction) =>
    {
        var at = Catalogue.Text(clock.GetUtcNow());
        foreach (var seq in seqs)
            await session.Statement(VerifiedSql, [seq, at], transaction).ExecuteNonQueryAsync(cancel);
        return true;
    }, cancel);

    private ValueTask<List<KeptFile>> PageAsync(string sql, object after, int count, CancellationToken cancel) => catalogue.ReadAsync(async session =>
    {
        var page = new List<KeptFile>(Math.Min(count, 1000));
        await using var reader = await session.Statement(sql, [after, count]).ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
            page.Add(new(reader.GetInt64(0), reader.GetString(1), reader.GetInt64(2), reader.GetString(3), reader.IsDBNull(4) ? null : reader.GetString(4)));
        return page;
    }, cancel);
}
