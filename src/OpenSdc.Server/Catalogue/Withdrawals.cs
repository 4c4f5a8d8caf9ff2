using System.Data.Common;
using System.Security.Cryptography;

namespace OpenSdc.Server.Catalogue;

/// <summary>What is left of a file that was withdrawn.</summary>
/// <param name="File">The number of its record.</param>
/// <param name="Key">Its path.</param>
/// <param name="Change">The change that withdrew it.</param>
/// <param name="At">When, UTC.</param>
/// <param name="Reason">Why, for whoever asks for it.</param>
/// <param name="Successor">The path of the file that stands for it, where the caller may see that one.</param>
/// <param name="Purged">When its bytes were removed for good; null while it can be restored.</param>
internal sealed record Tombstone(long File, string Key, long Change, string At, string Reason, string? Successor, string? Purged);

/// <summary>How an order to withdraw, restore or purge ended.</summary>
internal enum WithdrawalOutcome
{
    Done,

    /// <summary>No file has this path.</summary>
    NoFile,

    /// <summary>It was withdrawn before.</summary>
    IsWithdrawn,

    /// <summary>It is not withdrawn.</summary>
    IsNot,

    /// <summary>Its bytes were removed for good.</summary>
    IsPurged,

    /// <summary>No file has the path of the successor, or it was withdrawn itself.</summary>
    NoSuccessor,

    /// <summary>The token is not the one that the first order to purge gave.</summary>
    WrongToken,
}

/// <summary>
/// Takes wrong files out of the archive: nobody is given a withdrawn file, its record stays as a tombstone,
/// and its name stays taken. It can be restored until its bytes are purged. Each is a change of the ledger.
/// </summary>
internal sealed class Withdrawals(Catalogue catalogue, TimeProvider clock)
{
    private const string Columns =
        "withdrawals.file, files.file_path, withdrawals.seq, withdrawals.at, withdrawals.reason, withdrawals.successor, withdrawals.purged";
    private const string RowSql = "SELECT seq, team_to, is_public, public_to FROM files WHERE file_path = @p0";
    private const string InsertSql =
        "INSERT INTO withdrawals (file, seq, at, who, reason, successor) VALUES (@p0, @p1, @p2, @p3, @p4, @p5)";
    private const string ChangeSql = "SELECT seq, purged, purge_token FROM withdrawals WHERE file = @p0";
    private const string DeleteSql = "DELETE FROM withdrawals WHERE file = @p0";
    private const string TokenSql = "UPDATE withdrawals SET purge_token = @p1 WHERE file = @p0";
    private const string PurgedSql = "UPDATE withdrawals SET purged = @p1 WHERE file = @p0";
    private const string PublishedSql = "SELECT at, who FROM changes WHERE seq = @p0";

    /// <summary>
    /// The tombstone at a path, as an audience may see it: the public sees those of files that it saw. Null
    /// where there is none.
    /// </summary>
    /// <remarks>
    /// The row at the path, or else the next one, is read, joined and then compared: a file that the audience
    /// may not see takes as long as none.
    /// </remarks>
    public ValueTask<Tombstone?> FindAsync(string key, Audience audience, CancellationToken cancel) =>
        catalogue.ReadAsync<Tombstone?>(
            async session =>
            {
                var successor = audience == Audience.All ? "" : $" AND {VisibilityColumns.IsSeen(audience, "successor")}";
                await using var reader = await session
                    .Statement(
                        $"""
                        SELECT {Columns}, (SELECT seq FROM files AS successor WHERE successor.file_path = withdrawals.successor{successor}), files.public_to
                        FROM (SELECT seq, file_path, public_to FROM files WHERE file_path >= @p0 ORDER BY file_path LIMIT 1) AS files LEFT JOIN withdrawals ON withdrawals.file = files.seq
                        """,
                        [key]
                    )
                    .ExecuteReaderAsync(cancel);
                if (!await reader.ReadAsync(cancel) || reader.GetString(1) != key || reader.IsDBNull(0))
                    return null;
                var change = reader.GetInt64(2);
                if (audience == Audience.Public && (reader.IsDBNull(8) || reader.GetInt64(8) != change))
                    return null;
                return new(
                    reader.GetInt64(0),
                    key,
                    change,
                    reader.GetString(3),
                    reader.GetString(4),
                    reader.IsDBNull(5) || reader.IsDBNull(7) ? null : reader.GetString(5),
                    reader.IsDBNull(6) ? null : reader.GetString(6)
                );
            },
            cancel
        );

