using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Upkeep;

namespace OpenSdc.Server.Uploads;

/// <summary>
/// Renews the claims of this process's uploads, and settles those of processes that have died: their objects are recorded where they are at their keys, and their claims end. One
/// process settles at a time.
/// </summary>
internal sealed partial class UnfinishedUploads(
    ClaimedKeys claimed, KeyClaims claims, Publisher publisher, LeaderElection election, Recovery recovery, TimeProvider clock, ILogger<UnfinishedUploads> logger) : BackgroundService
{
    private const string Duty = "claims";
    private const int SettledAtOnce = 100;

    private static readonly TimeSpan RenewEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan SettleEvery = TimeSpan.FromSeconds(5);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(RenewAsync(stoppingToken), SettleAsync(stoppingToken));

    private async Task RenewAsync(CancellationToken cancel)
    {
        using var timer = new PeriodicTimer(RenewEvery, clock);
        while (await timer.WaitForNextTickAsync(cancel))
        {
            try
            {
                await claims.RenewAsync(cancel);
            }
            catch (Exception failure) when (TransientErrors.IsTransient(failure))
            {
                LogCannotRenew(failure.Message);
            }
        }
    }

    private async Task SettleAsync(CancellationToken cancel)
    {
        await recovery.Done.WaitAsync(cancel);
        using var timer = new PeriodicTimer(SettleEvery, clock);
        while (await timer.WaitForNextTickAsync(cancel))
        {
            try
            {
                if (await election.IsLeaderAsync(Duty, SettleEvery * 2, cancel) && await claims.ExpiredAsync(SettledAtOnce, cancel) is { Count: > 0 } expired)
                    await claimed.SettleAsync(expired, publisher.RecordAsync, cancel);
            }
            catch (Exception failure) when (TransientErrors.IsTransient(failure))
            {
                LogCannotSettle(failure.Message);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Cannot renew the claims of uploads; trying again: {Reason}")]
    private partial void LogCannotRenew(string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Cannot settle uploads of a process that has died; trying again: {Reason}")]
    private partial void LogCannotSettle(string reason);
}
