using System.Data.Common;

namespace OpenSdc.Server.Catalogue;

/// <summary>
/// The open answer of the database to a query: its statements one after the other, each row read when it is asked for. All of them see one
/// state of the catalogue. Dispose it also when it is left half read.
/// </summary>
internal sealed class Rows(SessionPool pool, Session session, DbTransaction? snapshot, IReadOnlyList<SqlStatement> statements, int? limit) : IAsyncDisposable
{
    private DbDataReader? reader;
    private int next;
    private int given;
    private bool hasFailed;

    /// <summary>The number of the newest publication, no newer than the rows.</summary>
    public long Head { get; init; }

    /// <summary>How many rows there are without the limit; null where nobody asked.</summary>
    public long? Count { get; init; }

    /// <summary>The current row.</summary>
    public DbDataReader Columns => reader!;

    public async ValueTask<bool> ReadAsync(CancellationToken cancel)
    {
        try
        {
            while (given != limit)
            {
                if (reader is null)
                {
                    if (next == statements.Count)
                        return false;
                    var statement = statements[next++];
                    reader = await session.Statement(statement.Text, statement.Values, snapshot).ExecuteReaderAsync(cancel);
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
        if (reader is not null)
            await reader.DisposeAsync();
        if (snapshot is not null)
            await snapshot.DisposeAsync();
        if (hasFailed)
            pool.Discard(session);
        else
            pool.Return(session);
    }
}
