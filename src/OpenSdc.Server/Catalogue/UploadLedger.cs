using System.Data.Common;
using OpenSdc.Contract;

namespace OpenSdc.Server.Catalogue;

/// <summary>
/// Direct and multipart uploads: asked for, arrived, ended, forgotten. Who works on one that has arrived is for <see cref="UploadLeases"/>.
/// </summary>
internal sealed class UploadLedger(Catalogue catalogue, TimeProvider clock)
{
    /// <summary>How long one that has ended can still be asked about.</summary>
    public static readonly TimeSpan Remembered = TimeSpan.FromDays(1);

    private const string Columns = "id, file_path, state, expires_at, size, part_size, store_id, code, detail, created_at, sha256, owner";
    private const string FindSql = $"SELECT {Columns} FROM uploads WHERE id = @p0";
    private const string CountArrivedSql = "SELECT count(*) FROM uploads WHERE state = 'arrived'";
    private const string ExpireSql = "UPDATE uploads SET state = 'expired', check_at = @p1 WHERE state = 'open' AND check_at <= @p0";

    // Both are older than that: a sender who is nearly done still gets the receipt for the same bytes, or the conflict for others.
    private const string EndOpenSql = """
        UPDATE uploads SET state = 'refused', code = @p1, detail = @p2, check_at = @p3
        WHERE state = 'open' AND part_size IS NOT NULL AND created_at <= @p4 AND EXISTS (
          SELECT 1 FROM files WHERE files.file_path = uploads.file_path AND ingestion_date <= @p0
          AND NOT EXISTS (SELECT 1 FROM corrupt_or_missing WHERE corrupt_or_missing.seq = files.seq))
        """;

    // A file whose object is lost or damaged may be sent again.
    private const string SoundFileSql =
        "SELECT 1 FROM files WHERE file_path = column2 AND NOT EXISTS (SELECT 1 FROM corrupt_or_missing WHERE corrupt_or_missing.seq = files.seq)";

    private const string OpenInPartsSql = $"""
        INSERT INTO uploads (id, file_path, state, created_at, expires_at, check_at, size, part_size, store_id, sha256, owner, client, request)
        SELECT column1, column2, 'open', column3, column4, column4, column5, column6, column7, column8, column9, column10, column11
        FROM (VALUES (@p0, @p1, CAST(@p2 AS BIGINT), CAST(@p3 AS BIGINT), CAST(@p4 AS BIGINT), CAST(@p5 AS BIGINT), @p6, CAST(@p7 AS TEXT), @p8, @p9, @p10)) AS asked
        WHERE NOT EXISTS ({SoundFileSql}) ON CONFLICT DO NOTHING RETURNING id
        """;

    // Whoever begins an upload in parts waits here for the one before, so that no two count the same open ones.
    private const string TakeTurnSql =
        "INSERT INTO shared (name, value) VALUES ('open-uploads', '') ON CONFLICT (name) DO UPDATE SET value = excluded.value";

    private const string CountOpenSql =
        "SELECT count(CASE WHEN file_path = @p0 THEN 1 END), count(CASE WHEN owner = @p1 AND (@p2 = '' OR client = @p2) THEN 1 END), count(*) FROM uploads WHERE state = 'open' AND part_size IS NOT NULL";

    private const string ListOpenSql =
        $"SELECT {Columns} FROM uploads WHERE state = 'open' AND (created_at, id) > (@p0, @p1) AND (@p3 = '' OR owner = @p3) AND (@p4 = '' OR client = @p4) ORDER BY created_at, id LIMIT @p2";

    // The promise may be repeated, and never changed.
    private const string PromiseSql =
        "UPDATE uploads SET sha256 = @p1 WHERE id = @p0 AND state = 'open' AND (sha256 IS NULL OR sha256 = @p1) RETURNING id";

    private const string AbortSql = "UPDATE uploads SET state = 'aborted', check_at = @p1 WHERE id = @p0 AND state = 'open' RETURNING id";

    private const string ToForgetSql =
        $"SELECT {Columns} FROM uploads WHERE state IN ('published', 'refused', 'aborted', 'expired') AND check_at <= @p0 ORDER BY check_at LIMIT 500";

    private long Now => clock.GetUtcNow().ToUnixTimeMilliseconds();

    private long ForgetAt => (clock.GetUtcNow() + Remembered).ToUnixTimeMilliseconds();

    /// <summary>Records uploads that are asked for, all in one transaction. Durable when it returns.</summary>
    /// <returns>Those that are recorded; the keys of the others have a sound file already.</returns>
    public Task<HashSet<string>> OpenAsync(IReadOnlyList<UploadSession> uploads, CancellationToken cancel) =>
        catalogue.WriteAsync(
            async (session, transaction) =>
            {
                var opened = new HashSet<string>(StringComparer.Ordinal);
                foreach (var group in SqlBatch.Groups(uploads))
                {
                    object[] values =
                    [
                        Now,
                        .. group.SelectMany(each =>
                            (object[])[each.Id, each.Key, each.ExpiresAt.ToUnixTimeMilliseconds(), each.Owner, each.Client, each.Request]
                        ),
                    ];
                    opened.UnionWith(
                        await IdsAsync(
                            session.Statement(
                                $"""
                                INSERT INTO uploads (id, file_path, state, created_at, expires_at, check_at, owner, client, request)
                                SELECT column1, column2, 'open', @p0, column3, column3, column4, column5, column6
                                FROM (VALUES {SqlBatch.Rows(group.Length, ["{0}", "{0}", "CAST({0} AS BIGINT)", "{0}", "{0}", "{0}"], before: 1)}) AS asked
                                WHERE NOT EXISTS ({SoundFileSql}) ON CONFLICT DO NOTHING RETURNING id
                                """,
                                values,
                                transaction
                            ),
                            cancel
                        )
                    );
                }

        return opened;
    }, cancel);

