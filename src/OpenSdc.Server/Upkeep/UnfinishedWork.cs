using OpenSdc.Contract.Naming;
using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Objects;
using OpenSdc.Server.Uploads;

namespace OpenSdc.Server.Upkeep;

/// <summary>What an earlier process has left unfinished in the store, settled at a start before anything is served.</summary>
internal abstract class UnfinishedWork
{
    /// <summary>Records the uploads whose objects are at their keys, and removes the others.</summary>
    /// <returns>How many of each.</returns>
    public abstract Task<(int Finished, int Removed)> SettleAsync(CancellationToken cancel);
}

/// <summary>On a disk staging tells: an upload that has an object at its key was complete and verified when it got the key.</summary>
internal sealed class StagedWork(IObjectStore store, Catalogue.Catalogue catalogue, Mission mission) : UnfinishedWork
{
    public override async Task<(int Finished, int Removed)> SettleAsync(CancellationToken cancel)
    {
        int finished = 0, removed = 0;
        foreach (var leftOver in await store.LeftOverAsync(writtenBefore: null, cancel).ToListAsync(cancel))
        {
            if (await FinishAsync(leftOver, cancel))
                finished++;
            else
                removed++;
            await store.RemoveLeftOverAsync(leftOver, cancel);
        }

        return (finished, removed);
    }

    private async Task<bool> FinishAsync(string leftOver, CancellationToken cancel)
    {
        if (
            ArchivePath.ParseUpload(leftOver, mission).Name is not { } name
            || await catalogue.FindAsync(name.Key, ReadScope.All, cancel) is not null
        )
            return false;
        using var stored = await store.OpenAsync(name.Key, cancel);
        if (stored is null)
            return false;
        var sha256 = await ObjectVerifier.Unthrottled.DigestAsync(stored, cancel);
        await store.FlushAsync(name.Key, cancel);
        await catalogue.PublishAsync([new Publication(name, stored.Length, sha256) { Audit = AuditEntry.OfRecovery(name.Key) }], cancel);
        return true;
    }
}

/// <summary>
/// In a shared store the claims tell. A process that has its catalogue to itself finishes at once what it had
/// placed before; where others may be alive, only claims that nobody renews are settled, by <see
/// cref="UnfinishedUploads"/>. Staging belongs to clients and to all replicas, and is left to those who
/// publish from it.
/// </summary>
internal sealed class ClaimedWork(
    IObjectStore store,
    Catalogue.Catalogue catalogue,
    KeyClaims claims,
    ClaimedKeys claimed,
    Publisher publisher
) : UnfinishedWork
{
    public override async Task<(int Finished, int Removed)> SettleAsync(CancellationToken cancel)
    {
        var placed = new List<KeyClaim>();
        foreach (var claim in catalogue.IsShared ? [] : await claims.AllAsync(cancel))
        {
            // Of the others the store may still be about to have the object: their time runs out.
            using var there = await store.OpenAsync(claim.Key, cancel);
            if (there is not null)
                placed.Add(claim);
        }

        await claims.ExpireAsync(placed, cancel);
        return (await claimed.SettleAsync(placed, publisher.RecordAsync, cancel), 0);
    }
}
