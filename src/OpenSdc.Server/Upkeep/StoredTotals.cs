using System.Data.Common;
using OpenSdc.Contract;
using OpenSdc.Server.Catalogue;

namespace OpenSdc.Server.Upkeep;

/// <summary>
/// Counts the archive's files and bytes once a minute for the metrics, from what is summed up at publication;
/// and looks how far the scrub is, whichever process it runs in.
/// </summary>
internal sealed partial class StoredTotals(
    Catalogue.Catalogue catalogue,
    IntegrityState integrity,
    ServerOptions options,
    Telemetry telemetry,
    TimeProvider clock,
    ILogger<StoredTotals> logger
) : BackgroundService
{
    private const int Years = 4;

    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        do
        {
            try
            {
                await CountAsync(stoppingToken);
                if (options.ScrubRate > 0)
                    telemetry.ScrubRound = await integrity.ScrubRoundAsync(stoppingToken);
            }
            catch (DbException failure)
            {
                // The next minute counts again; until then the metrics keep what was counted last.
                LogNotCounted(failure.Message);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task CountAsync(CancellationToken cancel)
    {
        var (files, bytes) = (0L, 0L);
        await using var rows = await catalogue.CoverAsync(new FileQuery { Family = null }, ReadScope.Team, Years, cancel);
        while (await rows.NextAsync(cancel) is { } lines)
        {
            for (var rest = lines.Text.Span; rest.Length > 0;)
            {
                var line = CoverageLine.Take(ref rest);
                (files, bytes) = (files + CoverageLine.Number(line.Files), bytes + CoverageLine.Number(line.Bytes));
            }
        }

        (telemetry.StoredFiles, telemetry.StoredBytes) = (files, bytes);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Files and bytes could not be counted for the metrics: {Reason}")]
    private partial void LogNotCounted(string reason);
}
