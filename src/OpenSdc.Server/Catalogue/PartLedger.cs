using OpenSdc.Contract;

namespace OpenSdc.Server.Catalogue;

/// <summary>
/// Which parts of an upload have come, where the store keeps no list of them itself. A part that is being
/// written, also again, is none that has come: what lies at its place then is of nobody knows which of its
/// senders.
/// </summary>
internal sealed class PartLedger(Catalogue catalogue, TimeProvider clock)
{
    private const string MayPromiseSql = "SELECT 1 FROM uploads WHERE id = @p0 AND (sha256 IS NULL OR sha256 = @p1)";

    private const string LockSql = "UPDATE uploads SET state = state WHERE id = @p0 AND state = 'open' RETURNING id";

    private const string BeginSql = """
        INSERT INTO upload_parts (upload_id, part, size, tag) VALUES (@p0, @p1, -1, @p2)
        ON CONFLICT (upload_id, part) DO UPDATE SET size = -1, tag = excluded.tag
        """;

    private const string FinishSql = "UPDATE upload_parts SET size = @p3 WHERE upload_id = @p0 AND part = @p1 AND tag = @p2 RETURNING part";

    private const string ListSql =
        "SELECT part, size FROM upload_parts WHERE upload_id = @p0 AND size >= 0 AND part >= @p1 AND part < @p2 ORDER BY part";

    private const string ArriveSql = "UPDATE uploads SET state = 'arrived', check_at = @p1, sha256 = COALESCE(@p2, sha256) WHERE id = @p0";

    /// <summary>A part begins to come, and whoever sends the same one is overtaken. False where the upload takes no more.</summary>
    /// <param name="id">The upload.</param>
    /// <param name="part">The number of the part.</param>
    /// <param name="tag">What this sending of it is known by.</param>
    /// <param name="cancel">Gives up.</param>
    public Task<bool> BeginAsync(string id, int part, string tag, CancellationToken cancel) =>
        catalogue.WriteAsync(
            async (session, transaction) =>
            {
                // The row is locked, so that the upload cannot be completed between the question and the answer.
                if (await session.Statement(LockSql, [id], transaction).ExecuteScalarAsync(cancel) is null)
                    return false;
                await session.Statement(BeginSql, [id, (long)part, tag], transaction).ExecuteNonQueryAsync(cancel);
                return true;
            },
            cancel
        );

    /// <summary>The part's bytes are on the disk; false where another sending of it has begun since.</summary>
    public Task<bool> FinishAsync(string id, int part, string tag, long size, CancellationToken cancel) =>
        catalogue.WriteAsync(
            async (session, transaction) =>
                await session.Statement(FinishSql, [id, (long)part, tag, size], transaction).ExecuteScalarAsync(cancel) is not null,
            cancel
        );

    /// <summary>The parts that have come, by number.</summary>
    public ValueTask<List<ReceivedPart>> ListAsync(string id, int from, int count, CancellationToken cancel) =>
        catalogue.ReadAsync(
            async session => await ReadAsync(session.Statement(ListSql, [id, (long)from, (long)from + count]), cancel),
            cancel
        );

    /// <summary>
    /// Says that an upload is complete where it is: from then on none of its parts can be sent again. False
    /// where it is no longer open.
    /// </summary>
    /// <param name="upload">The upload.</param>
    /// <param name="sha256">The SHA-256 that the whole file is promised to have; nothing is done where
    /// another one was promised before. Null where nothing is promised.</param>
    /// <param name="isComplete">Whether these parts are all of it.</param>
    /// <param name="cancel">Gives up.</param>
    public Task<bool> CompleteAsync(
        UploadSession upload,
        string? sha256,
        Func<IReadOnlyList<ReceivedPart>, bool> isComplete,
        CancellationToken cancel
    ) =>
        catalogue.WriteAsync(
            async (session, transaction) =>
            {
                if (await session.Statement(LockSql, [upload.Id], transaction).ExecuteScalarAsync(cancel) is null)
                    return false;
                if (
                    sha256 is not null
                    && await session.Statement(MayPromiseSql, [upload.Id, sha256], transaction).ExecuteScalarAsync(cancel) is null
                )
                    return false;
                if (isComplete(await ReadAsync(session.Statement(ListSql, [upload.Id, 1L, (long)upload.Parts + 1], transaction), cancel)))
                    await session
                        .Statement(ArriveSql, [upload.Id, clock.GetUtcNow().ToUnixTimeMilliseconds(), sha256], transaction)
                        .ExecuteNonQueryAsync(cancel);
                return true;
            },
            cancel
        );

    private static async Task<List<ReceivedPart>> ReadAsync(System.Data.Common.DbCommand command, CancellationToken cancel)
    {
        var parts = new List<ReceivedPart>();
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
            parts.Add(new((int)reader.GetInt64(0), reader.GetInt64(1)));
        return parts;
    }
}
