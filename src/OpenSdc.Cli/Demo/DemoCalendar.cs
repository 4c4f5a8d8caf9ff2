namespace OpenSdc.Cli.Demo;

/// <summary>
/// Which days a product of the demo has, and when its files arrive: two years with outages of the spacecraft
/// and of single instruments, products that begin later, levels that follow each other by days or weeks, and
/// late files. A function of its arguments alone, as all of the demo.
/// </summary>
internal static class DemoCalendar
{
    private const int DaysOfArchive = 730;

    /// <summary>
    /// So many rounds are spread over both years, so that few files already show many days; the others go
    /// back from the newest day.
    /// </summary>
    private const int SpreadRounds = 4;

    private const int DaysBetweenProducts = 37;

    private const int MinutesPerDay = 24 * 60;

    public static readonly DateOnly FirstDay = new(2024, 12, 1);

    private static readonly DateTimeOffset End = new(FirstDay.AddDays(DaysOfArchive), TimeOnly.MinValue, TimeSpan.Zero);

    /// <summary>Days on which the whole spacecraft was silent.</summary>
    private static readonly (int First, int Length)[] SafeModes = [(163, 6), (402, 9), (588, 3)];

    /// <summary>The days of a product, counted from <see cref="FirstDay"/>, in the order in which its files are made.</summary>
    public static IReadOnlyList<int> DaysOf(DemoProduct product, int position)
    {
        // Of an instrument, so that all its levels have the same outages.
        var outages = new DemoNoise(SeedOf(product.Instrument));
        var missing = new bool[DaysOfArchive];
        if (product.Level.Length > 0)
        {
            foreach (var (first, length) in SafeModes)
                missing.AsSpan(first, length).Fill(true);
            for (var i = 0; i < 4; i++)
                missing.AsSpan(outages.Below(DaysOfArchive - 20), 1 + outages.Below(14)).Fill(true);
            // Single days that one product lost.
            var own = new DemoNoise((ulong)position + 1);
            for (var i = 0; i < 12; i++)
                missing[own.Below(DaysOfArchive)] = true;
            missing.AsSpan(0, BeginOf(product.Level)).Fill(true);
        }

        missing.AsSpan(DaysOfArchive - LatencyOf(product.Level)).Fill(true);
        List<int> newestFirst = [.. Enumerable.Range(0, DaysOfArchive).Reverse().Where(day => !missing[day])];
        List<int> spread =
        [
            .. Enumerable
                .Range(0, SpreadRounds)
                .Select(round =>
                    newestFirst[(position * DaysBetweenProducts + round * newestFirst.Count / SpreadRounds) % newestFirst.Count]
                ),
        ];
        return [.. spread, .. newestFirst.Except(spread)];
    }

    /// <summary>
    /// When a file arrives: a level's usual time after the day of its data, further versions weeks and
    /// reprocessings months later, one of thirty late.
    /// </summary>
    public static DateTimeOffset ArrivalOf(DemoProduct product, int dayIndex, int pass, int revision, ulong seed)
    {
        var noise = new DemoNoise(~seed);
        var days = LatencyOf(product.Level) + pass * 110 + (revision - 1) * (9 + noise.Below(12));
        if (noise.Below(30) == 0)
            days += 5 + noise.Below(50);
        var arrival = new DateTimeOffset(FirstDay.AddDays(dayIndex), TimeOnly.MinValue, TimeSpan.Zero).AddMinutes(
            (days * MinutesPerDay) + noise.Below(MinutesPerDay)
        );
        if (arrival < End)
            return arrival;
        // What would come later has come in the last weeks, and not before its data.
        var span = Math.Min(30, DaysOfArchive - dayIndex - 1) * MinutesPerDay;
        return End.AddMinutes(-1 - noise.Below(span));
    }

    private static int LatencyOf(string level) => level switch
    {
        "" or "l0" => 1,
        ['l', '1', ..] => 3,
        ['l', '2', ..] => 11,
        _ => 32,
    };

    private static int BeginOf(string level) => level switch
    {
        "l0" => 0,
        ['l', '1', ..] => 12,
        ['l', '2', ..] => 45,
        _ => 120,
    };

    private static ulong SeedOf(string word) => word.Aggregate(17UL, (sum, letter) => (sum * 31) + letter);
}
