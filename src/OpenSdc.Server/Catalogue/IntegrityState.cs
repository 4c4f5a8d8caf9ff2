using System.Data.Common;
using OpenSdc.Contract;

namespace OpenSdc.Server.Catalogue;

/// <summary>A file's receipt as a download needs it.</summary>
/// <param name="Receipt">The record.</param>
/// <param name="Mark"><c>lost</c> or <c>damaged</c> where the bytes must not be sent.</param>
/// <param name="AsOf">The newest change of the ledger at the time of reading; see <see
/// cref="IntegrityState.MarkAsync(long, string, string, long, CancellationToken)"/>.</param>
internal readonly record struct ServedFile(UploadReceipt Receipt, string? Mark, long AsOf)
{
    /// <summary>Whether it was withdrawn: only the archive's own work finds such a file.</summary>
    public bool IsWithdrawn { get; init; }
}

/// <summary>
/// A file's record as upkeep compares it with its object; <c>AsOf</c> is the newest change of the ledger at the time
/// of reading.
/// </summary>
internal readonly record struct KeptFile(long Seq, string Key, long Size, string Sha256, string? Mark, long AsOf);

/// <summary>
/// The integrity of the files as the catalogue knows it: which are marked as lost or damaged, and when each was last
/// verified. Every mark is a change of the ledger, in the same transaction.
/// </summary>
internal sealed class IntegrityState(Catalogue catalogue, TimeProvider clock)
{
    private const string HeadSql = "(SELECT ledger.seq FROM ledger WHERE id = 1)";
    private const string Columns =
        "files.seq, file_path, size, sha256, kind, "
        + HeadSql
        + " FROM files LEFT JOIN corrupt_or_missing ON corrupt_or_missing.seq = files.seq";

    // A file whose bytes were removed for good has no object to be compared.
    private const string NotPurged =
        " AND NOT EXISTS (SELECT 1 FROM withdrawals WHERE withdrawals.file = files.seq AND withdrawals.purged IS NOT NULL)";
    private const string ByPathSql = "SELECT " + Columns + " WHERE file_path > @p0" + NotPurged + " ORDER BY file_path LIMIT @p1";
    private const string BySeqSql = "SELECT " + Columns + " WHERE files.seq > @p0" + NotPurged + " ORDER BY files.seq LIMIT @p1";
    private const string AnyMarkSql =
        "SELECT files.seq, file_path, size, sha256, kind, "
        + HeadSql
        + " FROM corrupt_or_missing JOIN files ON files.seq = corrupt_or_missing.seq WHERE corrupt_or_missing.seq > @p0 ORDER BY corrupt_or_missing.seq LIMIT @p1";

    private const string KindSql = "SELECT kind FROM corrupt_or_missing WHERE seq = @p0";
    private const string AdoptedSql = "SELECT seq FROM changes WHERE seq = @p0 AND kind = 'adopted'";
    private const string CountSql = "SELECT COUNT(*) FROM corrupt_or_missing";
    private const string MarkSql =
        "INSERT INTO corrupt_or_missing (seq, kind, at) VALUES (@p0, @p1, @p2) ON CONFLICT (seq) DO UPDATE SET kind = excluded.kind, at = excluded.at WHERE corrupt_or_missing.kind <> excluded.kind";
    private const string ChangeSql = "INSERT INTO changes (seq, kind, file, at, detail) VALUES (@p0, @p1, @p2, @p3, @p4)";
    private const string MarkedSql = "UPDATE ledger SET seq = @p0, marked = @p0 WHERE id = 1";
    // What the public ever saw it may ask for again, as of then.
    private const string PublicMarkedSql =
        "UPDATE ledger SET public_seq = @p0, public_marked = @p0 WHERE id = 1 AND EXISTS (SELECT 1 FROM files WHERE seq = @p1 AND public_from IS NOT NULL)";
    private const string ItemSql = "SELECT item FROM files WHERE seq = @p0";
    private const string SetItemSql = "UPDATE files SET item = @p1 WHERE seq = @p0";
    // The newest mark of any file bounds the changes that are looked at: usually there are none.
    private const string IsMarkedSinceSql =
        "SELECT COUNT(*) FROM changes WHERE seq > @p1 AND seq <= (SELECT marked FROM ledger WHERE id = 1) AND file = @p0 AND kind IN ('lost', 'damaged', 'sound')";

    private const string ClearSql = "DELETE FROM corrupt_or_missing WHERE seq = @p0";
    private const string VerifiedSql = "INSERT INTO verified (seq, at) VALUES (@p0, @p1) ON CONFLICT (seq) DO UPDATE SET at = excluded.at";
    private const string PositionSql = "SELECT seq FROM scrub WHERE id = 1";
    private const string MoveSql = "UPDATE scrub SET seq = @p0 WHERE id = 1";
    private const string BeginRoundSql = "UPDATE scrub SET seq = 0, began = @p0 WHERE id = 1";
    private const string EndRoundSql = "UPDATE scrub SET seq = 0, ended = @p0 WHERE id = 1";
    private const string RoundSql = "SELECT scrub.seq, began, ended, " + HeadSql + " FROM scrub WHERE id = 1";

