using System.Data.Common;
using System.Globalization;
using OpenSdc.Contract;

namespace OpenSdc.Server.Catalogue;

/// <summary>
/// The open answer of the database to a query: each row is read when it is asked for, in the state of the
/// snapshot. Dispose it also when it is left half read.
/// </summary>
internal sealed class Rows(SessionPool pool, Session session, DbTransaction? snapshot, SqlStatement? statement, int? limit)
    : IAsyncDisposable
{
    private DbCommand? command;
    private DbDataReader? reader;
    private int given;
    private bool hasEnded;
    private bool hasFailed;

    /// <summary>The state of the archive.</summary>
    public ArchiveState State { get; init; }

    /// <summary>The number of the newest change.</summary>
    public long Head => State.Seq;

    /// <summary>How many columns say where the row stands in the order; they are the last ones.</summary>
    public int Keys { get; init; }

    /// <summary>How many rows there are without the limit; null where nobody asked.</summary>
    public long? Count { get; init; }

    /// <summary>The current row.</summary>
    public DbDataReader Columns => reader!;

    /// <summary>Where the current row stands in the order.</summary>
    public PageEnd End =>
        new([
            .. Enumerable
                .Range(Columns.FieldCount - Keys, Keys)
                .Select(i => Convert.ToString(Columns.GetValue(i), CultureInfo.InvariantCulture)!),
        ]);

    public async ValueTask<bool> ReadAsync(CancellationToken cancel)
    {
        if (statement is null || hasEnded || given == limit)
            return false;
        try
        {
            if (reader is null)
            {
                command = session.Statement(statement.Value, snapshot);
                reader = await command.ExecuteReaderAsync(cancel);
            }

            hasEnded = !await reader.ReadAsync(cancel);
            given += hasEnded ? 0 : 1;
            return !hasEnded;
        }
        catch
        {
            hasFailed = true;
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            if (reader is not null)
                await LeaveAsync(reader);
            if (snapshot is not null)
                await snapshot.DisposeAsync();
        }
        catch
        {
            pool.Discard(session);
            throw;
        }

        if (hasFailed)
            pool.Discard(session);
        else
            pool.Return(session);
    }

    /// <summary>
    /// Leaves a statement whose rows were not all read. A database that sends them of itself is told to stop:
    /// the rest would be read here before the session is free.
    /// </summary>
    private async ValueTask LeaveAsync(DbDataReader unread)
    {
        if (given == limit || hasEnded || hasFailed || !pool.SendsAhead)
        {
            await unread.DisposeAsync();
            return;
        }

        // What a stopped statement says of itself is no failure; but its session is not used again.
        hasFailed = true;
        await Task.Run(command!.Cancel);
        try
        {
            await unread.DisposeAsync();
        }
        catch (Exception stopped) when (pool.IsUnavailable(stopped) || stopped is OperationCanceledException)
        {
        }
    }
}
