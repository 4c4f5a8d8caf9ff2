using System.Data;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Data.Sqlite;
using Npgsql;
using NpgsqlTypes;
using OpenSdc.Server.Catalogue;

namespace OpenSdc.Server.Upkeep;

/// <summary>What was moved.</summary>
/// <param name="Seq">The newest publication.</param>
/// <param name="Rows">How many rows each table has, on both sides.</param>
/// <param name="Sha256">The SHA-256 of all records in the order of their publication, a line each, on both sides.</param>
internal sealed record MigrationResult(long Seq, IReadOnlyList<KeyValuePair<string, long>> Rows, string Sha256);

/// <summary>The move failed on its way. The message is for the operator: what failed, and what the database holds now.</summary>
internal sealed class MigrationException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>
/// <c>sdc migrate</c>: moves a catalogue from SQLite into an empty PostgreSQL database. The objects stay
/// where they are.
/// </summary>
/// <remarks>
/// All rows go in by one transaction, and it is committed only when both sides have the same numbers of rows
/// and the same records: after a crash, or a difference, the database is as empty as before. The source is
/// held as a service would hold it, and is not changed. The signing key goes along, so that URLs that are out
/// stay good. Memory does not grow with the archive.
/// </remarks>
internal sealed class Migration(DataFolder folder, string connectionString, TimeProvider clock, UpkeepProgress progress)
{
    // What is held for a while by a process is nothing to take along.
    private static readonly string[] LeftBehind = ["leaders"];

    private const string StillEmpty = "The database is as empty as before; the same command begins again.";

    /// <exception cref="SettingException">There is no catalogue, or the database is not empty, or cannot be used.</exception>
    /// <exception cref="MigrationException">The database failed on the way, or what it holds is not the same.</exception>
    public async Task<MigrationResult> RunAsync(CancellationToken cancel)
    {
        if (!File.Exists(folder.CatalogueFile))
            throw new SettingException($"There is no catalogue {folder.CatalogueFile}.");
        using var sqlite = new Sqlite(folder.CatalogueFile);
        using var postgres = new Postgres(connectionString, clock);
        await sqlite.CheckAsync(cancel);
        await postgres.MigrateAsync(cancel);
        try
        {
            return await MoveAsync(sqlite, postgres, cancel);
        }
        catch (NpgsqlException failure)
        {
            throw new MigrationException($"The move failed in {postgres.Name}: {Postgres.Reason(failure)}. {StillEmpty}", failure);
        }
    }

    private async Task<MigrationResult> MoveAsync(Sqlite sqlite, Postgres postgres, CancellationToken cancel)
    {
        await using var source = (SqliteConnection)await sqlite.DataSource.OpenConnectionAsync(cancel);
        await using var target = (NpgsqlConnection)await postgres.DataSource.OpenConnectionAsync(cancel);
        await using var snapshot = source.BeginTransaction(deferred: true);
        await using var transaction = await target.BeginTransactionAsync(IsolationLevel.ReadCommitted, cancel);
        // Whoever would publish waits for this row.
        var head = Convert.ToInt64(
            await ScalarAsync(target, "SELECT seq FROM ledger WHERE id = 1 FOR UPDATE", cancel),
            CultureInfo.InvariantCulture
        );
        if (
            head > 0
            || Convert.ToInt64(
                await ScalarAsync(target, "SELECT (SELECT COUNT(*) FROM files) + (SELECT COUNT(*) FROM uploads)", cancel),
                CultureInfo.InvariantCulture
            ) > 0
        )
            throw new SettingException("The database holds an archive already; sdc migrate fills an empty one only.");

        var rows = new List<KeyValuePair<string, long>>();
        foreach (var table in await TablesAsync(target, cancel))
            rows.Add(new(table.Name, await CopyAsync(source, target, table, cancel)));
        // The old catalogue may go on by mistake; whoever noted its numbers must not take the new one's for them.
        await ScalarAsync(target, $"UPDATE ledger SET history = '{ArchiveState.NewHistory()}' WHERE id = 1", cancel);
        await CopyKeyAsync(target, cancel);
        var sha256 = await CompareAsync(source, target, cancel);
        var moved = Convert.ToInt64(await ScalarAsync(target, "SELECT seq FROM ledger WHERE id = 1", cancel), CultureInfo.InvariantCulture);
        await ScalarAsync(target, "ANALYZE", cancel);
        cancel.ThrowIfCancellationRequested();
        // From here on it is done: a commit that is broken off may have taken place all the same.
        try
        {
            await transaction.CommitAsync(CancellationToken.None);
        }
        catch (NpgsqlException failure)
        {
            throw new MigrationException(
                $"Whether the move was committed in {postgres.Name} is not known: {Postgres.Reason(failure)}. The same command begins again, or says that the database holds an archive.",
                failure
            );
        }

        return new MigrationResult(moved, rows, sha256);
    }

