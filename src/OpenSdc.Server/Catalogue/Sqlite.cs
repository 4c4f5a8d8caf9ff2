using System.Buffers;
using System.Data.Common;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using OpenSdc.Server.Objects;
using SQLitePCL;

namespace OpenSdc.Server.Catalogue;

/// <summary>
/// The embedded catalogue: one SQLite file in the data folder.
/// </summary>
/// <remarks>
/// Configuration: WAL, so that readers never wait for the writer nor the writer for them;
/// <c>synchronous=FULL</c>, so that a commit is on the disk before it is acknowledged; no memory map, since
/// mapped pages count as memory of the process and a read error in one is a signal instead of an error. The
/// log is moved into the database every 32 MiB: a page that many commits change is then written there once.
/// Watch for: readers that overlap keep the WAL from being begun anew (<see cref="Upkeep.CatalogueLog"/>),
/// and LIKE folds case unless told not to.
/// </remarks>
internal sealed class Sqlite : SqlDialect, IDisposable
{
    private const int FullDisk = 13; // SQLITE_FULL

    private readonly FileInfo log;

    static Sqlite()
    {
        // Must come before the library is first used. A session belongs to one request at a time, so that no
        // call on it need take the connection's lock, and nobody asks SQLite how much memory it has.
        Batteries_V2.Init();
        raw.sqlite3_config(raw.SQLITE_CONFIG_MULTITHREAD);
        raw.sqlite3_config(raw.SQLITE_CONFIG_MEMSTATUS, 0);
    }

    public Sqlite(string file)
    {
        Name = file;
        log = new FileInfo(file + "-wal");
        DataSource = SqliteFactory.Instance.CreateDataSource(new SqliteConnectionStringBuilder
        {
            DataSource = Named(file),
            // Connections live in the catalogue's own pool, together with their prepared statements.
            Pooling = false,
            DefaultTimeout = 30,
        }.ToString());
    }

    public override string Name { get; }

    public override DbDataSource DataSource { get; }

    /// <summary>
    /// What a catalogue is opened by. Where its file system takes no writes, as one that met an error does
    /// not, SQLite cannot make the files beside it that it wants; it does without once it is told that
    /// nothing changes. Only without a log: what one holds would not be seen.
    /// </summary>
    public static string Named(string file) =>
        Disk.IsReadOnly(file) && !File.Exists(file + "-wal") ? $"{new Uri(Path.GetFullPath(file)).AbsoluteUri}?immutable=1" : file;

    /// <summary>
    /// Pages that the writer keeps in memory, in KiB. A transaction of many thousand rows in all products
    /// changes more than the default holds, and would write them twice.
    /// </summary>
    public int WriterCache { get; init; } = 16 * 1024;

    public override bool IsShared => false;

    public override bool IsFar => false;

    public override int Readers => 48;

    public override int Writers => 1;

    public override string ReaderSetUp => "PRAGMA case_sensitive_like = 1; PRAGMA cache_size = -1024; PRAGMA query_only = 1;";

    public override string WriterSetUp =>
        $"PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -{WriterCache}; PRAGMA journal_size_limit = 67108864; PRAGMA wal_autocheckpoint = 8192;";

    // A compound SELECT has 500 at most.
    public override int MostArms { get; init; } = 400;

    public override int MostProducts => MostArms;

    public override string ListText<T>(IEnumerable<T> list)
    {
        var json = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(json))
        {
            writer.WriteStartArray();
            foreach (var each in list)
            {
                if (each is string text)
                    writer.WriteStringValue(text);
                else
                    writer.WriteNumberValue(Convert.ToInt64(each, CultureInfo.InvariantCulture));
            }

            writer.WriteEndArray();
        }

        return Encoding.UTF8.GetString(json.WrittenSpan);
    }

    public override string IsAnyOf(string column, string list, bool isNumber) => $"{column} IN (SELECT value FROM json_each({list}))";

    public override string Elements(string list) => $"json_each({list}) AS list";

    /// <summary>One: no journey is saved, and a statement that is prepared costs little to begin.</summary>
    public override int RowsAtOnce => 1;

    public override ValueTask<DbTransaction> BeginWriteAsync(DbConnection connection, CancellationToken cancel) =>
        new(((SqliteConnection)connection).BeginTransaction(deferred: false));

    public override ValueTask<DbTransaction> BeginReadAsync(DbConnection connection, CancellationToken cancel) =>
        new(((SqliteConnection)connection).BeginTransaction(deferred: true));

    public override bool SendsAhead => false;

    public override DirectStatement Direct(DbConnection connection, string sql) => new SqliteStatement((SqliteConnection)connection, sql);

    public override void Bind(DbParameter parameter, object? value) => parameter.Value = value ?? DBNull.Value;

    public override async Task MigrateAsync(CancellationToken cancel)
    {
        await using var connection = await DataSource.OpenConnectionAsync(cancel);
        await using var command = connection.CreateCommand();
        command.CommandText = WriterSetUp;
        await command.ExecuteNonQueryAsync(cancel);
        var scripts = Migrations.For(nameof(Sqlite));
        var version = await VersionAsync(command, cancel);
        Migrations.RefuseNewer(version, scripts.Count);
        for (var next = version; next < scripts.Count; next++)
        {
            await using var transaction = await BeginWriteAsync(connection, cancel);
            command.Transaction = transaction;
            command.CommandText = $"{scripts[next]}; PRAGMA user_version = {next + 1};";
            await command.ExecuteNonQueryAsync(cancel);
            await transaction.CommitAsync(cancel);
        }
    }

    public override async Task CheckAsync(CancellationToken cancel)
    {
        await using var connection = await DataSource.OpenConnectionAsync(cancel);
        await using var command = connection.CreateCommand();
        var known = Migrations.For(nameof(Sqlite)).Count;
        var version = await VersionAsync(command, cancel);
        Migrations.RefuseNewer(version, known);
        Migrations.RefuseOlder(version, known);
    }

    // The one writer is alone in its transaction.
    public override string SkipLocked => "";

    public override bool IsOutOfSpace(DbException error) => error is SqliteException { SqliteErrorCode: FullDisk };

    public override bool IsUnavailable(Exception error) => false;

    public override bool IsUndone(DbException error) => false;

    public override long LogSize
    {
        get
        {
            log.Refresh();
            return log.Exists ? log.Length : 0;
        }
    }

    public override bool EmptyLog(DbConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA wal_checkpoint(TRUNCATE)";
        return Convert.ToInt32(command.ExecuteScalar()) == 0;
    }

    public void Dispose() => DataSource.Dispose();

    private static async Task<int> VersionAsync(DbCommand command, CancellationToken cancel)
    {
        command.CommandText = "PRAGMA user_version";
        return Convert.ToInt32(await command.ExecuteScalarAsync(cancel));
    }
}