    /// <summary>When the file at a path was published, and by whom, as far as the ledger knows; null where there is none.</summary>
    public ValueTask<(string At, string? Who)?> PublishedAsync(string key, CancellationToken cancel) =>
        catalogue.ReadAsync<(string, string?)?>(
            async session =>
            {
                if (
                    await session.Statement("SELECT seq FROM files WHERE file_path = @p0", [key]).ExecuteScalarAsync(cancel) is not long seq
                )
                    return null;
                await using var reader = await session.Statement(PublishedSql, [seq]).ExecuteReaderAsync(cancel);
                return await reader.ReadAsync(cancel) ? (reader.GetString(0), reader.IsDBNull(1) ? null : reader.GetString(1)) : null;
            },
            cancel
        );

    public Task<WithdrawalOutcome> WithdrawAsync(
        string key,
        string reason,
        string? successor,
        AuditEntry audit,
        CancellationToken cancel
    ) =>
        catalogue.WriteAsync(
            async (session, transaction) =>
            {
                var turn = await LedgerTurn.TakeAsync(session, transaction, cancel);
                if (await RowAsync(session, transaction, key, cancel) is not { } row)
                    return WithdrawalOutcome.NoFile;
                if (!row.IsSeen)
                    return WithdrawalOutcome.IsWithdrawn;
                if (
                    successor is not null
                    && (successor == key || await RowAsync(session, transaction, successor, cancel) is not { IsSeen: true })
                )
                    return WithdrawalOutcome.NoSuccessor;
                var at = Catalogue.Text(clock.GetUtcNow());
                var visibility = new Visibility(session, transaction);
                var change = await visibility.AddChangesAsync([row.File], turn.Seq, ChangeKind.Withdrawn, at, audit.Caller, reason, cancel);
                await session
                    .Statement(InsertSql, [row.File, change, at, audit.Caller, reason, successor], transaction)
                    .ExecuteNonQueryAsync(cancel);
                await visibility.HideAsync(Audience.Team, [row.File], turn.Seq, cancel);
                if (row.IsPublic)
                    await visibility.HideAsync(Audience.Public, [row.File], turn.Seq, cancel);
                await AuditTable.AppendAsync(
                    session,
                    transaction,
                    [audit with { Detail = reason + (successor is null ? "" : $"; superseded by {successor}") }],
                    clock.GetUtcNow(),
                    cancel
                );
                return WithdrawalOutcome.Done;
            },
            cancel
        );

    /// <summary>Gives a withdrawn file out again, to whom it was given before.</summary>
    public Task<WithdrawalOutcome> RestoreAsync(string key, AuditEntry audit, CancellationToken cancel) =>
        catalogue.WriteAsync(
            async (session, transaction) =>
            {
                var turn = await LedgerTurn.TakeAsync(session, transaction, cancel);
                if (await RowAsync(session, transaction, key, cancel) is not { } row)
                    return WithdrawalOutcome.NoFile;
                if (await WithdrawnAsync(session, transaction, row.File, cancel) is not { } withdrawn)
                    return WithdrawalOutcome.IsNot;
                if (withdrawn.IsPurged)
                    return WithdrawalOutcome.IsPurged;
                var visibility = new Visibility(session, transaction);
                await visibility.AddChangesAsync(
                    [row.File],
                    turn.Seq,
                    ChangeKind.Restored,
                    Catalogue.Text(clock.GetUtcNow()),
                    audit.Caller,
                    null,
                    cancel
                );
                await session.Statement(DeleteSql, [row.File], transaction).ExecuteNonQueryAsync(cancel);
                await visibility.ShowAsync(Audience.Team, [row.File], turn.Seq, cancel);
                if (row.PublicTo == withdrawn.Change)
                    await visibility.ShowAsync(Audience.Public, [row.File], turn.Seq, cancel);
                await AuditTable.AppendAsync(session, transaction, [audit], clock.GetUtcNow(), cancel);
                return WithdrawalOutcome.Done;
            },
            cancel
        );

