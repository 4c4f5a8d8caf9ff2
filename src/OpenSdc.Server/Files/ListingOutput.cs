namespace OpenSdc.Server.Files;

/// <summary>
/// The body of an answer that may be long. Nothing is sent before it is known that the answer is short or has
/// a place (<see cref="ListingPlaces"/>), so that it can still be answered 503. Dispose it after the last
/// byte was sent: that gives the place and the buffer back.
/// </summary>
/// <param name="context">The request.</param>
/// <param name="addHeaders">Adds the headers of the answer, just before its first byte is sent.</param>
internal sealed class ListingOutput(HttpContext context, Action addHeaders) : IDisposable
{
    // As much as a slow client must take in time.
    private const int FlushAt = StallTimeout.LargestFlush - 4096;

    private readonly StallTimeout stallTimeout = context.RequestServices.GetRequiredService<StallTimeout>();
    private ListingPlace? place;

    /// <summary>What was written and is not yet sent.</summary>
    public PooledBuffer Buffer { get; } = new();

    /// <summary>Call after each row: takes a place when the answer has become long, and sends what there is.</summary>
    /// <param name="streams">Whether what was written may be sent; a page is held until its end is known.</param>
    /// <returns>False where no place is free: nothing was sent, and the answer is <see cref="Problems.TooManyListings"/>.</returns>
    public ValueTask<bool> ContinueAsync(bool streams) =>
        Buffer.Length <= (place is null ? ListingPlaces.Free : FlushAt) ? new(true) : GrowAsync(streams);

    /// <summary>Sends the rest. The session of the catalogue must have been given back.</summary>
    public async Task EndAsync()
    {
        place?.EndReading();
        if (!context.Response.HasStarted)
        {
            addHeaders();
            context.Response.ContentLength = Buffer.Length;
        }

        await Buffer.FlushToAsync(context, stallTimeout);
    }

    public void Dispose()
    {
        place?.Dispose();
        Buffer.Dispose();
    }

    private async ValueTask<bool> GrowAsync(bool streams)
    {
        place ??= context.RequestServices.GetRequiredService<ListingPlaces>().TryTake(context);
        if (place is null)
            return false;
        if (!streams)
            return true;
        if (!context.Response.HasStarted)
            addHeaders();
        await Buffer.FlushAndGiveWayAsync(context, stallTimeout);
        return true;
    }
}
