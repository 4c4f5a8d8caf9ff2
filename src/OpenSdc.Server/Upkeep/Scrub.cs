using System.Data.Common;
using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Objects;

namespace OpenSdc.Server.Upkeep;

/// <summary>
/// Verifies every object in the order of publication, round after round, at a limited rate, so that silent
/// corruption is found while a good copy still exists elsewhere. Files that are marked as lost or damaged are
/// verified again every hour, so that a restored one is served again.
/// </summary>
/// <remarks>
/// Memory: one record, one buffer, and the numbers of the verified files that are not recorded yet. The
/// position is written in the same transaction; a restart repeats at most the files of one such transaction.
/// </remarks>
internal sealed partial class Scrub(
    IObjectStore store,
    IntegrityState integrity,
    LeaderElection election,
    IntegrityReports reports,
    ServerOptions options,
    TimeProvider clock,
    Telemetry telemetry,
    ILogger<Scrub> logger
) : BackgroundService
{
    /// <summary>The shortest time between the starts of two rounds: a small archive is not read all day.</summary>
    public static readonly TimeSpan RoundEvery = TimeSpan.FromHours(24);

    /// <summary>How often files that are marked as lost or damaged are verified.</summary>
    public static readonly TimeSpan RecheckEvery = TimeSpan.FromHours(1);

    /// <summary>
    /// How often verified files are recorded, in one transaction of at most 2000 rows: it delays an upload by
    /// at most about 20 ms.
    /// </summary>
    public static readonly TimeSpan RecordEvery = TimeSpan.FromSeconds(10);

    // One of several processes scrubs. When it dies, another continues after this time; two may read a file that takes longer.
    private const string Role = "scrub";
    private static readonly TimeSpan Term = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan AskEvery = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(30);

    // So many bad files in a row point to the store, not to the files: a disk that is not mounted.
    private const int SuspiciousRun = 32;
    private static readonly TimeSpan SuspicionLasts = TimeSpan.FromMinutes(10);

    // A small object is a seek and a row as well: 200 of them a second at most, whatever the rate.
    private readonly ObjectVerifier verifier = new()
    {
        Throttle = new ReadThrottle(options.ScrubRate, clock) { PerObject = TimeSpan.FromMilliseconds(5), YieldsToRequests = true },
        OnRead = telemetry.Scrubbed,
        BypassesCache = true,
    };

    private readonly List<long> verified = [];
    private DateTimeOffset recordAt;
    private DateTimeOffset recheckAt;
    private int badInARow;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.ScrubRate == 0)
            return;
        while (true)
        {
            try
            {
                if (await election.IsLeaderAsync(Role, Term, stoppingToken))
                    await RunAsync(stoppingToken);
                else
                    await Task.Delay(AskEvery, clock, stoppingToken);
            }
            catch (DbException failure)
            {
                // The scrub resumes at the position in the catalogue.
                LogWaiting(failure.Message);
                await Task.Delay(RetryAfter, clock, stoppingToken);
            }
        }
    }

    /// <summary>Runs round after round; returns when another process leads.</summary>
    private async Task RunAsync(CancellationToken cancel)
    {
        verified.Clear();
        recordAt = clock.GetUtcNow() + RecordEvery;
        var position = await integrity.ScrubPositionAsync(cancel);
        while (true)
        {
            var nextRound = clock.GetUtcNow() + RoundEvery;
            if (position == 0)
                await integrity.BeginScrubRoundAsync(cancel);
            while (await NextAsync(position, cancel) is { } file)
            {
                if (await VerifyAsync(file, cancel))
                    verified.Add(file.Seq);
                if (!await election.IsLeaderAsync(Role, Term, cancel))
                    return;
                position = file.Seq;
                if (clock.GetUtcNow() >= recordAt)
                    await RecordAsync(position, cancel);
            }

            await RecordAsync(position: null, cancel);
            if (position > 0)
                LogRound(position);
            position = 0;
            while (clock.GetUtcNow() < nextRound)
            {
                // The leader stays the leader after a round, so that no other process starts the next one early.
                var next = election.IsShared ? Term / 2 : RecheckEvery;
                await Task.Delay(TimeSpan.FromTicks(Math.Min((nextRound - clock.GetUtcNow()).Ticks, next.Ticks)), clock, cancel);
                if (!await election.IsLeaderAsync(Role, Term, cancel))
                    return;
                await RecheckAsync(cancel);
            }
        }
    }

    private async Task<KeptFile?> NextAsync(long position, CancellationToken cancel)
    {
        await RecheckAsync(cancel);
        // One record at a time: the later records of a page would be stale when their objects are read.
        return await integrity.BySeqAsync(position, 1, cancel) is [var file] ? file : null;
    }

    private async Task RecheckAsync(CancellationToken cancel)
    {
        if (clock.GetUtcNow() < recheckAt)
            return;
        recheckAt = clock.GetUtcNow() + RecheckEvery;
        for (long seq = 0; await integrity.MarkedAsync(seq, 1, cancel) is [var file]; seq = file.Seq)
            await VerifyAsync(file, cancel);
    }

    /// <summary>True where the object is intact.</summary>
    private async Task<bool> VerifyAsync(KeptFile file, CancellationToken cancel)
    {
        var verdict = await verifier.VerifyAsync(store.OpenAsync, file.ToObject(), cancel);
        if (verdict.ToChange() is not { } kind)
        {
            LogCannotTell(file.Key, file.Seq, verdict.Sentence);
            return false;
        }

        if (verdict.IsIntact)
        {
            badInARow = 0;
            if (file.Mark is not null)
                reports.Report(file.Seq, file.Key, file.AsOf, verdict);
            return true;
        }

        if (file.Mark == kind)
            return false;
        reports.Report(file.Seq, file.Key, file.AsOf, verdict);
        if (++badInARow % SuspiciousRun == 0)
        {
            LogSuspicious(badInARow, SuspicionLasts.TotalMinutes);
            await Task.Delay(SuspicionLasts, clock, cancel);
        }

        return false;
    }

    /// <param name="position">The last file that was read; null at the end of a round.</param>
    /// <param name="cancel">Gives up.</param>
    private async Task RecordAsync(long? position, CancellationToken cancel)
    {
        await (position is { } seq ? integrity.ScrubbedAsync(verified, seq, cancel) : integrity.EndScrubRoundAsync(verified, cancel));
        telemetry.FilesVerified(verified.Count);
        verified.Clear();
        recordAt = clock.GetUtcNow() + RecordEvery;
    }

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "Scrub: every file up to seq {Seq} has been read; the next round begins a day after this one did"
    )]
    private partial void LogRound(long seq);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Scrub: {Key}, seq {Seq}, could not be verified: {Reason}")]
    private partial void LogCannotTell(string key, long seq, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Scrub waits until the catalogue answers: {Reason}")]
    private partial void LogWaiting(string reason);

    [LoggerMessage(
        Level = LogLevel.Error,
        Message = "Scrub: {Count} files in a row are lost or damaged; is the store's disk there? It goes on in {Minutes} minutes"
    )]
    private partial void LogSuspicious(int count, double minutes);
}
