using System.Data.Common;

namespace OpenSdc.Server.Catalogue;

/// <summary>
/// The open answer of the database to a query: its statements one after the other, each row read when it is asked for. All of them see one
/// state of the catalogue. Dispose it also when it is left half read.
/// </summary>
internal sealed class Rows(SessionPool pool, Session session, DbTransaction? snapshot, IReadOnlyList<SqlStatement> statements, int? limit) : IAsyncDisposable
{
    private DbCommand? command;
    private DbDataReader? reader;
    private int next;
    private int given;
    private bool isAhead;
    private bool hasFailed;

    /// <summary>The state of the archive, no newer than the rows. Of a query with <c>as_of</c> it may have no history: who asks by a number has read the state before.</summary>
    public ArchiveState State { get; set; }

    /// <summary>The number of the newest publication, no newer than the rows.</summary>
    public long Head => State.Seq;

    /// <summary>How many rows there are without the limit; null where nobody asked.</summary>
    public long? Count { get; init; }

    /// <summary>The current row.</summary>
    public DbDataReader Columns => reader!;

    /// <summary>
    /// Reads on to the first row, whose last column is the state. Where there is none the state is read, and only then are the rows looked for again:
    /// it must be no newer than they.
    /// </summary>
    public async ValueTask BeginAsync(Func<ValueTask<ArchiveState>> stateOf, CancellationToken cancel)
    {
        isAhead = await ReadAsync(cancel);
        if (isAhead)
        {
            State = ArchiveState.Parse(Columns.GetString(Columns.FieldCount - 1));
            return;
        }

        State = await stateOf();
        next = 0;
        isAhead = await ReadAsync(cancel);
    }

    public async ValueTask<bool> ReadAsync(CancellationToken cancel)
    {
        if (isAhead)
        {
            isAhead = false;
            return true;
        }

        try
        {
            while (given != limit)
            {
                if (reader is null)
                {
                    if (next == statements.Count)
                        return false;
                    command = session.Statement(statements[next++], snapshot);
                    reader = await command.ExecuteReaderAsync(cancel);
                }

                if (await reader.ReadAsync(cancel))
                {
                    given++;
                    return true;
                }

                await reader.DisposeAsync();
                reader = null;
            }

            return false;
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

    /// <summary>Leaves a statement whose rows were not all read. A database that sends them of itself is told to stop: the rest would be read here before the session is free.</summary>
    private async ValueTask LeaveAsync(DbDataReader unread)
    {
        if (given == limit || hasFailed || !pool.SendsAhead)
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
        catch (Exception stopped) when (pool.IsAway(stopped) || stopped is OperationCanceledException)
        {
        }
    }
}
