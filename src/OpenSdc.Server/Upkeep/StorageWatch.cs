using System.Data.Common;
using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Objects;

namespace OpenSdc.Server.Upkeep;

/// <summary>
/// Whether uploads can be stored: room above the floor, and a disk that takes writes. Uploads are refused while they cannot, downloads and queries go on,
/// and service resumes by itself.
/// </summary>
/// <remarks>
/// Room is asked of the store for each upload, where it has an end, with all that the uploads in flight have announced taken off: many at once do not eat
/// the floor together. Whether writes succeed is learnt from uploads that fail and from a probe, one object staged and flushed and one empty transaction: every
/// 30 s, after a failure every second, and before an upload that comes after a failure, so that the first one after the end of the trouble is taken.
/// </remarks>
internal sealed partial class StorageWatch(
    IObjectStore store, Catalogue.Catalogue catalogue, Soundness soundness, ServerOptions options, TimeProvider clock,
    Telemetry telemetry, ILogger<StorageWatch> logger) : BackgroundService
{
    /// <summary>How often the probe runs while all is well.</summary>
    public static readonly TimeSpan ProbeEvery = TimeSpan.FromSeconds(30);

    /// <summary>How often it runs after a failure.</summary>
    public static readonly TimeSpan ProbeAfterFailure = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();
    private Task probing = Task.CompletedTask;
    private Problem? failing;
    private long promised;
    private bool isFull;

    /// <summary>Bytes that uploads may still use in the store; null where it has no end that it knows of.</summary>
    public long? Free => store.FreeBytes;

    /// <summary>What an upload without a byte would be answered now; null where it would be taken.</summary>
    public Problem? Refusal => RefusalOf(0);

    /// <summary>What is answered while the store cannot be reached at all; null while it can.</summary>
    public Problem? Away => failing?.Code == Problems.StoreAway.Code ? failing : null;

    /// <summary>Begins an upload of a length that its request declares, or of an unknown one. Dispose when it ends, in whatever way.</summary>
    public async ValueTask<Room> EnterAsync(long? declared, CancellationToken cancel)
    {
        if (failing is not null)
            await ProbeOnceAsync().WaitAsync(cancel);
        return new(this, declared ?? 0);
    }

    /// <summary>Tells of a write that failed by the disk's fault.</summary>
    public void Failed(Problem refusal, string reason)
    {
        if (Interlocked.Exchange(ref failing, refusal) is null)
            LogFailing(refusal.Code, reason);
    }

    /// <summary>Something that needs the store has failed: whether the store is away is looked at now, not when its turn comes.</summary>
    public void Doubt() => _ = ProbeOnceAsync();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        telemetry.WatchStorage(Free is null ? null : () => Free ?? 0, () => Refusal is null);
        using var timer = new PeriodicTimer(ProbeAfterFailure, clock);
        var probeAt = clock.GetUtcNow() + ProbeEvery;
        await CountUnsoundAsync(stoppingToken);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            TellOfRoom();
            if (failing is null && clock.GetUtcNow() < probeAt)
                continue;
            await ProbeOnceAsync().WaitAsync(stoppingToken);
            await CountUnsoundAsync(stoppingToken);
            probeAt = clock.GetUtcNow() + ProbeEvery;
        }
    }

    /// <summary>The probe that is running, or a new one: a disk in trouble is not asked by everybody at once.</summary>
    private Task ProbeOnceAsync()
    {
        lock (gate)
            return probing.IsCompleted ? probing = Task.Run(ProbeAsync) : probing;
    }

    private async Task ProbeAsync()
    {
        try
        {
            await using (var staged = await store.StageAsync("probe", CancellationToken.None))
            {
                try
                {
                    await staged.WriteAsync(new byte[1], CancellationToken.None);
                    await staged.FlushAsync(CancellationToken.None);
                }
                catch (StoreAwayException away)
                {
                    // Told before it is tried to remove what may have come all the same: of a store that does not answer that takes as long again.
                    Failed(Problems.StoreAway, away.Message);
                    throw;
                }
            }

            await catalogue.CommitNothingAsync(CancellationToken.None);
            if (Interlocked.Exchange(ref failing, null) is not null)
                LogResumed();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or DbException)
        {
            Failed(Disk.Refusal(failure, catalogue) ?? Problems.CannotWrite, failure.Message);
        }
    }

    /// <summary>Also fsck, in a process of its own, marks files.</summary>
    private async Task CountUnsoundAsync(CancellationToken cancel)
    {
        try
        {
            telemetry.UnsoundFiles = await soundness.CountAsync(cancel);
        }
        catch (DbException failure)
        {
            Failed(Problems.CannotWrite, failure.Message);
        }
    }

    // Without a floor a disk is full all the same when nothing is free.
    private long Floor => Math.Max(options.FreeSpaceFloor, 1);

    private Problem? RefusalOf(long more) => failing ?? (Free - Interlocked.Read(ref promised) - more < Floor ? Problems.NoRoom : null);

    /// <summary>Says once that there is no room any more, and once that there is: what single uploads are refused for want of it comes and goes too fast to be told.</summary>
    private void TellOfRoom()
    {
        if (Free is not { } free || free < Floor == isFull)
            return;
        isFull = !isFull;
        if (isFull)
            LogFull(free, options.FreeSpaceFloor);
        else
            LogRoom(free, options.FreeSpaceFloor);
    }

    /// <summary>The room that one upload takes.</summary>
    internal sealed class Room : IDisposable
    {
        private readonly StorageWatch watch;
        private long rest;

        public Room(StorageWatch watch, long declared)
        {
            (this.watch, rest) = (watch, declared);
            Interlocked.Add(ref watch.promised, declared);
        }

        /// <summary>Why the next bytes of it cannot be stored; null where they can.</summary>
        public Problem? Refusal(int next) => watch.RefusalOf(Math.Max(0, next - rest));

        /// <summary>These bytes are in staging now, so that the file system itself counts them.</summary>
        public void Took(long bytes)
        {
            var kept = Math.Min(bytes, rest);
            rest -= kept;
            Interlocked.Add(ref watch.promised, -kept);
        }

        public void Dispose() => Took(rest);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Uploads are refused ({Code}) until the archive can write again: {Reason}")]
    private partial void LogFailing(string code, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "The archive can write again; uploads are taken")]
    private partial void LogResumed();

    [LoggerMessage(Level = LogLevel.Warning, Message = "Uploads are refused (no-room) until there is room again: {Free} bytes are free, and the free-space floor is {Floor}")]
    private partial void LogFull(long free, long floor);

    [LoggerMessage(Level = LogLevel.Information, Message = "There is room again, so uploads are taken: {Free} bytes are free, and the free-space floor is {Floor}")]
    private partial void LogRoom(long free, long floor);
}
