using System.Buffers;
using System.Text;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace OpenSdc.Server.Catalogue;

/// <summary>
/// A statement run without the driver: it would look for each parameter by its name at each use, which for
/// the nineteen values of a record costs as much as SQLite's own work on the row does, and make a reader for
/// an answer that is yes or no.
/// </summary>
internal sealed class SqliteStatement : DirectStatement
{
    private readonly sqlite3 database;
    private readonly sqlite3_stmt statement;

    public SqliteStatement(SqliteConnection connection, string sql)
    {
        database = connection.Handle!;
        Check(raw.sqlite3_prepare_v2(database, sql, out statement));
    }

    /// <remarks>The parameters are @p0, @p1, …, which SQLite numbers in the order in which they first stand in the text.</remarks>
    public override bool? Run(ReadOnlySpan<object?> values)
    {
        for (var i = 0; i < values.Length; i++)
            Check(Bind(i + 1, values[i]));
        var outcome = raw.sqlite3_step(statement);
        // What a failed step says is said again by the reset.
        raw.sqlite3_reset(statement);
        if (outcome == raw.SQLITE_BUSY)
            return null;
        if (outcome is not (raw.SQLITE_DONE or raw.SQLITE_ROW))
            Check(outcome);
        return outcome == raw.SQLITE_ROW;
    }

    public override void Dispose() => statement.Dispose();

    private int Bind(int place, object? value) => value switch
    {
        null => raw.sqlite3_bind_null(statement, place),
        string text => BindText(place, text),
        int number => raw.sqlite3_bind_int(statement, place, number),
        long number => raw.sqlite3_bind_int64(statement, place, number),
        _ => throw new ArgumentException($"no parameter is a {value.GetType()}", nameof(value)),
    };

    private int BindText(int place, string text)
    {
        var bytes = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(text.Length));
        var outcome = raw.sqlite3_bind_text(statement, place, bytes.AsSpan(0, Encoding.UTF8.GetBytes(text, bytes)));
        ArrayPool<byte>.Shared.Return(bytes);
        return outcome;
    }

    private void Check(int outcome) => SqliteException.ThrowExceptionForRC(outcome, database);
}
