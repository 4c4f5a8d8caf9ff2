using OpenSdc.Server.Catalogue;

namespace OpenSdc.Server.Uploads;

/// <summary>
/// Renews what this process holds for a limited time: the leases of the uploads that it publishes from staging, and
/// the claims to the keys of those that pass through it.
/// </summary>
internal sealed partial class LeaseRenewal(LeaseRenewer leases, KeyClaims claims, TimeProvider clock, ILogger<LeaseRenewal> logger)
    : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    // Side by side: a lease that waits for the database must not cost a claim its time.
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(RepeatAsync(leases.RenewAsync, stoppingToken), RepeatAsync(claims.RenewAsync, stoppingToken));

    private async Task RepeatAsync(Func<CancellationToken, Task> renew, CancellationToken cancel)
    {
        using var timer = new PeriodicTimer(Every, clock);
        while (await timer.WaitForNextTickAsync(cancel))
        {
            try
            {
                await renew(cancel);
            }
            catch (Exception failure) when (TransientErrors.IsTransient(failure))
            {
                LogCannotRenew(failure.Message);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Cannot renew the leases and claims of uploads; trying again: {Reason}")]
    private partial void LogCannotRenew(string reason);
}
