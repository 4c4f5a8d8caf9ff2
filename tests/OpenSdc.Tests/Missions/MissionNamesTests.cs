using OpenSdc.Contract.Naming;
using OpenSdc.Server;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Missions;

/// <summary>
/// The files in <c>missions/</c>: twenty public names each and what they mean, a line a name in the file
/// beside this one, and what is said of wrong ones.
/// </summary>
public sealed class MissionNamesTests
{
    public static TheoryData<string> Files => ["punch", "mms", "solo", "goes-r"];

    [Theory]
    [MemberData(nameof(Files))]
    public void Twenty_names_mean_what_their_lines_say(string file)
    {
        var mission = Load(file);
        var lines = File.ReadAllLines(Path.Combine(SharedData.RepositoryRoot, "tests/OpenSdc.Tests/Missions", file + ".names.txt"));
        lines.Length.ShouldBe(20);
        lines.Select(line => line.Split(" | ")[0]).Select(name => $"{name} | {Meaning(name, mission)}").ShouldBe(lines);
        foreach (var name in lines.Select(line => line.Split(" | ")[0]))
        {
            var read = FileName.Parse(name, mission).Name!;
            read.Format(mission).ShouldBe(new FormattedName(name, read.Key));
        }
    }

    [Theory]
    [InlineData(
        "punch",
        "PUNCH_L3_PTM_20260421000230_v0.l.fits",
        "The version '0.l' does not have the form of a version; allowed: <digits><letter>."
    )]
    [InlineData("punch", "PUNCH_L4_PTM_20260421000230_v0l.fits", "The data level '4' is not known; allowed: 0, 1, 2, 3, L, Q.")]
    [InlineData(
        "punch",
        "PUNCH_L3_PTM_20260421240000_v0l.fits",
        "The start time '240000' is no time of day; allowed: a time of day, written HHMMSS."
    )]
    [InlineData(
        "punch",
        "PUNCH_L3_PTM_20260431000230_v0l.fits",
        "The start date '20260431' is not in the calendar; allowed: a real day, written YYYYMMDD."
    )]
    [InlineData(
        "punch",
        "punch_l3_ptm_20260421000230_v0l.fits",
        "The name 'punch_l3_ptm_20260421000230_v0l.fits' has letters in another case than data names; allowed: 'PUNCH_L3_PTM_20260421000230_v0l.fits'."
    )]
    [InlineData(
        "punch",
        "PUNCH_L3_PTM_20260421235960_v0l.fits",
        "The start time '235960' is a leap second, and 2026-04-21 had none; allowed: a second up to 59."
    )]
    [InlineData(
        "mms",
        "mms5_fgm_brst_l2_20170810121733_v5.99.0.cdf",
        "The spacecraft 'mms5' is not known; allowed: mms1, mms2, mms3, mms4, mms."
    )]
    [InlineData(
        "mms",
        "mms1_fgm_burst_l2_20170810121733_v5.99.0.cdf",
        "The mode 'burst' is not known; allowed: brst, fast, slow, srvy, hk."
    )]
    [InlineData(
        "mms",
        "mms1_fgm_srvy_l2_20170810_v5.99.cdf",
        "The version '5.99' does not have the form of a version; allowed: <digits>.<digits>.<digits>."
    )]
    [InlineData(
        "mms",
        "MMS1_fgm_srvy_l2_20170810_v5.99.0.cdf",
        "The name 'MMS1_fgm_srvy_l2_20170810_v5.99.0.cdf' has upper case letters, and science names are lower case: 'mms1_fgm_srvy_l2_20170810_v5.99.0.cdf'."
    )]
    [InlineData(
        "solo",
        "solo_l2_mag-rtn-normal_20210705_v01.cdf",
        "The name 'solo_l2_mag-rtn-normal_20210705_v01.cdf' has letters in another case than science names; allowed: 'solo_L2_mag-rtn-normal_20210705_V01.cdf'."
    )]
    [InlineData("solo", "solo_L2_mag-rtn-normal_20200720_V3.cdf", "The version 'V3' does not have the form of a version; allowed: VNN.")]
    [InlineData(
        "solo",
        "solo_L9_mag-rtn-normal_20200720_V03.cdf",
        "The data level 'L9' is not known; allowed: L0, L1, L1R, L2, L3, CAL, ANC, HK."
    )]
    [InlineData(
        "solo",
        "solo_L2_mag-rtn-normal_20200720_V03.nc",
        "The extension 'nc' is not known; allowed: cdf, fits, fits.gz, h5, jp2, png, jpg, txt, zip."
    )]
    [InlineData(
        "goes-r",
        "OR_SEIS-L1b-GEOF_G16_s20170431500000_e20170431500599_c20170431501005.nc",
        "The descriptor 'GEOF' does not go with the instrument 'SEIS'; allowed: EHIS, MPSH, MPSL, SGPS."
    )]
    [InlineData(
        "goes-r",
        "OR_SEIS-L1b-SGPS_G15_s20170431500000_e20170431500599_c20170431501005.nc",
        "The satellite '15' is not known; allowed: 16, 17, 18, 19."
    )]
    [InlineData(
        "goes-r",
        "OR_SEIS-L1b-SGPS_G16_s20173661500000_e20180011500599_c20180021501005.nc",
        "The start date '2017366' is not in the calendar; allowed: a real day, written YYYYDDD."
    )]
    [InlineData(
        "goes-r",
        "OR_SEIS-L1b-SGPS_G16_s20170431500599_e20170431500000_c20170431501005.nc",
        "The end time '1500000' is before the start time '1500599' of the same day; allowed: the same time or a later one."
    )]
    [InlineData(
        "goes-r",
        "dn_magn-l2-hires_g17_d20211219_v1.0.1.nc",
        "The version '1.0.1' does not have the form of a version; allowed: <digits>-<digits>-<digits>."
    )]
    public void A_wrong_name_is_told_what_is_wrong_and_nothing_else(string file, string name, string sentence) =>
        FileName.Parse(name, Load(file)).Faults.Select(fault => fault.Message).ShouldBe([sentence]);

