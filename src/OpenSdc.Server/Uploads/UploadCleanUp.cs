using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Upkeep;

namespace OpenSdc.Server.Uploads;

/// <summary>
/// Ends uploads whose time is over and multipart uploads whose file another one has published, forgets those that
/// ended long ago, and removes parts that nobody will complete.
/// </summary>
internal sealed partial class UploadCleanUp(
    UploadStaging staging, UploadLedger ledger, LeaderElection election, Recovery recovery, ServerOptions options,
    Telemetry telemetry, TimeProvider clock, ILogger<UploadCleanUp> logger)
    : BackgroundService
{
    /// <summary>How long a multipart upload stays open after another upload has published its file.</summary>
    public static readonly TimeSpan LeaveOpen = TimeSpan.FromHours(1);

    private readonly TimeSpan every = TimeSpan.FromSeconds(options.UploadCleanUp);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await recovery.Done.WaitAsync(stoppingToken);
        while (true)
        {
            try
            {
                // Every replica tells the same number, so that it does not matter which of them is asked.
                telemetry.WaitingUploads = await ledger.CountArrivedAsync(stoppingToken);
                if (await election.IsLeaderAsync("uploads", every * 3, stoppingToken))
                    await CleanUpAsync(stoppingToken);
            }
            catch (Exception failure) when (TransientErrors.IsTransient(failure))
            {
                LogCannot(failure.Message);
            }

            await Task.Delay(every, clock, stoppingToken);
        }
    }

    /// <summary>One look.</summary>
    internal async Task CleanUpAsync(CancellationToken cancel)
    {
        var expired = await ledger.ExpireAsync(cancel);
        var published = await ledger.EndPublishedAsync(
            clock.GetUtcNow() - LeaveOpen, ("exists", "Another upload has published the file."), cancel);
        var forgotten = 0;
        while (await ledger.ToForgetAsync(cancel) is { Count: > 0 } ended)
        {
            // The bytes before the row: what is left without a row is known by nobody.
            foreach (var upload in ended.Where(each => each.PartSize is not null && each.State != UploadState.Published))
                await staging.AbandonAsync(upload, cancel);
            await ledger.ForgetAsync([.. ended.Select(each => each.Id)], cancel);
            forgotten += ended.Count;
        }

        var abandoned = await staging.CleanUpAsync(clock.GetUtcNow() - every, cancel);
        if (expired + published + forgotten + abandoned > 0)
            LogDone(expired, published, forgotten, abandoned);
    }

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "Uploads: {Expired} expired, {Published} refused (the file exists), {Forgotten} forgotten, parts of {Abandoned} removed")]
    private partial void LogDone(int expired, int published, int forgotten, int abandoned);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Cannot clean up uploads; trying again: {Reason}")]
    private partial void LogCannot(string reason);
}
