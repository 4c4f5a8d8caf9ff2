using OpenSdc.Contract.Naming;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Naming;

/// <summary>One row a name: the part that is wrong, and a piece of the sentence that says so.</summary>
public sealed class BadNamesTests
{
    public static TheoryData<string, string, string> Rows =>
        new()
        {
            { "", "name", "The name is empty" },
            { "imap_" + new string('x', 300), "name", "305 bytes long; at most 255" },
            { string.Concat(Enumerable.Repeat("é", 128)), "name", "256 bytes long" },
            { "imap_swe_l1_s\0i_20260901_v001.cdf", "name", "a NUL character (U+0000)" },
            { "imap_swe_l1_s\ti_20260901_v001.cdf", "name", "the control character U+0009" },
            { "imap_swe_l1_s\u007fi_20260901_v001.cdf", "name", "the control character U+007F" },
            { "imap/swe_l1_sci_20260901_v001.cdf", "name", "a slash (U+002F)" },
            { "imap_swe_l1_s\\i_20260901_v001.cdf", "name", "a backslash (U+005C)" },
            { "imap_swe_l1_a..b_20260901_v001.cdf", "name", "two dots in a row" },
            { "..", "name", "two dots in a row" },
            { "im\u0430p_swe_l1_sci_20260901_v001.cdf", "name", "U+0430" },
            { "imap_swe_l1_sci_２０２６0901_v001.cdf", "name", "U+FF12" },
            { "imap_swe_l1_s\u200bi_20260901_v001.cdf", "name", "the invisible character U+200B" },
            { "imap_swe_l1_s\ud800i_20260901_v001.cdf", "name", "not valid Unicode" },
            { "imap_swe_l1_s i_20260901_v001.cdf", "name", "a space (U+0020)" },
            { "imap_swe_l1_sci_20260901_v001.cdf ", "name", "a space (U+0020) at its end" },
            { "imap_swe_l1_sci_20260901_v001.cdf.", "name", "ends in a dot" },
            { "imap_swe_l1_sci_20260230_v001.cdf", "start date", "'20260230' is not in the calendar" },
            { "imap_swe_l1_sci_20260001_v001.0001.cdf", "start date", "'20260001' is not in the calendar" },
            { "imap_swe_l1_sci_2026-09-01_v001.cdf", "start date", "'2026-09-01' is not a date; allowed: a real day, written YYYYMMDD" },
            { "imap_foo_l1_sci_20260901_v001.0001.cdf", "instrument", "'foo' is not known; allowed: codice, glows, hi" },
            { "imap_ialirt_l1_sci_20260901_20260901_v01-01.cdf", "instrument", "'ialirt' is not known; allowed: codice" },
            { "imap_hi-45_l1_sci_20260901_v001.0001.cdf", "instrument", "'hi-45' is not known" },
            { "imap_swe_l9_sci_20260901_v001.0001.cdf", "data level", "'l9' is not known; allowed: l0, l1, l1a" },
            { "imap_swe_l1_sci_20260901_v001.0001.nc", "extension", "'nc' is not known; allowed: cdf, pkts" },
            { "imap_swe_l1_sci_20260901_v001", "extension", "The extension is missing" },
            { "imap_swe_l1__20260901_v001.cdf", "descriptor", "The descriptor is missing" },
            { "imap_mag_l0_burst_20230112_20230113_v01-01.cdf", "extension", "'cdf' does not go with the data level 'l0'; allowed: pkts" },
            { "imap_mag_l2_burst_20230112_20230113_v01-01.pkts", "extension", "'pkts' does not go with the data level 'l2'; allowed: cdf" },
            { "imap_mag_l2_burst_20230113_20230112_v01-01.cdf", "end date", "'20230112' is before the start date '20230113'" },
            { "IMAP_SWE_L1_SCI_20260901_V001.CDF", "name", "science names are lower case: 'imap_swe_l1_sci_20260901_v001.cdf'" },
            { "imap_SWE_l7_sci_20260901_v001.cdf", "instrument", "'SWE' is written in upper case" },
            {
                "IMAP_SDC_METAKERNEL_2026_V001.TM",
                "name",
                "has letters in another case than spice names; allowed: 'imap_sdc_metakernel_2026_v001.tm'"
            },
            {
                "IMAP_2026_001_2026_002_01.AH.BC",
                "name",
                "has letters in another case than spice names; allowed: 'imap_2026_001_2026_002_01.ah.bc'"
            },
            { "IMAP_Launch_20250925_20251101_V02.bsp", "name", "allowed: 'imap_launch_20250925_20251101_v02.bsp'" },
            { "NAIF0012.TLS", "name", "allowed: 'naif0012.tls'" },
            { "imap_2026_060_e02.mk", "name", "allowed: 'IMAP_2026_060_e02.mk'" },
            { "l1_DE431.bsp", "name", "allowed: 'L1_de431.bsp'" },
            { "Imap_mag_l1-Calibration_20260101_V001.CSV", "name", "allowed: 'imap_mag_l1-Calibration_20260101_v001.csv'" },
            { "imap_swe_l1_sci_20260901_v1.cdf", "version", "'v1' does not have the form of a version; allowed: vNNN" },
            { "imap_swe_l1_sci_20260901_v001.2.cdf", "version", "allowed: vNNN" },
            { "imap_swe_l1_sci_20260901_20260902_v1-1.cdf", "version", "allowed: vNN-NN" },
            { "imap_swe_l1_sci_20260901-repoint2_v001.cdf", "repointing", "'2' is not 5 digits; allowed: NNNNN" },
            { "imap_glows_l1_sci_20260901-cr023_v001.cdf", "Carrington rotation", "'023' is not 5 digits" },
            { "imp_swe_l1_sci_20260901_v001.cdf", "name", "'imp_' at character 1, where 'imap_' belongs" },
            { "imap_2026_366_2027_001_01.ah.bc", "start date", "'2026_366' is not in the calendar" },
            { "imap_2026_000_01.repoint.csv", "start date", "'2026_000' is not in the calendar" },
            { "naif99999999999.tls", "version", "'99999999999' is a larger number than 2147483647; allowed: one or more digits" },
            { "imap_2026_001_2026_002_01.ah.bc.txt", "extension", "is not known" },
            { "hello.txt", "name", "follows no convention of the mission imap" },
            { "cdf", "name", "follows no convention" },
        };

