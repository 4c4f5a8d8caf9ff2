using System.Collections.Concurrent;
using System.Data.Common;

namespace OpenSdc.Server.Catalogue;

/// <summary>
/// Connections that stay open together with their prepared statements. The last one given back is the first one taken, so
/// that few are in use and their page caches are warm. There are never more than a number of them: each has a page cache, and whoever comes when all are
/// in use waits for one.
/// </summary>
internal sealed class SessionPool(DbDataSource source, string setUp, int most) : IDisposable
{
    private readonly ConcurrentStack<Session> idle = new();
    private readonly SemaphoreSlim free = new(most, most);

    public async ValueTask<Session> RentAsync(CancellationToken cancel)
    {
        await free.WaitAsync(cancel);
        try
        {
            return idle.TryPop(out var session) ? session : await OpenAsync(cancel);
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
        idle.Push(session);
        free.Release();
    }

    /// <summary>Does away with a session whose use met an error.</summary>
    public void Discard(Session session)
    {
        session.Dispose();
        free.Release();
    }

    public void Dispose()
    {
        while (idle.TryPop(out var session))
            session.Dispose();
    }

    private async Task<Session> OpenAsync(CancellationToken cancel)
    {
        var connection = await source.OpenConnectionAsync(cancel);
        try
        {
            await using var command = connection.CreateCommand();
            command.CommandText = setUp;
            await command.ExecuteNonQueryAsync(cancel);
            return new Session(connection);
        }
        catch
        {
            // On a full or read-only disk the set-up fails again and again; each try would keep its file handles.
            await connection.DisposeAsync();
            throw;
        }
    }
}

/// <summary>One open connection and the statements prepared on it, by their text.</summary>
internal sealed class Session(DbConnection connection) : IDisposable
{
    // Queries differ in which filters they name; a client that tries every combination must not grow this without end.
    private const int MostStatements = 200;

    private readonly Dictionary<string, DbCommand> statements = new(StringComparer.Ordinal);

    public DbConnection Connection => connection;

    /// <summary>The prepared statement with this text and these parameter values, in order: @p0, @p1, …</summary>
    public DbCommand Statement(string sql, ReadOnlySpan<object?> values, DbTransaction? transaction = null)
    {
        if (!statements.TryGetValue(sql, out var command))
        {
            if (statements.Count >= MostStatements)
                Forget();
            command = connection.CreateCommand();
            command.CommandText = sql;
            for (var i = 0; i < values.Length; i++)
            {
                var parameter = command.CreateParameter();
                parameter.ParameterName = string.Concat("@p", i.ToString());
                command.Parameters.Add(parameter);
            }

            statements.Add(sql, command);
        }

        for (var i = 0; i < values.Length; i++)
            command.Parameters[i].Value = values[i] ?? DBNull.Value;
        command.Transaction = transaction;
        return command;
    }

    public void Dispose()
    {
        Forget();
        connection.Dispose();
    }

    private void Forget()
    {
        foreach (var command in statements.Values)
            command.Dispose();
        statements.Clear();
    }
}
