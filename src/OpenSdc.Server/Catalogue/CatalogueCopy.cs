using OpenSdc.Server.Objects;
using System.Globalization;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace OpenSdc.Server.Catalogue;

/// <summary>A record as a copy of its object is checked against it. The digest is null where no record tells it.</summary>
internal readonly record struct CopiedFile(long Seq, string Key, long Size, string? Sha256, DateTimeOffset IngestedAt, bool IsMarked);

/// <summary>
/// A catalogue as one plain file beside the archive, with no write-ahead log to it: taken from a live one, and read. It can lie on a medium
/// that cannot be written.
/// </summary>
internal sealed class CatalogueCopy : IDisposable
{
    private const int PagesInStep = 1024;

    private const string Columns = """
        SELECT files.seq, file_path, size, sha256, ingestion_date, corrupt_or_missing.seq IS NOT NULL
        FROM files LEFT JOIN corrupt_or_missing ON corrupt_or_missing.seq = files.seq
        """;

    private const string NotPurged =
        "NOT EXISTS (SELECT 1 FROM withdrawals WHERE withdrawals.file = files.seq AND withdrawals.purged IS NOT NULL)";

    private readonly SqliteConnection connection;

    public CatalogueCopy(string file) => connection = Open(file, SqliteOpenMode.ReadOnly);

    /// <summary>The number of the newest change.</summary>
    public long Head => Number("SELECT seq FROM ledger WHERE id = 1");

