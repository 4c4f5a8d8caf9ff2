using OpenSdc.Contract.Naming;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Naming;

/// <summary>One row a name: every convention of every family, and what each says.</summary>
public sealed class GoodNamesTests
{
    // name | convention | folder | instrument level descriptor start end repointing cr version major minor extension
    public static TheoryData<string, string, string, string> Rows =>
        new()
        {
            {
                "imap_codice_l1a_lo_20260101_20260102_v01-01.cdf",
                "science/A",
                "imap/codice/l1a/2026/01/",
                "codice l1a lo 20260101 20260102 - - v01-01 1 1 cdf"
            },
            {
                "imap_mag_l0_burst_20230112_20230113_v01-01.pkts",
                "science/A",
                "imap/mag/l0/2023/01/",
                "mag l0 burst 20230112 20230113 - - v01-01 1 1 pkts"
            },
            {
                "imap_hi-45_l1b_de_20240229_20240229_v12-34.cdf",
                "science/A",
                "imap/hi-45/l1b/2024/02/",
                "hi-45 l1b de 20240229 20240229 - - v12-34 12 34 cdf"
            },
            {
                "imap_ultra-90_l3_map.x-y_20260101_20261231_v00-00.cdf",
                "science/A",
                "imap/ultra-90/l3/2026/01/",
                "ultra-90 l3 map.x-y 20260101 20261231 - - v00-00 0 0 cdf"
            },
            {
                "imap_glows_l1a_counts_20261206-repoint00002_v001.cdf",
                "science/B",
                "imap/glows/l1a/2026/12/",
                "glows l1a counts 20261206 - 2 - v001 - 1 cdf"
            },
            {
                "imap_glows_l3b_ion-rate_20261206-cr02300_v012.cdf",
                "science/B",
                "imap/glows/l3b/2026/12/",
                "glows l3b ion-rate 20261206 - - 2300 v012 - 12 cdf"
            },
            { "imap_swe_l0_raw_20250101_v999.pkts", "science/B", "imap/swe/l0/2025/01/", "swe l0 raw 20250101 - - - v999 - 999 pkts" },
            { "imap_swe_l0_raw_20250101_v999.cdf", "science/B", "imap/swe/l0/2025/01/", "swe l0 raw 20250101 - - - v999 - 999 cdf" },
            {
                "imap_ialirt_l1_Realtime_20251001_v000.cdf",
                "science/B",
                "imap/ialirt/l1/2025/10/",
                "ialirt l1 Realtime 20251001 - - - v000 - 0 cdf"
            },
            {
                "imap_swe_l1_sci_20260901_v001.0002.cdf",
                "science/C",
                "imap/swe/l1/2026/09/",
                "swe l1 sci 20260901 - - - v001.0002 1 2 cdf"
            },
            {
                "imap_hi_l2_map_20260901-repoint00417_v002.0100.cdf",
                "science/C",
                "imap/hi/l2/2026/09/",
                "hi l2 map 20260901 - 417 - v002.0100 2 100 cdf"
            },
            {
                "imap_l1const_l2pre_x_20260901-cr02310_v001.0001.pkts",
                "science/C",
                "imap/l1const/l2pre/2026/09/",
                "l1const l2pre x 20260901 - - 2310 v001.0001 1 1 pkts"
            },
            {
                "imap_mag_l1_20260101_20260102_v001.cdf",
                "science/B",
                "imap/mag/l1/2026/01/",
                "mag l1 20260101 20260102 - - - v001 - 1 cdf"
            },
            {
                "imap_mag_l1-calibration_20260101_v001.cdf",
                "ancillary/ancillary",
                "imap/ancillary/mag/",
                "mag - l1-calibration 20260101 - - - v001 - 1 cdf"
            },
            {
                "imap_mag_l1_20260101_20260102_v001.csv",
                "ancillary/ancillary",
                "imap/ancillary/mag/",
                "mag - l1 20260101 20260102 - - v001 - 1 csv"
            },
            {
                "imap_spacecraft_flat.field_20260101_v010.xlsx",
                "ancillary/ancillary",
                "imap/ancillary/spacecraft/",
                "spacecraft - flat.field 20260101 - - - v010 - 10 xlsx"
            },
            {
                "imap_mag_l1_20260101_20260102_v001.json",
                "ancillary/ancillary",
                "imap/ancillary/mag/",
                "mag - l1 20260101 20260102 - - v001 - 1 json"
            },
            {
                "imap_2026_001_2026_002_01.ah.bc",
                "spice/attitude_history",
                "imap/spice/ck/",
                "- - attitude_history 20260101 20260102 - - 01 - 1 ah.bc"
            },
            {
                "imap_2026_002_2026_001_01.ah.bc",
                "spice/attitude_history",
                "imap/spice/ck/",
                "- - attitude_history 20260102 20260101 - - 01 - 1 ah.bc"
            },
            {
                "imap_mag_cal_20260102_20260101_v001.csv",
                "ancillary/ancillary",
                "imap/ancillary/mag/",
                "mag - cal 20260102 20260101 - - v001 - 1 csv"
            },
            {
                "imap_hit_data-release-001_20260201_20260131_v001.txt",
                "release/ancillary",
                "imap/release/hit/",
                "hit - data-release-001 20260201 20260131 - - v001 - 1 txt"
            },
            {
                "imap_2024_366_2025_365_0007.ap.bc",
                "spice/attitude_predict",
                "imap/spice/ck/",
                "- - attitude_predict 20241231 20251231 - - 0007 - 7 ap.bc"
            },
            { "imap_2026_001_2026_002_01.spin.csv", "spice/spin", "imap/spice/spin/", "- - spin 20260101 20260102 - - 01 - 1 spin.csv" },
            { "imap_2026_001_2026_002_01.spin", "spice/spin", "imap/spice/spin/", "- - spin 20260101 20260102 - - 01 - 1 spin" },
            {
                "imap_dps_2026_001_2026_002_01.ah.bc",
                "spice/pointing_attitude",
                "imap/spice/ck/",
                "- - pointing_attitude 20260101 20260102 - - 01 - 1 ah.bc"
            },
            { "imap_2026_032_03.repoint.csv", "spice/repoint", "imap/spice/repoint/", "- - repoint 20260201 - - - 03 - 3 repoint.csv" },
            { "imap_2026_032_03.repoint", "spice/repoint", "imap/spice/repoint/", "- - repoint 20260201 - - - 03 - 3 repoint" },
            {
                "imap_recon_od005_20250925_20251101_v01.bsp",
                "spice/ephemeris",
                "imap/spice/spk/",
                "- - ephemeris_reconstructed 20250925 20251101 - - 01 - 1 bsp"
            },
            {
                "imap_nom_20250925_20251101_v1.bsp",
                "spice/ephemeris",
                "imap/spice/spk/",
                "- - ephemeris_nominal 20250925 20251101 - - 1 - 1 bsp"
            },
            {
                "imap_pred_od123_20250925_20251101.bsp",
                "spice/ephemeris",
                "imap/spice/spk/",
                "- - ephemeris_predicted 20250925 20251101 - - - - - bsp"
            },
            {
                "imap_90days_20250925_20251101.bsp",
                "spice/ephemeris",
                "imap/spice/spk/",
                "- - ephemeris_90days 20250925 20251101 - - - - - bsp"
            },
            {
                "imap_long_20250925_20251101_v02.bsp",
                "spice/ephemeris",
                "imap/spice/spk/",
                "- - ephemeris_long 20250925 20251101 - - 02 - 2 bsp"
            },
            {
                "imap_launch_20250925_20251101_v02.bsp",
                "spice/ephemeris",
                "imap/spice/spk/",
                "- - ephemeris_launch 20250925 20251101 - - 02 - 2 bsp"
            },
            { "naif0012.tls", "spice/leapseconds", "imap/spice/lsk/", "- - leapseconds - - - - 0012 - 12 tls" },
            { "de440.bsp", "spice/planetary_ephemeris", "imap/spice/spk/", "- - planetary_ephemeris - - - - 440 - 440 bsp" },
            { "pck00011.tpc", "spice/planetary_constants", "imap/spice/pck/", "- - planetary_constants - - - - 00011 - 11 tpc" },
            { "imap_sclk_0032.tsc", "spice/spacecraft_clock", "imap/spice/sclk/", "- - spacecraft_clock - - - - 0032 - 32 tsc" },
            { "L1_de431.bsp", "spice/lagrange_point", "imap/spice/spk/", "- - lagrange_point - - - - 431 - 431 bsp" },
            { "imap_130.tf", "spice/imap_frames", "imap/spice/fk/", "- - imap_frames - - - - 130 - 130 tf" },
            { "imap_science_120.tf", "spice/science_frames", "imap/spice/fk/", "- - science_frames - - - - 120 - 120 tf" },
            {
                "imap_2026_001_2026_002_hist_01.sff",
                "spice/thruster",
                "imap/spice/activities/",
                "- - thruster 20260101 20260102 - - 01 - 1 sff"
            },
            {
                "imap_2026_001_2026_002_a_b-c_99.sff",
                "spice/thruster",
                "imap/spice/activities/",
                "- - thruster 20260101 20260102 - - 99 - 99 sff"
            },
            { "imap_sdc_metakernel_2026_v001.tm", "spice/metakernel", "imap/spice/mk/", "- - metakernel 20260101 - - - 001 - 1 tm" },
            {
                "imap_2026_060_a01.spice.mk",
                "spice/attitude_metakernel",
                "imap/spice/mk/",
                "- - metakernel 20260301 - - - 01 - 1 spice.mk"
            },
            { "IMAP_2026_060_e02.mk", "spice/ephemeris_metakernel", "imap/spice/mk/", "- - metakernel 20260301 - - - 02 - 2 mk" },
            {
                "earth_000101_260401_260106.bpc",
                "spice/earth_attitude",
                "imap/spice/pck/",
                "- - earth_attitude 20000101 20260401 - - - - - bpc"
            },
            {
                "imap_swe_l1_sci_20260901_v001.0002.png",
                "quicklook/C",
                "imap/quicklook/swe/l1/2026/09/",
                "swe l1 sci 20260901 - - - v001.0002 1 2 png"
            },
            {
                "imap_swe_l1_sci_20260901_v001.pdf",
                "quicklook/B",
                "imap/quicklook/swe/l1/2026/09/",
                "swe l1 sci 20260901 - - - v001 - 1 pdf"
            },
            {
                "imap_mag_l0_burst_20230112_20230113_v01-01.jpg",
                "quicklook/A",
                "imap/quicklook/mag/l0/2023/01/",
                "mag l0 burst 20230112 20230113 - - v01-01 1 1 jpg"
            },
            {
                "imap_swe_l1_sci_20260901_v001.0002.json",
                "dependency/C",
                "imap/dependency/swe/l1/2026/09/",
                "swe l1 sci 20260901 - - - v001.0002 1 2 json"
            },
            {
                "imap_swe_l1_sci_20260901-cr00001_v001.json",
                "dependency/B",
                "imap/dependency/swe/l1/2026/09/",
                "swe l1 sci 20260901 - - 1 v001 - 1 json"
            },
            {
                "imap_mag_l2_burst_20230112_20230113_v01-01.json",
                "dependency/A",
                "imap/dependency/mag/l2/2023/01/",
                "mag l2 burst 20230112 20230113 - - v01-01 1 1 json"
            },
            {
                "imap_hit_data-release-001_20260101_20260131_v001.txt",
                "release/ancillary",
                "imap/release/hit/",
                "hit - data-release-001 20260101 20260131 - - v001 - 1 txt"
            },
        };