    /// <summary>The tables as the new schema has them: of one version on both sides, they have the same columns.</summary>
    private static async Task<List<Table>> TablesAsync(NpgsqlConnection target, CancellationToken cancel)
    {
        const string Sql = """
            SELECT table_name::text, column_name::text, data_type::text FROM information_schema.columns
            WHERE table_schema = current_schema() AND table_name <> 'schema_version' ORDER BY table_name, ordinal_position
            """;
        var tables = new List<Table>();
        await using var command = new NpgsqlCommand(Sql, target);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
        {
            var name = reader.GetString(0);
            if (LeftBehind.Contains(name))
                continue;
            if (tables.Count == 0 || tables[^1].Name != name)
                tables.Add(new Table(name, []));
            tables[^1].Columns.Add((reader.GetString(1), reader.GetString(2) == "bigint" ? NpgsqlDbType.Bigint : NpgsqlDbType.Text));
        }

        return tables;
    }

    private async Task<long> CopyAsync(SqliteConnection source, NpgsqlConnection target, Table table, CancellationToken cancel)
    {
        var columns = string.Join(", ", table.Columns.Select(column => column.Name));
        progress.Begin(
            $"rows of {table.Name}",
            Convert.ToInt64(Scalar(source, $"SELECT COUNT(*) FROM {table.Name}"), CultureInfo.InvariantCulture)
        );
        // The schema's own first rows, of ledger and scrub, make way for those of the source.
        await ScalarAsync(target, $"DELETE FROM {table.Name}", cancel);
        using var read = source.CreateCommand();
        read.CommandText = $"SELECT {columns} FROM {table.Name} ORDER BY 1";
        using var rows = read.ExecuteReader();
        await using (var copy = await target.BeginBinaryImportAsync($"COPY {table.Name} ({columns}) FROM STDIN (FORMAT BINARY)", cancel))
        {
            copy.Timeout = TimeSpan.FromMinutes(10);
            while (rows.Read())
            {
                await copy.StartRowAsync(cancel);
                for (var i = 0; i < table.Columns.Count; i++)
                {
                    if (rows.IsDBNull(i))
                        await copy.WriteNullAsync(cancel);
                    else if (table.Columns[i].Type == NpgsqlDbType.Bigint)
                        await copy.WriteAsync(rows.GetInt64(i), NpgsqlDbType.Bigint, cancel);
                    else
                        await copy.WriteAsync(rows.GetString(i), NpgsqlDbType.Text, cancel);
                }

                progress.Did();
            }

            await copy.CompleteAsync(cancel);
        }

        var there = Convert.ToInt64(await ScalarAsync(target, $"SELECT COUNT(*) FROM {table.Name}", cancel), CultureInfo.InvariantCulture);
        return there == progress.Total
            ? there
            : throw Different($"{table.Name} has {progress.Total} rows in SQLite, but {there} in PostgreSQL");
    }

    private async Task CopyKeyAsync(NpgsqlConnection target, CancellationToken cancel)
    {
        if (Objects.SigningKey.OfFolder(folder.Path) is not { } key)
            return;
        await using var command = new NpgsqlCommand("INSERT INTO shared (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING", target);
        command.Parameters.Add(new NpgsqlParameter { Value = Objects.SigningKey.SharedName });
        command.Parameters.Add(new NpgsqlParameter { Value = Convert.ToHexStringLower(key) });
        await command.ExecuteNonQueryAsync(cancel);
    }

    /// <summary>The digest that the records have on both sides, in the order of their publication.</summary>
    private async Task<string> CompareAsync(SqliteConnection source, NpgsqlConnection target, CancellationToken cancel)
    {
        const string Sql = "SELECT seq, item FROM files ORDER BY seq";
        progress.Begin("records compared", progress.Total);
        using var here = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var there = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var read = source.CreateCommand();
        read.CommandText = Sql;
        using var records = read.ExecuteReader();
        await using var command = new NpgsqlCommand(Sql, target) { CommandTimeout = 600 };
        await using var copies = await command.ExecuteReaderAsync(cancel);
        while (true)
        {
            var (more, moreThere) = (records.Read(), await copies.ReadAsync(cancel));
            if (!more && !moreThere)
                break;
            if (more != moreThere || records.GetInt64(0) != copies.GetInt64(0))
                throw Different($"the records part at number {(more ? records.GetInt64(0) : copies.GetInt64(0))}");
            Append(here, records.GetString(1));
            Append(there, copies.GetString(1));
            progress.Did();
        }

        var sha256 = Convert.ToHexStringLower(here.GetHashAndReset());
        return sha256 == Convert.ToHexStringLower(there.GetHashAndReset())
            ? sha256
            : throw Different("the records have not the same bytes");

        static void Append(IncrementalHash hash, string item)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(item));
            hash.AppendData("\n"u8);
        }
    }

    private static MigrationException Different(string what) => new($"The copy differs: {what}. {StillEmpty}");

    private static object? Scalar(SqliteConnection on, string sql)
    {
        using var command = on.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }

    private static async Task<object?> ScalarAsync(NpgsqlConnection on, string sql, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(sql, on) { CommandTimeout = 600 };
        return await command.ExecuteScalarAsync(cancel);
    }

    private sealed record Table(string Name, List<(string Name, NpgsqlDbType Type)> Columns);
}
