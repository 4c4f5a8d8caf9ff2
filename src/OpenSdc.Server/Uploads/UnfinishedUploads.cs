using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Upkeep;

namespace OpenSdc.Server.Uploads;

/// <summary>
/// Settles the uploads of processes that have died: an object that is at its key is recorded, and the claim ends. One
/// process does so at a time.
/// </summary>
internal sealed partial class UnfinishedUploads(
    ClaimedKeys claimed, KeyClaims claims, Publisher publisher, LeaderElection election, Recovery recovery, TimeProvider clock,
    ILogger<UnfinishedUploads> logger)
    : BackgroundService
{
    private const string Role = "claims";
    private const int SettledAtOnce = 100;
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await recovery.Done.WaitAsync(stoppingToken);
        using var timer = new PeriodicTimer(Every, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                if (await election.IsLeaderAsync(Role, Every * 2, stoppingToken)
                    && await claims.ExpiredAsync(SettledAtOnce, stoppingToken) is { Count: > 0 } expired)
                    await claimed.SettleAsync(expired, publisher.RecordAsync, stoppingToken);
            }
            catch (Exception failure) when (TransientErrors.IsTransient(failure))
            {
                LogCannotSettle(failure.Message);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Cannot settle uploads of a process that has died; trying again: {Reason}")]
    private partial void LogCannotSettle(string reason);
}
