using System.Collections.Concurrent;
using System.Data.Common;

namespace OpenSdc.Server.Catalogue;

/// <summary>An INSERT of any number of rows, as many in one statement as suits the database.</summary>
/// <param name="insert">What stands before VALUES.</param>
/// <param name="columns">How many values a row has.</param>
/// <param name="conflict">What stands after the values.</param>
internal sealed class BatchInsert(string insert, int columns, string conflict = "")
{
    private readonly ConcurrentDictionary<int, string> texts = new();

    /// <summary>Writes the values of one thing into a row.</summary>
    public delegate void Writer<in T>(T row, Span<object?> values);

    /// <param name="session">Where to.</param>
    /// <param name="transaction">In which transaction.</param>
    /// <param name="most">How many rows a statement has, see <see cref="SqlDialect.RowsAtOnce"/>; what is
    /// left over goes one by one, so that there are two texts to prepare.</param>
    /// <param name="rows">The rows.</param>
    /// <param name="write">What each consists of.</param>
    /// <param name="cancel">Gives up.</param>
    public async Task RunAsync<T>(
        Session session,
        DbTransaction transaction,
        int most,
        IReadOnlyList<T> rows,
        Writer<T> write,
        CancellationToken cancel
    )
    {
        var values = new object?[most * columns];
        for (int next = 0, count; next < rows.Count; next += count)
        {
            count = rows.Count - next >= most ? most : 1;
            for (var i = 0; i < count; i++)
                write(rows[next + i], values.AsSpan(i * columns, columns));
            await session.RunAsync(texts.GetOrAdd(count, Text), values.AsSpan(0, count * columns), transaction, cancel);
        }
    }

    private string Text(int rows)
    {
        var lists = Enumerable
            .Range(0, rows)
            .Select(row => $"({string.Join(", ", Enumerable.Range(row * columns, columns).Select(SqlBatch.Name))})");
        return $"{insert} VALUES {string.Join(", ", lists)} {conflict}";
    }
}
