using System.Data.Common;
using OpenSdc.Server.Files;

namespace OpenSdc.Server.Upkeep;

/// <summary>
/// Keeps the catalogue's log short. The database empties it by itself when no reader needs it; under readers
/// that overlap that moment never comes, and it would grow for as long as they do. Then uploads wait for a
/// moment, in which no reader comes that needs it. Where the log has become longer than the setting
/// <c>max-log-size</c>, the listings that still need it are ended by cutting their connections.
/// </summary>
internal sealed partial class CatalogueLog(
    Catalogue.Catalogue catalogue,
    ListingPlaces listings,
    ServerOptions options,
    TimeProvider clock,
    ILogger<CatalogueLog> logger
) : BackgroundService
{
    /// <summary>Twice what it holds when the database empties it by itself.</summary>
    public const long TooLong = 64 << 20;

    /// <summary>The time between two looks at the log.</summary>
    public static readonly TimeSpan Each = TimeSpan.FromSeconds(5);

    // A listing that is read slowly takes longer.
    private static readonly TimeSpan LockTimeout = TimeSpan.FromMilliseconds(500);

    // Those that have lasted longest first; all of them where that does not suffice.
    private static readonly TimeSpan[] Ages = [Each, TimeSpan.Zero];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Each, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            var size = catalogue.LogSize;
            if (size <= Math.Min(TooLong, options.MaxLogSize))
                continue;
            try
            {
                await ShortenAsync(size, stoppingToken);
            }
            catch (DbException failure)
            {
                // Uploads meet the same and tell of it; the log is still there at the next turn.
                LogFailed(size, failure.Message);
            }
        }
    }

    private async Task ShortenAsync(long size, CancellationToken cancel)
    {
        if (await catalogue.EmptyLogAsync(LockTimeout, cancel))
            return;
        if (size > options.MaxLogSize)
        {
            foreach (var age in Ages)
            {
                var count = listings.Cut(age);
                if (count == 0)
                    continue;
                LogCut(count, size, options.MaxLogSize);
                if (await catalogue.EmptyLogAsync(LockTimeout, cancel))
                    return;
            }
        }

        LogInUse(size);
    }

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "{Count} listings were cut, since the catalogue's log has {Size} bytes, more than max-log-size ({Most}), and they kept it from being emptied"
    )]
    private partial void LogCut(int count, long size, long most);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "The catalogue's log has {Size} bytes and cannot be emptied: a reader has needed it for long"
    )]
    private partial void LogInUse(long size);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The catalogue's log has {Size} bytes and cannot be emptied: {Reason}")]
    private partial void LogFailed(long size, string reason);
}
