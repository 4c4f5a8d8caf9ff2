namespace OpenSdc.Contract.Naming;

/// <summary>
/// Times of day as names write them. Only real times are read: no <c>240000</c>, and a second 60 only on a
/// day that had one.
/// </summary>
internal static class TimeText
{
    // The days that ended with a leap second, as years and months. There has been none since 2016.
    private static readonly HashSet<int> LeapSeconds =
    [
        197206,
        197212,
        197312,
        197412,
        197512,
        197612,
        197712,
        197812,
        197912,
        198106,
        198206,
        198306,
        198506,
        198712,
        198912,
        199012,
        199206,
        199306,
        199406,
        199512,
        199706,
        199812,
        200512,
        200812,
        201206,
        201506,
        201612,
    ];

    /// <param name="kind">How the time is written.</param>
    /// <param name="text">The text.</param>
    /// <param name="day">The day of the time; null where the name does not say it.</param>
    /// <param name="time">The time as ISO 8601 writes it, <c>HH:MM:SS</c>, with tenths where there are any.</param>
    public static bool TryRead(FieldKind kind, ReadOnlySpan<char> text, DateOnly? day, out string time)
    {
        time = "";
        var length = kind switch { FieldKind.Minutes => 4, FieldKind.Seconds => 6, _ => 7 };
        if (text.Length != length || !DayText.Numbers(text, out _)) return false;
        int hour = Two(text), minute = Two(text[2..]), second = length > 4 ? Two(text[4..]) : 0;
        if (hour > 23 || minute > 59 || second > 60 || (second == 60 && !(hour == 23 && minute == 59 && HasLeapSecond(day)))) return false;
        time = string.Concat($"{text[..2]}:{text[2..4]}:{(length > 4 ? text[4..6] : "00")}", length == 7 ? $".{text[6]}" : "");
        return true;
    }

    /// <summary>A time as a name writes it.</summary>
    public static string Write(FieldKind kind, ReadOnlySpan<char> time)
    {
        var digits = string.Concat(time[..2], time[3..5], time[6..8]);
        return kind switch
        {
            FieldKind.Minutes => digits[..4],
            FieldKind.Seconds => digits,
            _ => digits + (time.Length > 9 ? time[9] : '0'),
        };
    }

    private static bool HasLeapSecond(DateOnly? day) =>
        day is { } date && LeapSeconds.Contains((date.Year * 100) + date.Month) && date.Day == DateTime.DaysInMonth(date.Year, date.Month);

    private static int Two(ReadOnlySpan<char> text) => ((text[0] - '0') * 10) + text[1] - '0';
}
