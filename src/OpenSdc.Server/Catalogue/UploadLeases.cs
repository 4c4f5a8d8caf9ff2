using System.Data.Common;
using OpenSdc.Contract;

namespace OpenSdc.Server.Catalogue;

/// <summary>
/// What several processes that publish at once settle between them: who works on an upload that has arrived
/// (its lease), and which upload alone may put an object under a key (its claim). A claim lasts until its
/// upload has a record or has ended, through any crash; a lease ends by itself.
/// </summary>
internal sealed class UploadLeases(Catalogue catalogue, TimeProvider clock)
{
    /// <summary>
    /// How long an upload belongs to who took it, when nobody renews it. A process that was killed delays its
    /// uploads by as much.
    /// </summary>
    public static readonly TimeSpan LeaseTime = TimeSpan.FromSeconds(15);

    private const string AnyArrivedSql =
        "SELECT id FROM uploads WHERE state = 'arrived' AND check_at <= @p0 AND leased_until <= @p0 LIMIT 1 OFFSET @p1";
    private const string DropClaimSql =
        "DELETE FROM claims WHERE file_path = (SELECT file_path FROM uploads WHERE id = @p0) AND upload_id = @p0";

    private const string EndSql = """
        UPDATE uploads SET state = @p2, seq = @p3, code = @p4, detail = @p5, check_at = @p6, leased_by = NULL, leased_until = 0
        WHERE id = @p0 AND state = 'arrived' AND leased_by = @p1 RETURNING id
        """;

    private const string PutBackSql =
        "UPDATE uploads SET leased_by = NULL, leased_until = 0, check_at = @p2 WHERE id = @p0 AND state = 'arrived' AND leased_by = @p1";

    private const string ReopenSql =
        "UPDATE uploads SET leased_by = NULL, leased_until = 0, state = 'open', check_at = expires_at WHERE id = @p0 AND state = 'arrived' AND leased_by = @p1 RETURNING id";

    private readonly string takeSql = $"""
        UPDATE uploads SET leased_by = @p0, leased_until = @p1 WHERE id IN (
          SELECT id FROM uploads WHERE state = 'arrived' AND check_at <= @p2 AND leased_until <= @p2 ORDER BY check_at LIMIT @p3{catalogue.SkipLocked})
        RETURNING id, file_path, size, sha256, check_at, owner, client, request
        """;

    private long Now => clock.GetUtcNow().ToUnixTimeMilliseconds();

    private long LeaseEnd => (clock.GetUtcNow() + LeaseTime).ToUnixTimeMilliseconds();

    /// <summary>Whether more than so many have arrived that could be taken now.</summary>
    public ValueTask<bool> WaitMoreThanAsync(int many, CancellationToken cancel) =>
        catalogue.ReadAsync(
            async session => await session.Statement(AnyArrivedSql, [Now, (long)many]).ExecuteScalarAsync(cancel) is not null,
            cancel
        );

    /// <summary>
    /// Takes uploads that have arrived and that nobody works on, with the claims to their keys, all in one
    /// transaction. One whose key is another's claim is left for a moment: it is told when that one has its
    /// record.
    /// </summary>
    public async Task<IReadOnlyList<TakenUpload>> TakeAsync(string owner, int most, CancellationToken cancel)
    {
        // Mostly there is nothing, and then nobody has to wait for a turn to write.
        if (!await WaitMoreThanAsync(0, cancel))
            return [];
        return await catalogue.WriteAsync((session, transaction) => TakeAsync(session, transaction, owner, most, cancel), cancel);
    }

    /// <summary>Keeps uploads that take long; those that are not told may have passed to another.</summary>
    public Task<HashSet<string>> RenewAsync(string owner, IReadOnlyCollection<string> ids, CancellationToken cancel) =>
        catalogue.WriteAsync(
            async (session, transaction) =>
            {
                var renewed = new HashSet<string>(StringComparer.Ordinal);
                foreach (var group in SqlBatch.Groups(ids))
                {
                    // One that is being recorded just now is passed over: two that lock the same rows in different
                    // orders would wait for each other.
                    renewed.UnionWith(
                        await UploadLedger.IdsAsync(
                            session.Statement(
                                $"""
                                UPDATE uploads SET leased_until = @p1 WHERE id IN (
                                  SELECT id FROM uploads WHERE leased_by = @p0 AND state = 'arrived' AND id IN ({SqlBatch.List(group.Length, before: 2)}){catalogue.SkipLocked})
                                RETURNING id
                                """,
                                [owner, LeaseEnd, .. group],
                                transaction
                            ),
                            cancel
                        )
                    );
                }

        return renewed;
    }, cancel);