    /// <summary>Copies a catalogue while a service writes it, as it was at one moment.</summary>
    /// <remarks>
    /// The copy is made page by page inside one read transaction. Without the transaction SQLite begins the
    /// copy anew whenever another process writes between two steps, which under constant uploads is always.
    /// Inside it the writer neither waits nor is seen; what it pays is that the write-ahead log cannot be
    /// begun anew until the copy is done. <c>VACUUM INTO</c> keeps the same snapshot and took the same time
    /// beside a busy writer (1.1 s for 370 MB), but cannot be stopped half-way nor say how far it is.
    /// </remarks>
    /// <param name="source">The live catalogue.</param>
    /// <param name="target">A file that does not exist.</param>
    /// <param name="pages">Told how many pages there are, and how many are copied.</param>
    /// <param name="cancel">Ends it; the target is then no catalogue.</param>
    public static void Take(string source, string target, Action<int, int> pages, CancellationToken cancel)
    {
        using (var from = Open(source, SqliteOpenMode.ReadWrite))
        using (var snapshot = from.BeginTransaction(deferred: true))
        using (var to = Open(target, SqliteOpenMode.ReadWriteCreate))
        {
            // A deferred transaction gets its snapshot with its first read.
            _ = Number(from, "SELECT seq FROM ledger WHERE id = 1");
            // Nobody reads the target before it is flushed and named, so that it needs no journal of its own.
            Run(to, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF");
            using var backup = raw.sqlite3_backup_init(to.Handle, "main", from.Handle, "main");
            if (backup.IsInvalid)
                SqliteException.ThrowExceptionForRC(raw.sqlite3_errcode(to.Handle), to.Handle);
            int step;
            while ((step = raw.sqlite3_backup_step(backup, PagesInStep)) == raw.SQLITE_OK)
            {
                cancel.ThrowIfCancellationRequested();
                var all = raw.sqlite3_backup_pagecount(backup);
                pages(all, all - raw.sqlite3_backup_remaining(backup));
            }

            if (step != raw.SQLITE_DONE)
                SqliteException.ThrowExceptionForRC(step, to.Handle);
        }

        Seal(target);
    }

    /// <summary>Moves what the write-ahead log holds into the file, does away with the log, and flushes.</summary>
    public static void Seal(string file)
    {
        using (var sealing = Open(file, SqliteOpenMode.ReadWrite))
            Run(sealing, "PRAGMA journal_mode = DELETE");
        using var stream = new FileStream(file, FileMode.Open, FileAccess.ReadWrite);
        stream.Flush();
        Posix.Flush(stream.SafeFileHandle, stream.Name);
    }

    /// <summary>What is wrong with the file as a database and as a ledger; null where nothing is.</summary>
    /// <param name="thorough">Whether each index is compared with its table, which takes several times as long.</param>
    public string? Fault(bool thorough)
    {
        try
        {
            if (Text(thorough ? "PRAGMA integrity_check(1)" : "PRAGMA quick_check(1)") is var check && check != "ok")
                return check;
            var (head, count, newest) = (Head, Number("SELECT COUNT(*) FROM changes"), Number("SELECT COALESCE(MAX(seq), 0) FROM changes"));
            if (head != count || head != newest)
                return $"the ledger stands at {head}, but there are {count} changes, the newest with the number {newest}";
            var without = Number("SELECT COUNT(*) FROM files WHERE seq NOT IN (SELECT file FROM changes WHERE seq = file)");
            if (without > 0)
                return $"{without} records have no change that published them";
            foreach (var (name, sql) in thorough ? DerivedData.Checks : [])
            {
                if (Number(sql) is var differ and > 0)
                    return $"{differ} rows of {name} do not say what follows from the records";
            }

            return null;
        }
        catch (SqliteException damage)
        {
            return damage.Message;
        }
    }

    /// <summary>The newest entry of the audit, and the newest that was dropped.</summary>
    public (AuditHead Head, AuditHead Dropped) Audit
    {
        get
        {
            using var command = connection.CreateCommand();
            command.CommandText = "SELECT number, hash, dropped, dropped_hash FROM audit_head WHERE id = 1";
            using var reader = command.ExecuteReader();
            reader.Read();
            return (new(reader.GetInt64(0), reader.GetString(1)), new(reader.GetInt64(2), reader.GetString(3)));
        }
    }

    /// <summary>What is wrong with the chain of the audit; null where nothing is.</summary>
    /// <param name="noted">A head of an earlier time, which must be in it; null for none.</param>
    /// <param name="sinceThen">Whether the entries before that head were followed then, and need not be now.</param>
    /// <param name="cancel">Gives up.</param>
    public Task<string?> AuditFaultAsync(AuditHead? noted, bool sinceThen, CancellationToken cancel)
    {
        var (head, dropped) = Audit;
        var from = dropped;
        if (sinceThen && noted is { } then && then.Number > dropped.Number)
        {
            if (Entries(then.Number - 1).FirstOrDefault() is { } there && there.Number == then.Number && there.Hash == then.Hash)
                from = then;
        }

        return AuditChain.VerifyAsync(head, from, Entries(from.Number).ToAsyncEnumerable(), noted is { } one ? [one] : [], cancel);
    }

    /// <summary>The records after one of them, in the order of their publication, read as they are asked for.</summary>
    public IEnumerable<CopiedFile> After(long seq) => Read("files.seq > @p0 ORDER BY files.seq", seq);

    /// <summary>How many those are.</summary>
    public long CountAfter(long seq) =>
        Number(string.Create(CultureInfo.InvariantCulture, $"SELECT COUNT(*) FROM files WHERE {NotPurged} AND files.seq > {seq}"));

    public CopiedFile? Find(long seq) => Read("files.seq = @p0", seq).Cast<CopiedFile?>().FirstOrDefault();

    public CopiedFile? Find(string key) => Read("file_path = @p0", key).Cast<CopiedFile?>().FirstOrDefault();

    public void Dispose() => connection.Dispose();

    private IEnumerable<CopiedFile> Read(string condition, object value)
    {
        using var command = connection.CreateCommand();
        command.CommandText = $"{Columns} WHERE {NotPurged} AND {condition}";
        command.Parameters.AddWithValue("@p0", value);
        using var reader = command.ExecuteReader();
        while (reader.Read())
            yield return new(
                reader.GetInt64(0),
                reader.GetString(1),
                reader.GetInt64(2),
                reader.GetString(3),
                Moment(reader.GetString(4)),
                reader.GetBoolean(5)
            );
    }

    private IEnumerable<AuditEntry> Entries(long after)
    {
        using var command = connection.CreateCommand();
        command.CommandText = AuditTable.AfterSql;
        command.Parameters.AddWithValue("@p0", after);
        using var reader = command.ExecuteReader();
        while (reader.Read())
            yield return AuditTable.Read(reader);
    }

    private static DateTimeOffset Moment(string text) =>
        DateTimeOffset.ParseExact(text, "yyyyMMdd HH:mm:ss", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);

    private long Number(string sql) => Number(connection, sql);

    private static long Number(SqliteConnection on, string sql)
    {
        using var command = on.CreateCommand();
        command.CommandText = sql;
        return Convert.ToInt64(command.ExecuteScalar());
    }

    private string? Text(string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar() as string;
    }

    private static void Run(SqliteConnection on, string sql)
    {
        using var command = on.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private static SqliteConnection Open(string file, SqliteOpenMode mode)
    {
        var opened = new SqliteConnection(
            new SqliteConnectionStringBuilder
            {
                DataSource = Sqlite.Named(file),
                Mode = mode,
                Pooling = false,
                DefaultTimeout = 30,
            }.ToString()
        );
        try
        {
            opened.Open();
            return opened;
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }
}
