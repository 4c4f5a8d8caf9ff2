using Microsoft.Data.Sqlite;

namespace OpenSdc.Server.Upkeep;

/// <summary>An object as a listing found it.</summary>
internal readonly record struct FoundObject(long WrittenAt, string Key);

/// <summary>
/// Sorts what a listing found by age, on the disk: ten million objects take about 1.2 GB there and a few
/// minutes, and 64 MB of memory however many there are.
/// </summary>
/// <remarks>
/// A table that is kept in order, rather than an index made or rows sorted at the end: for both of those
/// SQLite writes to the system's folder for temporary files, which often is small or is memory.
/// </remarks>
internal sealed class FoundObjects : IDisposable
{
    private readonly string file;
    private readonly SqliteConnection connection;
    private readonly SqliteTransaction transaction;
    private readonly SqliteCommand add;

    public FoundObjects(string file)
    {
        this.file = file;
        File.Delete(file);
        connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Pooling = false }.ToString());
        connection.Open();
        using var command = connection.CreateCommand();
        // Gone after this run, also where it fails: nothing needs to be durable, or undone.
        command.CommandText = """
            PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -65536;
            CREATE TABLE found (written_at INTEGER NOT NULL, key TEXT NOT NULL, PRIMARY KEY (written_at, key)) WITHOUT ROWID;
            """;
        command.ExecuteNonQuery();
        transaction = connection.BeginTransaction();
        add = connection.CreateCommand();
        add.Transaction = transaction;
        add.CommandText = "INSERT INTO found (written_at, key) VALUES (@p0, @p1)";
        add.Parameters.Add("@p0", SqliteType.Integer);
        add.Parameters.Add("@p1", SqliteType.Text);
    }

    public long Count { get; private set; }

    public void Add(FoundObject found)
    {
        add.Parameters[0].Value = found.WrittenAt;
        add.Parameters[1].Value = found.Key;
        add.ExecuteNonQuery();
        Count++;
    }

    /// <summary>The oldest first; of one moment in the ordinal order of their keys.</summary>
    public IEnumerable<FoundObject> ByAge()
    {
        using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = "SELECT written_at, key FROM found ORDER BY written_at, key";
        using var reader = command.ExecuteReader();
        while (reader.Read())
            yield return new FoundObject(reader.GetInt64(0), reader.GetString(1));
    }

    public void Dispose()
    {
        add.Dispose();
        transaction.Dispose();
        connection.Dispose();
        File.Delete(file);
    }
}
