using OpenSdc.Contract;
using OpenSdc.Server.Catalogue;

namespace OpenSdc.Server.Uploads;

/// <summary>How an upload ended, or how far it is; with the receipt where it is published.</summary>
internal readonly record struct UploadEnd(UploadSession Upload, UploadReceipt? Receipt);

/// <summary>
/// Requests that wait for the end of uploads. All that wait for one upload share one entry, and the end is
/// read once for all of them. A request that goes away, or whose time is over, wakes nobody else. Each wait
/// is a request on a connection, so that the limit of connections bounds their number.
/// </summary>
/// <param name="read">Reads an upload that has ended; null where nobody knows it any more.</param>
/// <param name="clock">The clock.</param>
internal sealed class UploadWaits(Func<string, Task<UploadEnd?>> read, TimeProvider clock)
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, Entry> entries = new(StringComparer.Ordinal);

    private TimeProvider Clock => clock;

    /// <summary>Uploads that somebody waits for.</summary>
    public IReadOnlyList<string> Ids
    {
        get
        {
            lock (gate)
                return [.. entries.Keys];
        }
    }

    /// <summary>Begins to wait. Whoever reads the upload after that misses no end. Dispose when the request is answered.</summary>
    public Wait Begin(string id)
    {
        lock (gate)
        {
            if (!entries.TryGetValue(id, out var entry))
                entries.Add(id, entry = new Entry(() => read(id)));
            entry.Waiting++;
            return new Wait(this, id, entry);
        }
    }

    /// <summary>Says that an upload has ended, as the ledger has it by now.</summary>
    public void Ended(string id)
    {
        Entry? entry;
        lock (gate)
            entries.Remove(id, out entry);
        entry?.HasEnded.TrySetResult();
    }

    private void Leave(string id, Entry entry)
    {
        lock (gate)
        {
            if (--entry.Waiting == 0 && entries.TryGetValue(id, out var there) && ReferenceEquals(there, entry))
                entries.Remove(id);
        }
    }

    /// <summary>What the requests that wait for one upload share.</summary>
    internal sealed class Entry(Func<Task<UploadEnd?>> read)
    {
        public int Waiting { get; set; }

        public TaskCompletionSource HasEnded { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>The end, read by the first who asks.</summary>
        public Lazy<Task<UploadEnd?>> End { get; } = new(read);
    }

    /// <summary>One request that waits.</summary>
    internal sealed class Wait(UploadWaits all, string id, Entry entry) : IDisposable
    {
        /// <summary>Whether no other request waited for the upload when this one began.</summary>
        public bool IsFirst { get; } = entry.Waiting == 1;

        /// <summary>The end; null where the time is over before.</summary>
        public async Task<UploadEnd?> EndAsync(TimeSpan atMost, CancellationToken cancel)
        {
            try
            {
                await entry.HasEnded.Task.WaitAsync(atMost, all.Clock, cancel);
            }
            catch (TimeoutException)
            {
                return null;
            }

            return await entry.End.Value.WaitAsync(cancel);
        }

        public void Dispose() => all.Leave(id, entry);
    }
}
