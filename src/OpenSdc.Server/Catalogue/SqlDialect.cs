using System.Data.Common;

namespace OpenSdc.Server.Catalogue;

/// <summary>
/// What two databases do not share; every statement itself is one text for both. A dialect supplies the data source,
/// the set-up of a fresh connection, the migrations, and how its errors are told apart.
/// </summary>
internal abstract class SqlDialect
{
    /// <summary>What the database is called in sentences, without anything secret.</summary>
    public abstract string Name { get; }

    /// <summary>Makes connections; not yet set up.</summary>
    public abstract DbDataSource DataSource { get; }

    /// <summary>Whether several processes serve one database.</summary>
    public abstract bool IsShared { get; }

    /// <summary>Whether each statement is a journey to a server.</summary>
    public abstract bool IsFar { get; }

    /// <summary>Most sessions that read at once.</summary>
    public abstract int Readers { get; }

    /// <summary>Most sessions that write at once.</summary>
    public abstract int Writers { get; }

    /// <summary>Run once on each new connection that reads.</summary>
    public abstract string ReaderSetUp { get; }

    /// <summary>Run once on each new connection that writes.</summary>
    public abstract string WriterSetUp { get; }

    /// <summary>Opens a transaction that will write: it waits for its turn here, not at its first statement.</summary>
    public abstract ValueTask<DbTransaction> BeginWriteAsync(DbConnection connection, CancellationToken cancel);

    /// <summary>Opens a transaction in which every statement reads the same state.</summary>
    public abstract ValueTask<DbTransaction> BeginReadAsync(DbConnection connection, CancellationToken cancel);

    /// <summary>Whether the database sends rows before they are asked for, so that it must be told when no more are wanted.</summary>
    public abstract bool SendsAhead { get; }

    /// <summary>A statement whose parameters are @p0, @p1, …, in this order; their values are bound at each use.</summary>
    public virtual DbCommand Command(DbConnection connection, string sql, int parameters)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        for (var i = 0; i < parameters; i++)
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = SqlBatch.Name(i);
            command.Parameters.Add(parameter);
        }

        return command;
    }

    /// <summary>
    /// The same for a statement that is run very often and of whose rows nothing is read, without the driver;
    /// null where the driver does as well.
    /// </summary>
    public virtual DirectStatement? Direct(DbConnection connection, string sql) => null;

    /// <summary>
    /// Lets go of what the driver and the server keep of the statements of a connection, where disposing of
    /// the commands does not.
    /// </summary>
    public virtual void ForgetPrepared(DbConnection connection)
    {
    }

    /// <summary>Gives a parameter its value: null, a text or a whole number.</summary>
    public abstract void Bind(DbParameter parameter, object? value);

    /// <summary>Brings the schema to the version that this program knows; a newer database is refused with a sentence.</summary>
    public abstract Task MigrateAsync(CancellationToken cancel);

    /// <summary>Refuses, with a sentence, a database whose schema is not the one that this program knows. Changes nothing.</summary>
    public abstract Task CheckAsync(CancellationToken cancel);

    /// <summary>
    /// What ends a SELECT whose rows an UPDATE takes, so that of several writers each takes others: <c> FOR
    /// UPDATE SKIP LOCKED</c>, or nothing.
    /// </summary>
    public abstract string SkipLocked { get; }

    /// <summary>So many rows are read and sorted, where a condition leads to them, rather than looked for in order.</summary>
    public int SortedRows { get; init; } = 20_000;

    /// <summary>Most arms of one UNION ALL that is merged.</summary>
    public abstract int MostArms { get; init; }

    /// <summary>Most products whose arms a page merges.</summary>
    public abstract int MostProducts { get; }

    /// <summary>A list of texts or numbers as the value of one parameter.</summary>
    public abstract string ListText<T>(IEnumerable<T> list)
        where T : notnull;

    /// <summary>The condition that a column has one of the values of a list's parameter.</summary>
    public abstract string IsAnyOf(string column, string list, bool isNumber);

    /// <summary>A list of numbers as a table <c>list</c> of its elements: <c>list.value</c>, in the order of <c>list.key</c>.</summary>
    public abstract string Elements(string list);

    /// <summary>
    /// Lists of one length as the table <c>arm</c>: product, and where there are more lists lowest and below;
    /// only where arms are not merged by a UNION ALL.
    /// </summary>
    public virtual string Arms(IReadOnlyList<string> lists) => throw new NotSupportedException("This database merges a UNION ALL.");

    /// <summary>How many rows an INSERT of many has: where each statement is a journey to a server, several.</summary>
    public virtual int RowsAtOnce => 16;

    /// <summary>True where the database says that there is no room left to write.</summary>
    public abstract bool IsOutOfSpace(DbException error);

    /// <summary>
    /// True where the database cannot be reached, or says that it is going, coming or full: it is none of the
    /// statement's fault, and a later try may go well.
    /// </summary>
    public abstract bool IsUnavailable(Exception error);

    /// <summary>True where the database has undone a transaction for the sake of others, so that it can be done again.</summary>
    public abstract bool IsUndone(DbException error);

    /// <summary>
    /// Bytes of a log that lies beside the database and that <see cref="EmptyLog"/> empties; 0 where the
    /// database keeps its log itself.
    /// </summary>
    public virtual long LogSize => 0;

    /// <summary>Moves all of the log into the database and empties it, while nobody writes. False where a reader still needs it.</summary>
    public virtual bool EmptyLog(DbConnection connection) => true;
}

/// <summary>A prepared statement of whose rows nothing is read.</summary>
internal abstract class DirectStatement : IDisposable
{
    /// <summary>Runs it with these values of @p0, @p1, …, in the transaction of its connection where that has one.</summary>
    /// <returns>Whether it found a row; null where the database is busy for a moment: the driver knows how to wait.</returns>
    public abstract bool? Run(ReadOnlySpan<object?> values);

    public abstract void Dispose();
}
