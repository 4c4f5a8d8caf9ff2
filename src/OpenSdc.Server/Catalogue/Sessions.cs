using System.Data.Common;
using System.Diagnostics;

namespace OpenSdc.Server.Catalogue;

/// <summary>
/// The sessions of a catalogue: many that read, and one that writes, or a few. A read is begun again, and a
/// transaction run again, where its connection was broken before.
/// </summary>
internal sealed class Sessions(SqlDialect dialect, TimeProvider clock, Telemetry telemetry) : IDisposable
{
    private const int MostAttempts = 5;

    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(10);

    private readonly SessionPool readers = new(
        dialect,
        dialect.ReaderSetUp,
        dialect.Readers,
        mostListings: dialect.Readers - Math.Max(1, dialect.Readers / 8)
    );
    private readonly SessionPool writers = new(dialect, dialect.WriterSetUp, dialect.Writers);

    /// <summary>Where rows that are left open give their session back.</summary>
    public SessionPool Readers => readers;

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
            catch (DbException failure)
                when (attempt < MostAttempts && (dialect.IsUndone(failure) || (!isCommitting && WasBroken(writers, session, failure))))
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
    /// Empties the log of a database with one writer, who waits meanwhile, so that the readers who need it
    /// come to an end and new ones do without; false where one took longer than the stallTimeout.
    /// </summary>
    public async Task<bool> EmptyLogAsync(TimeSpan stallTimeout, CancellationToken cancel)
    {
        var session = await writers.RentAsync(cancel);
        try
        {
            var started = clock.GetTimestamp();
            var isEmpty = dialect.EmptyLog(session.Connection);
            for (; !isEmpty && clock.GetElapsedTime(started) < stallTimeout; isEmpty = dialect.EmptyLog(session.Connection))
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

    /// <summary>
    /// Begins a read on a pooled session, and once again on a fresh one where the session's connection was
    /// broken before.
    /// </summary>
    /// <param name="open">Begins the read.</param>
    /// <param name="isListing">Whether the read may last, so that it must leave sessions for
    /// look-ups.</param>
    /// <param name="cancel">Gives up.</param>
    public async ValueTask<T> OpenAsync<T>(Func<Session, ValueTask<T>> open, bool isListing, CancellationToken cancel)
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

    /// <summary>
    /// Whether a failure may be that of a connection which broke since it was last used; then the others in
    /// the pool are not trusted either.
    /// </summary>
    private bool WasBroken(SessionPool pool, Session session, DbException failure)
    {
        if (session.IsFresh || !dialect.IsUnavailable(failure))
            return false;
        pool.DistrustIdle();
        return true;
    }

    public void Dispose()
    {
        readers.Dispose();
        writers.Dispose();
    }
}