    [Theory]
    [MemberData(nameof(Rows))]
    public void A_name_says_what_its_row_says(string name, string convention, string folder, string fields)
    {
        var parsed = FileName.Parse(name, Mission.Imap);

        parsed.Faults.Select(f => f.Message).ShouldBeEmpty();
        var read = parsed.Name.ShouldNotBeNull();
        $"{read.Family}/{read.Convention}".ShouldBe(convention);
        read.Key.ShouldBe(folder + name);
        Text(read).ShouldBe(fields);
        read.Format(Mission.Imap).ShouldBe(new FormattedName(name, folder + name));
    }

    [Fact]
    public void Every_convention_of_the_mission_has_a_row()
    {
        var rows = Rows.Select(r => r.Data.Item2).Distinct(StringComparer.Ordinal);
        Mission.Imap.Conventions.Select(c => c.FullName).Except(rows, StringComparer.Ordinal).ShouldBeEmpty();
    }

    [Fact]
    public void Words_of_the_mission_are_shared_between_names()
    {
        var one = FileName.Parse("imap_swe_l1_sci_20260901_v001.cdf", Mission.Imap).Name!;
        var two = FileName.Parse("imap_swe_l1_eng_20260902_v001.cdf", Mission.Imap).Name!;
        one.Instrument.ShouldBeSameAs(two.Instrument);
        one.DataLevel.ShouldBeSameAs(two.DataLevel);
        one.Extension.ShouldBeSameAs(two.Extension);
    }

