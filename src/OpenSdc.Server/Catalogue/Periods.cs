using System.Globalization;

namespace OpenSdc.Server.Catalogue;

/// <summary>Periods of one length, from and to the ends of a range, as comparisons with their text.</summary>
internal readonly record struct Period(int Digits, (string Comparison, string Value)? From, (string Comparison, string Value)? To);

/// <summary>
/// A range of days as the longest days, months and years that lie in it whole: 15 January 2026 to the end of
/// 2028 is seventeen days, eleven months and two years.
/// </summary>
internal static class Periods
{
    /// <summary>
    /// Periods of at most so many digits (8 a day, 6 a month, 4 a year) which together are these days, in
    /// order; none of them overlap.
    /// </summary>
    public static IEnumerable<Period> Split(string? start, string? end, int digits)
    {
        if (start is null && end is null)
            return [new Period(digits, null, null)];
        if (digits == 8 || (start is not null && end is not null && string.CompareOrdinal(start, end) > 0))
            return [new Period(8, start is null ? null : (">=", start), end is null ? null : ("<=", end))];
        var startsWhole = start is null || start == FirstDay(start[..digits]);
        var endsWhole = end is null || end == LastDay(end[..digits]);
        if (start is not null && end is not null && start[..digits] == end[..digits] && !(startsWhole && endsWhole))
            return Split(start, end, digits + 2);
        return
        [
            .. startsWhole ? [] : Split(start, LastDay(start![..digits]), digits + 2),
            new Period(
                digits,
                start is null ? null : (startsWhole ? ">=" : ">", start[..digits]),
                end is null ? null : (endsWhole ? "<=" : "<", end[..digits])
            ),
            .. endsWhole ? [] : Split(FirstDay(end![..digits]), end, digits + 2),
        ];
    }

    private static string FirstDay(string period) => period.Length == 4 ? period + "0101" : period + "01";

    private static string LastDay(string period) =>
        period.Length == 4
            ? period + "1231"
            : period
                + DateTime
                    .DaysInMonth(
                        int.Parse(period.AsSpan(0, 4), CultureInfo.InvariantCulture),
                        int.Parse(period.AsSpan(4), CultureInfo.InvariantCulture)
                    )
                    .ToString(CultureInfo.InvariantCulture);
}