    /// <summary>Gives an upload back, to be tried again after a while.</summary>
    public Task PutBackAsync(Lease lease, TimeSpan wait, CancellationToken cancel) =>
        catalogue.WriteAsync(
            (session, transaction) =>
                session
                    .Statement(PutBackSql, [lease.UploadId, lease.Owner, Now + (long)wait.TotalMilliseconds], transaction)
                    .ExecuteNonQueryAsync(cancel),
            cancel
        );

    /// <summary>The bytes that were said to have arrived are not there: the upload is open again, and its key free for others.</summary>
    public Task ReopenAsync(Lease lease, CancellationToken cancel) => catalogue.WriteAsync(async (session, transaction) =>
    {
        if (await session.Statement(ReopenSql, [lease.UploadId, lease.Owner], transaction).ExecuteScalarAsync(cancel) is not null)
            await session.Statement(DropClaimSql, [lease.UploadId], transaction).ExecuteNonQueryAsync(cancel);
        return true;
    }, cancel);

    /// <summary>
    /// Ends an upload without a record of its own: its bytes are in the archive already, or are refused.
    /// False where it has passed to another.
    /// </summary>
    public Task<bool> EndAsync(Lease lease, long? seq, (string Code, string Detail)? problem, CancellationToken cancel) =>
        catalogue.WriteAsync((session, transaction) => EndAsync(session, transaction, lease, seq, problem, cancel), cancel);

    /// <summary>
    /// For the publisher, inside its transaction and before its first record: those of the leases that are
    /// still held. Their uploads cannot pass to another before the transaction ends.
    /// </summary>
    public static async Task<HashSet<string>> HeldAsync(
        Session session,
        DbTransaction transaction,
        IReadOnlyCollection<Lease> leases,
        CancellationToken cancel
    )
    {
        var held = new HashSet<string>(StringComparer.Ordinal);
        foreach (var owner in leases.GroupBy(lease => lease.Owner, lease => lease.UploadId))
        {
            foreach (var group in SqlBatch.Groups([.. owner.Order(StringComparer.Ordinal)]))
            {
                held.UnionWith(
                    await UploadLedger.IdsAsync(
                        session.Statement(
                            $"UPDATE uploads SET leased_by = leased_by WHERE leased_by = @p0 AND state = 'arrived' AND id IN ({SqlBatch.List(group.Length, before: 1)}) RETURNING id",
                            [owner.Key, .. group],
                            transaction
                        ),
                        cancel
                    )
                );
            }
        }

        return held;
    }

    /// <summary>
    /// For the publisher, inside its transaction and after its last record: these uploads are published, and
    /// their claims are over.
    /// </summary>
    public static async Task PublishedAsync(
        Session session,
        DbTransaction transaction,
        IReadOnlyCollection<(string UploadId, string Key)> uploads,
        DateTimeOffset now,
        CancellationToken cancel
    )
    {
        var forgetAt = (now + UploadLedger.Remembered).ToUnixTimeMilliseconds();
        foreach (var group in SqlBatch.Groups(uploads))
        {
            await session
                .Statement(
                    $"""
                    UPDATE uploads SET state = 'published', seq = (SELECT seq FROM files WHERE files.file_path = uploads.file_path), check_at = @p0, leased_by = NULL, leased_until = 0
                    WHERE id IN ({SqlBatch.List(group.Length, before: 1)})
                    """,
                    [forgetAt, .. group.Select(each => each.UploadId)],
                    transaction
                )
                .ExecuteNonQueryAsync(cancel);
            await session
                .Statement(
                    $"DELETE FROM claims WHERE file_path IN ({SqlBatch.List(group.Length)})",
                    [.. group.Select(each => each.Key)],
                    transaction
                )
                .ExecuteNonQueryAsync(cancel);
        }
    }