    [Fact]
    public void Versions_order_by_number_and_without_a_major_first()
    {
        string[] versions = ["v002.0001", "v001.0010", "v999", "v001.0002", "v002"];
        var names = versions.Select(v => FileName.Parse($"imap_swe_l1_sci_20260901_{v}.cdf", Mission.Imap).Name!);
        names.Order(VersionOrder.Instance).Select(n => n.Version).ShouldBe(["v002", "v999", "v001.0002", "v001.0010", "v002.0001"]);
    }

    [Fact]
    public void Families_say_what_a_query_may_name()
    {
        Mission.Imap.Families.Select(f => f.Name).ShouldBe(["science", "ancillary", "spice", "quicklook", "dependency", "release"]);
        var science = Mission.Imap.FindFamily("science").ShouldNotBeNull();
        science.Extensions.ShouldBe(["cdf", "pkts"]);
        science.DataLevels.Count.ShouldBe(19);
        science.Instruments.ShouldContain("hi-45");
        science.Instruments.ShouldContain("l1const");
        science.Fields.ShouldContain("repointing");
        var spice = Mission.Imap.FindFamily("spice").ShouldNotBeNull();
        spice.Instruments.ShouldBeEmpty();
        spice.Descriptors.ShouldContain("ephemeris_90days");
        spice.Fields.ShouldBe(["descriptor", "start_date", "end_date", "version", "minor_version", "extension"]);
    }

    private static string Text(FileName n) =>
        string.Join(
            ' ',
            n.Instrument ?? "-",
            n.DataLevel ?? "-",
            n.Descriptor ?? "-",
            n.StartDate?.ToString("yyyyMMdd") ?? "-",
            n.EndDate?.ToString("yyyyMMdd") ?? "-",
            n.Repointing?.ToString() ?? "-",
            n.Cr?.ToString() ?? "-",
            n.Version ?? "-",
            n.MajorVersion?.ToString() ?? "-",
            n.MinorVersion?.ToString() ?? "-",
            n.Extension
        );
}
