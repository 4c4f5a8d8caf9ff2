using System.Globalization;

namespace OpenSdc.Load;

/// <summary>
/// One generated science file. <see cref="Name"/> follows the mission's naming, <see cref="Key"/> is its path in the archive.
/// </summary>
internal readonly record struct GeneratedFile(string Instrument, string Level, string Descriptor, DateOnly Day, string Name)
{
    public string Key => string.Create(CultureInfo.InvariantCulture, $"imap/{Instrument}/{Level}/{Day:yyyy}/{Day:MM}/{Name}");
}

/// <summary>The parameters of a query that finds about 100 files: one product in one month.</summary>
internal readonly record struct MonthQuery(string Instrument, string Level, string Descriptor, string Start, string End);

/// <summary>
/// The catalogue that every measurement runs against: number → science file, the same one each time, computed and never stored,
/// so that what fills the archive and what asks it agree without a list between them.
/// <para>
/// A product (instrument × level × descriptor) gets 23 files each 7 days, some days three versions, some four: 100 files in an average
/// month. It does so for 22 years, which is 26 404 files; as many products are used as the wanted number of rows takes, 38 for a million.
/// Files are numbered in the order in which a mission makes them, week by week through all products, so rows of one product
/// lie as far apart in the table as they do in an archive that grew.
/// </para>
/// <para>The first tenth of the time is written in convention A, then B up to the half, then C.</para>
/// </summary>
internal sealed class NameGenerator
{
    public const long MaxRows = 10_000_000;

    private const int Weeks = 1148;
    private const int FilesAWeek = 23;
    private const int LastWeekOfA = 114;
    private const int LastWeekOfB = 573;

    // Larger than any number of rows, so it divides none: steps of this length visit every row once.
    private const long PrimeStep = 15_485_863;

    private static readonly DateOnly FirstDay = new(2026, 1, 1);
    private static readonly string[] Instruments = ["codice", "glows", "hi", "hit", "idex", "lo", "mag", "swapi", "swe", "ultra"];
    private static readonly string[] Levels = ["l0", "l1a", "l1b", "l2", "l3"];
    private static readonly string[] Descriptors = ["sci", "counts", "hist", "burst", "de", "hk", "norm-1min", "omni"];

    private readonly int _products;
    private readonly int _months;

    public NameGenerator(long rows)
    {
        if (rows is < 1 or > MaxRows)
            throw new UsageException($"The number of rows must be 1 to {MaxRows}, not {rows}");
        Rows = rows;
        _products = (int)((rows + Weeks * FilesAWeek - 1) / (Weeks * FilesAWeek));

        // Only whole weeks count: in the last one some products may be missing.
        var afterLastDay = FirstDay.AddDays((int)(rows / (_products * FilesAWeek)) * 7);
        _months = Math.Max(1, (afterLastDay.Year - FirstDay.Year) * 12 + afterLastDay.Month - FirstDay.Month);
    }

    /// <summary>The instruments that generated files are of.</summary>
    public static IReadOnlyList<string> AllInstruments => Instruments;

    public long Rows { get; }

    /// <summary>The file with this number, 0 to <see cref="Rows"/> − 1.</summary>
    public GeneratedFile this[long number]
    {
        get
        {
            var (week, inWeek) = Math.DivRem(number, _products * FilesAWeek);
            var (product, slot) = Math.DivRem((int)inWeek, FilesAWeek);
            var weekday = slot * 7 / FilesAWeek;
            var version = slot - (weekday * FilesAWeek + 6) / 7 + 1;
            var dayNumber = (int)week * 7 + weekday;
            var day = FirstDay.AddDays(dayNumber);
            var (instrument, level, descriptor) = Product(product);
            var date = day.ToString("yyyyMMdd", CultureInfo.InvariantCulture);
            var extension = level == "l0" ? "pkts" : "cdf";

            // Files of the imagers belong to a repointing, those of the photometer to a Carrington rotation.
            var period = instrument switch
            {
                "hi" or "lo" or "ultra" => $"-repoint{dayNumber + 1:D5}",
                "glows" => $"-cr{2300 + dayNumber / 27:D5}",
                _ => "",
            };
            var rest = week switch
            {
                <= LastWeekOfA => $"{date}_{date}_v01-{version:D2}",
                <= LastWeekOfB => $"{date}{period}_v{version:D3}",
                _ => $"{date}{period}_v001.{version:D4}",
            };
            return new(instrument, level, descriptor, day, $"imap_{instrument}_{level}_{descriptor}_{rest}.{extension}");
        }
    }

    /// <summary>
    /// The n-th of a walk through all files that jumps about, as requests of many users do; it starts again after <see cref="Rows"/>.
    /// </summary>
    public GeneratedFile Scattered(long n) => this[n % Rows * PrimeStep % Rows];

    /// <summary>The n-th of a walk through all products and all of their complete months, which starts again after the last.</summary>
    public MonthQuery Month(long n)
    {
        var total = (long)_products * _months;
        var (month, product) = Math.DivRem(n % total * PrimeStep % total, _products);
        var (instrument, level, descriptor) = Product((int)product);
        var first = FirstDay.AddMonths((int)month);
        return new(instrument, level, descriptor,
            first.ToString("yyyyMMdd", CultureInfo.InvariantCulture),
            first.AddMonths(1).AddDays(-1).ToString("yyyyMMdd", CultureInfo.InvariantCulture));
    }

    /// <summary>
    /// The n-th name of a series that no filled archive has, for files that are really uploaded. The tag is part of the descriptor.
    /// </summary>
    public static string ForUpload(string tag, int n) => string.Create(CultureInfo.InvariantCulture,
        $"imap_{Instruments[n % Instruments.Length]}_l1b_{tag}-{n:D7}_{FirstDay.AddDays(n % 365):yyyyMMdd}_v001.0001.cdf");

    private static (string Instrument, string Level, string Descriptor) Product(int product)
    {
        var (round, instrument) = Math.DivRem(product, Instruments.Length);
        var (shift, level) = Math.DivRem(round, Levels.Length);
        return (Instruments[instrument], Levels[level], Descriptors[(shift + level) % Descriptors.Length]);
    }
}
