using System.Globalization;

namespace OpenSdc.Server.Catalogue;

/// <summary>How far the scrub is.</summary>
/// <param name="Seq">Every file up to this number has been read in the present round; 0 between two rounds.</param>
/// <param name="Head">The number of the newest change.</param>
/// <param name="Began">When the present round began, UTC; null where none ever did.</param>
/// <param name="Ended">When the last whole round ended, UTC; null where none ever did.</param>
internal sealed record ScrubRound(long Seq, long Head, string? Began, string? Ended)
{
    /// <summary>The share of the ledger that the present round has read: 1 where it has ended, and the next one has not begun.</summary>
    public double Progress =>
        Ended is not null && string.CompareOrdinal(Ended, Began) >= 0 && Seq == 0 ? 1
        : Head == 0 ? 0
        : Math.Min(1, (double)Seq / Head);

    /// <summary>How long ago the last whole round ended; null where none ever did.</summary>
    public TimeSpan? Age(DateTimeOffset now) =>
        Ended is null
            ? null
            : now - DateTimeOffset.ParseExact(Ended, "yyyyMMdd HH:mm:ss", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
}
