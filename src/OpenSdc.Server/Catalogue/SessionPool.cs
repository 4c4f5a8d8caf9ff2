using System.Collections.Concurrent;
using System.Data.Common;

namespace OpenSdc.Server.Catalogue;

/// <summary>
/// Connections that stay open together with their prepared statements. The last one given back is the first
/// one taken, so that few are in use and their page caches are warm. There are never more than a number of
/// them: each has a page cache, and whoever comes when all are in use waits for one.
/// </summary>
/// <param name="dialect">The database.</param>
/// <param name="setUp">Run on each new connection.</param>
/// <param name="most">Most sessions.</param>
/// <param name="mostListings">Most of them that listings have at once; the others are left to
/// look-ups.</param>
internal sealed class SessionPool(SqlDialect dialect, string setUp, int most, int mostListings = 0) : IDisposable
{
    /// <summary>How long a caller waits for a session when all are in use.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(20);

    private readonly ConcurrentStack<Session> idle = new();
    private readonly SemaphoreSlim free = new(most, most);
    private readonly SemaphoreSlim freeOfListings = new(mostListings);
    private int generation;

    /// <exception cref="NoSessionException">All sessions are in use and none becomes free.</exception>
    public async ValueTask<Session> RentAsync(bool isListing, CancellationToken cancel)
    {
        if (!isListing)
            return await RentAsync(cancel);
        if (!await freeOfListings.WaitAsync(LongestWait, cancel))
            throw new NoSessionException(
                $"None of the catalogue's {mostListings} sessions for listings became free in {LongestWait.TotalSeconds:0} s."
            );
        try
        {
            var session = await RentAsync(cancel);
            session.IsListing = true;
            return session;
        }
        catch
        {
            freeOfListings.Release();
            throw;
        }
    }

    /// <exception cref="NoSessionException">All sessions are in use and none becomes free.</exception>
    public async ValueTask<Session> RentAsync(CancellationToken cancel)
    {
        if (!await free.WaitAsync(LongestWait, cancel))
            throw new NoSessionException($"None of the catalogue's {most} sessions became free in {LongestWait.TotalSeconds:0} s.");
        try
        {
            while (idle.TryPop(out var session))
            {
                if (session.Generation == Volatile.Read(ref generation))
                    return session;
                session.Dispose();
            }

            return await OpenAsync(cancel);
        }
        catch
        {
            free.Release();
            throw;
        }
    }

    /// <summary>Gives a session back after a use that went well.</summary>
    public void Return(Session session)
    {
        session.IsFresh = false;
        var isListing = session.IsListing;
        session.IsListing = false;
        idle.Push(session);
        Release(isListing);
    }

    /// <summary>
    /// The sessions that are idle now, and those that come back from a use that began before, are not used
    /// again: the connection of one of them was broken.
    /// </summary>
    public void DistrustIdle() => Interlocked.Increment(ref generation);

    /// <summary>Does away with a session whose use met an error.</summary>
    public void Discard(Session session)
    {
        session.Dispose();
        Release(session.IsListing);
    }

    private void Release(bool isListing)
    {
        free.Release();
        if (isListing)
            freeOfListings.Release();
    }

    /// <summary>See <see cref="SqlDialect.SendsAhead"/>.</summary>
    public bool SendsAhead => dialect.SendsAhead;

    /// <summary>See <see cref="SqlDialect.IsUnavailable"/>.</summary>
    public bool IsUnavailable(Exception error) => dialect.IsUnavailable(error);

    public void Dispose()
    {
        while (idle.TryPop(out var session))
            session.Dispose();
    }

    private async Task<Session> OpenAsync(CancellationToken cancel)
    {
        var born = Volatile.Read(ref generation);
        var connection = await dialect.DataSource.OpenConnectionAsync(cancel);
        try
        {
            await using var command = connection.CreateCommand();
            command.CommandText = setUp;
            await command.ExecuteNonQueryAsync(cancel);
            return new Session(dialect, connection) { Generation = born };
        }
        catch
        {
            // On a full or read-only disk the set-up fails again and again; each try would keep its file handles.
            await connection.DisposeAsync();
            throw;
        }
    }
}

/// <summary>All sessions are in use, and none became free in good time: as good as a database that is away.</summary>
internal sealed class NoSessionException(string message) : DbException(message);

