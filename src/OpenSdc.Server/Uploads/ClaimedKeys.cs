using OpenSdc.Contract.Naming;
using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Objects;

namespace OpenSdc.Server.Uploads;

/// <summary>
/// Publishes uploads that pass through the server into a store that several processes share: each under the
/// claim to its key. Also finishes what a process has left that died between placing an object and recording
/// it.
/// </summary>
/// <remarks>
/// The store's condition decides who has the key, the claim who records it. A process that stood still past
/// its claim finds that its PUT fails, or that its object is at the key: then it takes the claim again, or
/// whoever has it records that object, since it is whole and verified.
/// </remarks>
internal sealed partial class ClaimedKeys(
    IObjectStore store,
    KeyClaims claims,
    Mission mission,
    TimeProvider clock,
    ILogger<ClaimedKeys> logger
)
{
    /// <summary>How long an upload waits for a claim that another one has.</summary>
    public static readonly TimeSpan LongestWait = KeyClaims.LeaseTime * 3;

    private static readonly TimeSpan AskAgain = TimeSpan.FromMilliseconds(100);

    private readonly Batcher<KeyClaim, ClaimResult> taking = new(async batch => await claims.TakeAsync(batch, CancellationToken.None));

    /// <summary>Takes the claim, places the upload, and has it recorded.</summary>
    /// <param name="publication">The publication.</param>
    /// <param name="staged">Its bytes, verified.</param>
    /// <param name="record">Records a publication; see <see cref="Publisher.RecordAsync"/>.</param>
    /// <returns>The record of the key: this upload's, or the one that was there before it. None where an
    /// object without a record, and not the archive's own, lies there.</returns>
    public async Task<Recorded> PublishAsync(Publication publication, StagedObject staged, Func<Publication, Task<Recorded>> record)
    {
        var claim = new KeyClaim(publication.Name.Key, staged.UploadId);
        var isPlaced = false;
        var until = clock.GetUtcNow() + LongestWait;
        while (true)
        {
            var taken = await taking.RunAsync(claim);
            if (taken.Receipt is { } receipt)
                return new Recorded(receipt, IsNew: false);
            if (taken.IsTaken)
            {
                try
                {
                    if (await PlaceAndRecordAsync() is { } recorded)
                    {
                        claims.Forget(claim);
                        return recorded;
                    }
                }
                catch
                {
                    await AbandonAsync(claim);
                    throw;
                }

                claims.Forget(claim);
            }

            // Another upload has the key, or has taken it over.
            if (clock.GetUtcNow() > until)
                throw new StoreUnavailableException($"Another upload of {claim.Key} has not ended.");
            await Task.Delay(AskAgain, clock);
        }

        async Task<Recorded?> PlaceAndRecordAsync()
        {
            if (!isPlaced)
            {
                var result = await store.PlaceAsync(staged, CancellationToken.None);
                // The claim is not ended: the object may be there all the same, and then whoever takes the claim next records it.
                if (result.Failure is { } failure)
                    throw failure;
                isPlaced = result.IsPlaced;
            }
            else if (!await IsAtKeyAsync(claim))
            {
                throw new StoreUnavailableException($"The object store has lost {claim.Key} as soon as it was there.");
            }

            if (!isPlaced)
                return await RecordThereAsync(claim, publication, record);
            var recorded = await record(publication with { Claim = claim.UploadId });
            return recorded.IsThere ? recorded : null;
        }
    }

    /// <summary>
    /// Records the objects of claims that nobody has renewed, and ends the claims. Returns how many objects
    /// were recorded.
    /// </summary>
    /// <param name="expired">The claims.</param>
    /// <param name="record">Records a publication.</param>
    /// <param name="cancel">Gives up between two.</param>
    public async Task<int> SettleAsync(IReadOnlyList<KeyClaim> expired, Func<Publication, Task<Recorded>> record, CancellationToken cancel)
    {
        var finished = 0;
        foreach (var (key, _) in expired)
        {
            cancel.ThrowIfCancellationRequested();
            var mine = new KeyClaim(key, UploadStaging.NewId());
            if (!(await taking.RunAsync(mine)).IsTaken)
                continue;
            try
            {
                if ((await RecordThereAsync(mine, publication: null, record)) is { IsThere: true, IsNew: true })
                    finished++;
            }
            finally
            {
                claims.Forget(mine);
            }
        }

        return finished;
    }

    /// <summary>
    /// Takes the claim to a key that has a record, to put its object back; waits while another upload has it.
    /// Disposing ends the claim. A store that is not shared needs none.
    /// </summary>
    public async Task<IAsyncDisposable?> HoldAsync(string key, string uploadId, CancellationToken cancel)
    {
        if (!store.Capabilities.IsShared)
            return null;
        var claim = new KeyClaim(key, uploadId);
        for (var until = clock.GetUtcNow() + LongestWait; !await claims.TakeRecordedAsync(claim, cancel);)
        {
            if (clock.GetUtcNow() > until)
                throw new StoreUnavailableException($"Another upload of {key} has not ended.");
            await Task.Delay(AskAgain, clock, cancel);
        }

        return new Hold(claims, claim);
    }

    /// <summary>
    /// Under a claim, at a key that has no record: records the object that is there, where it is the
    /// archive's own, or has the bytes of the publication. Otherwise the claim ends.
    /// </summary>
    private async Task<Recorded?> RecordThereAsync(KeyClaim claim, Publication? publication, Func<Publication, Task<Recorded>> record)
    {
        using var there = await store.OpenAsync(claim.Key, CancellationToken.None);
        if (there is not null && (there.UploadId is not null || there.Length == publication?.Size))
        {
            var found = new Publication(
                publication?.Name ?? FileNameOf(claim.Key),
                there.Length,
                await ObjectVerifier.Unthrottled.DigestAsync(there, CancellationToken.None)
            )
            {
                Claim = claim.UploadId,
                Audit = publication?.Audit ?? AuditEntry.OfRecovery(claim.Key),
            };
            // Bytes that were exchanged while they were copied have another digest beside them.
            var isOwn = there.UploadId is not null && (there.RecordedSha256 ?? found.Sha256) == found.Sha256;
            if (isOwn || found.Sha256 == publication?.Sha256)
            {
                var recorded = await record(found);
                if (!recorded.IsThere)
                    return null;
                if (recorded.IsNew)
                    LogFinished(claim.Key, there.Length, recorded.Receipt.Seq);
                return recorded with { IsNew = publication is null && recorded.IsNew };
            }
        }

        await claims.DropAsync(claim, CancellationToken.None);
        return there is null && publication is not null
            ? throw new StoreUnavailableException($"The object store has let go of {claim.Key}.")
            : default(Recorded);
    }

    private async Task AbandonAsync(KeyClaim claim)
    {
        try
        {
            await claims.AbandonAsync(claim, CancellationToken.None);
        }
        catch (Exception failure) when (TransientErrors.IsTransient(failure))
        {
            // Its time runs out.
        }
    }

    // A claim is taken for a name that was parsed.
    private FileName FileNameOf(string key) =>
        ArchivePath.ParseUpload(key, mission).Name
        ?? throw new InvalidOperationException($"The claimed key {key} is no name of the mission.");

    private async Task<bool> IsAtKeyAsync(KeyClaim claim)
    {
        using var there = await store.OpenAsync(claim.Key, CancellationToken.None);
        return there?.UploadId == claim.UploadId;
    }

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "Finished {Key}, {Size} bytes, seq {Seq}: its object was there without a record"
    )]
    private partial void LogFinished(string key, long size, long seq);

    private sealed class Hold(KeyClaims claims, KeyClaim claim) : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => new(claims.DropAsync(claim, CancellationToken.None));
    }
}
