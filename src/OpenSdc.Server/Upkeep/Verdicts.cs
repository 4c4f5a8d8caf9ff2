using System.Data.Common;
using System.Threading.Channels;
using OpenSdc.Server.Catalogue;

namespace OpenSdc.Server.Upkeep;

/// <summary>
/// What happens when an object is found not to be what was published, whoever finds it: a mark and an event in the catalogue, a metric, a line in
/// the log. The finder does not wait for it: the answer to a reader must not hang on the catalogue's disk.
/// </summary>
internal sealed partial class Verdicts(Soundness soundness, Telemetry telemetry, TimeProvider clock, ILogger<Verdicts> logger) : BackgroundService
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(30);

    // What does not fit is found again by the next read of the same object.
    private readonly Channel<Verdict> queue = Channel.CreateBounded<Verdict>(new BoundedChannelOptions(1024) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Says that a file is lost or damaged, or, by <see cref="ChangeKind.Sound"/>, neither any more. What is known already changes nothing.</summary>
    public void Say(long seq, string key, string kind, string detail) => queue.Writer.TryWrite(new(seq, key, kind, detail));

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach (var verdict in queue.Reader.ReadAllAsync(stoppingToken))
        {
            while (!await RecordAsync(verdict, stoppingToken))
                await Task.Delay(RetryAfter, clock, stoppingToken);
        }
    }

    /// <summary>False where the catalogue cannot be written now.</summary>
    private async Task<bool> RecordAsync(Verdict verdict, CancellationToken cancel)
    {
        try
        {
            if (!await soundness.MarkAsync(verdict.Seq, verdict.Kind, verdict.Detail, cancel))
                return true;
            telemetry.ChangedSoundness(verdict.Kind);
            if (verdict.Kind == ChangeKind.Sound)
                LogSound(verdict.Key, verdict.Seq);
            else
                LogUnsound(verdict.Key, verdict.Seq, verdict.Kind, verdict.Detail);
            telemetry.UnsoundFiles = await soundness.CountAsync(cancel);
            return true;
        }
        catch (DbException failure)
        {
            // The operator is told now; the mark follows when there is a disk to write it to.
            LogNotMarked(verdict.Key, verdict.Seq, verdict.Kind, verdict.Detail, failure.Message);
            return false;
        }
    }

    private readonly record struct Verdict(long Seq, string Key, string Kind, string Detail);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Key}, seq {Seq}, is {Kind}: {Detail}. It is not served until its bytes are right again")]
    private partial void LogUnsound(string key, long seq, string kind, string detail);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Key}, seq {Seq}, is {Kind}: {Detail}. The catalogue cannot be written to say so: {Reason}")]
    private partial void LogNotMarked(string key, long seq, string kind, string detail, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Key}, seq {Seq}, is sound again")]
    private partial void LogSound(string key, long seq);
}
