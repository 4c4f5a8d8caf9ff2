using System.Collections.Concurrent;
using OpenSdc.Server.Catalogue;

namespace OpenSdc.Server.Uploads;

/// <summary>
/// Renews the leases of the uploads that this process works on. Where a lease cannot be renewed in time, the
/// work on it is stopped before another process can take it.
/// </summary>
internal sealed class LeaseRenewer(UploadLeases leases, TimeProvider clock)
{
    private static readonly TimeSpan RenewBefore = UploadLeases.LeaseTime * 2 / 3;
    private static readonly TimeSpan StopBefore = UploadLeases.LeaseTime / 5;

    private readonly ConcurrentDictionary<string, Held> held = new(StringComparer.Ordinal);

    /// <summary>The unique id of this process.</summary>
    public string Owner { get; } = UploadStaging.NewId();

    public int Count => held.Count;

    /// <summary>Begins the work on an upload whose lease was just taken; null where earlier work on it has not ended yet.</summary>
    /// <param name="id">The upload.</param>
    /// <param name="takenAt">When the lease was taken, at the latest.</param>
    /// <param name="stopping">Stops the work as well.</param>
    public Held? Begin(string id, DateTimeOffset takenAt, CancellationToken stopping)
    {
        var begun = new Held(this, clock, id, takenAt + UploadLeases.LeaseTime, stopping);
        if (held.TryAdd(id, begun))
            return begun;
        begun.Dispose();
        return null;
    }

    /// <summary>Renews the leases that are due. Most uploads are published long before.</summary>
    public async Task RenewAsync(CancellationToken cancel)
    {
        var now = clock.GetUtcNow();
        var due = held.Values.Where(each => each.Until - now < RenewBefore).ToList();
        if (due.Count == 0)
            return;
        var renewed = await leases.RenewAsync(Owner, [.. due.Select(each => each.Id)], cancel);
        foreach (var each in due.Where(each => renewed.Contains(each.Id)))
            each.Renew(now + UploadLeases.LeaseTime);
    }

    /// <summary>One lease. Disposing ends the work.</summary>
    internal sealed class Held : IDisposable
    {
        private readonly LeaseRenewer all;
        private readonly TimeProvider clock;
        private readonly CancellationTokenSource stop;
        private readonly CancellationTokenRegistration stopping;

        public Held(LeaseRenewer all, TimeProvider clock, string id, DateTimeOffset until, CancellationToken stopping)
        {
            (this.all, this.clock, Id, Until) = (all, clock, id, until);
            stop = new CancellationTokenSource(TimeLeft, clock);
            this.stopping = stopping.Register(stop.Cancel);
        }

        public string Id { get; }

        public DateTimeOffset Until { get; private set; }

        public Lease Lease => new(Id, all.Owner);

        /// <summary>Cancelled when the lease is about to expire, or the process stops.</summary>
        public CancellationToken Stop => stop.Token;

        private TimeSpan TimeLeft => Until - StopBefore - clock.GetUtcNow() is { Ticks: > 0 } left ? left : TimeSpan.Zero;

        public void Renew(DateTimeOffset until)
        {
            Until = until;
            stop.CancelAfter(TimeLeft);
        }

        public void Dispose()
        {
            all.held.TryRemove(new(Id, this));
            stopping.Dispose();
            stop.Dispose();
        }
    }
}
