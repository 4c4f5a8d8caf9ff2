using System.Text;
using OpenSdc.Contract.Naming;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Missions;

/// <summary>
/// An archive of each file in <c>missions/</c>, once for each store × catalogue: names go in, are found by
/// their own fields, come out, and none hides another.
/// </summary>
public sealed class MissionJourneyTests
{
    /// <summary>Published in this order: a later version may come before an earlier one.</summary>
    private static readonly Dictionary<string, (string[] Files, string[] Latest, (string Query, int Count)[] Queries)> Archives = new(
        StringComparer.Ordinal
    )
    {
        ["punch"] = (
            [
                "PUNCH_L0_PM1_20250601000000_v0c.fits",
                "PUNCH_L0_PM1_20250601000000_v0a.fits",
                "PUNCH_L0_PM1_20250601000000_v0.fits",
                "PUNCH_L0_PM1_20250601000000_v0b.fits",
                "PUNCH_L0_PM1_20250601000400_v0a.fits",
                "PUNCH_L0_PM1_20250601000800_v0a.fits",
                "PUNCH_L0_PM1_20250601001200_v0a.fits",
                "PUNCH_L0_PM2_20250601000000_v0a.fits",
                "PUNCH_L3_PTM_20250601000000_v1a.fits",
                "PUNCH_L3_PTM_20250601000000_v1.fits",
                "PUNCH_L3_PTM_20250601000000_v0z.fits",
            ],
            [
                "PUNCH_L0_PM1_20250601000000_v0c.fits",
                "PUNCH_L0_PM1_20250601000400_v0a.fits",
                "PUNCH_L0_PM1_20250601000800_v0a.fits",
                "PUNCH_L0_PM1_20250601001200_v0a.fits",
                "PUNCH_L0_PM2_20250601000000_v0a.fits",
                "PUNCH_L3_PTM_20250601000000_v1a.fits",
            ],
            [
                ("instrument=1", 7),
                ("letter=a", 6),
                ("version=v0c", 1),
                ("version=v*c", 1),
                ("version=0*", 9),
                ("data_level=3", 3),
                ("descriptor=P*", 11),
            ]
        ),
        ["mms"] = (
            [
                "mms1_fgm_srvy_l2_20160809_v4.47.0.cdf",
                "mms2_fgm_srvy_l2_20160809_v4.47.0.cdf",
                "mms3_fgm_srvy_l2_20160809_v4.9.0.cdf",
                "mms3_fgm_srvy_l2_20160809_v4.10.0.cdf",
                "mms3_fgm_srvy_l2_20160809_v4.9.10.cdf",
                "mms1_fgm_brst_l2_20160809153504_v4.47.0.cdf",
                "mms1_fgm_brst_l2_20160809153504_v4.47.10.cdf",
                "mms1_fgm_brst_l2_20160809153504_v4.47.2.cdf",
                "mms1_fgm_brst_l2_20160809160000_v4.47.0.cdf",
                "mms1_edp_brst_l2_dce_20160809160000_v0.1.0.cdf",
            ],
            [
                "mms1_fgm_srvy_l2_20160809_v4.47.0.cdf",
                "mms2_fgm_srvy_l2_20160809_v4.47.0.cdf",
                "mms3_fgm_srvy_l2_20160809_v4.10.0.cdf",
                "mms1_fgm_brst_l2_20160809153504_v4.47.10.cdf",
                "mms1_fgm_brst_l2_20160809160000_v4.47.0.cdf",
                "mms1_edp_brst_l2_dce_20160809160000_v0.1.0.cdf",
            ],
            [
                ("spacecraft=mms1", 6),
                ("spacecraft=mms1,mms2&mode=srvy", 2),
                ("mode=brst&latest=true", 3),
                ("revision=10", 2),
                ("version=4.9.*", 2),
            ]
        ),
        ["solo"] = (
            [
                "solo_L2_mag-rtn-normal_20200720_V10.cdf",
                "solo_L2_mag-rtn-normal_20200720_V09.cdf",
                "solo_L2_mag-rtn-burst_20200720_V01.cdf",
                "solo_L1_mag_20200720_V01.cdf",
                "solo_L1_eui-fsi174-image_20200512T122556952_V06.fits",
                "solo_L1_eui-fsi174-image_20200512T122556953_V05.fits",
                "solo_L2_spice-n-ras_20250208T061921_V04_301990207-000.fits",
                "solo_L2_spice-n-ras_20250208T061921_V05_301990207-001.fits",
                "solo_L2_rpw-tnr-surv_20200612T000000-20200612T120000_V01.cdf",
                "solo_L2_rpw-tnr-surv_20200612T000000-20200612T235959_V02.cdf",
            ],
            [
                "solo_L2_mag-rtn-normal_20200720_V10.cdf",
                "solo_L2_mag-rtn-burst_20200720_V01.cdf",
                "solo_L1_mag_20200720_V01.cdf",
                "solo_L1_eui-fsi174-image_20200512T122556952_V06.fits",
                "solo_L1_eui-fsi174-image_20200512T122556953_V05.fits",
                "solo_L2_spice-n-ras_20250208T061921_V04_301990207-000.fits",
                "solo_L2_spice-n-ras_20250208T061921_V05_301990207-001.fits",
                "solo_L2_rpw-tnr-surv_20200612T000000-20200612T235959_V02.cdf",
            ],
            [("instrument=eui", 2), ("milliseconds=952", 1), ("free=301990207-001", 1), ("overlaps=20200612", 2), ("descriptor=rtn-*", 3)]),
        ["goes-r"] = (
            [
                "OR_MAG-L1b-GEOF_G16_s20170431500000_e20170431500599_c20170431501005.nc",
                "OR_MAG-L1b-GEOF_G16_s20170431500000_e20170431500599_c20170431501004.nc",
                "OR_MAG-L1b-GEOF_G16_s20170431501000_e20170431501599_c20170431502005.nc",
                "OR_MAG-L1b-GEOF_G17_s20170431500000_e20170431500599_c20170431501005.nc",
                "OR_SEIS-L1b-SGPS_G16_s20170431500000_e20170431500599_c20181000000000.nc",
                "OR_SEIS-L1b-SGPS_G16_s20170431500000_e20170431500589_c20180990000000.nc",
            ],
            [
                "OR_MAG-L1b-GEOF_G16_s20170431500000_e20170431500599_c20170431501005.nc",
                "OR_MAG-L1b-GEOF_G16_s20170431501000_e20170431501599_c20170431502005.nc",
                "OR_MAG-L1b-GEOF_G17_s20170431500000_e20170431500599_c20170431501005.nc",
                "OR_SEIS-L1b-SGPS_G16_s20170431500000_e20170431500599_c20181000000000.nc",
            ],
            [
                ("satellite=16", 5),
                ("satellite=17&instrument=MAG", 1),
                ("created=20170212", 4),
                ("start_date=20170212&end_date=20170212", 6),
                ("created_time=00:00:00.0", 2),
            ]
        ),
    };

