using OpenSdc.Server.Catalogue;

namespace OpenSdc.Server.Uploads;

/// <summary>
/// Looks, for all callers that wait, whether their uploads have ended in another process: one question for
/// all of them, and none while nobody waits.
/// </summary>
internal sealed class UploadNews(UploadLedger ledger, UploadWaits waits, TimeProvider clock) : BackgroundService
{
    /// <summary>How often it looks.</summary>
    public static readonly TimeSpan Every = TimeSpan.FromMilliseconds(200);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            var waited = waits.Ids;
            if (waited.Count == 0)
                continue;
            try
            {
                var states = await ledger.StatesAsync(waited, stoppingToken);
                foreach (var id in waited.Where(id => !states.TryGetValue(id, out var state) || UploadState.IsEnd(state)))
                    waits.Ended(id);
            }
            catch (Exception failure) when (TransientErrors.IsTransient(failure))
            {
                // They wait on, at most until their time is over, and are then told by their own question what is wrong.
            }
        }
    }
}
