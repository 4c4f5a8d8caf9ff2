using System.Collections.Concurrent;
using System.Threading.Channels;
using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Objects;

namespace OpenSdc.Server.Uploads;

/// <summary>
/// Where news of arrivals come together, whoever brings them: that an upload has arrived wakes those who publish. What another process does is learnt from the
/// ledger, by looking. That an upload has ended is for <see cref="UploadWaits"/>.
/// </summary>
internal sealed class Arrivals(UploadLedger ledger)
{
    // What a listing has just told of an upload spares its publisher the question. It is of no consequence whether it is still there.
    private const int MostListed = 10_000;

    private readonly Channel<bool> work = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly ConcurrentDictionary<string, ArrivedObject> listed = new(StringComparer.Ordinal);

    /// <summary>Says that uploads are in the store. In the ledger when it returns.</summary>
    /// <returns>Those of which it was not known.</returns>
    public Task<HashSet<string>> SayAsync(IReadOnlyCollection<string> ids, CancellationToken cancel) => SayAsync([.. ids.Select(id => (id, (DateTimeOffset?)null))], cancel);

    private async Task<HashSet<string>> SayAsync(IReadOnlyCollection<(string Id, DateTimeOffset? At)> uploads, CancellationToken cancel)
    {
        if (uploads.Count == 0)
            return [];
        var arrived = await ledger.ArriveAsync(uploads, cancel);
        if (arrived.Count > 0)
            Wake();
        return arrived;
    }

    /// <summary>The same of what a listing tells.</summary>
    public Task<HashSet<string>> SayAsync(IReadOnlyCollection<ArrivedObject> objects, CancellationToken cancel)
    {
        foreach (var each in objects)
        {
            if (listed.Count < MostListed)
                listed[each.UploadId] = each;
        }

        return SayAsync([.. objects.Select(each => (each.UploadId, (DateTimeOffset?)each.LastWrite))], cancel);
    }

    /// <summary>What a listing told of an upload, once.</summary>
    public ArrivedObject? Listed(string id) => listed.TryRemove(id, out var told) ? told : null;

    /// <summary>There may be something to publish.</summary>
    public void Wake() => work.Writer.TryWrite(true);

    /// <summary>Waits until there may be something to publish, or until the time is over.</summary>
    public async Task WaitForWorkAsync(TimeSpan atMost, TimeProvider clock, CancellationToken cancel)
    {
        using var time = new CancellationTokenSource(atMost, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, time.Token);
        try
        {
            await work.Reader.ReadAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            // The time is over.
        }
    }
}
