using System.Globalization;
using OpenSdc.Client;
using OpenSdc.Server;
using Spectre.Console;

namespace OpenSdc.Cli.Client;

/// <summary>
/// Progress in a terminal: a bar for each file on the way, with its rate and the time left, and a line with
/// totals below them.
/// </summary>
internal sealed class BarReport : TransferReport
{
    // More would scroll away what stands above.
    private const int MostBars = 12;

    private const int Medium = 60;
    private const int Wide = 90;

    private readonly Lock gate = new();
    private readonly Dictionary<string, ProgressTask> bars = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> moved = new(StringComparer.Ordinal);
    private readonly IAnsiConsole console;
    private readonly TimeProvider clock;
    private readonly long begun;
    private readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task drawing;
    private ProgressContext? context;
    private ProgressTask? total;
    private (long Done, long Failed, long Bytes) sum;

    public BarReport(TimeProvider clock)
    {
        this.clock = clock;
        begun = clock.GetTimestamp();
        console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(Console.Error),
            ColorSystem = string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR")) ? ColorSystemSupport.Detect
                : ColorSystemSupport.NoColors,
        });
        drawing = console.Progress().AutoClear(true).HideCompleted(true)
            .Columns([.. ColumnsFor(console.Profile.Width)])
            .StartAsync(async drawn =>
            {
                lock (gate)
                {
                    context = drawn;
                    total = drawn.AddTask("0 done");
                    total.IsIndeterminate = true;
                }

                await ended.Task;
            });
    }

    /// <summary>What fits beside a name: a column that is too wide would be broken over two lines.</summary>
    private static IEnumerable<ProgressColumn> ColumnsFor(int width)
    {
        yield return new TaskDescriptionColumn { Alignment = Justify.Left };
        if (width >= Wide)
            yield return new ProgressBarColumn { Width = 20 };
        yield return new PercentageColumn();
        if (width >= Medium)
            yield return new TransferSpeedColumn();
        if (width >= Wide)
            yield return new RemainingTimeColumn();
    }

    /// <summary>Whether standard error is a terminal that can be drawn on.</summary>
    public static bool IsPossible => !Console.IsErrorRedirected && Environment.GetEnvironmentVariable("TERM") is not (null or "" or "dumb");

    public override void Report(TransferProgress value)
    {
        lock (gate)
        {
            if (context is null || ended.Task.IsCompleted)
            {
                if (value.Step == TransferStep.Failed)
                    Console.Error.WriteLine(ShownText.Plain(value.Reason ?? value.Name));
                return;
            }

            switch (value.Step)
            {
                case TransferStep.Started when bars.Count < MostBars:
                    var bar = bars[value.Name] = context.AddTaskBefore(Markup.Escape(ShownText.Plain(value.Name)),
                        new ProgressTaskSettings { MaxValue = Math.Max(1, value.Size) }, total!);
                    bar.IsIndeterminate = value.Size < 0;
                    bar.Value = value.Bytes;
                    break;
                case TransferStep.Moved or TransferStep.Retrying:
                    sum.Bytes += Math.Max(0, value.Bytes - moved.GetValueOrDefault(value.Name));
                    if (bars.TryGetValue(value.Name, out var known))
                        known.Value = value.Bytes;
                    if (value.Step == TransferStep.Retrying)
                        console.WriteLine(ShownText.Plain($"{value.Name}: {value.Reason} Trying again."));
                    break;
                case TransferStep.Done or TransferStep.Skipped or TransferStep.Failed:
                    (sum.Done, sum.Failed) = value.Step == TransferStep.Failed ? (sum.Done, sum.Failed + 1) : (sum.Done + 1, sum.Failed);
                    if (bars.Remove(value.Name, out var over))
                        context.RemoveTask(over);
                    if (value.Step == TransferStep.Failed)
                        console.WriteLine(ShownText.Plain(value.Reason ?? value.Name));
                    break;
            }

            if (value.Step is TransferStep.Started or TransferStep.Moved or TransferStep.Retrying)
                moved[value.Name] = value.Bytes;
            else
                moved.Remove(value.Name);
            var rate = sum.Bytes / Math.Max(0.001, clock.GetElapsedTime(begun).TotalSeconds);
            total!.Description = string.Create(
                CultureInfo.InvariantCulture,
                $"{sum.Done} done{(sum.Failed > 0 ? $", {sum.Failed} failed" : "")}, {LongTask.Size(sum.Bytes)}, {LongTask.Size((long)rate)} a second"
            );
        }
    }

    /// <summary>
    /// A line for standard output. Where that is the same terminal it is written above the bars, which would
    /// otherwise stand in its way.
    /// </summary>
    public override void WriteData(string line)
    {
        if (Console.IsOutputRedirected || ended.Task.IsCompleted)
            Console.Out.WriteLine(line);
        else
            console.WriteLine(line);
    }

    public override void Dispose()
    {
        ended.TrySetResult();
        drawing.GetAwaiter().GetResult();
    }
}
