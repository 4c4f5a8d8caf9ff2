using System.Data.Common;
using System.Globalization;
using OpenSdc.Contract;
using OpenSdc.Contract.Naming;

namespace OpenSdc.Server.Catalogue;

/// <summary>
/// The records of the archive, in one SQL text for both databases. Readers use pooled sessions; there is one
/// writer, and only <see cref="Uploads.Publisher"/> calls it.
/// </summary>
internal sealed class Catalogue(SqlDialect dialect, TimeProvider clock, Telemetry telemetry) : IDisposable
{
    private const string NewHistorySql = "UPDATE ledger SET history = @p0 WHERE id = 1";
    private const string NewSql =
        "SELECT seq FROM ledger WHERE id = 1 AND seq = 0 AND NOT EXISTS (SELECT 1 FROM uploads) AND NOT EXISTS (SELECT 1 FROM claims)";
    private const string LostSql = "SELECT seq FROM corrupt_or_missing WHERE kind = 'lost' LIMIT 1";
    private const string MarkedSql = "SELECT seq FROM corrupt_or_missing LIMIT 1";

    private const string ReleasesAllSql = "SELECT value FROM shared WHERE name = 'releases'";
    private const string SetReleasesAllSql =
        "INSERT INTO shared (name, value) VALUES ('releases', @p0) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    private const string All = "all";

    private readonly Sessions sessions = new(dialect, clock, telemetry);
    private readonly ProductTable products = new();

    /// <summary>Whether every file is released when it is published; otherwise its family says so.</summary>
    public bool ReleasesAll { get; set; }

    /// <summary>What the database is called in sentences.</summary>
    public string Name => dialect.Name;

    /// <summary>How many listings may read at the pace of their clients, so that short ones and look-ups always find a session.</summary>
    public int MostLongListings => dialect.Readers - Math.Max(1, dialect.Readers / 4);

    /// <summary>Brings the schema up to date. Call once, before anything else.</summary>
    /// <exception cref="SettingException">The database cannot be opened, as on a full disk, or is a newer program's.</exception>
    public async Task OpenAsync(CancellationToken cancel)
    {
        try
        {
            await dialect.MigrateAsync(cancel);
            // Leaves one session open for good: on a disk that has become full, the first one could not be opened.
            await HeadAsync(cancel);
        }
        catch (DbException failure)
        {
            throw new SettingException(
                $"The catalogue cannot be opened; is there room on its disk, and may it be written? {failure.Message}",
                failure
            );
        }
    }

    /// <summary>
    /// Makes sure that the schema is this program's, and leaves it as it is: for who comes beside a service.
    /// Call instead of <see cref="OpenAsync"/>.
    /// </summary>
    public Task JoinAsync(CancellationToken cancel) => dialect.CheckAsync(cancel);

    /// <summary>Says how files are released when they are published, for this process and for upkeep beside it.</summary>
    public async Task SetReleasesAllAsync(bool all, CancellationToken cancel)
    {
        var before = await ReadReleasesAllAsync(cancel);
        ReleasesAll = all;
        if (before != all)
            await WriteAsync(
                (session, transaction) =>
                    session.Statement(SetReleasesAllSql, [all ? All : "families"], transaction).ExecuteNonQueryAsync(cancel),
                cancel
            );
    }

    /// <summary>Reads what the archive's service said of that; a catalogue that no service has opened goes by the families.</summary>
    public async Task<bool> ReadReleasesAllAsync(CancellationToken cancel) =>
        ReleasesAll = await ReadAsync(
            async session => await session.Statement(ReleasesAllSql, []).ExecuteScalarAsync(cancel) is All,
            cancel
        );

    /// <summary>The receipt of the file at a key, or null.</summary>
    public ValueTask<UploadReceipt?> FindAsync(string key, ReadScope scope, CancellationToken cancel) =>
        ReadAsync(
            async session =>
            {
                var filters = scope.AddTo(new Filters(dialect).Compare("file_path =", key));
                await using var reader = await session
                    .Statement($"SELECT size, sha256, seq, ingestion_date FROM files{filters.Where}", filters.Values)
                    .ExecuteReaderAsync(cancel);
                return await reader.ReadAsync(cancel)
                    ? new UploadReceipt(key, reader.GetInt64(0), reader.GetString(1), reader.GetInt64(2), reader.GetString(3))
                    : null;
            },
            cancel
        );

