using System.Data.Common;
using OpenSdc.Contract;

namespace OpenSdc.Server.Catalogue;

/// <summary>
/// Uploads that travel past the server or in parts: asked for, arrived, ended, forgotten. Who works on one that has arrived is for <see cref="UploadLeases"/>.
/// </summary>
internal sealed class UploadLedger(Catalogue catalogue, TimeProvider clock)
{
    /// <summary>How long one that has ended can still be asked about.</summary>
    public static readonly TimeSpan Remembered = TimeSpan.FromDays(1);

    private const string Columns = "id, file_path, state, expires_at, size, part_size, store_id, code, detail";
    private const string FindSql = $"SELECT {Columns} FROM uploads WHERE id = @p0";
    private const string CountArrivedSql = "SELECT count(*) FROM uploads WHERE state = 'arrived'";
    private const string ExpireSql = "UPDATE uploads SET state = 'expired', check_at = @p1 WHERE state = 'open' AND check_at <= @p0";

    private const string OpenInPartsSql = """
        INSERT INTO uploads (id, file_path, state, created_at, expires_at, check_at, size, part_size, store_id)
        SELECT column1, column2, 'open', column3, column4, column4, column5, column6, column7 FROM (VALUES (@p0, @p1, CAST(@p2 AS BIGINT), CAST(@p3 AS BIGINT), CAST(@p4 AS BIGINT), CAST(@p5 AS BIGINT), @p6)) AS asked
        WHERE NOT EXISTS (SELECT 1 FROM files WHERE file_path = column2) ON CONFLICT DO NOTHING RETURNING id
        """;

    private const string AbortSql = "UPDATE uploads SET state = 'aborted', check_at = @p1 WHERE id = @p0 AND state = 'open' RETURNING id";

    private const string ToForgetSql =
        $"SELECT {Columns} FROM uploads WHERE state IN ('published', 'refused', 'aborted', 'expired') AND check_at <= @p0 ORDER BY check_at LIMIT 500";

    private long Now => clock.GetUtcNow().ToUnixTimeMilliseconds();

    private long ForgetAt => (clock.GetUtcNow() + Remembered).ToUnixTimeMilliseconds();

    /// <summary>Records uploads that are asked for, all in one transaction. Durable when it returns.</summary>
    /// <returns>Those that are recorded; the keys of the others have a file already.</returns>
    public Task<HashSet<string>> OpenAsync(IReadOnlyList<RecordedUpload> uploads, CancellationToken cancel) => catalogue.WriteAsync(async (session, transaction) =>
    {
        var opened = new HashSet<string>(StringComparer.Ordinal);
        foreach (var group in Several.Groups(uploads))
        {
            object[] values = [Now, .. group.SelectMany(each => (object[])[each.Id, each.Key, each.ExpiresAt.ToUnixTimeMilliseconds()])];
            opened.UnionWith(await IdsAsync(session.Statement(
                $"""
                INSERT INTO uploads (id, file_path, state, created_at, expires_at, check_at)
                SELECT column1, column2, 'open', @p0, column3, column3 FROM (VALUES {Several.Rows(group.Length, ["{0}", "{0}", "CAST({0} AS BIGINT)"], before: 1)}) AS asked
                WHERE NOT EXISTS (SELECT 1 FROM files WHERE file_path = column2) ON CONFLICT DO NOTHING RETURNING id
                """,
                values, transaction), cancel));
        }

        return opened;
    }, cancel);

    /// <summary>Records an upload in parts; false where its key has a file already.</summary>
    public Task<bool> OpenInPartsAsync(RecordedUpload upload, CancellationToken cancel) => catalogue.WriteAsync(async (session, transaction) =>
        await session.Statement(
            OpenInPartsSql,
            [upload.Id, upload.Key, Now, upload.ExpiresAt.ToUnixTimeMilliseconds(), upload.Size, upload.PartSize, upload.StoreId],
            transaction).ExecuteScalarAsync(cancel) is not null, cancel);

    /// <summary>One upload, or null.</summary>
    public ValueTask<RecordedUpload?> FindAsync(string id, CancellationToken cancel) =>
        catalogue.ReadAsync(async session => await ReadAsync(session.Statement(FindSql, [id]), cancel) is [var upload] ? upload : null, cancel);

