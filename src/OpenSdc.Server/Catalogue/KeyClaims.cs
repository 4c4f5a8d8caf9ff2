using System.Collections.Concurrent;
using System.Data.Common;
using OpenSdc.Contract;

namespace OpenSdc.Server.Catalogue;

/// <summary>A key, and the upload that may place an object there.</summary>
internal readonly record struct KeyClaim(string Key, string UploadId);

/// <summary>What became of the wish for a claim.</summary>
/// <param name="IsTaken">The claim is this upload's.</param>
/// <param name="Receipt">The record that the key has: then no claim was taken. Null where there is none, or
/// where the claim was wanted for an object to be replaced.</param>
internal readonly record struct ClaimResult(bool IsTaken, UploadReceipt? Receipt);

/// <summary>
/// Claims to keys, for uploads that pass through the server into a store that several processes share: one
/// upload at a time places an object at a key. A claim is taken when the bytes are verified and before the
/// last of them are sent, and ends with the record. This process renews its claims; one that nobody renews
/// can be taken by another upload.
/// </summary>
/// <remarks>
/// A claim does not prove that its holder is alone: a process that stood still may go on under a claim that
/// it has lost. Therefore the store is asked with a condition, and recording asks whether the claim is still
/// held. Times are those of each process's own clock, which must agree to a second or two.
/// </remarks>
internal sealed class KeyClaims(Catalogue catalogue, TimeProvider clock)
{
    /// <summary>How long a claim lasts that nobody renews. A process that was killed blocks its keys for as long.</summary>
    public static readonly TimeSpan LeaseTime = TimeSpan.FromSeconds(15);

    // Those of recorded uploads end with those.
    private const long Forever = long.MaxValue;

    private static readonly TimeSpan RenewBefore = LeaseTime * 2 / 3;

    private readonly ConcurrentDictionary<KeyClaim, DateTimeOffset> held = new();

    private long Now => clock.GetUtcNow().ToUnixTimeMilliseconds();

    private long LeaseEnd => (clock.GetUtcNow() + LeaseTime).ToUnixTimeMilliseconds();

    /// <summary>
    /// Takes claims, all in one transaction; none of a key that has a record. A claim that is the upload's
    /// already is taken again.
    /// </summary>
    /// <returns>One result for each, in order.</returns>
    public async Task<ClaimResult[]> TakeAsync(IReadOnlyList<KeyClaim> wanted, CancellationToken cancel)
    {
        var until = clock.GetUtcNow() + LeaseTime;
        var results = await catalogue.WriteAsync((session, transaction) => TakeAsync(session, transaction, wanted, cancel), cancel);
        for (var i = 0; i < results.Length; i++)
        {
            if (results[i].IsTaken)
                held[wanted[i]] = until;
        }

        return results;
    }

    /// <summary>Takes the claim to a key that has a record, whose object is to be replaced; false while another upload has it.</summary>
    public async Task<bool> TakeRecordedAsync(KeyClaim wanted, CancellationToken cancel)
    {
        var until = clock.GetUtcNow() + LeaseTime;
        var isTaken = await catalogue.WriteAsync(
            async (session, transaction) =>
                (await InsertAsync(session, transaction, [wanted], cancel)).GetValueOrDefault(wanted.Key) == wanted.UploadId,
            cancel
        );
        if (isTaken)
            held[wanted] = until;
        return isTaken;
    }

    /// <summary>Ends a claim without a record. One that is not held any more is no fault.</summary>
    public async Task DropAsync(KeyClaim claim, CancellationToken cancel)
    {
        Forget(claim);
        await catalogue.WriteAsync(async (session, transaction) =>
        {
            await DropAsync(session, transaction, [claim], cancel);
            return true;
        }, cancel);
    }

    /// <summary>Lets others take a claim at once, whose upload has failed; whether its object is at the key may still show.</summary>
    public Task AbandonAsync(KeyClaim claim, CancellationToken cancel)
    {
        Forget(claim);
        return ExpireAsync([claim], cancel);
    }

