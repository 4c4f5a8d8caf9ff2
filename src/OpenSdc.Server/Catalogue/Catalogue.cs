using System.Data.Common;
using System.Diagnostics;
using System.Globalization;
using OpenSdc.Contract;
using OpenSdc.Contract.Naming;

namespace OpenSdc.Server.Catalogue;

/// <summary>
/// Every statement that reads or writes file records, in one SQL text for both databases. Readers use pooled sessions;
/// there is one writer, and only <see cref="Uploads.Publisher"/> calls it.
/// </summary>
internal sealed class Catalogue(SqlDialect dialect, TimeProvider clock, Telemetry telemetry) : IDisposable
{
    private const string FindSql = "SELECT size, sha256, seq, ingestion_date FROM files WHERE file_path = @p0";

    private const string HasSql = "SELECT seq FROM files WHERE file_path = @p0";

    // Taking the row also takes the turn: a second writer waits here until this transaction ends.
    private const string TakeTurnSql = "UPDATE ledger SET seq = seq WHERE id = 1 RETURNING seq";

    private const string NewHistorySql = "UPDATE ledger SET history = @p0 WHERE id = 1";

    private const string EventSql = "INSERT INTO events (seq, kind, at, detail) VALUES (@p0, @p1, @p2, @p3)";
    private const string NewSql = "SELECT seq FROM ledger WHERE id = 1 AND seq = 0 AND NOT EXISTS (SELECT 1 FROM uploads)";
    private const string LostSql = "SELECT seq FROM unsound WHERE kind = 'lost' LIMIT 1";
    private const string UnsoundSql = "SELECT seq FROM unsound LIMIT 1";
    private const int MostAttempts = 5;

    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(10);