    [Theory]
    [MemberData(nameof(Rows))]
    public void A_bad_name_is_explained(string name, string part, string sentence)
    {
        var parsed = FileName.Parse(name, Mission.Imap);

        parsed.IsValid.ShouldBeFalse();
        parsed.Faults.ShouldContain(f => f.Part == part && f.Message.Contains(sentence, StringComparison.Ordinal),
            string.Join("\n", parsed.Faults.Select(f => $"{parsed.Closest} {f.Part}: {f.Message}")));
        foreach (var fault in parsed.Faults)
        {
            fault.Message.ShouldEndWith(".");
            fault.Message.Any(c => char.IsControl(c)).ShouldBeFalse("a sentence must be safe to print");
        }
    }

    [Fact]
    public void Every_wrong_part_is_named()
    {
        var parsed = FileName.Parse("imap_foo_l9_sci_20260230_v001.0001.nc", Mission.Imap);
        parsed.Closest.ShouldBe("science/C");
        parsed.Faults.Select(f => f.Part).ShouldBe(["instrument", "data level", "start date", "extension"]);
        FileName
            .Parse("imap_codice_l1a_lo_20260131_20260102_v1.cdf", Mission.Imap)
            .Faults.Select(f => f.Part)
            .ShouldBe(["version", "end date"]);
    }