    /// <summary>Renews a claim no more: it ended with a record, or ends by itself.</summary>
    public void Forget(KeyClaim claim) => held.TryRemove(claim, out _);

    /// <summary>Renews those of this process that need it. Most end long before.</summary>
    public async Task RenewAsync(CancellationToken cancel)
    {
        var now = clock.GetUtcNow();
        var due = held.Where(each => each.Value - now < RenewBefore).Select(each => each.Key).ToList();
        if (due.Count == 0)
            return;
        var renewed = await catalogue.WriteAsync(
            async (session, transaction) =>
            {
                var rows = new HashSet<KeyClaim>();
                foreach (var group in SqlBatch.Groups(due))
                {
                    rows.UnionWith(
                        await ReadAsync(
                            session.Statement(
                                $"UPDATE claims SET leased_until = @p0 WHERE file_path IN ({SqlBatch.List(group.Length, 1)}) AND upload_id IN ({SqlBatch.List(group.Length, 1 + group.Length)}) RETURNING file_path, upload_id",
                                [LeaseEnd, .. group.Select(each => each.Key), .. group.Select(each => each.UploadId)],
                                transaction
                            ),
                            cancel
                        )
                    );
                }

            return rows;
        }, cancel);
        foreach (var each in due)
        {
            // One that was lost is noticed when it is recorded; one that was forgotten meanwhile stays so.
            if (renewed.Contains(each))
                held.TryUpdate(each, now + LeaseTime, held.GetValueOrDefault(each));
        }
    }

    /// <summary>Some claims whose time has been over for as long again: a store is done with whatever their uploads sent.</summary>
    public ValueTask<List<KeyClaim>> ExpiredAsync(int most, CancellationToken cancel) =>
        catalogue.ReadAsync(
            async session =>
                await ReadAsync(
                    session.Statement(
                        "SELECT file_path, upload_id FROM claims WHERE leased_until <= @p0 ORDER BY leased_until LIMIT @p1",
                        [Now - (long)LeaseTime.TotalMilliseconds, (long)most]
                    ),
                    cancel
                ),
            cancel
        );

    /// <summary>The claims of uploads through the server, whether renewed or not.</summary>
    public ValueTask<List<KeyClaim>> AllAsync(CancellationToken cancel) => catalogue.ReadAsync(async session =>
        await ReadAsync(session.Statement("SELECT file_path, upload_id FROM claims WHERE leased_until < @p0", [Forever]), cancel), cancel);

    /// <summary>Ends the time of claims whose processes are known to have died.</summary>
    public Task ExpireAsync(IReadOnlyCollection<KeyClaim> dead, CancellationToken cancel) =>
        catalogue.WriteAsync(
            async (session, transaction) =>
            {
                foreach (var group in SqlBatch.Groups(dead))
                {
                    await session
                        .Statement(
                            $"UPDATE claims SET leased_until = @p0 WHERE file_path IN ({SqlBatch.List(group.Length, 1)}) AND upload_id IN ({SqlBatch.List(group.Length, 1 + group.Length)})",
                            [Now, .. group.Select(each => each.Key), .. group.Select(each => each.UploadId)],
                            transaction
                        )
                        .ExecuteNonQueryAsync(cancel);
                }

        return true;
    }, cancel);

    /// <summary>Whether any upload has the claim to a key.</summary>
    public ValueTask<bool> IsClaimedAsync(string key, CancellationToken cancel) =>
        catalogue.ReadAsync(session => session.AnyAsync("SELECT upload_id FROM claims WHERE file_path = @p0", [key], cancel), cancel);

    /// <summary>
    /// For the publisher, inside its transaction and before its first record: those of the claims that are
    /// still held. They cannot pass to another before the transaction ends.
    /// </summary>
    public static async Task<HashSet<KeyClaim>> HeldAsync(
        Session session,
        DbTransaction transaction,
        IReadOnlyCollection<KeyClaim> claims,
        CancellationToken cancel
    )
    {
        var still = new HashSet<KeyClaim>();
        foreach (var group in SqlBatch.Groups([.. claims.OrderBy(each => each.Key, StringComparer.Ordinal)]))
        {
            still.UnionWith(
                await ReadAsync(
                    session.Statement(
                        $"UPDATE claims SET upload_id = upload_id WHERE file_path IN ({SqlBatch.List(group.Length)}) AND upload_id IN ({SqlBatch.List(group.Length, group.Length)}) RETURNING file_path, upload_id",
                        [.. group.Select(each => each.Key), .. group.Select(each => each.UploadId)],
                        transaction
                    ),
                    cancel
                )
            );
        }

        still.IntersectWith(claims);
        return still;
    }