    /// <summary>Records in the order of their paths, after one of them.</summary>
    public ValueTask<List<KeptFile>> ByPathAsync(string after, int count, CancellationToken cancel) =>
        PageAsync(ByPathSql, after, count, cancel);

    /// <summary>Records in the order of their publication, after one of them.</summary>
    public ValueTask<List<KeptFile>> BySeqAsync(long after, int count, CancellationToken cancel) =>
        PageAsync(BySeqSql, after, count, cancel);

    /// <summary>The marked files in the order of their publication, after one of them.</summary>
    public ValueTask<List<KeptFile>> MarkedAsync(long after, int count, CancellationToken cancel) =>
        PageAsync(AnyMarkSql, after, count, cancel);

    /// <summary>
    /// The file at a key with its mark, or null, in one read: a mark that another process makes, such as <c>sdc
    /// fsck</c>, holds from the next request on. The table of marks is nearly empty, so that the join costs a
    /// fraction of finding the record.
    /// </summary>
    public ValueTask<ServedFile?> FindAsync(string key, ReadScope scope, CancellationToken cancel) =>
        catalogue.ReadAsync<ServedFile?>(
            async session =>
            {
                var filters = scope.AddTo(new Filters(session.Dialect).Compare("file_path =", key));
                await using var reader = await session
                    .Statement(
                        $"SELECT size, sha256, files.seq, ingestion_date, kind, {HeadSql}, team_to FROM files LEFT JOIN corrupt_or_missing ON corrupt_or_missing.seq = files.seq{filters.Where}",
                        filters.Values
                    )
                    .ExecuteReaderAsync(cancel);
                return await reader.ReadAsync(cancel)
                    ? new ServedFile(
                        new UploadReceipt(key, reader.GetInt64(0), reader.GetString(1), reader.GetInt64(2), reader.GetString(3)),
                        reader.IsDBNull(4) ? null : reader.GetString(4),
                        reader.GetInt64(5)
                    )
                    {
                        IsWithdrawn = !reader.IsDBNull(6),
                    }
                    : null;
            },
            cancel
        );

    /// <summary>The mark of a file: <c>lost</c>, <c>damaged</c>, or null.</summary>
    public ValueTask<string?> OfAsync(long seq, CancellationToken cancel) =>
        catalogue.ReadAsync(async session => (string?)await session.Statement(KindSql, [seq]).ExecuteScalarAsync(cancel), cancel);

    /// <summary>Whether a file was found without a record and adopted.</summary>
    public ValueTask<bool> WasAdoptedAsync(long seq, CancellationToken cancel) =>
        catalogue.ReadAsync(async session => await session.Statement(AdoptedSql, [seq]).ExecuteScalarAsync(cancel) is not null, cancel);

    /// <summary>The number of marked files.</summary>
    public ValueTask<long> CountAsync(CancellationToken cancel) =>
        catalogue.ReadAsync(async session => Convert.ToInt64(await session.Statement(CountSql, []).ExecuteScalarAsync(cancel)), cancel);

    /// <summary>
    /// Marks a file as lost or damaged, or, by <see cref="ChangeKind.Sound"/>, removes its mark. False where the file
    /// has that state already: then nothing is written.
    /// </summary>
    public Task<bool> MarkAsync(long seq, string kind, string detail, CancellationToken cancel) =>
        MarkAsync(seq, kind, detail, long.MaxValue, cancel);

