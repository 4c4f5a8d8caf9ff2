namespace OpenSdc.Cli.Demo;

using static DemoForm;
using static DemoTag;

/// <summary>
/// What a demo archive holds, as one table. The order is the order of publication on a day, mixed so that the first twenty files
/// already show every instrument, several levels, all three conventions and the other families.
/// </summary>
internal static class DemoProducts
{
    public static IReadOnlyList<DemoProduct> All { get; } =
    [
        new("mag", "l0", "raw", "pkts"),
        new("swe", "l1a", "sci", "cdf", 3),
        new("glows", "l1b", "hist", "cdf", Tag: Repointing),
        new("hi", "l1c", "45sensor-pset", "cdf", 2, Tag: Repointing),
        new("swapi", "l2", "sci", "cdf", Form: C),
        new("codice", "l0", "raw", "pkts", Form: A),
        new("hit", "", "l2-calibration", "csv", Form: Ancillary),
        new("ultra", "l1a", "45sensor-de", "cdf"),
        new("lo", "l1b", "de", "cdf", 2, Tag: Repointing),
        new("idex", "l2a", "sci-1week", "cdf"),
        new("naif", "", "", "tls", Form: Kernel),
        new("mag", "l1b", "norm-mago", "cdf", 2),
        new("hit", "l1a", "counts", "cdf", Form: A),
        new("glows", "l3a", "hist", "png", Tag: Repointing),

        // Up to fifty files the remaining levels come in; then the rest.
        new("codice", "l1a", "lo-sw-species", "cdf", 2),
        new("codice", "l3a", "lo-partial-densities", "cdf"),
        new("swapi", "l0", "raw", "pkts"),
        new("ultra", "l1c", "90sensor-spacecraftpset", "cdf", Tag: Repointing),
        new("mag", "l1d", "burst-rtn", "cdf"),
        new("hi", "l0", "raw", "pkts"),
        new("swe", "l3", "sci", "cdf"),
        new("lo", "l1c", "pset", "cdf", 3, C, Repointing),
        new("glows", "l3b", "ion-rate-profile", "cdf", Tag: Rotation),
        new("imap_", "", "", "tf", Form: Kernel),
        new("swe", "l0", "raw", "pkts"),
        new("swapi", "l1", "sci", "cdf", 2),
        new("idex", "l0", "raw", "pkts", Form: A),
        new("idex", "l2b", "sci-1month", "cdf", Form: C),
        new("mag", "l1c", "norm-magi", "cdf", 2),
        new("", "", "", "repoint.csv", Form: Repoint),
        new("glows", "l0", "raw", "pkts"),
        new("hit", "l0", "raw", "pkts"),
        new("codice", "l1b", "hi-omni", "cdf"),
        new("ultra", "l0", "raw", "pkts"),
        new("lo", "l0", "raw", "pkts"),
        new("swapi", "", "energy-response", "csv", Form: AncillarySpan),
        new("hi", "l1a", "90sensor-de", "cdf", 2),
        new("swe", "l1b", "sci", "cdf", 2, C),
        new("mag", "l2", "norm-gse", "cdf", 3),
        new("", "", "", "spin.csv", Form: Spin),
        new("idex", "l1a", "sci-1week", "cdf"),
        new("glows", "l1a", "hist", "cdf", Tag: Repointing),
        new("hit", "l1b", "standard-rates", "cdf", 2),
        new("codice", "l2", "lo-direct-events", "cdf", Form: C),
        new("ultra", "l1b", "45sensor-goodtimes", "cdf", Tag: Repointing),
        new("mag", "l2", "norm-gse", "png"),
        new("lo", "l2", "ilo90-ena-h-sf-nsp-ram", "cdf"),
        new("hi", "l1b", "45sensor-goodtimes", "cdf", Tag: Repointing),
        new("imap_science_", "", "", "tf", Form: Kernel),
        new("swe", "l2", "sci", "cdf"),
        new("mag", "", "ialirt-calibration", "json", Form: Ancillary),
        new("idex", "l1b", "sci-1week", "cdf", 2),
        new("glows", "l2", "hist", "cdf", 2, Tag: Repointing),
        new("hit", "l2", "macropixel-intensity", "cdf", Form: C),
        new("ultra", "l2", "u90-ena-h-sf-nsp-full", "cdf"),
        new("lo", "l1a", "star", "cdf", Form: A),
        new("swapi", "l3a", "proton-sw", "cdf"),
        new("hi", "l2", "h45-ena-h-sf-nsp-anti", "cdf", 2),
        new("hit", "l3", "direct-events", "png"),
        new("codice", "", "lo-efficiency", "csv", Form: AncillarySpan),
        new("ultra", "l3", "survival-probability", "cdf", Tag: Rotation),
        new("mag", "l1a", "burst-magi", "cdf", Form: A),
    ];
}
