using System.Globalization;

namespace OpenSdc.Server.Files.Kernels;

/// <summary>
/// Ephemeris time as SPICE counts it: seconds of TDB past J2000, which is 2000-01-01 12:00:00 TDB.
/// Conversions take TDB for TT, from which it differs by less than 2 ms.
/// </summary>
internal static class EphemerisTime
{
    private const double TtMinusTai = 32.184;

    private static readonly DateTime J2000 = new(2000, 1, 1, 12, 0, 0, DateTimeKind.Utc);

    // TAI minus UTC in whole seconds from each day on, as the International Earth Rotation Service announces them.
    private static readonly (DateTime From, int Seconds)[] LeapSeconds =
    [
        (Day(1972, 1), 10),
        (Day(1972, 7), 11),
        (Day(1973, 1), 12),
        (Day(1974, 1), 13),
        (Day(1975, 1), 14),
        (Day(1976, 1), 15),
        (Day(1977, 1), 16),
        (Day(1978, 1), 17),
        (Day(1979, 1), 18),
        (Day(1980, 1), 19),
        (Day(1981, 7), 20),
        (Day(1982, 7), 21),
        (Day(1983, 7), 22),
        (Day(1985, 7), 23),
        (Day(1988, 1), 24),
        (Day(1990, 1), 25),
        (Day(1991, 1), 26),
        (Day(1992, 7), 27),
        (Day(1993, 7), 28),
        (Day(1994, 7), 29),
        (Day(1996, 1), 30),
        (Day(1997, 7), 31),
        (Day(1999, 1), 32),
        (Day(2006, 1), 33),
        (Day(2009, 1), 34),
        (Day(2012, 7), 35),
        (Day(2015, 7), 36),
        (Day(2017, 1), 37),
    ];

    /// <summary>Seconds of TDB past J2000 of a moment in UTC.</summary>
    public static double Of(DateTime utc) => (utc - J2000).TotalSeconds + Leap(utc) + TtMinusTai;

    /// <summary>Reads seconds of TDB past J2000, whole or not; null where the text is no finite number.</summary>
    public static double? Parse(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) && double.IsFinite(seconds)
            ? seconds
            : null;

    private static int Leap(DateTime utc)
    {
        var seconds = LeapSeconds[0].Seconds;
        foreach (var (from, since) in LeapSeconds)
            seconds = utc >= from ? since : seconds;
        return seconds;
    }

    private static DateTime Day(int year, int month) => new(year, month, 1, 0, 0, 0, DateTimeKind.Utc);
}
