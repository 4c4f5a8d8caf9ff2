using System.Collections.Concurrent;
using System.Threading.Channels;
using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Objects;

namespace OpenSdc.Server.Uploads;

/// <summary>
/// Where news of uploads come together, whoever brings them: that one has arrived, which wakes those who publish, and that one has ended, which wakes those
/// who wait for it. What another process does is learnt from the ledger, by looking.
/// </summary>
internal sealed class Arrivals(UploadLedger ledger)
{
    // What a listing has just told of an upload spares its publisher the question. It is of no consequence whether it is still there.
    private const int MostListed = 10_000;

    private readonly Channel<bool> work = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly ConcurrentDictionary<string, ArrivedObject> listed = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, TaskCompletionSource> waited = new(StringComparer.Ordinal);

    /// <summary>Uploads that somebody waits for.</summary>
    public ICollection<string> Waited => waited.Keys;

    /// <summary>Says that uploads are in the store. In the ledger when it returns.</summary>
    /// <returns>Those of which it was not known.</returns>
    public async Task<HashSet<string>> SayAsync(IReadOnlyCollection<string> ids, CancellationToken cancel)
    {
        if (ids.Count == 0)
            return [];
        var arrived = await ledger.ArriveAsync(ids, cancel);
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

        return SayAsync([.. objects.Select(each => each.UploadId)], cancel);
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

    /// <summary>Says that an upload has ended.</summary>
    public void Ended(string id)
    {
        if (waited.TryRemove(id, out var waiting))
            waiting.TrySetResult();
    }

    /// <summary>Ends when the upload has, or when the time is over, or sooner: who was woken asks the ledger.</summary>
    public async Task WaitForNewsAsync(string id, TimeSpan atMost, TimeProvider clock, CancellationToken cancel)
    {
        var waiting = waited.GetOrAdd(id, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        try
        {
            await waiting.Task.WaitAsync(atMost, clock, cancel);
        }
        catch (TimeoutException)
        {
            // The time is over.
        }
        finally
        {
            // Nobody may be left who waits; whoever is registers again.
            if (waited.TryRemove(new(id, waiting)))
                waiting.TrySetResult();
        }
    }
}
