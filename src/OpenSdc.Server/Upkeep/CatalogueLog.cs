using System.Data.Common;

namespace OpenSdc.Server.Upkeep;

/// <summary>
/// Keeps the catalogue's log short. The database empties it by itself when no reader needs it; under readers that overlap that moment never comes, and it
/// would grow for as long as they do. Then uploads wait for a moment, in which no reader comes that needs it.
/// </summary>
internal sealed partial class CatalogueLog(Catalogue.Catalogue catalogue, TimeProvider clock, ILogger<CatalogueLog> logger) : BackgroundService
{
    /// <summary>Twice what it holds when the database empties it by itself.</summary>
    public const long TooLong = 64 << 20;

    private static readonly TimeSpan Each = TimeSpan.FromSeconds(5);

    // A listing that is read slowly takes longer: it is left alone, and the log grows until it ends.
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Each, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            var size = catalogue.LogSize;
            if (size <= TooLong)
                continue;
            try
            {
                if (!await catalogue.EmptyLogAsync(Patience, stoppingToken))
                    LogInUse(size);
            }
            catch (DbException failure)
            {
                // Uploads meet the same and tell of it; the log is still there at the next turn.
                LogFailed(size, failure.Message);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The catalogue's log has {Size} bytes and cannot be emptied: a reader has needed it for long")]
    private partial void LogInUse(long size);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The catalogue's log has {Size} bytes and cannot be emptied: {Reason}")]
    private partial void LogFailed(long size, string reason);
}
