using System.Data.Common;
using OpenSdc.Server.Catalogue;

namespace OpenSdc.Server.Access;

/// <summary>
/// Writes to the audit what has no transaction of its own. Entries that come while one transaction is on its
/// way share the next one. Denied attempts are counted and become one entry per caller, route and minute;
/// they are in memory until then, so that a process that is killed loses the last minute's.
/// </summary>
/// <remarks>
/// A deed that changes the catalogue appends its entry in the same transaction (<see
/// cref="AuditTable.AppendAsync(Session, DbTransaction, IReadOnlyList{AuditEntry}, DateTimeOffset,
/// CancellationToken)"/>).
/// </remarks>
internal sealed partial class AuditLog(AuditTable table, ServerOptions options, TimeProvider clock, ILogger<AuditLog> logger)
    : BackgroundService
{
    /// <summary>Callers and routes that are told apart in one minute; the attempts of further ones are counted together.</summary>
    public const int MostDenied = 1000;

    /// <summary>Downloads of the present minute that are remembered; of further ones each request has an entry.</summary>
    private const int MostDownloads = 10_000;

    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly (string, string, string) Others = ("others", "", "");

    private readonly Batcher<AuditEntry, bool> batcher = new(async batch =>
    {
        await table.AppendAsync(batch, CancellationToken.None);
        return [.. batch.Select(_ => true)];
    });

    private readonly Lock gate = new();
    private Dictionary<(string Caller, string Client, string Route), AuditEntry> denied = [];

    private readonly HashSet<(string Caller, string Client, string Key)> downloads = [];

    /// <summary>The entry of a request's deed.</summary>
    public static AuditEntry Of(HttpContext context, string action, string target, int status) => new()
    {
        Action = action,
        Caller = context.Caller().Name,
        Client = RequestLog.Client(context),
        Request = context.TraceIdentifier,
        Target = target,
        Status = status,
    };

    /// <summary>Appends an entry. On the disk when it returns: call it before the deed is acknowledged.</summary>
    public Task WriteAsync(AuditEntry entry) => batcher.RunAsync(entry);

    /// <summary>
    /// Notes that somebody with credentials is given the bytes of a file that is not released; on the disk
    /// when it returns. Further requests of the same caller, address and file within a minute, such as
    /// ranges, are the same download.
    /// </summary>
    public async Task NoteDownloadAsync(HttpContext context, string key, Catalogue.Catalogue catalogue, int status)
    {
        var caller = context.Caller();
        if (caller.IsAnonymous || await catalogue.HasAsync(key, ReadScope.Of(Caller.Anonymous), context.RequestAborted))
            return;
        var who = (caller.Name, RequestLog.Client(context), key);
        lock (gate)
        {
            if (downloads.Contains(who))
                return;
        }

        await WriteAsync(Of(context, AuditAction.Download, key, status));
        lock (gate)
        {
            if (downloads.Count < MostDownloads)
                downloads.Add(who);
        }
    }

    /// <summary>Middleware: counts requests that are denied, 401 and 403.</summary>
    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        await next(context);
        if (context.Response.StatusCode is StatusCodes.Status401Unauthorized or StatusCodes.Status403Forbidden)
            CountDenied(context);
    }

    /// <summary>Appends what was denied until now.</summary>
    internal async Task WriteDeniedAsync(CancellationToken cancel)
    {
        Dictionary<(string Caller, string Client, string Route), AuditEntry> counted;
        lock (gate)
        {
            if (denied.Count == 0)
                return;
            (counted, denied) = (denied, []);
        }

        try
        {
            await table.AppendAsync([.. counted.Values], cancel);
        }
        catch (DbException failure)
        {
            LogNotWritten(failure.Message);
            lock (gate)
            {
                // With those of the next minute.
                foreach (var (who, entry) in counted)
                    Count(who, entry);
            }
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await WriteDeniedAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Minute, clock);
        var day = DateOnly.MinValue;
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            lock (gate)
                downloads.Clear();
            await WriteDeniedAsync(stoppingToken);
            if (
                DateOnly.FromDateTime(clock.GetUtcNow().UtcDateTime) is var today
                && options.AuditDays > 0
                && today > day
                && await DropAsync(today, stoppingToken)
            )
                day = today;
        }
    }

    /// <summary>Several processes may do it at once: each after the other, and the later ones find nothing.</summary>
    private async Task<bool> DropAsync(DateOnly today, CancellationToken cancel)
    {
        try
        {
            if (await table.DropBeforeAsync(today.AddDays(-options.AuditDays), cancel) is var dropped and > 0)
                LogDropped(dropped, options.AuditDays);
            return true;
        }
        catch (DbException failure)
        {
            LogNotDropped(failure.Message);
            return false;
        }
    }

    private void CountDenied(HttpContext context)
    {
        var outcome = RequestOutcome.Of(context);
        var entry = Of(context, AuditAction.Denied, $"{RequestLog.Method(context)} {outcome?.Route}", context.Response.StatusCode) with
        {
            Detail = outcome?.Code ?? "",
        };
        lock (gate)
            Count((entry.Caller, entry.Client, entry.Target), entry);
    }

    private void Count((string Caller, string Client, string Route) who, AuditEntry entry)
    {
        if (!denied.ContainsKey(who) && denied.Count >= MostDenied)
            (who, entry) = (
                Others,
                new()
                {
                    Action = AuditAction.Denied,
                    Caller = Others.Item1,
                    Count = entry.Count,
                    Detail = "callers and routes beyond the number that is told apart",
                }
            );
        denied[who] = denied.TryGetValue(who, out var before) ? before with { Count = before.Count + entry.Count } : entry;
    }

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Denied attempts could not be written to the audit; they are kept for the next minute: {Reason}"
    )]
    private partial void LogNotWritten(string reason);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Old entries of the audit could not be dropped; the next minute tries again: {Reason}"
    )]
    private partial void LogNotDropped(string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Dropped {Count} entries of the audit that are older than audit-days ({Days})")]
    private partial void LogDropped(long count, int days);
}