    /// <summary>Ends claims, inside a transaction.</summary>
    public static async Task DropAsync(
        Session session,
        DbTransaction transaction,
        IReadOnlyCollection<KeyClaim> claims,
        CancellationToken cancel
    )
    {
        foreach (var group in SqlBatch.Groups(claims))
        {
            await session
                .Statement(
                    $"DELETE FROM claims WHERE file_path IN ({SqlBatch.List(group.Length)}) AND upload_id IN ({SqlBatch.List(group.Length, group.Length)})",
                    [.. group.Select(each => each.Key), .. group.Select(each => each.UploadId)],
                    transaction
                )
                .ExecuteNonQueryAsync(cancel);
        }
    }

    private async Task<ClaimResult[]> TakeAsync(
        Session session,
        DbTransaction transaction,
        IReadOnlyList<KeyClaim> wanted,
        CancellationToken cancel
    )
    {
        var owners = await InsertAsync(session, transaction, wanted, cancel);
        // After the claims: who had one and let go of it has left its record.
        var records = await Receipts.OfAsync(session, transaction, [.. wanted.Select(each => each.Key)], cancel);
        await DropAsync(session, transaction, [.. wanted.Where(each => records.ContainsKey(each.Key))], cancel);
        return
        [
            .. wanted.Select(each =>
                records.TryGetValue(each.Key, out var receipt)
                    ? new ClaimResult(false, receipt)
                    : new ClaimResult(owners.GetValueOrDefault(each.Key) == each.UploadId, null)
            ),
        ];
    }

    /// <summary>
    /// Inserts claims where there is none that lasts, and gives the upload that has each key's; none where
    /// another's has just ended.
    /// </summary>
    private async Task<Dictionary<string, string>> InsertAsync(
        Session session,
        DbTransaction transaction,
        IReadOnlyList<KeyClaim> wanted,
        CancellationToken cancel
    )
    {
        var owners = new Dictionary<string, string>(StringComparer.Ordinal);
        // All claim in the same order, so that no two wait for each other.
        foreach (var group in SqlBatch.Groups([.. wanted.OrderBy(each => each.Key, StringComparer.Ordinal)]))
        {
            object[] keys = [.. group.Select(each => each.Key)];
            await session
                .Statement(
                    $"DELETE FROM claims WHERE leased_until <= @p0 AND file_path IN ({SqlBatch.List(group.Length, 1)})",
                    [Now, .. keys],
                    transaction
                )
                .ExecuteNonQueryAsync(cancel);
            await session
                .Statement(
                    $"INSERT INTO claims (file_path, upload_id, leased_until) VALUES {SqlBatch.Rows(group.Length, ["{0}", "{0}, @p0"], 1)} ON CONFLICT DO NOTHING",
                    [LeaseEnd, .. group.SelectMany(each => (string[])[each.Key, each.UploadId])],
                    transaction
                )
                .ExecuteNonQueryAsync(cancel);
            foreach (
                var (key, upload) in await ReadAsync(
                    session.Statement(
                        $"SELECT file_path, upload_id FROM claims WHERE file_path IN ({SqlBatch.List(group.Length)})",
                        keys,
                        transaction
                    ),
                    cancel
                )
            )
                owners[key] = upload;
        }

        return owners;
    }

    private static async Task<List<KeyClaim>> ReadAsync(DbCommand command, CancellationToken cancel)
    {
        var claims = new List<KeyClaim>();
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
            claims.Add(new(reader.GetString(0), reader.GetString(1)));
        return claims;
    }
}