    /// <summary>How far these uploads are, by their ids; of those that nobody knows nothing is told.</summary>
    public ValueTask<Dictionary<string, string>> StatesAsync(IReadOnlyCollection<string> ids, CancellationToken cancel) => catalogue.ReadAsync(async session =>
    {
        var states = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var group in Several.Groups(ids))
        {
            await using var reader = await session.Statement($"SELECT id, state FROM uploads WHERE id IN ({Several.List(group.Length)})", group).ExecuteReaderAsync(cancel);
            while (await reader.ReadAsync(cancel))
                states[reader.GetString(0)] = reader.GetString(1);
        }

        return states;
    }, cancel);

    /// <summary>
    /// Says that the bytes of these uploads are in the store. What is said twice, or of an upload that has ended, changes nothing; one that came after its
    /// time is taken all the same, since its sender has been told that it is there.
    /// </summary>
    /// <returns>Those of which it was not known.</returns>
    public Task<HashSet<string>> ArriveAsync(IReadOnlyCollection<string> ids, CancellationToken cancel) => catalogue.WriteAsync(async (session, transaction) =>
    {
        var arrived = new HashSet<string>(StringComparer.Ordinal);
        foreach (var group in Several.Groups(ids))
        {
            arrived.UnionWith(await IdsAsync(session.Statement(
                $"UPDATE uploads SET state = 'arrived', check_at = @p0 WHERE state IN ('open', 'expired') AND id IN ({Several.List(group.Length, before: 1)}) RETURNING id",
                [Now, .. group], transaction), cancel));
        }

        return arrived;
    }, cancel);

    /// <summary>How many have arrived and wait for their end.</summary>
    public ValueTask<long> CountArrivedAsync(CancellationToken cancel) => catalogue.ReadAsync(async session =>
        Convert.ToInt64(await session.Statement(CountArrivedSql, []).ExecuteScalarAsync(cancel), System.Globalization.CultureInfo.InvariantCulture), cancel);

    /// <summary>Its sender gives it up; false where it is no longer open.</summary>
    public Task<bool> AbortAsync(string id, CancellationToken cancel) => catalogue.WriteAsync(async (session, transaction) =>
        await session.Statement(AbortSql, [id, ForgetAt], transaction).ExecuteScalarAsync(cancel) is not null, cancel);

    /// <summary>Ends those that stayed open until their time was over.</summary>
    public Task<int> ExpireAsync(CancellationToken cancel) => catalogue.WriteAsync((session, transaction) =>
        session.Statement(ExpireSql, [Now, ForgetAt], transaction).ExecuteNonQueryAsync(cancel), cancel);

    /// <summary>Uploads whose end is so long ago that nobody asks any more.</summary>
    public ValueTask<List<RecordedUpload>> ToForgetAsync(CancellationToken cancel) =>
        catalogue.ReadAsync(async session => await ReadAsync(session.Statement(ToForgetSql, [Now]), cancel), cancel);

    /// <summary>Forgets uploads, with what is known of their parts.</summary>
    public Task ForgetAsync(IReadOnlyCollection<string> ids, CancellationToken cancel) => catalogue.WriteAsync(async (session, transaction) =>
    {
        foreach (var group in Several.Groups(ids))
        {
            await session.Statement($"DELETE FROM upload_parts WHERE upload_id IN ({Several.List(group.Length)})", group, transaction).ExecuteNonQueryAsync(cancel);
            await session.Statement($"DELETE FROM uploads WHERE id IN ({Several.List(group.Length)})", group, transaction).ExecuteNonQueryAsync(cancel);
        }

        return true;
    }, cancel);

    internal static async Task<List<string>> IdsAsync(DbCommand command, CancellationToken cancel)
    {
        var ids = new List<string>();
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
            ids.Add(reader.GetString(0));
        return ids;
    }

    private static async ValueTask<List<RecordedUpload>> ReadAsync(DbCommand command, CancellationToken cancel)
    {
        var uploads = new List<RecordedUpload>();
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
        {
            uploads.Add(new(reader.GetString(0), reader.GetString(1), reader.GetString(2), DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(3)))
            {
                Size = reader.IsDBNull(4) ? null : reader.GetInt64(4),
                PartSize = reader.IsDBNull(5) ? null : reader.GetInt64(5),
                StoreId = reader.IsDBNull(6) ? null : reader.GetString(6),
                Problem = reader.IsDBNull(7) ? null : (reader.GetString(7), reader.GetString(8)),
            });
        }

        return uploads;
    }
}
