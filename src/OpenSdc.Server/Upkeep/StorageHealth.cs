using System.Data.Common;
using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Objects;

namespace OpenSdc.Server.Upkeep;

/// <summary>
/// Whether uploads can be stored: free space above the floor, and a store and a catalogue that take writes.
/// While they do not, uploads are refused; downloads and queries go on, and uploads resume by themselves.
/// </summary>
/// <remarks>
/// <para>Free space: the announced length of an upload is compared once, at its start, and is not reserved: a client that announces much and sends little
/// takes nothing from others. Bytes that were read and are not written yet are reserved, so that concurrent
/// uploads do not use up the floor together. An upload that exceeds the space while it is sent is refused
/// then.</para>
/// <para>Writes: failed uploads report here, and a probe writes one object to staging and commits one empty transaction. It runs every 30 s, every second
/// after a failure, and before an upload that follows a failure, so that the first upload after an outage is
/// taken.</para>
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
    private long unloggedRefusals;
    private long refusalLoggedAt = long.MinValue;
    private bool isFull;

    /// <summary>Free bytes of the store; null where it knows no limit.</summary>
    public long? Free => store.FreeBytes;

    /// <summary>The problem that refuses every upload now; null where uploads are taken.</summary>
    public Problem? Refusal => RefusalOf(0);

    /// <summary>The problem while the store cannot be reached at all; null while it can.</summary>
    public Problem? Unavailable => failing?.Code == Problems.StoreUnavailable.Code ? failing : null;

    /// <summary>
    /// Begins an upload and compares its announced length, if any, with the free space. Dispose the
    /// reservation when the upload ends, in whatever way.
    /// </summary>
    /// <param name="key">The file, for the log.</param>
    /// <param name="announced">The announced length.</param>
    /// <param name="cancel">Gives up.</param>
    public async ValueTask<Reservation> ReserveAsync(string key, long? announced, CancellationToken cancel)
    {
        if (failing is not null)
            await ProbeOnceAsync().WaitAsync(cancel);
        return new(this, key, announced);
    }

    /// <summary>Reports a write that the store or the catalogue refused.</summary>
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
            LogFreeSpace();
            LogUnloggedRefusals();
            if (failing is null && clock.GetUtcNow() < probeAt)
                continue;
            await ProbeOnceAsync().WaitAsync(stoppingToken);
            await CountMarkedAsync(stoppingToken);
            probeAt = clock.GetUtcNow() + ProbeEvery;
        }
    }

    /// <summary>The running probe, or a new one: concurrent callers share one.</summary>
    private Task ProbeOnceAsync()
    {
        lock (gate)
            return probing.IsCompleted ? probing = Task.Run(ProbeAsync) : probing;
    }

    private async Task ProbeAsync()
    {
        try
        {
            await using (var staged = await store.StageApartAsync("probe", CancellationToken.None))
            {
                try
                {
                    await staged.WriteAsync(new byte[1], CancellationToken.None);
                    await staged.FlushAsync(CancellationToken.None);
                }
                catch (StoreUnavailableException away)
                {
                    // Reported before the staged object is removed: with a store that does not answer, the removal takes as long again.
                    Failed(Problems.StoreUnavailable, away.Message);
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

    /// <summary>Counts the marked files: fsck, in a process of its own, marks files too.</summary>
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

    // With a floor of 0 the disk is full when nothing is free.
    private long Floor => Math.Max(options.FreeSpaceFloor, 1);

    private Problem? RefusalOf(long more) =>
        failing ?? (Free - Interlocked.Read(ref readAhead) - more < Floor ? Problems.InsufficientStorage : null);

    private Problem? LoggedRefusalOf(string key, long more, long received)
    {
        var refusal = RefusalOf(more);
        if (refusal?.Code == Problems.InsufficientStorage.Code)
            LogRefusal(key, received + more);
        return refusal;
    }

    /// <summary>Logs at most one refusal a second; <see cref="LogUnloggedRefusals"/> logs the number of the others.</summary>
    private void LogRefusal(string key, long size)
    {
        var now = clock.GetUtcNow().ToUnixTimeMilliseconds();
        var before = Interlocked.Read(ref refusalLoggedAt);
        if (now < before + ProbeAfterFailure.TotalMilliseconds || Interlocked.CompareExchange(ref refusalLoggedAt, now, before) != before)
            Interlocked.Increment(ref unloggedRefusals);
        else
            LogRefused(key, size, Free ?? 0, Interlocked.Read(ref readAhead), options.FreeSpaceFloor);
    }

    private void LogUnloggedRefusals()
    {
        if (Interlocked.Exchange(ref unloggedRefusals, 0) is > 0 and var count)
            LogMoreRefused(count);
    }

    /// <summary>
    /// Logs once that the store is full, and once that it is not: single uploads are refused and taken too
    /// fast to log each change.
    /// </summary>
    private void LogFreeSpace()
    {
        if (Free is not { } free || free < Floor == isFull)
            return;
        isFull = !isFull;
        if (isFull)
            LogFull(free, options.FreeSpaceFloor);
        else
            LogSpaceAgain(free, options.FreeSpaceFloor);
    }

    /// <summary>
    /// The space that one upload has reserved: its bytes that were read and are not in staging yet, where the
    /// file system counts them.
    /// </summary>
    internal sealed class Reservation : IDisposable
    {
        private readonly StorageHealth health;
        private readonly string key;
        private long received;
        private long held;

        public Reservation(StorageHealth health, string key, long? announced)
        {
            (this.health, this.key) = (health, key);
            Refusal = health.LoggedRefusalOf(key, announced ?? 0, received: 0);
        }

        /// <summary>Why the upload cannot begin; null where it can.</summary>
        public Problem? Refusal { get; }

        /// <summary>Reserves space for bytes that were read; returns the refusal where there is none.</summary>
        public Problem? Read(long bytes)
        {
            received += bytes;
            held += bytes;
            Interlocked.Add(ref health.readAhead, bytes);
            return health.LoggedRefusalOf(key, more: 0, received);
        }

        /// <summary>These bytes are in staging now.</summary>
        public void Written(long bytes)
        {
            bytes = Math.Min(bytes, held);
            held -= bytes;
            Interlocked.Add(ref health.readAhead, -bytes);
        }

        public void Dispose() => Written(held);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Uploads are refused ({Code}) until the archive can write again: {Reason}")]
    private partial void LogFailing(string code, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "The archive can write again; uploads are taken")]
    private partial void LogResumed();

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Uploads are refused (insufficient-storage) until there is space again: {Free} bytes are free, and the free-space floor is {Floor}"
    )]
    private partial void LogFull(long free, long floor);

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "There is space again; uploads are taken: {Free} bytes are free, and the free-space floor is {Floor}"
    )]
    private partial void LogSpaceAgain(long free, long floor);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Refused {Key} (insufficient-storage): it has at least {Size} bytes, {Free} are free, {ReadAhead} are reserved for bytes of other uploads, and the free-space floor is {Floor}"
    )]
    private partial void LogRefused(string key, long size, long free, long readAhead, long floor);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Refused {Count} more uploads within the last second (insufficient-storage)")]
    private partial void LogMoreRefused(long count);
}