    /// <summary>The first of two orders to purge: the token that the second must repeat.</summary>
    public Task<(WithdrawalOutcome Outcome, string? Token)> PreparePurgeAsync(string key, CancellationToken cancel) =>
        catalogue.WriteAsync<(WithdrawalOutcome, string?)>(async (session, transaction) =>
        {
            await LedgerTurn.TakeAsync(session, transaction, cancel);
            if (await RowAsync(session, transaction, key, cancel) is not { } row)
                return (WithdrawalOutcome.NoFile, null);
            if (await WithdrawnAsync(session, transaction, row.File, cancel) is not { } withdrawn)
                return (WithdrawalOutcome.IsNot, null);
            if (withdrawn.IsPurged)
                return (WithdrawalOutcome.IsPurged, null);
            var token = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
            await session.Statement(TokenSql, [row.File, token], transaction).ExecuteNonQueryAsync(cancel);
            return (WithdrawalOutcome.Done, token);
        }, cancel);

    /// <summary>
    /// The second: from then on the record is known to have no object, which the caller removes afterwards.
    /// Where that fails, the same order is given again: of a file that is purged already, with the token of
    /// that time, it changes nothing more.
    /// </summary>
    public Task<WithdrawalOutcome> PurgeAsync(string key, string token, AuditEntry audit, CancellationToken cancel) =>
        catalogue.WriteAsync(
            async (session, transaction) =>
            {
                var turn = await LedgerTurn.TakeAsync(session, transaction, cancel);
                if (await RowAsync(session, transaction, key, cancel) is not { } row)
                    return WithdrawalOutcome.NoFile;
                if (await WithdrawnAsync(session, transaction, row.File, cancel) is not { } withdrawn)
                    return WithdrawalOutcome.IsNot;
                if (withdrawn.Token is null || withdrawn.Token != token)
                    return withdrawn.IsPurged ? WithdrawalOutcome.IsPurged : WithdrawalOutcome.WrongToken;
                if (withdrawn.IsPurged)
                    return WithdrawalOutcome.Done;
                var at = Catalogue.Text(clock.GetUtcNow());
                await new Visibility(session, transaction).AddChangesAsync(
                    [row.File],
                    turn.Seq,
                    ChangeKind.Purged,
                    at,
                    audit.Caller,
                    null,
                    cancel
                );
                await session.Statement(PurgedSql, [row.File, at], transaction).ExecuteNonQueryAsync(cancel);
                // Its mark says nothing any more, and would keep it on the list of what is to be mended.
                await session
                    .Statement("DELETE FROM corrupt_or_missing WHERE seq = @p0", [row.File], transaction)
                    .ExecuteNonQueryAsync(cancel);
                await AuditTable.AppendAsync(session, transaction, [audit], clock.GetUtcNow(), cancel);
                return WithdrawalOutcome.Done;
            },
            cancel
        );

    private static async Task<Row?> RowAsync(Session session, DbTransaction transaction, string key, CancellationToken cancel)
    {
        await using var reader = await session.Statement(RowSql, [key], transaction).ExecuteReaderAsync(cancel);
        return await reader.ReadAsync(cancel)
            ? new(
                reader.GetInt64(0),
                IsSeen: reader.IsDBNull(1),
                IsPublic: reader.GetInt64(2) == 1,
                reader.IsDBNull(3) ? null : reader.GetInt64(3)
            )
            : null;
    }

    private static async Task<(long Change, bool IsPurged, string? Token)?> WithdrawnAsync(
        Session session,
        DbTransaction transaction,
        long file,
        CancellationToken cancel
    )
    {
        await using var reader = await session.Statement(ChangeSql, [file], transaction).ExecuteReaderAsync(cancel);
        return await reader.ReadAsync(cancel)
            ? (reader.GetInt64(0), !reader.IsDBNull(1), reader.IsDBNull(2) ? null : reader.GetString(2))
            : null;
    }

    private sealed record Row(long File, bool IsSeen, bool IsPublic, long? PublicTo);
}