    /// <summary>
    /// The same for the result of a verification, which counts only where no mark of the file was made or removed
    /// since the verification began: its object may have been replaced in between. False where one was, or where the
    /// file has that state already.
    /// </summary>
    /// <param name="seq">The file.</param>
    /// <param name="kind">The state that was found.</param>
    /// <param name="detail">A sentence for the operator.</param>
    /// <param name="asOf">The newest change of the ledger before the verification began.</param>
    /// <param name="cancel">Gives up.</param>
    public Task<bool> MarkAsync(long seq, string kind, string detail, long asOf, CancellationToken cancel) =>
        catalogue.WriteAsync(
            async (session, transaction) =>
            {
                var turn = await LedgerTurn.TakeAsync(session, transaction, cancel);
                if (
                    asOf < turn.Seq
                    && Convert.ToInt64(await session.Statement(IsMarkedSinceSql, [seq, asOf], transaction).ExecuteScalarAsync(cancel)) > 0
                )
                    return false;
                var at = Catalogue.Text(clock.GetUtcNow());
                var changed =
                    await (
                        kind == ChangeKind.Sound
                            ? session.Statement(ClearSql, [seq], transaction)
                            : session.Statement(MarkSql, [seq, kind, at], transaction)
                    ).ExecuteNonQueryAsync(cancel) > 0;
                if (!changed)
                    return false;
                var change = turn.Seq + 1;
                await session.Statement(ChangeSql, [change, kind, seq, at, detail], transaction).ExecuteNonQueryAsync(cancel);
                await session.Statement(MarkedSql, [change], transaction).ExecuteNonQueryAsync(cancel);
                await session.Statement(PublicMarkedSql, [change, seq], transaction).ExecuteNonQueryAsync(cancel);
                var item = (string)(await session.Statement(ItemSql, [seq], transaction).ExecuteScalarAsync(cancel))!;
                await session
                    .Statement(SetItemSql, [seq, RecordJson.WithIntegrity(item, kind == ChangeKind.Sound ? null : kind)], transaction)
                    .ExecuteNonQueryAsync(cancel);
                return true;
            },
            cancel
        );

    /// <summary>Records that these files were verified just now.</summary>
    public Task VerifiedAsync(IReadOnlyList<long> seqs, CancellationToken cancel) => catalogue.WriteAsync(async (session, transaction) =>
    {
        await VerifiedAsync(session, transaction, seqs, cancel);
        return true;
    }, cancel);

    /// <summary>The last file that the scrub has read in the current round; 0 at its start.</summary>
    public ValueTask<long> ScrubPositionAsync(CancellationToken cancel) =>
        catalogue.ReadAsync(async session => Convert.ToInt64(await session.Statement(PositionSql, []).ExecuteScalarAsync(cancel)), cancel);

    /// <summary>The present round of the scrub, and when the last whole one ended.</summary>
    public ValueTask<ScrubRound> ScrubRoundAsync(CancellationToken cancel) =>
        catalogue.ReadAsync(
            async session =>
            {
                await using var reader = await session.Statement(RoundSql, []).ExecuteReaderAsync(cancel);
                await reader.ReadAsync(cancel);
                return new ScrubRound(
                    reader.GetInt64(0),
                    reader.GetInt64(3),
                    reader.IsDBNull(1) ? null : reader.GetString(1),
                    reader.IsDBNull(2) ? null : reader.GetString(2)
                );
            },
            cancel
        );

    /// <summary>A round of the scrub begins with the first file.</summary>
    public Task BeginScrubRoundAsync(CancellationToken cancel) => catalogue.WriteAsync((session, transaction) =>
        session.Statement(BeginRoundSql, [Catalogue.Text(clock.GetUtcNow())], transaction).ExecuteNonQueryAsync(cancel), cancel);

    /// <summary>Records the last verified files of a round, and that it has ended.</summary>
    public Task EndScrubRoundAsync(IReadOnlyList<long> seqs, CancellationToken cancel) =>
        catalogue.WriteAsync(
            async (session, transaction) =>
            {
                await VerifiedAsync(session, transaction, seqs, cancel);
                return await session.Statement(EndRoundSql, [Catalogue.Text(clock.GetUtcNow())], transaction).ExecuteNonQueryAsync(cancel);
            },
            cancel
        );

    /// <summary>Records verified files and the position of the scrub, in one transaction.</summary>
    public Task ScrubbedAsync(IReadOnlyList<long> seqs, long position, CancellationToken cancel) =>
        catalogue.WriteAsync(
            async (session, transaction) =>
            {
                await VerifiedAsync(session, transaction, seqs, cancel);
                await session.Statement(MoveSql, [position], transaction).ExecuteNonQueryAsync(cancel);
                return true;
            },
            cancel
        );

    private async Task VerifiedAsync(Session session, DbTransaction transaction, IReadOnlyList<long> seqs, CancellationToken cancel)
    {
        var at = Catalogue.Text(clock.GetUtcNow());
        foreach (var seq in seqs)
            await session.Statement(VerifiedSql, [seq, at], transaction).ExecuteNonQueryAsync(cancel);
    }

    private ValueTask<List<KeptFile>> PageAsync(string sql, object after, int count, CancellationToken cancel) =>
        catalogue.ReadAsync(
            async session =>
            {
                var page = new List<KeptFile>(Math.Min(count, 1000));
                await using var reader = await session.Statement(sql, [after, count]).ExecuteReaderAsync(cancel);
                while (await reader.ReadAsync(cancel))
                    page.Add(
                        new(
                            reader.GetInt64(0),
                            reader.GetString(1),
                            reader.GetInt64(2),
                            reader.GetString(3),
                            reader.IsDBNull(4) ? null : reader.GetString(4),
                            reader.GetInt64(5)
                        )
                    );
                return page;
            },
            cancel
        );
}
