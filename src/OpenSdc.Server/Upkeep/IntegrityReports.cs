using System.Data.Common;
using System.Threading.Channels;
using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Objects;

namespace OpenSdc.Server.Upkeep;

/// <summary>
/// Records what a verification has found, whoever ran it: a mark and a change in the catalogue, a metric, a
/// line in the log. The caller does not wait: an answer to a reader must not depend on the catalogue's disk.
/// </summary>
internal sealed partial class IntegrityReports(
    IntegrityState integrity,
    Telemetry telemetry,
    TimeProvider clock,
    ILogger<IntegrityReports> logger
) : BackgroundService
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(30);

    // What does not fit is found again by the next read of the same object.
    private readonly Channel<Entry> queue = Channel.CreateBounded<Entry>(
        new BoundedChannelOptions(1024) { FullMode = BoundedChannelFullMode.DropWrite }
    );

    /// <summary>
    /// Reports the result of a verification. It changes nothing where the file has that state already, where
    /// the store refused, or where the file was marked or mended after the verification began.
    /// </summary>
    /// <param name="seq">The file.</param>
    /// <param name="key">Its key, for the log.</param>
    /// <param name="asOf">The newest change of the ledger before the verification began.</param>
    /// <param name="verdict">The result.</param>
    public void Report(long seq, string key, long asOf, ObjectVerdict verdict)
    {
        if (verdict.ToChange() is { } kind)
            queue.Writer.TryWrite(new(seq, key, asOf, kind, verdict.Sentence));
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach (var entry in queue.Reader.ReadAllAsync(stoppingToken))
        {
            while (!await RecordAsync(entry, stoppingToken))
                await Task.Delay(RetryAfter, clock, stoppingToken);
        }
    }

    /// <summary>False where the catalogue cannot be written now.</summary>
    private async Task<bool> RecordAsync(Entry entry, CancellationToken cancel)
    {
        try
        {
            if (!await integrity.MarkAsync(entry.Seq, entry.Kind, entry.Detail, entry.AsOf, cancel))
                return true;
            telemetry.IntegrityChanged(entry.Kind);
            if (entry.Kind == ChangeKind.Sound)
                LogSound(entry.Key, entry.Seq);
            else
                LogMarked(entry.Key, entry.Seq, entry.Kind, entry.Detail);
            telemetry.CorruptOrMissingFiles = await integrity.CountAsync(cancel);
            return true;
        }
        catch (DbException failure)
        {
            // The operator is told now; the mark follows when there is a disk to write it to.
            LogNotMarked(entry.Key, entry.Seq, entry.Kind, entry.Detail, failure.Message);
            return false;
        }
    }

    private readonly record struct Entry(long Seq, string Key, long AsOf, string Kind, string Detail);

    [LoggerMessage(
        Level = LogLevel.Error,
        Message = "{Key}, seq {Seq}, is {Kind} and not served until its bytes are right again: {Detail}"
    )]
    private partial void LogMarked(string key, long seq, string kind, string detail);

    [LoggerMessage(
        Level = LogLevel.Error,
        Message = "{Key}, seq {Seq}, is {Kind}: {Detail} The catalogue cannot be written to say so: {Reason}"
    )]
    private partial void LogNotMarked(string key, long seq, string kind, string detail, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Key}, seq {Seq}, is sound again")]
    private partial void LogSound(string key, long seq);
}