    /// <summary>Records an upload in parts, where neither its key has a sound file already nor too many are open.</summary>
    public Task<OpenOutcome> OpenInPartsAsync(UploadSession upload, OpenBy by, OpenLimits limits, CancellationToken cancel) =>
        catalogue.WriteAsync(
            async (session, transaction) =>
            {
                await session.Statement(TakeTurnSql, [], transaction).ExecuteNonQueryAsync(cancel);
                if (
                    await CheckAsync(session.Statement(CountOpenSql, [upload.Key, by.Owner, by.Client], transaction), limits, cancel)
                    is not OpenOutcome.Opened
                        and var tooMany
                )
                    return tooMany;
                object?[] values =
                [
                    upload.Id,
                    upload.Key,
                    Now,
                    upload.ExpiresAt.ToUnixTimeMilliseconds(),
                    upload.Size,
                    upload.PartSize,
                    upload.StoreId,
                    upload.Sha256,
                    upload.Owner,
                    upload.Client,
                    upload.Request,
                ];
                return await session.Statement(OpenInPartsSql, values, transaction).ExecuteScalarAsync(cancel) is null
                    ? OpenOutcome.Exists
                    : OpenOutcome.Opened;
            },
            cancel
        );

    /// <summary>Whether one more upload in parts of this key may be opened, as far as the open ones say.</summary>
    public ValueTask<OpenOutcome> MayOpenAsync(string key, OpenBy by, OpenLimits limits, CancellationToken cancel) =>
        catalogue.ReadAsync(
            async session => await CheckAsync(session.Statement(CountOpenSql, [key, by.Owner, by.Client]), limits, cancel),
            cancel
        );

    /// <summary>
    /// Some of the open uploads in the order in which they were asked for, after the one that this moment
    /// (Unix milliseconds) and id name: those of one caller, or all.
    /// </summary>
    public ValueTask<List<UploadSession>> ListOpenAsync(
        long afterCreated,
        string afterId,
        int most,
        OpenBy? by,
        CancellationToken cancel
    ) =>
        catalogue.ReadAsync(
            async session =>
                await ReadAsync(
                    session.Statement(ListOpenSql, [afterCreated, afterId, (long)most, by?.Owner ?? "", by?.Client ?? ""]),
                    cancel
                ),
            cancel
        );

    /// <summary>
    /// Records the SHA-256 that the whole file is promised to have; false where another one was promised
    /// before, or the upload is no longer open.
    /// </summary>
    public Task<bool> PromiseAsync(string id, string sha256, CancellationToken cancel) =>
        catalogue.WriteAsync(
            async (session, transaction) =>
                await session.Statement(PromiseSql, [id, sha256], transaction).ExecuteScalarAsync(cancel) is not null,
            cancel
        );

    /// <summary>One upload, or null.</summary>
    public ValueTask<UploadSession?> FindAsync(string id, CancellationToken cancel) =>
        catalogue.ReadAsync(
            async session => await ReadAsync(session.Statement(FindSql, [id]), cancel) is [var upload] ? upload : null,
            cancel
        );

    /// <summary>How far these uploads are, by their ids; of those that nobody knows nothing is told.</summary>
    public ValueTask<Dictionary<string, string>> StatesAsync(IReadOnlyCollection<string> ids, CancellationToken cancel) =>
        catalogue.ReadAsync(
            async session =>
            {
                var states = new Dictionary<string, string>(StringComparer.Ordinal);
                foreach (var group in SqlBatch.Groups(ids))
                {
                    await using var reader = await session
                        .Statement($"SELECT id, state FROM uploads WHERE id IN ({SqlBatch.List(group.Length)})", group)
                        .ExecuteReaderAsync(cancel);
                    while (await reader.ReadAsync(cancel))
                        states[reader.GetString(0)] = reader.GetString(1);
                }

        return states;
    }, cancel);