    /// <summary>Whether a key has a record.</summary>
    /// <remarks>
    /// The row at the key, or else the next one, is read and then compared: a file that the caller may not
    /// see takes as long as none.
    /// </remarks>
    public ValueTask<bool> HasAsync(string key, ReadScope scope, CancellationToken cancel) =>
        ReadAsync(
            session =>
            {
                var filters = new Filters(dialect);
                var at = filters.Add(key);
                scope.AddTo(filters.And($"files.file_path = {at}"));
                return session.AnyAsync(
                    $"""
                    SELECT seq FROM (SELECT file_path, seq, team_from, team_to, is_public, public_from, public_to FROM files WHERE file_path >= {at} ORDER BY file_path LIMIT 1) AS files{filters.Where}
                    """,
                    filters.Values,
                    cancel
                );
            },
            cancel
        );

    /// <summary>The number of the newest change; 0 for an empty archive.</summary>
    public async ValueTask<long> HeadAsync(CancellationToken cancel) => (await StateAsync(Audience.All, cancel)).Seq;

    /// <summary>The number of the newest change that an audience could see, and its history.</summary>
    public ValueTask<ArchiveState> StateAsync(Audience audience, CancellationToken cancel) =>
        ReadAsync(session => StateAsync(session, null, audience, cancel), cancel);

    /// <summary>Whether nothing was ever published, and no upload is known.</summary>
    public ValueTask<bool> IsNewAsync(CancellationToken cancel) =>
        ReadAsync(async session => await session.Statement(NewSql, []).ExecuteScalarAsync(cancel) is not null, cancel);

    /// <summary>Opens the rows of a query, in the order of their paths unless it asks for another.</summary>
    /// <param name="query">The filters.</param>
    /// <param name="scope">Who reads, and as of which change.</param>
    /// <param name="family">The family that the query names; null for a query over all of them.</param>
    /// <param name="columns">The columns of each row, e.g. <c>item</c>.</param>
    /// <param name="count">Whether to count the rows as well.</param>
    /// <param name="cancel">Ends the reading.</param>
    public ValueTask<Rows> QueryAsync(
        FileQuery query,
        ReadScope scope,
        Family? family,
        string columns,
        bool count,
        CancellationToken cancel
    ) =>
        sessions.OpenAsync(
            async session =>
            {
                query = await PassOverLostAsync(session, query, cancel);
                var (snapshot, state) = await BeginAsync(session, scope.Audience, cancel);
                var queries = new FileQueries(session, snapshot, state, products);
                if (
                    query.SinceSeq >= (scope.AsOf ?? state.Seq)
                    || await queries.PrepareAsync(query, scope, family, cancel) is not { } ready
                )
                    return new Rows(sessions.Readers, session, snapshot, null, query.Limit) { State = state, Count = count ? 0 : null };
                return new Rows(sessions.Readers, session, snapshot, new FileStatements(dialect, ready).List(columns), query.Limit)
                {
                    State = state,
                    Keys = SortOrder.Of(query.Sort).Keys.Count,
                    Count = count ? await queries.CountAsync(ready, cancel) : null,
                };
            },
            isListing: true,
            cancel
        );

    /// <summary>How many of the files of a query are lost or damaged, whatever page it asks for.</summary>
    public async ValueTask<long> CountUnfetchableAsync(FileQuery query, ReadScope scope, Family? family, CancellationToken cancel)
    {
        // Nearly always there is none in the whole archive.
        if (!await ReadAsync(async session => await session.Statement(MarkedSql, []).ExecuteScalarAsync(cancel) is not null, cancel))
            return 0;
        var kinds =
            query.Integrity.Count == 0
                ? [FileIntegrity.Lost, FileIntegrity.Damaged]
                : query.Integrity.Except([FileIntegrity.Intact]).ToList();
        if (kinds.Count == 0)
            return 0;
        await using var rows = await QueryAsync(
            query with
            {
                Integrity = kinds,
                Sort = [],
                After = null,
                Limit = null,
            },
            scope,
            family,
            "file_path",
            count: true,
            cancel
        );
        return rows.Count!.Value;
    }

