using System.Data.Common;
using OpenSdc.Contract;

namespace OpenSdc.Server.Catalogue;

/// <summary>
/// Queries for one file, of many callers at once. Where each statement is a journey to a server, the journey
/// costs more than the look-up: who comes alone goes at once, and who comes while others are away goes with
/// all that have come meanwhile, in one statement. Nobody waits for a timer.
/// </summary>
/// <remarks>
/// A statement is sent after the callers came whom it answers, so that each sees whatever was published
/// before it asked. A caller who leaves is left out, and nobody else notices; a statement that fails has
/// failed for each of its callers. Where the database is slow (it reads from a disk, or a lock is held)
/// nobody waits behind others: then the look-ups spread over all sessions.
/// </remarks>
internal sealed class LookupBatcher(Catalogue catalogue, SqlDialect dialect, TimeProvider clock)
{
    /// <summary>How many statements are away at once while the database is fast.</summary>
    public const int MostAway = 2;

    /// <summary>How long one is away before those who come do not wait for it.</summary>
    public static readonly TimeSpan Slow = TimeSpan.FromMilliseconds(1);

    // More at once would gain little: the server reads them one after the other.
    private const int MostTogether = 16;

    private readonly Lock turn = new();
    private readonly Queue<LookUp> waiting = new();

    // When each statement that is away was sent.
    private readonly List<long> away = [];

    /// <summary>
    /// Looks for the row of a query, if that asks for one file by its path and for nothing else.
    /// </summary>
    /// <param name="query">The filters.</param>
    /// <param name="scope">Who reads.</param>
    /// <param name="columns">The columns of the row.</param>
    /// <param name="pathColumn">Which of them is the path.</param>
    /// <param name="read">Reads the row, or null where there is no such file. It is not called again, and not
    /// after the caller has left.</param>
    /// <param name="cancel">The caller leaves.</param>
    /// <returns>The state of the archive, no newer than the row; null where the query is to be asked by itself.</returns>
    public ValueTask<ArchiveState?> FindAsync(
        FileQuery query,
        ReadScope scope,
        string columns,
        int pathColumn,
        Action<DbDataReader?> read,
        CancellationToken cancel
    ) =>
        query.OnlyPath is not { } path || !scope.IsNow ? ValueTask.FromResult<ArchiveState?>(null)
        : dialect.IsFar ? WaitAsync(new LookUp(path, scope, columns, pathColumn, read), cancel)
        : FindAloneAsync(new LookUp(path, scope, columns, pathColumn, read), cancel);

    private async ValueTask<ArchiveState?> FindAloneAsync(LookUp lookUp, CancellationToken cancel)
    {
        await catalogue.ReadAsync(session => AskAsync(session, [lookUp]), cancel);
        return await lookUp.Task;
    }

    private async ValueTask<ArchiveState?> WaitAsync(LookUp lookUp, CancellationToken cancel)
    {
        await using var leaving = cancel.UnsafeRegister(static (lookUp, cancel) => ((LookUp)lookUp!).Leave(cancel), lookUp);
        Join(lookUp);
        return await lookUp.Task;
    }

    private void Join(LookUp lookUp)
    {
        lock (turn)
            waiting.Enqueue(lookUp);
        // What belongs to this caller's request is not the next ones'.
        using (ExecutionContext.SuppressFlow())
            _ = SendAsync();
    }

    /// <summary>Sends what waits, so long as anything does and others are not about to.</summary>
    private async Task SendAsync()
    {
        for (var (together, sent) = Next(null); together.Count > 0; (together, sent) = Next(sent))
        {
            try
            {
                await catalogue.ReadAsync(session => AskAsync(session, together), CancellationToken.None);
            }
            catch (Exception failure)
            {
                // It is the callers': each of them meets it.
                foreach (var each in together)
                    each.Fail(failure);
            }

            // Behind all that is ready to run: among it are requests that will come along.
            await Task.Factory.StartNew(
                static () => { },
                CancellationToken.None,
                TaskCreationOptions.PreferFairness,
                TaskScheduler.Default
            );
        }
    }

    /// <summary>Those who go together next, in the order in which they came, and when they go.</summary>
    /// <param name="back">When the statement that has come back was sent.</param>
    private (List<LookUp> Together, long Sent) Next(long? back)
    {
        var together = new List<LookUp>();
        lock (turn)
        {
            if (back is { } sent)
                away.Remove(sent);
            var now = clock.GetTimestamp();
            if (away.Count(each => clock.GetElapsedTime(each, now) < Slow) >= MostAway)
                return ([], now);
            while (
                together.Count < MostTogether
                && waiting.TryPeek(out var next)
                && (together.Count == 0 || (next.Columns, next.Scope) == (together[0].Columns, together[0].Scope))
            )
            {
                waiting.Dequeue();
                if (!next.IsOver)
                    together.Add(next);
            }

            if (together.Count > 0)
                away.Add(now);
            return (together, now);
        }
    }

    private static async ValueTask<bool> AskAsync(Session session, List<LookUp> together)
    {
        var (columns, pathColumn) = (together[0].Columns, together[0].PathColumn);
        var statement = Of(session.Dialect, [.. together.Select(each => each.Path)], columns, together[0].Scope);
        var state = "";
        await using (var reader = await session.Statement(statement, null).ExecuteReaderAsync())
        {
            while (await reader.ReadAsync())
            {
                state = reader.GetString(reader.FieldCount - 1);
                var path = reader.IsDBNull(pathColumn) ? null : reader.GetString(pathColumn);
                foreach (var each in together)
                {
                    if (each.Path == path)
                        each.Answer(reader, state);
                }
            }
        }

        foreach (var each in together)
            each.Answer(null, state);
        return true;
    }

    /// <summary>
    /// The statement that looks for these paths; its last column is the state of the archive. Where there is
    /// none of the files, it gives one row with the state alone.
    /// </summary>
    public static SqlStatement Of(SqlDialect dialect, IReadOnlyList<string> paths, string columns, ReadScope scope)
    {
        var filters = new Filters(dialect);
        scope.AddTo(filters.And(FileStatements.IsAt([.. paths.Select(filters.Add)])));
        var archive = $"(SELECT ({ArchiveState.Sql}) AS state) AS archive";
        return new(
            $"SELECT {scope.Select(filters, columns)}, archive.state FROM {archive} LEFT JOIN files ON {filters.All}",
            filters.Values
        );
    }

    /// <summary>One caller's. Whatever comes first decides it: its row, the end of the statement, or the caller's leaving.</summary>
    private sealed class LookUp(string path, ReadScope scope, string columns, int pathColumn, Action<DbDataReader?> read)
        : TaskCompletionSource<ArchiveState?>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        private int isOver;

        public string Path => path;

        public ReadScope Scope => scope;

        public string Columns => columns;

        public int PathColumn => pathColumn;

        public bool IsOver => Volatile.Read(ref isOver) != 0;

        /// <summary>Its row has come, or the end of the statement.</summary>
        public void Answer(DbDataReader? row, string state)
        {
            if (!End())
                return;
            try
            {
                read(row);
                SetResult(ArchiveState.Parse(state, scope.Audience));
            }
            catch (Exception failure)
            {
                SetException(failure);
            }
        }

        public void Fail(Exception failure)
        {
            if (End())
                SetException(failure);
        }

        public void Leave(CancellationToken cancel)
        {
            if (End())
                SetCanceled(cancel);
        }

        private bool End() => Interlocked.Exchange(ref isOver, 1) == 0;
    }
}