    /// <summary>
    /// Says that the bytes of these uploads are in the store. What is said twice, or of an upload that has
    /// ended, changes nothing; one that came after its time is taken all the same, since its sender has been
    /// told that it is there.
    /// </summary>
    /// <param name="uploads">Each with the moment when its last byte came, as far as that is known: of two of one key
    /// that wait, the earlier one is published.</param>
    /// <param name="cancel">Gives up.</param>
    /// <returns>Those of which it was not known.</returns>
    public Task<HashSet<string>> ArriveAsync(IReadOnlyCollection<(string Id, DateTimeOffset? At)> uploads, CancellationToken cancel) =>
        catalogue.WriteAsync(
            async (session, transaction) =>
            {
                var arrived = new HashSet<string>(StringComparer.Ordinal);
                foreach (var group in SqlBatch.Groups(uploads))
                {
                    arrived.UnionWith(
                        await IdsAsync(
                            session.Statement(
                                $"""
                                UPDATE uploads SET state = 'arrived', check_at = column2 FROM (VALUES {SqlBatch.Rows(group.Length, ["{0}", "CAST({0} AS BIGINT)"])}) AS told
                                WHERE state IN ('open', 'expired') AND id = column1 RETURNING id
                                """,
                                [
                                    .. group.SelectMany(each =>
                                        (object[])[each.Id, Math.Min(each.At?.ToUnixTimeMilliseconds() ?? long.MaxValue, Now)]
                                    ),
                                ],
                                transaction
                            ),
                            cancel
                        )
                    );
                }

        return arrived;
    }, cancel);

    /// <summary>How many have arrived and wait for their end.</summary>
    public ValueTask<long> CountArrivedAsync(CancellationToken cancel) =>
        catalogue.ReadAsync(
            async session =>
                Convert.ToInt64(
                    await session.Statement(CountArrivedSql, []).ExecuteScalarAsync(cancel),
                    System.Globalization.CultureInfo.InvariantCulture
                ),
            cancel
        );

    /// <summary>Its sender gives it up; false where it is no longer open.</summary>
    public Task<bool> AbortAsync(string id, CancellationToken cancel) => catalogue.WriteAsync(async (session, transaction) =>
        await session.Statement(AbortSql, [id, ForgetAt], transaction).ExecuteScalarAsync(cancel) is not null, cancel);

    /// <summary>Ends those that stayed open until their time was over.</summary>
    public Task<int> ExpireAsync(CancellationToken cancel) => catalogue.WriteAsync((session, transaction) =>
        session.Statement(ExpireSql, [Now, ForgetAt], transaction).ExecuteNonQueryAsync(cancel), cancel);

    /// <summary>
    /// Ends the multipart uploads that stay open although their key has had a sound file for a while: their parts
    /// take up room, and nobody can make another file of them.
    /// </summary>
    /// <param name="before">Both the file and the upload are older than this moment.</param>
    /// <param name="problem">What their senders are told.</param>
    /// <param name="cancel">Gives up.</param>
    public Task<int> EndPublishedAsync(DateTimeOffset before, (string Code, string Detail) problem, CancellationToken cancel) =>
        catalogue.WriteAsync(
            (session, transaction) =>
                session
                    .Statement(
                        EndOpenSql,
                        [Catalogue.Text(before), problem.Code, problem.Detail, ForgetAt, before.ToUnixTimeMilliseconds()],
                        transaction
                    )
                    .ExecuteNonQueryAsync(cancel),
            cancel
        );

    /// <summary>Uploads whose end is so long ago that nobody asks any more.</summary>
    public ValueTask<List<UploadSession>> ToForgetAsync(CancellationToken cancel) =>
        catalogue.ReadAsync(async session => await ReadAsync(session.Statement(ToForgetSql, [Now]), cancel), cancel);

    /// <summary>Forgets uploads, with what is known of their parts.</summary>
    public Task ForgetAsync(IReadOnlyCollection<string> ids, CancellationToken cancel) =>
        catalogue.WriteAsync(
            async (session, transaction) =>
            {
                foreach (var group in SqlBatch.Groups(ids))
                {
                    await session
                        .Statement($"DELETE FROM upload_parts WHERE upload_id IN ({SqlBatch.List(group.Length)})", group, transaction)
                        .ExecuteNonQueryAsync(cancel);
                    await session
                        .Statement($"DELETE FROM uploads WHERE id IN ({SqlBatch.List(group.Length)})", group, transaction)
                        .ExecuteNonQueryAsync(cancel);
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

    private static async ValueTask<OpenOutcome> CheckAsync(DbCommand count, OpenLimits limits, CancellationToken cancel)
    {
        await using var reader = await count.ExecuteReaderAsync(cancel);
        await reader.ReadAsync(cancel);
        return limits.Check(reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2));
    }

    private static async ValueTask<List<UploadSession>> ReadAsync(DbCommand command, CancellationToken cancel)
    {
        var uploads = new List<UploadSession>();
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
        {
            uploads.Add(
                new(
                    reader.GetString(0),
                    reader.GetString(1),
                    reader.GetString(2),
                    DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(3))
                )
                {
                    Size = reader.IsDBNull(4) ? null : reader.GetInt64(4),
                    PartSize = reader.IsDBNull(5) ? null : reader.GetInt64(5),
                    StoreId = reader.IsDBNull(6) ? null : reader.GetString(6),
                    Problem = reader.IsDBNull(7) ? null : (reader.GetString(7), reader.GetString(8)),
                    CreatedAt = DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(9)),
                    Sha256 = reader.IsDBNull(10) ? null : reader.GetString(10),
                    Owner = reader.GetString(11),
                }
            );
        }

        return uploads;
    }
}