/// <summary>One open connection and the statements prepared on it, by their text.</summary>
internal sealed class Session(SqlDialect dialect, DbConnection connection) : IDisposable
{
    /// <summary>
    /// Most SQL text of the prepared statements that one session keeps, in characters. Queries differ in
    /// their text, and a prepared statement takes up to about 60 bytes of memory for each character of it, so
    /// the length is bounded and not the number.
    /// </summary>
    public const int MostText = 64 * 1024;

    private const int LongText = MostText / 4;

    private readonly Dictionary<string, DbCommand> statements = new(StringComparer.Ordinal);
    private readonly Dictionary<string, DirectStatement?> directs = new(StringComparer.Ordinal);
    private (string? Text, DbCommand? Command) lastLong;

    /// <summary>Characters of the SQL text of the statements that are kept.</summary>
    public int TextLength { get; private set; }

    public DbConnection Connection => connection;

    public SqlDialect Dialect => dialect;

    /// <summary>Whether it has never been given back: its connection has just been made.</summary>
    public bool IsFresh { get; set; } = true;

    /// <summary>Whether a listing has it.</summary>
    public bool IsListing { get; set; }

    /// <summary>How often its pool had lost its trust in connections when it was made.</summary>
    public int Generation { get; init; }

    /// <summary>The prepared statement with this text and these parameter values, in order: @p0, @p1, …</summary>
    public DbCommand Statement(string sql, ReadOnlySpan<object?> values, DbTransaction? transaction = null)
    {
        var command = sql.Length > LongText && !dialect.IsFar ? Long(sql, values.Length) : Short(sql, values.Length);

        for (var i = 0; i < values.Length; i++)
            dialect.Bind(command.Parameters[i], values[i]);
        command.Transaction = transaction;
        return command;
    }

    private DbCommand Short(string sql, int parameters)
    {
        if (statements.TryGetValue(sql, out var command))
            return command;
        if (TextLength + sql.Length > MostText)
            Forget();
        statements.Add(sql, command = dialect.Command(connection, sql, parameters));
        TextLength += sql.Length;
        return command;
    }

    /// <summary>
    /// Of long ones, such as that of a page of hundreds of products, the last is kept: it must not drive out
    /// the others. Not where the driver keeps statements by itself, which outlive their commands.
    /// </summary>
    private DbCommand Long(string sql, int parameters)
    {
        if (lastLong.Text == sql)
            return lastLong.Command!;
        lastLong.Command?.Dispose();
        lastLong = (sql, dialect.Command(connection, sql, parameters));
        return lastLong.Command;
    }

    /// <summary>The same of a plan's statement.</summary>
    public DbCommand Statement(SqlStatement statement, DbTransaction? transaction) =>
        Statement(statement.Text, statement.Values, transaction);

    /// <summary>
    /// Runs one of the program's few statements that are run very often and give nothing back: without the
    /// driver, where that is faster.
    /// </summary>
    public Task RunAsync(string sql, ReadOnlySpan<object?> values, DbTransaction transaction, CancellationToken cancel) =>
        Direct(sql)?.Run(values) is null ? Statement(sql, values, transaction).ExecuteNonQueryAsync(cancel) : Task.CompletedTask;

    /// <summary>Whether a query has any row, asked the same way.</summary>
    public ValueTask<bool> AnyAsync(string sql, ReadOnlySpan<object?> values, CancellationToken cancel)
    {
        return Direct(sql)?.Run(values) is { } found ? ValueTask.FromResult(found) : AskDriverAsync(Statement(sql, values), cancel);

        static async ValueTask<bool> AskDriverAsync(DbCommand command, CancellationToken cancel) =>
            await command.ExecuteScalarAsync(cancel) is not null;
    }

    public void Dispose()
    {
        foreach (var command in statements.Values)
            command.Dispose();
        foreach (var direct in directs.Values)
            direct?.Dispose();
        lastLong.Command?.Dispose();
        connection.Dispose();
    }

    private DirectStatement? Direct(string sql)
    {
        if (!directs.TryGetValue(sql, out var direct))
            directs.Add(sql, direct = dialect.Direct(connection, sql));
        return direct;
    }

    /// <summary>Lets go of all but the last long one.</summary>
    private void Forget()
    {
        foreach (var command in statements.Values)
            command.Dispose();
        if (statements.Count > 0)
            dialect.ForgetPrepared(connection);
        statements.Clear();
        TextLength = 0;
    }
}
