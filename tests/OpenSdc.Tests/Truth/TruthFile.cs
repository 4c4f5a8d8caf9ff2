using System.Globalization;
using CsCheck;

namespace OpenSdc.Tests.Truth;

/// <summary>
/// A file as <c>naming.md</c> words it: the fields are drawn and the name is written from them, so that what
/// the archive reads out of a name is held against something that never read it.
/// </summary>
public sealed record TruthFile(string Family, string Name, string Folder, string Extension)
{
    public string? Instrument { get; init; }
    public string? DataLevel { get; init; }
    public string? Descriptor { get; init; }
    public string? StartDate { get; init; }
    public string? EndDate { get; init; }
    public int? Repointing { get; init; }
    public int? Cr { get; init; }
    public string? Version { get; init; }
    public int? Major { get; init; }
    public int? Minor { get; init; }

    public string Key => $"imap/{Folder}/{Name}";

    // One instrument's folder begins with another's name, and so do levels and descriptors; some characters
    // sort below the hyphen, the dot and the slash, some above.
    public static readonly string[] Instruments = ["hi", "hi-45", "hit", "mag"];
    public static readonly string[] Levels = ["l0", "l1", "l1a", "l1ca"];
    public static readonly string[] Descriptors = ["norm", "norm-1min", "n", "norm~", "norm+x", "norma", "N", "no%m", "norm!"];
    public static readonly string[] Days = ["20251231", "20260101", "20260102", "20260131", "20260201", "20260301", "20270101"];
    public static readonly string[] Kernels =
    [
        "attitude_history",
        "spin",
        "repoint",
        "ephemeris_reconstructed",
        "ephemeris_predicted",
        "leapseconds",
        "metakernel",
    ];

    private static readonly int[] Spans = [0, 0, 1, 3, 40, 400];

    private static readonly Gen<(string Start, string End)> Dates =
        Gen.Select(Gen.OneOf(Days), Gen.OneOf(Spans), (day, span) => (day, After(day, span)));

    private static readonly Gen<(int Major, int Minor)> Numbers = Gen.Select(Gen.OneOf(1, 2), Gen.OneOf(1, 2, 3, 10, 11));

    private static readonly Gen<TruthFile> Science = LikeScience("science", "", ["cdf", "pkts"]);

    // Science most of the time, in all of its conventions, so that series of several versions come about.
    public static readonly Gen<TruthFile> Any = Gen.Frequency(
        (12, Science),
        (3, LikeAncillary("ancillary", ["csv", "json", "cdf"])),
        (3, Spice()),
        (2, LikeScience("quicklook", "quicklook/", ["png", "jpg"])),
        (1, LikeScience("dependency", "dependency/", ["json"])),
        (1, LikeAncillary("release", ["txt"])));

    private static Gen<TruthFile> LikeScience(string family, string root, string[] extensions) =>
        from convention in Gen.Int[0, 2]
        from instrument in Gen.OneOf(Instruments).Where(each => convention == 0 || each != "hi-45")
        from level in Gen.OneOf(Levels)
        from descriptor in Gen.OneOf(Descriptors)
        from dates in Dates
        from period in Gen.Int[0, 4]
        from number in Numbers
        from extension in Gen.OneOf(extensions)
        select ScienceOf(family, root, convention, instrument, level, descriptor, dates, period, number,
            family == "science" && convention == 0 ? (level == "l0" ? "pkts" : "cdf") : extension);