    public static MatrixTheoryData<string, string> All => new(ArchiveSetup.Names, Archives.Keys);

    [Theory]
    [MemberData(nameof(All))]
    public async Task Its_files_go_in_are_found_and_come_out(string setup, string file)
    {
        var (files, latest, queries) = Archives[file];
        var mission = MissionNamesTests.Load(file);
        await using var archive = await RunningArchive.StartAsync(
            options => options with { Mission = MissionNamesTests.PathOf(file) },
            setup: ArchiveSetup.Of(setup)
        );
        foreach (var name in files)
            (await archive.UploadAsync(name, Encoding.ASCII.GetBytes(name))).FilePath.ShouldBe(
                FileName.Parse(name, mission).Name.ShouldNotBeNull(name).Key
            );

        (await NamesAsync("")).ShouldBe(files.Order(StringComparer.Ordinal));
        (await NamesAsync("latest=true")).ShouldBe(latest.Order(StringComparer.Ordinal));
        (await NamesAsync("current=false")).ShouldBe(files.Except(latest).Order(StringComparer.Ordinal));
        foreach (var (query, count) in queries)
            (await NamesAsync(query)).Count.ShouldBe(count, query);
        foreach (var name in files)
            Encoding.ASCII.GetString(await archive.DownloadAsync(name)).ShouldBe(name);
        (await archive.SendAsync("GET /upload/imap_swe_l1_sci_20260901_v003.cdf")).Status.ShouldBe(400);

        async Task<List<string>> NamesAsync(string query) =>
            [.. (await archive.QueryAsync(query)).Select(record => Path.GetFileName(record.FilePath)).Order(StringComparer.Ordinal)];
    }
}
