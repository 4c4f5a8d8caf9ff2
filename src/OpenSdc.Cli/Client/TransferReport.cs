using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using OpenSdc.Client;
using OpenSdc.Server;

namespace OpenSdc.Cli.Client;

/// <summary>
/// Tells of transfers on standard error while they go on, from several threads. Failures are told whatever the
/// form.
/// </summary>
internal abstract class TransferReport : IProgress<TransferProgress>, IDisposable
{
    public abstract void Report(TransferProgress value);

    /// <summary>Writes a line to standard output.</summary>
    public virtual void WriteData(string line) => Console.Out.WriteLine(line);

    /// <summary>Ends it; what comes later is not told.</summary>
    public abstract void Dispose();
}

/// <summary>
/// Progress where no terminal is, and for programs: failures and repetitions at once, a line with totals now and
/// then.
/// </summary>
internal sealed class LineReport : TransferReport
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    private readonly Lock gate = new();
    private readonly Dictionary<string, long> active = new(StringComparer.Ordinal);
    private readonly string form;
    private readonly TimeProvider clock;
    private readonly long begun;
    private readonly ITimer timer;
    private long finished;
    private long bytes;
    private bool disposed;

    public LineReport(string form, TimeProvider clock)
    {
        (this.form, this.clock) = (form, clock);
        begun = clock.GetTimestamp();
        timer = clock.CreateTimer(_ => Totals(), null, Interval, Interval);
    }

    public override void Report(TransferProgress value)
    {
        lock (gate)
        {
            if (disposed)
                return;
            switch (value.Step)
            {
                case TransferStep.Started:
                    // What an earlier download left does not count as moved now.
                    active[value.Name] = value.Bytes;
                    break;
                case TransferStep.Moved or TransferStep.Retrying:
                    bytes += Math.Max(0, value.Bytes - active.GetValueOrDefault(value.Name));
                    active[value.Name] = value.Bytes;
                    break;
                default:
                    finished++;
                    active.Remove(value.Name);
                    break;
            }

            if (form == "json" && value.Step != TransferStep.Moved)
                Console.Error.WriteLine(JsonSerializer.Serialize(new ProgressLine(WordOf(value.Step), value.Name, value.Bytes,
                    value.Size < 0 ? null : value.Size, value.Reason), ProgressJson.Default.ProgressLine));
            else if (value.Step == TransferStep.Failed)
                Console.Error.WriteLine(ShownText.Plain(value.Reason ?? value.Name));
            else if (value.Step == TransferStep.Retrying && form == "lines")
                Console.Error.WriteLine(ShownText.Plain($"{value.Name}: {value.Reason} Trying again."));
        }
    }

    public override void Dispose()
    {
        timer.Dispose();
        lock (gate)
            disposed = true;
    }

    private void Totals()
    {
        lock (gate)
        {
            if (disposed || form == "none" || active.Count == 0)
                return;
            var rate = bytes / Math.Max(0.001, clock.GetElapsedTime(begun).TotalSeconds);
            if (form == "json")
                Console.Error.WriteLine(JsonSerializer.Serialize(new TotalsLine("totals", finished, active.Count, bytes, (long)rate),
                    ProgressJson.Default.TotalsLine));
            else
                Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"{finished} done, {active.Count} on the way, {LongTask.Size(bytes)}, {LongTask.Size((long)rate)} a second"));
        }
    }

    private static string WordOf(TransferStep step) => step switch
    {
        TransferStep.Started => "started",
        TransferStep.Retrying => "retrying",
        TransferStep.Done => "done",
        TransferStep.Skipped => "skipped",
        _ => "failed",
    };
}

/// <summary>A line of <c>--progress json</c> about one file.</summary>
internal sealed record ProgressLine(string Event, string Name, long Bytes, long? Size, string? Reason);

/// <summary>A line of <c>--progress json</c> about all of them.</summary>
internal sealed record TotalsLine(string Event, long Done, int Active, long Bytes, long BytesPerSecond);

/// <summary>JSON of progress, made at compile time.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ProgressLine))]
[JsonSerializable(typeof(TotalsLine))]
internal sealed partial class ProgressJson : JsonSerializerContext;
