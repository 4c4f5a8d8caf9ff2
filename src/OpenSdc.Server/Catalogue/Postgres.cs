using System.Data;
using System.Data.Common;
using System.Globalization;
using System.Net.Sockets;
using Npgsql;
using NpgsqlTypes;

namespace OpenSdc.Server.Catalogue;

/// <summary>
/// The catalogue in a PostgreSQL database, for any number of processes at once.
/// </summary>
/// <remarks>
/// Configuration: Npgsql's connection string; what it leaves out is set here. Connecting takes 5 s at most,
/// and so long as a statement gives nothing for 30 s it is ended: a stream of rows may last longer. Sessions
/// live in the catalogue's own pool, which holds <c>Maximum Pool Size</c> of them, 32 by default, and a few
/// that write; that many the server's <c>max_connections</c> must allow for each process. Statements are
/// prepared when they come for the second time. How it works: each writer takes its turn by the row of
/// <c>ledger</c>, so that numbers have no gaps whichever process publishes; readers that need one state of
/// several statements have a snapshot. Every parameter goes out without a type, and the server takes the one
/// that its place asks for, as SQLite does. Watch for: a pooler between (pgbouncer) must give whole sessions,
/// since settings and prepared statements belong to them. A commit whose answer did not come may have
/// happened: see <see cref="Uploads.Publisher"/>. A reader that never ends keeps the server from clearing up
/// what was changed since.
/// </remarks>
internal sealed class Postgres : SqlDialect, IDisposable
{
    private const int MostReaders = 32;
    private const int LeastReaders = 4;
    private const long MigrationLock = 0x4F70656E534443; // one number for all archives' programs; each database has its own locks

    private static readonly TimeSpan RetryEvery = TimeSpan.FromMilliseconds(250);

    private readonly TimeProvider clock;
    private readonly NpgsqlDataSource source;
    private readonly string place;
    private readonly int readers;

    /// <exception cref="SettingException">The connection string cannot be used.</exception>
    public Postgres(string connectionString, TimeProvider clock)
    {
        this.clock = clock;
        var settings =
            Parse(connectionString) is var (parsed, fault) && parsed is not null
                ? parsed
                : throw new SettingException($"The setting catalogue cannot be used: {fault}");
        // What ContainsKey says yes to is every setting that there is, given or not.
        var given = settings.Keys.ToHashSet(StringComparer.OrdinalIgnoreCase);
        readers = given.Contains("Maximum Pool Size") ? settings.MaxPoolSize : MostReaders;
        place = string.Create(CultureInfo.InvariantCulture, $"{settings.Database ?? settings.Username} at {settings.Host}:{settings.Port}");
        SetDefault("Timeout", 5);
        SetDefault("Command Timeout", 30);
        SetDefault("Cancellation Timeout", 2000);
        SetDefault("Max Auto Prepare", 200);
        SetDefault("Auto Prepare Min Usages", 2);
        SetDefault("Application Name", "OpenSDC");
        source = SourceOf(settings);

        void SetDefault(string name, object value)
        {
            if (!given.Contains(name))
                settings[name] = value;
        }
    }

    public override string Name => $"the database {place}";

    public override DbDataSource DataSource => source;

    public override bool IsShared => true;

    public override bool IsFar => true;

    public override int Readers => readers;

    // Publications take turns; what is recorded beside them does not wait for those.
    public override int Writers => 4;

    public override string ReaderSetUp => $"SET default_transaction_read_only = on; {SetUp}";

    // A process that stands still in the middle of a publication, or whose machine is gone, does not keep the turn.
    public override string WriterSetUp => $"""
        SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off';
        SET idle_in_transaction_session_timeout = '30s'; SET lock_timeout = '20s'; {SetUp}
        """;

    public override string SkipLocked => " FOR UPDATE SKIP LOCKED";

    // To plan a statement of 400 arms takes longer than to run it.
    public override int MostArms { get; init; } = 64;

    public override int MostProducts => 10_000;

    public override string ListText<T>(IEnumerable<T> list) => "{" + string.Join(',', list.Select(each => each is string text
        ? $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\""
        : Convert.ToInt64(each, CultureInfo.InvariantCulture).ToString(CultureInfo.InvariantCulture))) + "}";

    public override string IsAnyOf(string column, string list, bool isNumber) =>
        $"{column} = ANY(CAST({list} AS {(isNumber ? "bigint" : "text")}[]))";

    public override string Elements(string list) => $"unnest(CAST({list} AS bigint[])) WITH ORDINALITY AS list(value, key)";

