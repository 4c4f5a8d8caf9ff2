using System.Text;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace OpenSdc.Tests.Files;

/// <summary>
/// An archive of a few files of every family and convention, published over three days; the tests call each
/// by its number here.
/// </summary>
public sealed class QueryArchive : IAsyncLifetime
{
    public static readonly string[] Names =
    [
        /*  0 */ "imap_codice_l1a_lo_20260101_20260102_v01-01.cdf",
        /*  1 */ "imap_mag_l0_burst_20230112_20230113_v01-01.pkts",
        /*  2 */ "imap_mag_l0_burst_20230112_20230113_v01-02.pkts",
        /*  3 */ "imap_glows_l1a_counts_20261206-repoint00002_v001.cdf",
        /*  4 */ "imap_glows_l1a_counts_20261206-repoint00003_v001.cdf",
        /*  5 */ "imap_glows_l2_counts_20261206-cr02092_v001.cdf",
        /*  6 */ "imap_swe_l1_sci_20260901_v001.0002.cdf",
        /*  7 */ "imap_swe_l1_sci_20260901_v001.0010.cdf",
        /*  8 */ "imap_swe_l1_sci_20260901_v999.cdf",
        /*  9 */ "imap_swe_l1_sci_20260901_20260901_v01-03.cdf",
        /* 10 */ "imap_swe_l1_sci_20260901_v002.0001.cdf",
        /* 11 */ "imap_swe_l1_sci-x_20260901_v001.cdf",
        /* 12 */ "imap_hi_l1a_45sensor-de_20260901_v001.pkts",
        /* 13 */ "imap_mag_l1-calibration_20260101_v001.cdf",
        /* 14 */ "imap_mag_l1-calibration_20260101_20260131_v002.cdf",
        /* 15 */ "naif0012.tls",
        /* 16 */ "imap_swe_l1_sci_20260901_v001.png",
        /* 17 */ "imap_swe_l1_sci_20260901_v001.json",
        /* 18 */ "imap_hit_data-release-001_20260101_20260131_v001.txt",
    ];

    public RunningArchive Archive { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        var clock = new FakeTimeProvider(new DateTimeOffset(2026, 3, 1, 0, 0, 0, TimeSpan.Zero));
        // A connection that waits for its first request while this clock jumps by days has not stood still.
        Archive = await RunningArchive.StartAsync(
            options => options with { ClientTimeout = (int)TimeSpan.FromDays(40).TotalSeconds },
            clock
        );
        for (var i = 0; i < Names.Length; i++)
        {
            // 0 in the first second of 1 March, 1 in the last, 2 in the first second of 2 March, all others on the 3rd.
            if (i is 1)
                clock.Advance(TimeSpan.FromSeconds(86399));
            else if (i is 2)
                clock.Advance(TimeSpan.FromSeconds(1));
            else if (i is 3)
                clock.Advance(TimeSpan.FromDays(1.5));
            await Archive.UploadAsync(Names[i], Encoding.ASCII.GetBytes(Names[i]));
        }
    }

    /// <summary>The numbers of the files that a query answers, in its order.</summary>
    public async Task<int[]> NumbersAsync(string parameters) =>
        [.. (await Archive.QueryAsync(parameters)).Select(record => Array.IndexOf(Names, Path.GetFileName(record.FilePath)))];

    public async ValueTask DisposeAsync() => await Archive.DisposeAsync();
}
