using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Objects;
using OpenSdc.Server.Upkeep;

namespace OpenSdc.Server.Uploads;

/// <summary>
/// Ends uploads whose time is over, forgets those that ended long ago, and lets go of parts that nobody will complete.
/// </summary>
internal sealed partial class UploadCleanUp(
    IObjectStore store, IncomingBytes incoming, UploadLedger ledger, LeaderElection election, Recovery recovery, Telemetry telemetry, TimeProvider clock, ILogger<UploadCleanUp> logger)
    : BackgroundService
{
    /// <summary>How often it looks.</summary>
    public static readonly TimeSpan Every = TimeSpan.FromSeconds(30);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await recovery.Done.WaitAsync(stoppingToken);
        while (true)
        {
            try
            {
                // Every replica tells the same number, so that it does not matter which of them is asked.
                telemetry.WaitingUploads = await ledger.CountArrivedAsync(stoppingToken);
                if (await election.IsLeaderAsync("uploads", Every * 3, stoppingToken))
                    await CleanUpAsync(stoppingToken);
            }
            catch (Exception failure) when (TransientErrors.IsTransient(failure))
            {
                LogCannot(failure.Message);
            }

            await Task.Delay(Every, clock, stoppingToken);
        }
    }

    /// <summary>One look.</summary>
    internal async Task CleanUpAsync(CancellationToken cancel)
    {
        var expired = await ledger.ExpireAsync(cancel);
        var forgotten = 0;
        while (await ledger.ToForgetAsync(cancel) is { Count: > 0 } ended)
        {
            // The bytes before the row: what is left without a row is known by nobody.
            foreach (var upload in ended.Where(each => each.PartSize is not null && each.State != UploadState.Published))
                await incoming.AbandonAsync(upload, cancel);
            await ledger.ForgetAsync([.. ended.Select(each => each.Id)], cancel);
            forgotten += ended.Count;
        }

        var abandoned = store.Direct is { } direct ? await AbandonAsync(direct, cancel) : await RemoveAsync(store.Parts!, cancel);
        if (expired + forgotten + abandoned > 0)
            LogDone(expired, forgotten, abandoned);
    }

    /// <summary>Parts in an S3 store whose upload has ended, or was never recorded since the process died in between.</summary>
    private async Task<int> AbandonAsync(DirectTransfer direct, CancellationToken cancel)
    {
        var begun = await direct.BegunPartsAsync(cancel).Where(each => each.BegunAt < clock.GetUtcNow() - Every).ToListAsync(cancel);
        var states = await ledger.StatesAsync([.. begun.Select(each => each.UploadId)], cancel);
        var over = begun.Where(each => !states.TryGetValue(each.UploadId, out var state) || UploadState.IsEnd(state)).ToList();
        foreach (var each in over)
            await direct.AbortPartsAsync(each.UploadId, each.Key, each.StoreId, cancel);
        return over.Count;
    }

    /// <summary>The same on a disk. One that has its record was linked to its key; what lies here is its other name.</summary>
    private async Task<int> RemoveAsync(DiskParts parts, CancellationToken cancel)
    {
        var lying = parts.List().Where(each => each.LastWrite < clock.GetUtcNow() - Every).Select(each => each.UploadId).ToList();
        var states = await ledger.StatesAsync(lying, cancel);
        var over = lying.Where(id => !states.TryGetValue(id, out var state) || UploadState.IsEnd(state)).ToList();
        over.ForEach(parts.Remove);
        return over.Count;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Uploads: {Expired} expired, {Forgotten} forgotten, {Abandoned} in parts let go of")]
    private partial void LogDone(int expired, int forgotten, int abandoned);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Cannot clean up uploads; trying again: {Reason}")]
    private partial void LogCannot(string reason);
}