    public override string Arms(IReadOnlyList<string> lists) => lists is [var products, var lowest, var below]
        ? $"unnest(CAST({products} AS bigint[]), CAST({lowest} AS text[]), CAST({below} AS text[])) AS arm(product, lowest, below)"
        : $"unnest(CAST({lists[0]} AS bigint[])) AS arm(product)";

    // Which index serves a statement is decided by FileStatements. The planner goes by what it knows of the
    // table's size, which is nothing while an archive is new, and a plan that it made then it keeps: these
    // settings keep it from reading whole tables and from sorting what an index has in order.
    private static string SetUp =>
        "SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET random_page_cost = 1.1; SET jit = off; "
        + "SET max_parallel_workers_per_gather = 0; SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3; SET client_connection_check_interval = '10s'; SET standard_conforming_strings = on";

    /// <summary>The settings of a connection string, or what is wrong with it.</summary>
    public static (NpgsqlConnectionStringBuilder? Settings, string? Fault) Parse(string connectionString)
    {
        try
        {
            var settings = new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false, Enlist = false, TcpKeepAlive = true };
            if (string.IsNullOrEmpty(settings.Host))
                return (null, "it names no Host");
            if (settings.Port is < 1 or > ushort.MaxValue)
                return (null, string.Create(CultureInfo.InvariantCulture, $"its Port is {settings.Port}"));
            if (settings.MaxPoolSize < LeastReaders)
                return (
                    null,
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"its Maximum Pool Size is {settings.MaxPoolSize}, and {LeastReaders} is the least"
                    )
                );
            // Some settings contradict each other, which is noticed only here.
            SourceOf(settings).Dispose();
            return (settings, null);
        }
        catch (Exception fault)
            when (fault
                    is ArgumentException
                        or FormatException
                        or KeyNotFoundException
                        or InvalidCastException
                        or NotSupportedException
                        or InvalidOperationException
            )
        {
            // Only what stands before the first line end: the rest names the parameter of a method.
            return (null, fault.Message.Split('\n')[0]);
        }
    }

    public override async ValueTask<DbTransaction> BeginWriteAsync(DbConnection connection, CancellationToken cancel) =>
        await connection.BeginTransactionAsync(IsolationLevel.ReadCommitted, cancel);

    public override async ValueTask<DbTransaction> BeginReadAsync(DbConnection connection, CancellationToken cancel) =>
        await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancel);

    public override bool SendsAhead => true;

    // By their places, as the server itself has them: with names the driver would rewrite the text at each use.
    public override DbCommand Command(DbConnection connection, string sql, int parameters)
    {
        var command = new NpgsqlCommand { Connection = (NpgsqlConnection)connection };
        // From the last on, since the first one's name is the beginning of the tenth's.
        for (var i = parameters; i > 0; i--)
        {
            sql = sql.Replace(
                string.Create(CultureInfo.InvariantCulture, $"@p{i - 1}"),
                string.Create(CultureInfo.InvariantCulture, $"${i}"),
                StringComparison.Ordinal
            );
            command.Parameters.Add(new NpgsqlParameter());
        }

        command.CommandText = sql;
        return command;
    }

    // Statements that the driver prepares by itself outlive their commands, in the server too.
    public override void ForgetPrepared(DbConnection connection) => ((NpgsqlConnection)connection).UnprepareAll();

    public override void Bind(DbParameter parameter, object? value)
    {
        var bound = (NpgsqlParameter)parameter;
        bound.NpgsqlDbType = NpgsqlDbType.Unknown;
        bound.Value = value switch
        {
            null => DBNull.Value,
            string text => text,
            IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
            _ => throw new ArgumentException($"no parameter is a {value.GetType()}", nameof(value)),
        };
    }

    public override async Task MigrateAsync(CancellationToken cancel)
    {
        await using var connection = await FirstConnectionAsync(cancel);
        try
        {
            await MigrateAsync(connection, cancel);
        }
        catch (NpgsqlException refusal)
        {
            throw new SettingException($"The archive's tables cannot be made or changed in {Name}: {Reason(refusal)}", refusal)
            {
                MayPass = IsUnavailable(refusal),
            };
        }
    }

    public override async Task CheckAsync(CancellationToken cancel)
    {
        await using var connection = await FirstConnectionAsync(cancel);
        var known = Migrations.For(nameof(Postgres)).Count;
        var version = await VersionAsync(connection, cancel);
        if (version == 0)
            throw new SettingException($"The database {place} holds no archive.");
        Migrations.RefuseNewer(version, known);
        Migrations.RefuseOlder(version, known);
    }

    public override bool IsOutOfSpace(DbException error) => error is PostgresException { SqlState: PostgresErrorCodes.DiskFull };

    /// <remarks>
    /// Of the server's own errors those that it gives when it goes, comes or is full, and when it has become
    /// a standby; every error that is not the server's is the connection's.
    /// </remarks>
    public override bool IsUnavailable(Exception error) =>
        error switch
        {
            PostgresException answered => answered.SqlState[..2] is "08" or "28" or "3D"
                || answered.SqlState
                    is PostgresErrorCodes.AdminShutdown
                        or PostgresErrorCodes.CrashShutdown
                        or PostgresErrorCodes.CannotConnectNow
                        or PostgresErrorCodes.TooManyConnections
                        or PostgresErrorCodes.QueryCanceled
                        or PostgresErrorCodes.LockNotAvailable
                        or PostgresErrorCodes.ReadOnlySqlTransaction
                        or "25P03"
                        or "57P05",
            NpgsqlException or TimeoutException or SocketException => true,
            // What the driver says of a connection that the server ended while nobody used it.
            InvalidOperationException { Source: "Npgsql" } => true,
            _ => false,
        };

    public override bool IsUndone(DbException error) =>
        error is PostgresException { SqlState: PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected };

    public void Dispose() => source.Dispose();

    /// <summary>The first connection of a start, which waits a while for a database that is just starting as well.</summary>
    private async Task<NpgsqlConnection> FirstConnectionAsync(CancellationToken cancel)
    {
        var wait = new StartWait(clock, $"the database {place}", RetryEvery);
        while (true)
        {
            try
            {
                return await source.OpenConnectionAsync(cancel);
            }
            catch (NpgsqlException failure) when (failure is not PostgresException answered
                || answered.SqlState is PostgresErrorCodes.CannotConnectNow or PostgresErrorCodes.TooManyConnections)
            {
                if (!await wait.GoesOnAsync(Reason(failure), cancel))
                    throw new SettingException($"The database {place} cannot be reached: {Reason(failure)}", failure) { MayPass = true };
            }
            catch (Exception refusal) when (refusal is not OperationCanceledException)
            {
                // The server's, or that of a file that the string names, such as a certificate.
                throw new SettingException($"The database {place} cannot be used: {Reason(refusal)}", refusal);
            }
        }
    }

    private async Task MigrateAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        var scripts = Migrations.For(nameof(Postgres));
        // Whoever comes first brings the schema up to date, and the others wait for that.
        await RunAsync(connection, $"SELECT pg_advisory_lock({MigrationLock})", cancel);
        var version = await VersionAsync(connection, cancel);
        Migrations.RefuseNewer(version, scripts.Count);
        if (version == 0)
            await RefuseEncodingAsync(connection, cancel);
        for (var next = version; next < scripts.Count; next++)
        {
            await using var transaction = await connection.BeginTransactionAsync(cancel);
            if (next == 0)
                await RunAsync(
                    connection,
                    "CREATE TABLE schema_version (version BIGINT NOT NULL); INSERT INTO schema_version VALUES (0)",
                    cancel
                );
            await RunAsync(connection, scripts[next], cancel);
            await RunAsync(connection, $"UPDATE schema_version SET version = {next + 1}", cancel);
            await transaction.CommitAsync(cancel);
        }

        await RunAsync(connection, $"SELECT pg_advisory_unlock({MigrationLock})", cancel);
    }

    /// <summary>In another encoding a text that it has no letters for would fail years later.</summary>
    private async Task RefuseEncodingAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        if (await ValueAsync(connection, "SHOW server_encoding", cancel) is string encoding and not "UTF8")
            throw new SettingException(
                $"The database {place} has the encoding {encoding}; allowed: UTF8, as by CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0."
            );
    }

    private static NpgsqlDataSource SourceOf(NpgsqlConnectionStringBuilder settings) =>
        new NpgsqlSlimDataSourceBuilder(settings.ConnectionString).EnableTransportSecurity().Build();

    private static async Task<int> VersionAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        if (await ValueAsync(connection, "SELECT to_regclass('schema_version')::text", cancel) is not string)
            return 0;
        return Convert.ToInt32(await ValueAsync(connection, "SELECT version FROM schema_version", cancel), CultureInfo.InvariantCulture);
    }

    private static async Task<object?> ValueAsync(NpgsqlConnection connection, string sql, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(cancel);
    }

    private static async Task RunAsync(NpgsqlConnection connection, string sql, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancel);
    }

    /// <summary>What a failure says in one line, without the place in the statement.</summary>
    public static string Reason(Exception failure) =>
        failure is PostgresException answered ? answered.MessageText : (failure.InnerException ?? failure).Message;
}