    [Theory]
    [InlineData("imap_2026_001_01.ah.bc", "spice/attitude_history", "end date")]
    [InlineData("imap_2026_001_01.ap.bc", "spice/attitude_predict", "end date")]
    [InlineData("imap_2026_001_01.spin.csv", "spice/spin", "end date")]
    [InlineData("imap_2026_001_01.spin", "spice/spin", "end date")]
    [InlineData("imap_dps_2026_001_01.ah.bc", "spice/pointing_attitude", "end date")]
    [InlineData("imap_2026_001_hist_01.sff", "spice/thruster", "end date")]
    [InlineData("imap_2026_001_01.sff", "spice/thruster", "end date", "remark")]
    [InlineData("imap_recon_20250925_v01.bsp", "spice/ephemeris", "end date")]
    [InlineData("imap_recon_od005_20250925_v01.bsp", "spice/ephemeris", "end date")]
    [InlineData("imap_2026_001_2026_002.ah.bc", "spice/attitude_history", "version")]
    [InlineData("imap_2026_001_2026_002_01", "spice/attitude_history", "extension")]
    [InlineData("imap_swe_l1_sci_20260101.cdf", "science/B", "version")]
    [InlineData("imap_swe_l1_sci_v001.cdf", "science/B", "start date")]
    [InlineData("imap_mag_l1-calibration_v001.dat", "ancillary/ancillary", "start date")]
    public void A_part_that_is_not_there_is_said_to_be_missing_and_nothing_else(string name, string convention, params string[] parts)
    {
        var parsed = FileName.Parse(name, Mission.Imap);

        var said = string.Join("\n", parsed.Faults.Select(f => f.Message));
        parsed.Closest.ShouldBe(convention, said);
        parsed.Faults.Select(f => f.Part).ShouldBe(parts, said);
        parsed.Faults.ShouldAllBe(f =>
            f.Text.Length == 0 && f.Message.StartsWith($"The {f.Part} is missing; allowed: ", StringComparison.Ordinal)
        );
    }

    [Theory]
    [InlineData("imap_swe_L1_sci_20260101_v001.cdf", "name")]
    [InlineData("imap_swe_L1_sci_20260101_v001.0001.cdf", "name")]
    [InlineData("imap_swe_L1_sci_20260132_v001.cdf", "data level", "start date")]
    [InlineData("imap_swe_L1_sci_20260132_v001.0001.cdf", "data level", "start date")]
    [InlineData("imap_swe_L1_sci_20260101-repoint2_v001.cdf", "data level", "repointing")]
    [InlineData("imap_swe_L1_sci_20260101_v001.nc", "data level", "extension")]
    [InlineData("imap_swe_L1_sci_20260101", "data level", "version", "extension")]
    [InlineData("imap_2026_001_2026_002_01.repoint.txt", "extension")]
    [InlineData("imap_2026_001_01.repoint.txt", "extension")]
    [InlineData("imap_2026_001_2026_002_01.repoint.csv", "version")]
    [InlineData("imap_2026_001_2026_002_01_02.ah.bc", "version")]
    public void A_right_part_is_not_faulted_since_another_is_wrong(string name, params string[] parts)
    {
        var faults = FileName.Parse(name, Mission.Imap).Faults;

        faults.Select(f => f.Part).ShouldBe(parts, string.Join("\n", faults.Select(f => f.Message)));
        if (name.Contains("L1", StringComparison.Ordinal))
            faults[0].Message.ShouldContain("upper case");
    }