    /// <summary>As <see cref="EndAsync(Lease, long?, ValueTuple{string, string}?, CancellationToken)"/>, inside a transaction.</summary>
    public static async Task<bool> EndAsync(
        Session session,
        DbTransaction transaction,
        Lease lease,
        long? seq,
        (string Code, string Detail)? problem,
        DateTimeOffset now,
        CancellationToken cancel
    )
    {
        var ended =
            await session
                .Statement(
                    EndSql,
                    [
                        lease.UploadId,
                        lease.Owner,
                        problem is null ? UploadState.Published : UploadState.Refused,
                        seq,
                        problem?.Code,
                        problem?.Detail,
                        (now + UploadLedger.Remembered).ToUnixTimeMilliseconds(),
                    ],
                    transaction
                )
                .ExecuteScalarAsync(cancel)
            is not null;
        if (ended)
            await session.Statement(DropClaimSql, [lease.UploadId], transaction).ExecuteNonQueryAsync(cancel);
        return ended;
    }

    private Task<bool> EndAsync(
        Session session,
        DbTransaction transaction,
        Lease lease,
        long? seq,
        (string Code, string Detail)? problem,
        CancellationToken cancel
    ) => EndAsync(session, transaction, lease, seq, problem, clock.GetUtcNow(), cancel);

    private async Task<IReadOnlyList<TakenUpload>> TakeAsync(
        Session session,
        DbTransaction transaction,
        string owner,
        int most,
        CancellationToken cancel
    )
    {
        var taken = new List<TakenUpload>();
        var since = new Dictionary<string, long>(StringComparer.Ordinal);
        await using (
            var reader = await session.Statement(takeSql, [owner, LeaseEnd, Now, (long)most], transaction).ExecuteReaderAsync(cancel)
        )
        {
            while (await reader.ReadAsync(cancel))
            {
                taken.Add(
                    new(
                        reader.GetString(0),
                        reader.GetString(1),
                        reader.IsDBNull(2) ? null : reader.GetInt64(2),
                        null,
                        reader.IsDBNull(3) ? null : reader.GetString(3)
                    )
                    {
                        Audit = new()
                        {
                            Action = AuditAction.Upload,
                            Caller = reader.GetString(5),
                            Client = reader.GetString(6),
                            Request = reader.GetString(7),
                            Target = reader.GetString(1),
                            Status = 201,
                        },
                    }
                );
                since[taken[^1].Id] = reader.GetInt64(4);
            }
        }

        // All claim in the same order, so that no two wait for each other; of one key the one whose bytes came first.
        taken.Sort((a, b) => string.CompareOrdinal(a.Key, b.Key) is not 0 and var order ? order : since[a.Id].CompareTo(since[b.Id]));
        var claims = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var group in SqlBatch.Groups(taken))
        {
            object[] values = [.. group.SelectMany(each => (string[])[each.Key, each.Id])];
            object[] keys = [.. group.Select(each => each.Key)];
            await session
                .Statement(
                    $"INSERT INTO claims (file_path, upload_id) VALUES {SqlBatch.Rows(group.Length, ["{0}", "{0}"])} ON CONFLICT DO NOTHING",
                    values,
                    transaction
                )
                .ExecuteNonQueryAsync(cancel);
            await using (
                var reader = await session
                    .Statement(
                        $"SELECT file_path, upload_id FROM claims WHERE file_path IN ({SqlBatch.List(group.Length)})",
                        keys,
                        transaction
                    )
                    .ExecuteReaderAsync(cancel)
            )
            {
                while (await reader.ReadAsync(cancel))
                    claims[reader.GetString(0)] = reader.GetString(1);
            }
        }

        // After the claims: who had one and let go of it has left its record.
        var records = await Receipts.OfAsync(session, transaction, [.. taken.Select(each => each.Key)], cancel);
        var mine = taken.ToLookup(each => claims.GetValueOrDefault(each.Key) == each.Id || records.ContainsKey(each.Key));
        foreach (var group in SqlBatch.Groups([.. mine[false].Select(each => each.Id)]))
        {
            await session
                .Statement(
                    $"UPDATE uploads SET leased_by = NULL, leased_until = 0, check_at = @p0 WHERE id IN ({SqlBatch.List(group.Length, before: 1)})",
                    [Now + 500, .. group],
                    transaction
                )
                .ExecuteNonQueryAsync(cancel);
        }

        return
        [
            .. mine[true].Select(each => each with
            {
                Recorded = records.GetValueOrDefault(each.Key),
                HasClaim = claims.GetValueOrDefault(each.Key) == each.Id,
            }),
        ];
    }
}
