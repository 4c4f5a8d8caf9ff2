using System.Text.Json;
using OpenSdc.Server.Catalogue;

namespace OpenSdc.Server.Access;

/// <summary>
/// The stored API keys. A revoked key keeps its row. Every change raises a number, by which other processes
/// on the same database notice it.
/// </summary>
internal sealed class ApiKeyTable(Catalogue.Catalogue catalogue)
{
    private const string VersionName = "access-version";
    private const string Columns = "id, hash, owner, scopes, limits, created_at, expires_at, revoked_at, last_used_at";
    private const string ListSql = $"SELECT {Columns} FROM api_keys ORDER BY created_at, id";
    private const string AnySql = "SELECT id FROM api_keys LIMIT 1";
    private const string AddSql =
        $"INSERT INTO api_keys ({Columns}) VALUES (@p0, @p1, @p2, @p3, @p4, @p5, CAST(@p6 AS BIGINT), NULL, NULL)";
    private const string RevokeSql = "UPDATE api_keys SET revoked_at = COALESCE(revoked_at, @p1) WHERE id = @p0";
    private const string UseSql = "UPDATE api_keys SET last_used_at = @p1 WHERE id = @p0 AND (last_used_at IS NULL OR last_used_at < @p1)";
    private const string VersionSql = $"SELECT value FROM shared WHERE name = '{VersionName}'";

    private const string RaiseSql = $"""
        INSERT INTO shared (name, value) VALUES ('{VersionName}', '1')
        ON CONFLICT (name) DO UPDATE SET value = CAST(CAST(shared.value AS BIGINT) + 1 AS TEXT)
        """;

    /// <summary>The number that every change raises.</summary>
    public ValueTask<string> VersionAsync(CancellationToken cancel) =>
        catalogue.ReadAsync(async session => (string?)await session.Statement(VersionSql, []).ExecuteScalarAsync(cancel) ?? "0", cancel);

    /// <summary>Whether there ever was a key.</summary>
    public ValueTask<bool> AnyAsync(CancellationToken cancel) =>
        catalogue.ReadAsync(session => session.AnyAsync(AnySql, [], cancel), cancel);

    /// <summary>All keys, in the order in which they were made.</summary>
    public ValueTask<List<ApiKey>> ListAsync(CancellationToken cancel) => catalogue.ReadAsync(async session =>
    {
        var keys = new List<ApiKey>();
        await using var reader = await session.Statement(ListSql, []).ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
        {
            keys.Add(new(reader.GetString(0), reader.GetString(1), reader.GetString(2), (Scopes)reader.GetInt64(3))
            {
                Limits = new(Read(reader.GetString(4))),
                CreatedAt = Moment(reader.GetInt64(5)),
                ExpiresAt = reader.IsDBNull(6) ? null : Moment(reader.GetInt64(6)),
                RevokedAt = reader.IsDBNull(7) ? null : Moment(reader.GetInt64(7)),
                LastUsedAt = reader.IsDBNull(8) ? null : Moment(reader.GetInt64(8)),
            });
        }

        return keys;
    }, cancel);

    public Task AddAsync(ApiKey key, AuditEntry audit, CancellationToken cancel) =>
        ChangeAsync(
            AddSql,
            [
                key.Id,
                key.Hash,
                key.Owner,
                (long)key.Scopes,
                JsonSerializer.Serialize(Limits(key), AccessJson.Default.DictionaryStringIReadOnlyListString),
                key.CreatedAt.ToUnixTimeMilliseconds(),
                key.ExpiresAt?.ToUnixTimeMilliseconds(),
            ],
            audit,
            key.CreatedAt,
            cancel
        );

    /// <summary>Ends a key; ending it twice keeps the first moment. False where there is none of this id.</summary>
    public Task<bool> RevokeAsync(string id, DateTimeOffset at, AuditEntry audit, CancellationToken cancel) =>
        ChangeAsync(RevokeSql, [id, at.ToUnixTimeMilliseconds()], audit, at, cancel);

    /// <summary>Notes when keys were last used.</summary>
    public Task UsedAsync(IReadOnlyCollection<KeyValuePair<string, DateTimeOffset>> uses, CancellationToken cancel) =>
        catalogue.WriteAsync(
            async (session, transaction) =>
            {
                foreach (var (id, at) in uses)
                    await session.Statement(UseSql, [id, at.ToUnixTimeMilliseconds()], transaction).ExecuteNonQueryAsync(cancel);
                return true;
            },
            cancel
        );

    /// <summary>Tells other processes that something of access has changed.</summary>
    public Task RaiseAsync(AuditEntry audit, DateTimeOffset now, CancellationToken cancel) =>
        catalogue.WriteAsync(
            async (session, transaction) =>
            {
                await session.Statement(RaiseSql, [], transaction).ExecuteNonQueryAsync(cancel);
                await AuditTable.AppendAsync(session, transaction, [audit], now, cancel);
                return true;
            },
            cancel
        );

    /// <summary>Makes a change with its entry of the audit; false, and no entry, where nothing is changed.</summary>
    private Task<bool> ChangeAsync(string sql, object?[] values, AuditEntry audit, DateTimeOffset now, CancellationToken cancel) =>
        catalogue.WriteAsync(
            async (session, transaction) =>
            {
                var changed = await session.Statement(sql, values, transaction).ExecuteNonQueryAsync(cancel) > 0;
                await session.Statement(RaiseSql, [], transaction).ExecuteNonQueryAsync(cancel);
                if (changed)
                    await AuditTable.AppendAsync(session, transaction, [audit], now, cancel);
                return changed;
            },
            cancel
        );

    private static Dictionary<string, IReadOnlyList<string>> Limits(ApiKey key) => key.Limits.Fields.ToDictionary(StringComparer.Ordinal);

    private static Dictionary<string, IReadOnlyList<string>> Read(string json) =>
        JsonSerializer.Deserialize(json, AccessJson.Default.DictionaryStringIReadOnlyListString) ?? [];

    private static DateTimeOffset Moment(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);
}