    /// <summary>Opens what the files of a query cover, by days, months or years.</summary>
    /// <param name="query">The filters; its order and its page do not count.</param>
    /// <param name="scope">Who reads, and as of which change.</param>
    /// <param name="digits">How many digits of a start date are one period: 8, 6 or 4.</param>
    /// <param name="cancel">Ends the reading.</param>
    public ValueTask<CoverageRows> CoverAsync(FileQuery query, ReadScope scope, int digits, CancellationToken cancel) =>
        sessions.OpenAsync(
            async session =>
            {
                query = await PassOverLostAsync(session, query, cancel);
                var (snapshot, state) = await BeginAsync(session, scope.Audience, cancel);
                var ready = await new FileQueries(session, snapshot, state, products).PrepareAsync(query, scope, family: null, cancel);
                var inOrder = ProductTable.InOrder(ready?.Products ?? []);
                SqlStatement? statement = ready is null ? null : CoverageStatements.Of(dialect, ready with { Products = inOrder }, digits);
                return new CoverageRows(new Rows(sessions.Readers, session, snapshot, statement, limit: null) { State = state }, inOrder);
            },
            isListing: true,
            cancel
        );

    /// <summary>
    /// Records files in one transaction, each with the next number and its change. Where a key is recorded already, the
    /// earlier record stands and is given back.
    /// </summary>
    /// <returns>One answer for each publication, in order.</returns>
    public Task<Recorded[]> PublishAsync(IReadOnlyList<Publication> publications, CancellationToken cancel) =>
        WriteAsync((session, transaction) => PublishAsync(session, transaction, publications, cancel), cancel);

    /// <summary>Begins a new history: the numbers that anybody noted before count no more.</summary>
    /// <returns>The id of the new history.</returns>
    public Task<string> BeginHistoryAsync(CancellationToken cancel) => WriteAsync(async (session, transaction) =>
    {
        var history = ArchiveState.NewHistory();
        await session.Statement(NewHistorySql, [history], transaction).ExecuteNonQueryAsync(cancel);
        return history;
    }, cancel);

    /// <summary>
    /// A commit that changes nothing. When it returns, whatever an earlier commit that failed has left in the database's log is either
    /// part of the catalogue or overwritten, and what readers see is on the disk.
    /// </summary>
    public Task CommitNothingAsync(CancellationToken cancel) => WriteAsync(async (session, transaction) =>
        await LedgerTurn.TakeAsync(session, transaction, cancel), cancel);

    /// <summary>See <see cref="Sessions.ReadAsync"/>.</summary>
    public ValueTask<T> ReadAsync<T>(Func<Session, ValueTask<T>> read, CancellationToken cancel) => sessions.ReadAsync(read, cancel);

    /// <summary>See <see cref="Sessions.WriteAsync"/>.</summary>
    public Task<T> WriteAsync<T>(Func<Session, DbTransaction, Task<T>> write, CancellationToken cancel) =>
        sessions.WriteAsync(write, cancel);

    /// <summary>Bytes of the log beside the database; 0 where there is none.</summary>
    public long LogSize => dialect.LogSize;

    /// <summary>See <see cref="Sessions.EmptyLogAsync"/>.</summary>
    public Task<bool> EmptyLogAsync(TimeSpan stallTimeout, CancellationToken cancel) => sessions.EmptyLogAsync(stallTimeout, cancel);

    /// <summary>A moment as the catalogue writes it: UTC, to the second.</summary>
    public static string Text(DateTimeOffset moment) => moment.UtcDateTime.ToString("yyyyMMdd HH:mm:ss", CultureInfo.InvariantCulture);

    /// <summary>See <see cref="SqlDialect.SkipLocked"/>.</summary>
    public string SkipLocked => dialect.SkipLocked;

    public bool IsOutOfSpace(DbException error) => dialect.IsOutOfSpace(error);

    /// <summary>See <see cref="SqlDialect.IsShared"/>.</summary>
    public bool IsShared => dialect.IsShared;