    [Theory]
    [MemberData(nameof(Files))]
    public async Task What_its_archive_serves_says_nothing_of_the_built_in_mission(string file)
    {
        await using var archive = await RunningArchive.StartAsync(options => options with { Mission = PathOf(file) });
        var page = Directory
            .EnumerateFiles(Path.Combine(SharedData.RepositoryRoot, "src", "OpenSdc.Server", "wwwroot"))
            .Select(each => "/page/" + Path.GetFileName(each))
            .ToArray();
        page.ShouldContain("/page/api.js");
        foreach (
            var request in (string[])
                [
                    .. page,
                    "/",
                    "/openapi/v1.json",
                    "/docs/",
                    "/upload/nonsense",
                    "/upload/x_y_20260101.cdf",
                    "/download/nonsense",
                    "/query?instrument=x",
                    "/query?table=x",
                    "/query?colour=x",
                    "/query?version=x",
                    "/query?format=csv",
                    "/facets",
                    "/coverage",
                    "/spice-query",
                    "/spin-table",
                    "/metakernel",
                ]
        )
        {
            foreach (var accept in (string[])["*/*", "application/json", "text/html"])
                (await archive.SendAsync("GET " + request, accept)).Text.ShouldNotMatch(
                    "(?i)imap|codice|glows|idex|swapi|ialirt|l1const",
                    request
                );
        }
    }

    internal static string PathOf(string file) => Path.Combine(SharedData.RepositoryRoot, "missions", file + ".mission.json");

    internal static Mission Load(string file) => MissionText.Given(new ServerOptions { Mission = PathOf(file) })!.Load();

    private static string Meaning(string text, Mission mission)
    {
        var name = FileName.Parse(text, mission).Name.ShouldNotBeNull(text);
        var (start, end) = (name.StartTime ?? $"{name.StartDate:yyyyMMdd}", name.EndTime ?? $"{name.EndDate:yyyyMMdd}");
        var own = string.Concat(name.Own.Select(value => $" {value.Field.Name}={value.Text}"));
        return $"{name.Family}/{name.Convention} {name.Instrument} {name.DataLevel} {name.Descriptor ?? "-"} {start}{(end.Length > 0 ? ".." + end : "")} {name.Version}{own} in {name.Key[..^text.Length]}";
    }
}
