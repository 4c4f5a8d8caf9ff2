using System.Diagnostics;
using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Objects;
using OpenSdc.Server.Upkeep;

namespace OpenSdc.Server.Uploads;

/// <summary>
/// Notices uploads that have arrived in the store, by listing its staging: one request tells all of them, however
/// many are expected. It works on any store without setting anything up; notifications only make it sooner. One
/// process does it at a time.
/// </summary>
/// <remarks>
/// The listing also tells what nobody waits for: bytes of uploads that have ended, as after a crash between a record
/// and the removal from staging, or from a client that sends twice; and what belongs to no upload. The former are
/// removed after some seconds, the latter after a day, or after minutes where the archive itself put it there.
/// </remarks>
internal sealed partial class StagingPoller(
    S3Staging staging, UploadLedger ledger, UploadLeases leases, UploadSignals signals, LeaderElection election,
    Recovery recovery, StorageHealth storage, ServerOptions options, TimeProvider clock, ILogger<StagingPoller> logger)
    : BackgroundService
{
    private const string Role = "staging-poller";

    /// <summary>How long the other processes wait for a leader that has died.</summary>
    public static readonly TimeSpan LeaderTerm = TimeSpan.FromSeconds(5);

    /// <summary>How long bytes without an upload are kept.</summary>
    public static readonly TimeSpan KeepStrays = TimeSpan.FromDays(1);

    /// <summary>How long what a trial of the store's conditions has left is kept: a trial that is under way needs it.</summary>
    public static readonly TimeSpan KeepTrials = TimeSpan.FromMinutes(2);

    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan AfterFailure = TimeSpan.FromSeconds(1);

    // Who publishes has enough to do with so many; a listing of all that lies behind them would take the store's time
    // from it. But others than those may have stopped.
    private const int Enough = 100, PassedAtMost = 8;

    private int passed;

    // What was listed before, and when to ask the ledger about it again. Never more than are in the store.
    private Dictionary<string, DateTimeOffset> known = new(StringComparer.Ordinal);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await recovery.Done.WaitAsync(stoppingToken);
        // Through the server nothing comes unannounced, and the look is for what a crash has left.
        var every = options.Transfers == Transfers.Direct
            ? TimeSpan.FromMilliseconds(options.UploadPoll)
            : TimeSpan.FromSeconds(options.UploadCleanUp);
        while (true)
        {
            var wait = every;
            try
            {
                var started = Stopwatch.GetTimestamp();
                if (await election.IsLeaderAsync(Role, LeaderTerm, stoppingToken) && !await MayPassAsync(stoppingToken))
                    await LookAsync(stoppingToken);
                // A long listing is not begun again at once: it would take the store's time from those who publish.
                var took = Stopwatch.GetElapsedTime(started);
                wait = took * 2 > every ? took * 2 : every;
            }
            catch (Exception failure) when (TransientErrors.IsTransient(failure))
            {
                LogCannotLook(failure.Message);
                if (failure is StoreUnavailableException)
                    storage.ProbeNow();
                wait = AfterFailure;
            }

            await Task.Delay(wait, clock, stoppingToken);
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        try
        {
            await election.ResignAsync(Role, cancellationToken);
        }
        catch (Exception failure) when (TransientErrors.IsTransient(failure))
        {
            // Then its time runs out.
        }
    }

    private async Task<bool> MayPassAsync(CancellationToken cancel)
    {
        passed = passed < PassedAtMost && await leases.WaitMoreThanAsync(Enough, cancel) ? passed + 1 : 0;
        return passed > 0;
    }

    private async Task LookAsync(CancellationToken cancel)
    {
        var now = clock.GetUtcNow();
        var listed = new Dictionary<string, DateTimeOffset>(StringComparer.Ordinal);
        var news = new List<ArrivedObject>(SqlBatch.Most);
        await foreach (var arrived in staging.ArrivedAsync(cancel))
        {
            var isKnown = known.TryGetValue(arrived.UploadId, out var askAt);
            listed[arrived.UploadId] = isKnown && now < askAt ? askAt : now + AskAgain;
            if (isKnown && now < askAt)
                continue;
            news.Add(arrived);
            if (news.Count == SqlBatch.Most)
                await TellAsync(news, cancel);
        }

        await TellAsync(news, cancel);
        known = listed;
    }

    private async Task TellAsync(List<ArrivedObject> news, CancellationToken cancel)
    {
        if (news.Count == 0)
            return;
        var others = (await signals.SignalAsync(news, cancel)) is var arrived && arrived.Count < news.Count
            ? news.Where(each => !arrived.Contains(each.UploadId) && known.ContainsKey(each.UploadId)).ToList()
            : [];
        // Only what was there some seconds ago as well: whoever has just ended one is about to remove it.
        if (others.Count > 0)
        {
            var states = await ledger.StatesAsync([.. others.Select(each => each.UploadId)], cancel);
            var strays = others.Where(each => IsStray(each, states.GetValueOrDefault(each.UploadId)))
                .Select(each => (each.UploadId, each.Key)).ToList();
            if (strays.Count > 0)
            {
                await staging.RemoveArrivedAsync(strays, cancel);
                LogRemoved(strays.Count);
            }
        }

        news.Clear();
    }

    private bool IsStray(ArrivedObject arrived, string? state) => state is null
        ? arrived.LastWrite < clock.GetUtcNow() - (S3Conditions.IsTrial(arrived.UploadId) ? KeepTrials : KeepStrays)
        : UploadState.IsEnd(state);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Cannot look for uploads that have arrived; trying again: {Reason}")]
    private partial void LogCannotLook(string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Removed {Count} objects from staging that no upload waits for")]
    private partial void LogRemoved(int count);
}
