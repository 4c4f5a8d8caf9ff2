using System.Data.Common;
using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Objects;

namespace OpenSdc.Server.Upkeep;

/// <summary>
/// Whether uploads can be stored: room above the floor, and a disk that takes writes. Uploads are refused while they cannot, downloads and queries go on,
/// and service resumes by itself.
/// </summary>
/// <remarks>
/// The length that an upload announces is compared with the free room once, at its start, and is not kept for it: a client that announces much and sends little
/// takes nothing from others. Bytes that were read and are not yet written are reserved, so that many uploads at once do not eat the floor together; an upload
/// that finds no room on its way is refused then. Whether writes succeed is learnt from uploads that fail and from a probe, one object staged and flushed and one empty transaction: every
/// 30 s, after a failure every second, and before an upload that comes after a failure, so that the first one after the end of the trouble is taken.
/// </remarks>
internal sealed partial class StorageHealth(
    IObjectStore store, Catalogue.Catalogue catalogue, IntegrityState integrity, ServerOptions options, TimeProvider clock,
    Telemetry telemetry, ILogger<StorageHealth> logger) : BackgroundService
{
    /// <summary>How often the probe runs while all is well.</summary>
    public static readonly TimeSpan ProbeEvery = TimeSpan.FromSeconds(30);

    /// <summary>How often it runs after a failure.</summary>
    public static readonly TimeSpan ProbeAfterFailure = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();
    private Task probing = Task.CompletedTask;
    private Problem? failing;
    private long readAhead;
    private long refusedForRoom;
    private long toldOfRefusalAt = long.MinValue;
    private bool isFull;

    /// <summary>Bytes that uploads may still use in the store; null where it has no end that it knows of.</summary>
    public long? Free => store.FreeBytes;

    /// <summary>What an upload without a byte would be answered now; null where it would be taken.</summary>
    public Problem? Refusal => RefusalOf(0);

    /// <summary>What is answered while the store cannot be reached at all; null while it can.</summary>
    public Problem? Away => failing?.Code == Problems.StoreAway.Code ? failing : null;

    /// <summary>Begins an upload and compares the length that it announces, if any, with the free room. Dispose when it ends, in whatever way.</summary>
    /// <param name="key">The file, for the log.</param>
    /// <param name="announced">The announced length.</param>
    /// <param name="cancel">Gives up.</param>
    public async ValueTask<Reservation> ReserveAsync(string key, long? announced, CancellationToken cancel)
    {
        if (failing is not null)
            await ProbeOnceAsync().WaitAsync(cancel);
        return new(this, key, announced);
    }

    /// <summary>Tells of a write that failed by the disk's fault.</summary>
    public void Failed(Problem refusal, string reason)
    {
        if (Interlocked.Exchange(ref failing, refusal) is null)
            LogFailing(refusal.Code, reason);
    }

    /// <summary>Runs the probe now, since something that needs the store has failed.</summary>
    public void ProbeNow() => _ = ProbeOnceAsync();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        telemetry.WatchStorage(Free is null ? null : () => Free ?? 0, () => Refusal is null);
        using var timer = new PeriodicTimer(ProbeAfterFailure, clock);
        var probeAt = clock.GetUtcNow() + ProbeEvery;
        await CountMarkedAsync(stoppingToken);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            TellOfRoom();
            TellOfRefused();
            if (failing is null && clock.GetUtcNow() < probeAt)
                continue;
            await ProbeOnceAsync().WaitAsync(stoppingToken);
            await CountMarkedAsync(stoppingToken);
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
    private async Task CountMarkedAsync(CancellationToken cancel)
    {
        try
        {
            telemetry.CorruptOrMissingFiles = await integrity.CountAsync(cancel);
        }
        catch (DbException failure)
        {
            Failed(Problems.CannotWrite, failure.Message);
        }
    }

    // Without a floor a disk is full all the same when nothing is free.
    private long Floor => Math.Max(options.FreeSpaceFloor, 1);

    private Problem? RefusalOf(long more) => failing ?? (Free - Interlocked.Read(ref readAhead) - more < Floor ? Problems.NoRoom : null);

    private Problem? LoggedRefusalOf(string key, long more, long received)
    {
        var refusal = RefusalOf(more);
        if (refusal?.Code == Problems.NoRoom.Code)
            TellOfRefusal(key, received + more);
        return refusal;
    }

    /// <summary>A line for a refusal, but one a second: further ones are counted, and <see cref="TellOfRefused"/> tells their number.</summary>
    private void TellOfRefusal(string key, long size)
    {
        var now = clock.GetUtcNow().ToUnixTimeMilliseconds();
        var before = Interlocked.Read(ref toldOfRefusalAt);
        if (now < before + ProbeAfterFailure.TotalMilliseconds || Interlocked.CompareExchange(ref toldOfRefusalAt, now, before) != before)
            Interlocked.Increment(ref refusedForRoom);
        else
            LogNoRoom(key, size, Free ?? 0, Interlocked.Read(ref readAhead), options.FreeSpaceFloor);
    }

    private void TellOfRefused()
    {
        if (Interlocked.Exchange(ref refusedForRoom, 0) is > 0 and var count)
            LogMoreNoRoom(count);
    }

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

    /// <summary>The room that one upload has reserved: its bytes that were read and are not yet in staging, where the file system itself counts them.</summary>
    internal sealed class Reservation : IDisposable
    {
        private readonly StorageHealth watch;
        private readonly string key;
        private long received;
        private long held;

        public Reservation(StorageHealth watch, string key, long? announced)
        {
            (this.watch, this.key) = (watch, key);
            Refusal = watch.LoggedRefusalOf(key, announced ?? 0, received: 0);
        }

        /// <summary>Why the upload cannot begin; null where it can.</summary>
        public Problem? Refusal { get; }

        /// <summary>Reserves room for bytes that were read; gives the refusal where there is none.</summary>
        public Problem? Read(long bytes)
        {
            received += bytes;
            held += bytes;
            Interlocked.Add(ref watch.readAhead, bytes);
            return watch.LoggedRefusalOf(key, more: 0, received);
        }

        /// <summary>These bytes are in staging now.</summary>
        public void Written(long bytes)
        {
            bytes = Math.Min(bytes, held);
            held -= bytes;
            Interlocked.Add(ref watch.readAhead, -bytes);
        }

        public void Dispose() => Written(held);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Uploads are refused ({Code}) until the archive can write again: {Reason}")]
    private partial void LogFailing(string code, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "The archive can write again; uploads are taken")]
    private partial void LogResumed();

    [LoggerMessage(Level = LogLevel.Warning, Message = "Uploads are refused (no-room) until there is room again: {Free} bytes are free, and the free-space floor is {Floor}")]
    private partial void LogFull(long free, long floor);

    [LoggerMessage(Level = LogLevel.Information, Message = "There is room again, so uploads are taken: {Free} bytes are free, and the free-space floor is {Floor}")]
    private partial void LogRoom(long free, long floor);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Refused {Key} (no-room): it has at least {Size} bytes, {Free} are free, {ReadAhead} are reserved for what other uploads have sent, and the free-space floor is {Floor}")]
    private partial void LogNoRoom(string key, long size, long free, long readAhead, long floor);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Refused {Count} more uploads within the last second (no-room)")]
    private partial void LogMoreNoRoom(long count);
}