    private readonly SessionPool readers = new(dialect, dialect.ReaderSetUp, dialect.Readers, mostListings: dialect.Readers - Math.Max(1, dialect.Readers / 8));
    private readonly SessionPool writers = new(dialect, dialect.WriterSetUp, dialect.Writers);

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
            throw new SettingException($"The catalogue cannot be opened; is there room on its disk, and may it be written? {failure.Message}", failure);
        }
    }

    /// <summary>Makes sure that the schema is this program's, and leaves it as it is: for who comes beside a service. Call instead of <see cref="OpenAsync"/>.</summary>
    public Task JoinAsync(CancellationToken cancel) => dialect.CheckAsync(cancel);

    /// <summary>The receipt of the file at a key, or null.</summary>
    public ValueTask<UploadReceipt?> FindAsync(string key, CancellationToken cancel) =>
        ReadAsync(session => FindAsync(session, key, cancel), cancel);

    /// <summary>Whether a key has a record: the index by path alone tells.</summary>
    public ValueTask<bool> HasAsync(string key, CancellationToken cancel) =>
        ReadAsync(session => session.AnyAsync(HasSql, [key], cancel), cancel);

    /// <summary>The number of the newest publication; 0 for an empty archive.</summary>
    public async ValueTask<long> HeadAsync(CancellationToken cancel) => (await StateAsync(cancel)).Seq;

    /// <summary>The number of the newest publication, and its history.</summary>
    public ValueTask<ArchiveState> StateAsync(CancellationToken cancel) =>
        ReadAsync(session => StateAsync(session, null, cancel), cancel);

    /// <summary>Whether nothing was ever published, and no upload is known.</summary>
    public ValueTask<bool> IsNewAsync(CancellationToken cancel) =>
        ReadAsync(async session => await session.Statement(NewSql, []).ExecuteScalarAsync(cancel) is not null, cancel);

    /// <summary>Opens the rows of a query, in the order of their paths unless it asks for another.</summary>
    /// <param name="query">The filters.</param>
    /// <param name="family">The family that the query names; null for a query over all of them.</param>
    /// <param name="columns">The columns of each row, e.g. <c>item</c>.</param>
    /// <param name="count">Whether to count the rows as well.</param>
    /// <param name="cancel">Ends the reading.</param>
    public ValueTask<Rows> QueryAsync(FileQuery query, Family? family, string columns, bool count, CancellationToken cancel) => OpenAsync(async session =>
    {
        query = await PassOverLostAsync(session, query, cancel);
        ArchiveState? state = LeadChoice.IsBounded(query) ? await StateAsync(session, null, cancel) : null;
        var head = state?.Seq ?? query.AsOf;
        if (query.SinceSeq >= head)
            return new Rows(readers, session, null, [], query.Limit) { State = state ?? default, Count = count ? 0 : null };
        var snapshot = count || Planning.ReadsSums(query, family) ? await dialect.BeginReadAsync(session.Connection, cancel) : null;
        // Of a snapshot the number comes first: what it has come to is what its rows are of.
        if (snapshot is not null)
            head = (state = await StateAsync(session, snapshot, cancel))?.Seq;
        // Where nothing else needs it the number comes with the first row, which saves a statement.
        var all = head is null ? $"{columns}, ({ArchiveState.Sql})" : columns;
        var (statements, found) = await new Planning(session, snapshot, family, head, cancel).OfAsync(query, all, count);
        // One statement sees one state by itself.
        if (statements.Count > 1)
            snapshot ??= await dialect.BeginReadAsync(session.Connection, cancel);
        var rows = new Rows(readers, session, snapshot, statements, query.Limit) { State = state ?? new("", head ?? 0), Count = found };
        if (head is null)
            await rows.BeginAsync(() => StateAsync(session, snapshot, cancel), cancel);
        return rows;
    }, isListing: true, cancel);

    /// <summary>How many of the files of a query are lost or damaged, whatever page it asks for.</summary>
    public async ValueTask<long> CountUnfetchableAsync(FileQuery query, Family? family, CancellationToken cancel)
    {
        // Nearly always there is none in the whole archive.
        if (!await ReadAsync(async session => await session.Statement(UnsoundSql, []).ExecuteScalarAsync(cancel) is not null, cancel))
            return 0;
        var kinds = query.Integrity.Count == 0 ? [FileIntegrity.Lost, FileIntegrity.Damaged] : query.Integrity.Except([FileIntegrity.Intact]).ToList();
        if (kinds.Count == 0)
            return 0;
        await using var rows = await QueryAsync(query with { Integrity = kinds, Sort = [], After = null, Offset = 0, Limit = null }, family, "file_path", count: false, cancel);
        var count = 0L;
        while (await rows.ReadAsync(cancel))
            count++;
        return count;
    }

    /// <summary>Opens what the files of a query cover, in the order of products and of days, months or years.</summary>
    /// <param name="query">The filters; its order and its page do not count.</param>
    /// <param name="digits">How many digits of a start date are one period: 8, 6 or 4.</param>
    /// <param name="cancel">Ends the reading.</param>
    public ValueTask<CoverageCells> CoverAsync(FileQuery query, int digits, CancellationToken cancel) => OpenAsync(async session =>
    {
        var (snapshot, state, current) = await BeginCoverAsync(session, query, cancel);
        return await CoverAsync(session, snapshot, state, current, digits, cancel);
    }, isListing: true, cancel);

    /// <summary>The same as text.</summary>
    public ValueTask<CoverageText> CoverTextAsync(FileQuery query, int digits, CancellationToken cancel) => OpenAsync(async session =>
    {
        var (snapshot, state, current) = await BeginCoverAsync(session, query, cancel);
        return CoveragePlan.YearsOf(current, digits) is { } years
            ? new CoverageText(new Rows(readers, session, snapshot, [years], limit: null) { State = state })
            : new CoverageText(await CoverAsync(session, snapshot, state, current, digits, cancel));
    }, isListing: true, cancel);

    /// <summary>
    /// Records files in one transaction, each with the next number and its event. Where a key is recorded already, the
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
        await session.Statement(TakeTurnSql, [], transaction).ExecuteScalarAsync(cancel), cancel);

    /// <summary>One read on a pooled session, which is thrown away where the read fails.</summary>
    public ValueTask<T> ReadAsync<T>(Func<Session, ValueTask<T>> read, CancellationToken cancel) => OpenAsync(async session =>
    {
        var result = await read(session);
        readers.Return(session);
        return result;
    }, isListing: false, cancel);

    /// <summary>One transaction on a writer's session. When it returns, the transaction is on the disk.</summary>
    public async Task<T> WriteAsync<T>(Func<Session, DbTransaction, Task<T>> write, CancellationToken cancel)
    {
        for (var attempt = 1; ; attempt++)
        {
            var session = await writers.RentAsync(cancel);
            var isCommitting = false;
            try
            {
                T result;
                await using (var transaction = await dialect.BeginWriteAsync(session.Connection, cancel))
                {
                    result = await write(session, transaction);
                    isCommitting = true;
                    await transaction.CommitAsync(cancel);
                }

                writers.Return(session);
                return result;
            }
            catch (DbException failure) when (attempt < MostAttempts && (dialect.IsUndone(failure) || (!isCommitting && WasBroken(writers, session, failure))))
            {
                // Until the commit was asked for nothing was done, so that it can be done again.
                writers.Discard(session);
            }
            catch
            {
                writers.Discard(session);
                throw;
            }
        }
    }

    /// <summary>Bytes of the log beside the database; 0 where there is none.</summary>
    public long LogSize => dialect.LogSize;

    /// <summary>
    /// Empties the log of a database with one writer, who waits meanwhile, so that the readers who need it come to an end and new ones do without; false where one took longer than
    /// the patience.
    /// </summary>
    public async Task<bool> EmptyLogAsync(TimeSpan patience, CancellationToken cancel)
    {
        var session = await writers.RentAsync(cancel);
        try
        {
            var started = clock.GetTimestamp();
            var isEmpty = dialect.EmptyLog(session.Connection);
            for (; !isEmpty && clock.GetElapsedTime(started) < patience; isEmpty = dialect.EmptyLog(session.Connection))
                await Task.Delay(LookAgain, clock, cancel);
            writers.Return(session);
            return isEmpty;
        }
        catch
        {
            writers.Discard(session);
            throw;
        }
    }

    /// <summary>Adds an event to a file's history, inside a transaction of <see cref="WriteAsync"/>.</summary>
    public static Task AddEventAsync(Session session, DbTransaction transaction, long seq, string kind, string at, string? detail, CancellationToken cancel) =>
        session.Statement(EventSql, [seq, kind, at, detail], transaction).ExecuteNonQueryAsync(cancel);

    /// <summary>A moment as the catalogue writes it: UTC, to the second.</summary>
    public static string Text(DateTimeOffset moment) => moment.UtcDateTime.ToString("yyyyMMdd HH:mm:ss", CultureInfo.InvariantCulture);

    /// <summary>See <see cref="SqlDialect.SkipLocked"/>.</summary>
    public string SkipLocked => dialect.SkipLocked;

    public bool IsOutOfSpace(DbException error) => dialect.IsOutOfSpace(error);

    /// <summary>See <see cref="SqlDialect.IsShared"/>.</summary>
    public bool IsShared => dialect.IsShared;

    /// <summary>See <see cref="SqlDialect.IsAway"/>.</summary>
    public bool IsAway(Exception error) => error is NoSessionException || dialect.IsAway(error);

    public void Dispose()
    {
        readers.Dispose();
        writers.Dispose();
    }

    /// <summary>Begins a read on a pooled session, and once again on a fresh one where the session's connection was broken before.</summary>
    /// <param name="open">Begins the read.</param>
    /// <param name="isListing">Whether the read may last, so that it must leave sessions for look-ups.</param>
    /// <param name="cancel">Gives up.</param>
    private async ValueTask<T> OpenAsync<T>(Func<Session, ValueTask<T>> open, bool isListing, CancellationToken cancel)
    {
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            var session = await readers.RentAsync(isListing, cancel);
            try
            {
                var opened = await open(session);
                telemetry.CatalogueRead(started);
                return opened;
            }
            catch (DbException failure) when (WasBroken(readers, session, failure))
            {
                readers.Discard(session);
            }
            catch
            {
                readers.Discard(session);
                throw;
            }
        }
    }

    /// <summary>Whether a failure may be that of a connection which broke since it was last used; then the others in the pool are not trusted either.</summary>
    private bool WasBroken(SessionPool pool, Session session, DbException failure)
    {
        if (session.IsFresh || !dialect.IsAway(failure))
            return false;
        pool.DistrustIdle();
        return true;
    }

    private async Task<Recorded[]> PublishAsync(
        Session session, DbTransaction transaction, IReadOnlyList<Publication> publications, CancellationToken cancel)
    {
        var head = Convert.ToInt64(await session.Statement(TakeTurnSql, [], transaction).ExecuteScalarAsync(cancel));
        var now = clock.GetUtcNow();
        var recorder = new Recorder(session, transaction, dialect.RowsAtOnce, head, now);
        Lease[] leases = [.. publications.Select(each => each.Upload).OfType<Lease>()];
        if (leases.Length == 0)
            return await recorder.RecordAsync(publications, cancel);

        // Only what is still its publisher's is recorded, and its upload ends with it.
        var held = await UploadLeases.HeldAsync(session, transaction, leases, cancel);
        var places = Enumerable.Range(0, publications.Count).Where(i => publications[i].Upload is not { } lease || held.Contains(lease.UploadId)).ToList();
        var recorded = new Recorded[publications.Count];
        foreach (var (place, each) in places.Zip(await recorder.RecordAsync([.. places.Select(i => publications[i])], cancel)))
            recorded[place] = each;
        // One that met a record of other bytes is ended by who took it, who says why.
        var published = publications.Zip(recorded).Where(each => each.First.Upload is not null && each.Second.IsThere && each.First.Has(each.Second.Receipt));
        await UploadLeases.PublishedAsync(session, transaction, [.. published.Select(each => (each.First.Upload!.Value.UploadId, each.First.Name.Key))], now, cancel);
        return recorded;
    }

    /// <summary>A lost file is nobody's newest version: nobody can fetch it, and the one before it can be.</summary>
    private static async ValueTask<FileQuery> PassOverLostAsync(Session session, FileQuery query, CancellationToken cancel) =>
        query is { Latest: true, Integrity.Count: 0 } && await session.Statement(LostSql, [], null).ExecuteScalarAsync(cancel) is not null
            ? query with { Integrity = [FileIntegrity.Intact, FileIntegrity.Damaged] }
            : query;

    /// <summary>A snapshot, its state, and the query without an <c>as_of</c> that means just this: the newest state is the one that sums are kept of.</summary>
    private async ValueTask<(DbTransaction Snapshot, ArchiveState State, FileQuery Query)> BeginCoverAsync(Session session, FileQuery query, CancellationToken cancel)
    {
        query = await PassOverLostAsync(session, query, cancel);
        var snapshot = await dialect.BeginReadAsync(session.Connection, cancel);
        var state = await StateAsync(session, snapshot, cancel);
        query = await Bounds.BeginAsync(each => session.Statement(each, snapshot), query, cancel);
        return (snapshot, state, query.AsOf == state.Seq ? query with { AsOf = null } : query);
    }

    private async ValueTask<CoverageCells> CoverAsync(Session session, DbTransaction snapshot, ArchiveState state, FileQuery query, int digits, CancellationToken cancel)
    {
        var reading = CoveragePlan.Of(query, digits);
        var series = reading.Series is { } all ? await SeriesAsync(session.Statement(all, snapshot), cancel) : null;
        return new CoverageCells(new Rows(readers, session, snapshot, [reading.Cells], limit: null) { State = state }, digits, series);
    }

    private static async ValueTask<Dictionary<long, Series>> SeriesAsync(DbCommand command, CancellationToken cancel)
    {
        var series = new Dictionary<long, Series>();
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
            series.Add(reader.GetInt64(0), CoverageCells.SeriesOf(reader, 1));
        return series;
    }

    private static async ValueTask<UploadReceipt?> FindAsync(Session session, string key, CancellationToken cancel)
    {
        await using var reader = await session.Statement(FindSql, [key]).ExecuteReaderAsync(cancel);
        return await reader.ReadAsync(cancel)
            ? new UploadReceipt(key, reader.GetInt64(0), reader.GetString(1), reader.GetInt64(2), reader.GetString(3))
            : null;
    }

    private static async ValueTask<ArchiveState> StateAsync(Session session, DbTransaction? transaction, CancellationToken cancel) =>
        ArchiveState.Parse((string)(await session.Statement(ArchiveState.Sql, [], transaction).ExecuteScalarAsync(cancel))!);
}
