using OpenSdc.Server.Catalogue;

namespace OpenSdc.Tests.Catalogue;

/// <summary>A new, empty database for one test. Each kind of database has one line that runs a suite on it.</summary>
public abstract class TestDatabase : IDisposable
{
    private SqlDialect? dialect;

    /// <summary>See <see cref="SqlDialect.SortedRows"/>; 0 for what the database has.</summary>
    public int SortedRows { get; init; }

    /// <summary>See <see cref="SqlDialect.MostArms"/>; 0 for what the database has.</summary>
    public int MostArms { get; init; }

    /// <summary>The one to which the suite's catalogue belongs.</summary>
    internal SqlDialect Dialect => dialect ??= Open();

    /// <summary>Another process's view of the same database; the caller disposes it.</summary>
    internal abstract SqlDialect Open();

    /// <summary>Makes it say that its schema has this version.</summary>
    internal abstract string SetVersionSql(int version);

    public virtual void Dispose()
    {
        (dialect as IDisposable)?.Dispose();
        GC.SuppressFinalize(this);
    }
}

public sealed class SqliteDatabase : TestDatabase
{
    private readonly string folder = Directory.CreateTempSubdirectory("opensdc-").FullName;

    internal override SqlDialect Open()
    {
        var file = Path.Combine(folder, "catalogue.sqlite");
        return SortedRows > 0 ? new Sqlite(file) { SortedRows = SortedRows, MostArms = MostArms } : new Sqlite(file);
    }

    internal override string SetVersionSql(int version) => $"PRAGMA user_version = {version}";

    public override void Dispose()
    {
        base.Dispose();
        Directory.Delete(folder, recursive: true);
    }
}

public sealed class PostgresDatabase : TestDatabase
{
    public string ConnectionString { get; } = PostgresServer.NewDatabase();

    internal override SqlDialect Open() => SortedRows > 0
        ? new Postgres(ConnectionString, TimeProvider.System) { SortedRows = SortedRows, MostArms = MostArms }
        : new Postgres(ConnectionString, TimeProvider.System);

    internal override string SetVersionSql(int version) => $"UPDATE schema_version SET version = {version}";
}
