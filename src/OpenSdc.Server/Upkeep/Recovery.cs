using System.Diagnostics;
using OpenSdc.Contract.Naming;
using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Objects;

namespace OpenSdc.Server.Upkeep;

/// <summary>
/// At start, before anything is served: finishes or removes the uploads that were on their way when the process ended. Takes time in proportion
/// to those, not to the archive.
/// </summary>
internal sealed partial class Recovery(IObjectStore store, Catalogue.Catalogue catalogue, Mission mission, ILogger<Recovery> logger) : BackgroundService
{
    private readonly TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when requests may be served; fails where the archive cannot be brought to a consistent state.</summary>
    public Task Done => done.Task;

    public bool IsDone => done.Task.IsCompletedSuccessfully;

    /// <summary>Until it is done only the operator's routes are served: an upload on its way is settled before its name can be asked for again.</summary>
    public Task InvokeAsync(HttpContext context, RequestDelegate next) =>
        IsDone || context.Request.Path.StartsWithSegments("/health", StringComparison.Ordinal) || context.Request.Path.StartsWithSegments("/metrics", StringComparison.Ordinal)
            ? next(context)
            : Problems.NotReady.ExecuteAsync(context);

    protected override async Task ExecuteAsync(CancellationToken cancel)
    {
        try
        {
            await RecoverAsync(cancel);
            done.SetResult();
        }
        catch (Exception failure)
        {
            done.SetException(failure);
            throw;
        }
    }

    private async Task RecoverAsync(CancellationToken cancel)
    {
        var started = Stopwatch.GetTimestamp();
        int finished = 0, removed = 0;

        // What the database found in its log is on the disk before anyone is told of it again.
        await catalogue.CommitNothingAsync(cancel);
        // Where bytes travel past the server, staging is the clients' and all replicas'; whoever deals with arrivals deals with what is left there.
        foreach (var leftOver in store.Direct is null ? await store.LeftOverAsync(writtenBefore: null, cancel).ToListAsync(cancel) : [])
        {
            if (await FinishAsync(leftOver, cancel))
                finished++;
            else
                removed++;
            await store.RemoveLeftOverAsync(leftOver, cancel);
        }

        LogDone(finished, removed, Stopwatch.GetElapsedTime(started).TotalMilliseconds);
    }

    /// <summary>True where the upload had its key already, and so was complete and verified: it gets the record that it lacks.</summary>
    private async Task<bool> FinishAsync(string leftOver, CancellationToken cancel)
    {
        if (ArchivePath.ParseUpload(leftOver, mission).Name is not { } name || await catalogue.FindAsync(name.Key, ReadScope.Team, cancel) is not null)
            return false;
        using var stored = await store.OpenAsync(name.Key, cancel);
        if (stored is null)
            return false;
        var sha256 = await ObjectVerifier.Unthrottled.DigestAsync(stored, cancel);
        await store.FlushAsync(name.Key, cancel);
        await catalogue.PublishAsync([new Publication(name, stored.Length, sha256)], cancel);
        return true;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Recovered: {Finished} uploads finished, {Removed} removed from staging, in {Milliseconds:0.0} ms")]
    private partial void LogDone(int finished, int removed, double milliseconds);
}
