namespace OpenSdc.Contract.Naming;

/// <summary>Days as names write them. Only real days are read; nothing here throws on text.</summary>
internal static class DayText
{
    public static bool TryRead(FieldKind kind, ReadOnlySpan<char> text, out DateOnly day)
    {
        day = default;
        switch (kind)
        {
            case FieldKind.Date:
                return text.Length == 8 && Numbers(text[..4], out var year) && Numbers(text[4..6], out var month)
                    && Numbers(text[6..], out var date) && Make(year, month, date, out day);
            case FieldKind.IsoDate:
                return text.Length == 10
                    && text[4] == '-'
                    && text[7] == '-'
                    && Numbers(text[..4], out year)
                    && Numbers(text[5..7], out month)
                    && Numbers(text[8..], out date)
                    && Make(year, month, date, out day);
            case FieldKind.ShortDate:
                return text.Length == 6 && Numbers(text[..2], out year) && Numbers(text[2..4], out month)
                    && Numbers(text[4..], out date) && Make(2000 + year, month, date, out day);
            case FieldKind.Year:
                return text.Length == 4 && Numbers(text, out year) && Make(year, 1, 1, out day);
            case FieldKind.DayOfYear:
                return text.Length == 8
                    && text[4] == '_'
                    && Numbers(text[..4], out year)
                    && Numbers(text[5..], out var number)
                    && MakeOfYear(year, number, out day);
            case FieldKind.CompactDayOfYear:
                return text.Length == 7
                    && Numbers(text[..4], out year)
                    && Numbers(text[4..], out number)
                    && MakeOfYear(year, number, out day);
            default:
                return false;
        }
    }

    public static string Write(FieldKind kind, DateOnly day) => kind switch
    {
        FieldKind.ShortDate => day.ToString("yyMMdd"),
        FieldKind.Year => day.ToString("yyyy"),
        FieldKind.DayOfYear => $"{day.Year:D4}_{day.DayOfYear:D3}",
        FieldKind.CompactDayOfYear => $"{day.Year:D4}{day.DayOfYear:D3}",
        FieldKind.IsoDate => $"{day.Year:D4}-{day.Month:D2}-{day.Day:D2}",
        _ => day.ToString("yyyyMMdd"),
    };

    /// <summary>The number that ASCII digits write; false where there is another character, or more than an int holds.</summary>
    public static bool Numbers(ReadOnlySpan<char> text, out int number)
    {
        number = 0;
        foreach (var c in text)
        {
            if (!char.IsAsciiDigit(c)) return false;
            var next = ((long)number * 10) + (c - '0');
            if (next > int.MaxValue) return false;
            number = (int)next;
        }

        return text.Length > 0;
    }

    private static bool MakeOfYear(int year, int number, out DateOnly day)
    {
        if (!Make(year, 1, 1, out day) || number < 1 || number > (DateTime.IsLeapYear(year) ? 366 : 365)) return false;
        day = day.AddDays(number - 1);
        return true;
    }

    private static bool Make(int year, int month, int date, out DateOnly day)
    {
        day = default;
        if (year is < 1 or > 9999 || month is < 1 or > 12 || date < 1 || date > DateTime.DaysInMonth(year, month)) return false;
        day = new DateOnly(year, month, date);
        return true;
    }
}
