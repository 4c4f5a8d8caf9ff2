using System.Collections.Concurrent;
using System.Threading.Channels;
using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Objects;

namespace OpenSdc.Server.Uploads;

/// <summary>
/// Collects the signals that uploads have arrived, from requests, notifications and listings: records them in the
/// ledger and wakes the publisher. Uploads that another process records are found by polling the ledger. The end of
/// an upload is for <see cref="UploadWaits"/>.
/// </summary>
internal sealed class UploadSignals(UploadLedger ledger)
{
    // What a listing told of an upload saves its publisher a request. It may be missing or out of date.
    private const int MostListed = 10_000;

    private readonly Channel<bool> work = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly ConcurrentDictionary<string, ArrivedObject> listed = new(StringComparer.Ordinal);

    /// <summary>Records that uploads have arrived in the store.</summary>
    /// <returns>Those that were not recorded as arrived before.</returns>
    public Task<HashSet<string>> SignalAsync(IReadOnlyCollection<string> ids, CancellationToken cancel) =>
        SignalAsync([.. ids.Select(id => (id, (DateTimeOffset?)null))], cancel);

    private async Task<HashSet<string>> SignalAsync(IReadOnlyCollection<(string Id, DateTimeOffset? At)> uploads, CancellationToken cancel)
    {
        if (uploads.Count == 0)
            return [];
        var arrived = await ledger.ArriveAsync(uploads, cancel);
        if (arrived.Count > 0)
            Wake();
        return arrived;
    }

    /// <summary>The same for the objects of a listing.</summary>
    public Task<HashSet<string>> SignalAsync(IReadOnlyCollection<ArrivedObject> objects, CancellationToken cancel)
    {
        foreach (var each in objects)
        {
            if (listed.Count < MostListed)
                listed[each.UploadId] = each;
        }

        return SignalAsync([.. objects.Select(each => (each.UploadId, (DateTimeOffset?)each.LastWrite))], cancel);
    }

    /// <summary>Takes what a listing told of an upload; null where no listing did.</summary>
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