    /// <summary>Names with one or two faults of each convention: the convention that is meant, and nothing said that is not so.</summary>
    [Theory]
    [InlineData("imap_codice_l1a_lo_20260101_v01-01.cdf", "science/A", "The end date is missing")]
    [InlineData("imap_codice_L1a_lo_20260101_v01-01.cdf", "science/A",
        "The data level 'L1a' is written in upper case", "The end date is missing")]
    [InlineData("imap_codice_l1a_20260101_20260102_v01-01.cdf", "science/A", "The descriptor is missing")]
    [InlineData("imap_codice_lo_20260101_20260102_v01-01.cdf", "science/A", "The data level is missing")]
    [InlineData("imap_codice_l1a_lo_20260101_20260102.cdf", "science/A", "The version is missing")]
    [InlineData("imap_swe_l1_sci_20260101_20260102_v001.cdf", "science/A", "The version 'v001' does not have the form")]
    [InlineData("imap_swe_L1_sci_v001.cdf", "science/B", "The data level 'L1' is written in upper case", "The start date is missing")]
    [InlineData("imap_swe_l9_sci_v001.cdf", "science/B", "The data level 'l9' is not known", "The start date is missing")]
    [InlineData("imap_swe_l1_20260101_v001.pkts", "science/B", "The descriptor is missing")]
    [InlineData("imap_swe_l1_sci_sub_20260101_v001.cdf", "science/B", "The descriptor 'sci_sub' has a character")]
    [InlineData("imap_swe_L1_sci_sub_20260101_v001.cdf", "science/B",
        "The data level 'L1' is written", "The descriptor 'sci_sub' has a character")]
    [InlineData("imap_swe_l1_sci_20260101_repoint00002_v001.cdf", "science/B",
        "The name has '_repoint' at character 25, where '-repoint' belongs")]
    [InlineData("imap_swe_L1_sci_v001.0002.cdf", "science/C", "The data level 'L1' is written in upper case", "The start date is missing")]
    [InlineData("imap_swe_l1_20260901_v001.0002.cdf", "science/C", "The descriptor is missing")]
    [InlineData("imap_swe_l1_sci_20260901_v001.02.cdf", "science/C", "The version 'v001.02' does not have the form")]
    [InlineData("imap_swe_l1_sci_20260101_v001.0002", "science/C", "The extension is missing")]
    [InlineData("imap_swe_L1_sci_20260901_V001.0002.nc", "science/C",
        "The data level 'L1' is", "The version 'V001.0002' is written in upper case", "The extension 'nc'")]
    [InlineData("imap_mag_20260101_v001.csv", "ancillary/ancillary", "The descriptor is missing")]
    [InlineData("imap_mag_l1-calibration_20260101_20260201.csv", "ancillary/ancillary", "The version is missing")]
    [InlineData("imap_mag_calib_sub_20260101_v001.csv", "ancillary/ancillary", "The descriptor 'calib_sub' has a character")]
    [InlineData("imap_mag_calib.csv", "ancillary/ancillary", "The start date is missing", "The version is missing")]
    [InlineData("imap_MAG_l1-calibration_v001.csv", "ancillary/ancillary",
        "The instrument 'MAG' is written in upper case", "The start date is missing")]
    [InlineData("imap_2026_001_2026_002.bc", "spice/attitude_history", "The version is missing", "The extension 'bc' is not known")]
    [InlineData("imap_2026_1_2026_2_01.ah.bc", "spice/attitude_history",
        "The start date '2026_1' is not a date", "The end date '2026_2' is not a date")]
    [InlineData("imap_20260101_20260102_01.ah.bc", "spice/attitude_history",
        "The start date '20260101' is not a date", "The end date '20260102' is not a date")]
    [InlineData("imap_dps_2026_001_2026_002_01.ap.bc", "spice/attitude_predict",
        "The name has 'imap_dps_' at character 1, where 'imap_' belongs")]
    [InlineData("imap_recon_20250925_20251101_01.bsp", "spice/ephemeris", "The name has '_' at character 29, where '_v' belongs")]
    [InlineData("naif0012.tpc", "spice/planetary_constants", "The name has 'naif' at character 1, where 'pck' belongs")]
    [InlineData("imap_sclk.tsc", "spice/spacecraft_clock", "The version is missing")]
    [InlineData("imap_science.tf", "spice/science_frames", "The version is missing")]
    [InlineData("imap_2026_001_2026_002_hist.sff", "spice/thruster", "The version is missing")]
    [InlineData("imap_sdc_metakernel_2026.tm", "spice/metakernel", "The version is missing")]
    [InlineData("imap_sdc_metakernel_v001.tm", "spice/metakernel", "The start date is missing")]
    [InlineData("imap_2026_001_01.spice.mk", "spice/attitude_metakernel", "The name has '_' at character 14, where '_a' belongs")]
    [InlineData("imap_2026_001_a01.mk", "spice/ephemeris_metakernel",
        "The name has 'imap_' at character 1, where 'IMAP_' belongs", "The name has '_a' at character 14, where '_e' belongs")]
    [InlineData("imap_swe_L1_sci_v001.png", "quicklook/B", "The data level 'L1' is written in upper case", "The start date is missing")]
    [InlineData("imap_swe_L1_sci_v001.json", "dependency/B", "The data level 'L1' is written in upper case", "The start date is missing")]
    [InlineData("imap_hit_data_release_20260101_v001.txt", "release/ancillary", "The descriptor 'data_release' has a character")]
    [InlineData("imap_HIT_data-release-001_v001.txt", "release/ancillary",
        "The instrument 'HIT' is written in upper case", "The start date is missing")]
    public void The_convention_that_is_meant_is_held_against_the_name(string name, string convention, params string[] sentences)
    {
        var parsed = FileName.Parse(name, Mission.Imap);

        var said = string.Join("\n", parsed.Faults.Select(f => f.Message));
        parsed.Closest.ShouldBe(convention, said);
        parsed.Faults.Count.ShouldBe(sentences.Length, said);
        foreach (var (fault, sentence) in parsed.Faults.Zip(sentences)) fault.Message.ShouldStartWith(sentence);
    }
}