    private static TruthFile ScienceOf(
        string family,
        string root,
        int convention,
        string instrument,
        string level,
        string descriptor,
        (string Start, string End) dates,
        int period,
        (int Major, int Minor) number,
        string extension
    )
    {
        var (repointing, cr) =
            convention == 0
                ? (null, null)
                : period switch
                {
                    0 => (1, null),
                    1 => (2, null),
                    2 => (null, 2092),
                    _ => ((int?)null, (int?)null),
                };
        var version = convention switch
        {
            0 => $"v{number.Major:D2}-{number.Minor:D2}",
            1 => $"v{number.Minor:D3}",
            _ => $"v{number.Major:D3}.{number.Minor:D4}",
        };
        var days =
            convention == 0
                ? $"{dates.Start}_{dates.End}"
                : dates.Start
                    + (
                        repointing is not null ? $"-repoint{repointing:D5}"
                        : cr is not null ? $"-cr{cr:D5}"
                        : ""
                    );
        return new TruthFile(
            family,
            $"imap_{instrument}_{level}_{descriptor}_{days}_{version}.{extension}",
            $"{root}{instrument}/{level}/{dates.Start[..4]}/{dates.Start[4..6]}",
            extension
        )
        {
            Instrument = instrument,
            DataLevel = level,
            Descriptor = descriptor,
            StartDate = dates.Start,
            EndDate = convention == 0 ? dates.End : null,
            Repointing = repointing,
            Cr = cr,
            Version = version,
            Major = convention == 1 ? null : number.Major,
            Minor = number.Minor,
        };
    }

    private static Gen<TruthFile> LikeAncillary(string family, string[] extensions) =>
        from instrument in Gen.OneOf("hi", "hit", "mag")
        from descriptor in Gen.OneOf(Descriptors)
        from dates in Dates
        from hasEnd in Gen.Bool
        from number in Numbers
        from extension in Gen.OneOf(extensions)
        select new TruthFile(
            family,
            $"imap_{instrument}_{descriptor}_{dates.Start}{(hasEnd ? "_" + dates.End : "")}_v{number.Minor:D3}.{extension}",
            $"{family}/{instrument}",
            extension
        )
        {
            Instrument = instrument,
            Descriptor = descriptor,
            StartDate = dates.Start,
            EndDate = hasEnd ? dates.End : null,
            Version = $"v{number.Minor:D3}",
            Minor = number.Minor,
        };

    private static Gen<TruthFile> Spice() =>
        from kernel in Gen.OneOf(Kernels)
        from dates in Dates
        from number in Gen.Int[1, 12]
        from other in Gen.Bool
        select SpiceOf(kernel, dates.Start, dates.End, number, other);

    private static TruthFile SpiceOf(string kernel, string start, string end, int number, bool other)
    {
        var (folder, name, extension) = kernel switch
        {
            "attitude_history" => ("ck", $"imap_{Doy(start)}_{Doy(end)}_{number:D2}", "ah.bc"),
            "spin" => ("spin", $"imap_{Doy(start)}_{Doy(end)}_{number:D2}", other ? "spin" : "spin.csv"),
            "repoint" => ("repoint", $"imap_{Doy(start)}_{number:D2}", "repoint.csv"),
            "ephemeris_reconstructed" => ("spk", $"imap_recon_{start}_{end}{(other ? $"_v{number:D2}" : "")}", "bsp"),
            "ephemeris_predicted" => ("spk", $"imap_pred_{(other ? "od005_" : "")}{start}_{end}_v{number:D2}", "bsp"),
            "leapseconds" => ("lsk", $"naif{number:D4}", "tls"),
            _ => ("mk", $"imap_sdc_metakernel_{start[..4]}_v{number:D3}", "tm"),
        };
        var undated = kernel == "leapseconds";
        var unversioned = kernel == "ephemeris_reconstructed" && !other;
        return new TruthFile("spice", $"{name}.{extension}", $"spice/{folder}", extension)
        {
            Descriptor = kernel,
            StartDate = undated ? null : kernel == "metakernel" ? start[..4] + "0101" : start,
            EndDate = kernel is "leapseconds" or "metakernel" or "repoint" ? null : end,
            Version = unversioned
                ? null
                : kernel switch
                {
                    "leapseconds" => $"{number:D4}",
                    "metakernel" => $"{number:D3}",
                    _ => $"{number:D2}",
                },
            Minor = unversioned ? null : number,
        };
    }

    private static string After(string day, int days) => Day(day).AddDays(days).ToString("yyyyMMdd", CultureInfo.InvariantCulture);

    private static string Doy(string day) => $"{Day(day).Year:D4}_{Day(day).DayOfYear:D3}";

    private static DateOnly Day(string text) => DateOnly.ParseExact(text, "yyyyMMdd", CultureInfo.InvariantCulture);
}
