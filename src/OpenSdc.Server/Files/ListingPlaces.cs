namespace OpenSdc.Server.Files;

/// <summary>
/// Bounds the long answers that are sent at once: each holds a session of the catalogue, or its bytes in
/// memory, for as long as its client takes to read it. An answer takes a place as soon as it is longer than
/// <see cref="Free"/>, before its status line is sent, and holds it until it has been sent. Where no place is
/// free it is answered 503 at once.
/// </summary>
internal sealed class ListingPlaces
{
    /// <summary>Bytes of an answer that needs no place.</summary>
    public const int Free = 64 * 1024;

    private readonly Lock turn = new();
    private readonly HashSet<ListingPlace> taken = [];
    private readonly int most;
    private readonly TimeProvider clock;
    private readonly Telemetry telemetry;

    /// <remarks>
    /// Never more than the catalogue can do without: look-ups and short listings always have sessions that no
    /// long answer holds.
    /// </remarks>
    public ListingPlaces(ServerOptions options, Catalogue.Catalogue catalogue, TimeProvider clock, Telemetry telemetry)
    {
        (most, this.clock, this.telemetry) = (Math.Min(options.MaxListings, catalogue.MostLongListings), clock, telemetry);
        telemetry.WatchListings(() => Taken);
    }

    /// <summary>How many places are taken.</summary>
    public int Taken
    {
        get
        {
            lock (turn)
                return taken.Count;
        }
    }

    /// <summary>A place for the answer to a request, or null where none is free. The caller disposes it.</summary>
    public ListingPlace? TryTake(HttpContext context)
    {
        lock (turn)
        {
            if (taken.Count < most)
            {
                var place = new ListingPlace(this, context, clock.GetTimestamp());
                taken.Add(place);
                return place;
            }
        }

        telemetry.RefusedListing();
        return null;
    }

    /// <summary>
    /// Ends the answers that still read the catalogue and have had a place for at least this long, by cutting
    /// their connections.
    /// </summary>
    /// <returns>How many were ended.</returns>
    public int Cut(TimeSpan age)
    {
        List<ListingPlace> old;
        lock (turn)
            old = [.. taken.Where(each => each.ReadsCatalogue && clock.GetElapsedTime(each.Since) >= age)];
        foreach (var place in old)
            place.Cut();
        telemetry.CutListings(old.Count);
        return old.Count;
    }

    internal void Return(ListingPlace place)
    {
        lock (turn)
            taken.Remove(place);
    }
}

/// <summary>The place of one long answer.</summary>
internal sealed class ListingPlace(ListingPlaces places, HttpContext context, long since) : IDisposable
{
    private readonly Lock turn = new();
    private bool isOver;

    public long Since => since;

    /// <summary>Whether the answer still has a session of the catalogue.</summary>
    public bool ReadsCatalogue { get; private set; } = true;

    /// <summary>The session has been given back; what is left to send is in memory.</summary>
    public void EndReading() => ReadsCatalogue = false;

    public void Cut()
    {
        // The context is the next request's once this one is over.
        lock (turn)
        {
            if (!isOver)
                RequestOutcome.Cut(context, "listing-cut");
        }
    }

    public void Dispose()
    {
        lock (turn)
            isOver = true;
        places.Return(this);
    }
}