    /// <summary>See <see cref="SqlDialect.IsUnavailable"/>.</summary>
    public bool IsUnavailable(Exception error) => error is NoSessionException || dialect.IsUnavailable(error);

    public void Dispose() => sessions.Dispose();

    private async Task<Recorded[]> PublishAsync(
        Session session, DbTransaction transaction, IReadOnlyList<Publication> publications, CancellationToken cancel)
    {
        var turn = await LedgerTurn.TakeAsync(session, transaction, cancel);
        await products.ReadAsync(session, transaction, turn.Products, cancel);
        var now = clock.GetUtcNow();
        var recorder = new Recorder(session, transaction, dialect.RowsAtOnce, turn, products, ReleasesAll, now);
        Lease[] leases = [.. publications.Select(each => each.Upload).OfType<Lease>()];
        KeyClaim[] claims =
        [
            .. publications.Where(each => each.Claim is not null).Select(each => new KeyClaim(each.Name.Key, each.Claim!)),
        ];
        if (leases.Length == 0 && claims.Length == 0)
        {
            var all = await recorder.RecordAsync(publications, cancel);
            await AuditAsync(all);
            return all;
        }

        // Only what is still its publisher's is recorded, and its upload or claim ends with it.
        var heldLeases = await UploadLeases.HeldAsync(session, transaction, leases, cancel);
        var heldClaims = await KeyClaims.HeldAsync(session, transaction, claims, cancel);
        var places = Enumerable.Range(0, publications.Count).Where(i =>
            (publications[i].Upload is not { } lease || heldLeases.Contains(lease.UploadId))
            && (publications[i].Claim is not { } claim || heldClaims.Contains(new(publications[i].Name.Key, claim)))).ToList();
        var recorded = new Recorded[publications.Count];
        foreach (var (place, each) in places.Zip(await recorder.RecordAsync([.. places.Select(i => publications[i])], cancel)))
            recorded[place] = each;
        await AuditAsync(recorded);
        await KeyClaims.DropAsync(session, transaction, heldClaims, cancel);
        // One that met a record of other bytes is ended by who took it, who says why.
        var published = publications
            .Zip(recorded)
            .Where(each => each.First.Upload is not null && each.Second.IsThere && each.First.Has(each.Second.Receipt));
        await UploadLeases.PublishedAsync(
            session,
            transaction,
            [.. published.Select(each => (each.First.Upload!.Value.UploadId, each.First.Name.Key))],
            now,
            cancel
        );
        return recorded;

        Task AuditAsync(Recorded[] recorded) =>
            AuditTable.AppendAsync(
                session,
                transaction,
                [
                    .. publications
                        .Zip(recorded)
                        .Where(each => each.First.Audit is not null && each.Second.IsNew)
                        .Select(each => each.First.Audit! with { Detail = $"seq {each.Second.Receipt.Seq}" }),
                ],
                now,
                cancel
            );
    }

    /// <summary>A lost file is nobody's newest version: nobody can fetch it, and the one before it can be.</summary>
    private static async ValueTask<FileQuery> PassOverLostAsync(Session session, FileQuery query, CancellationToken cancel) =>
        query is { Latest: true, Integrity.Count: 0 } && await session.Statement(LostSql, [], null).ExecuteScalarAsync(cancel) is not null
            ? query with { Integrity = [FileIntegrity.Intact, FileIntegrity.Damaged] }
            : query;

    /// <summary>A state in which all statements of one answer are read.</summary>
    private async ValueTask<(DbTransaction Snapshot, ArchiveState State)> BeginAsync(
        Session session,
        Audience audience,
        CancellationToken cancel
    )
    {
        var snapshot = await dialect.BeginReadAsync(session.Connection, cancel);
        return (snapshot, await StateAsync(session, snapshot, audience, cancel));
    }

    private static async ValueTask<ArchiveState> StateAsync(
        Session session,
        DbTransaction? transaction,
        Audience audience,
        CancellationToken cancel
    ) => ArchiveState.Parse((string)(await session.Statement(ArchiveState.Sql, [], transaction).ExecuteScalarAsync(cancel))!, audience);
}
