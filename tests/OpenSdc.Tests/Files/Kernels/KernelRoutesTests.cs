using System.Text.Json;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Files.Kernels;

/// <summary>The routes of kernels as installed clients and scripts call them, to the letter of the live service.</summary>
public sealed class KernelRoutesTests(KernelRoutesTests.KernelArchive fixture) : IClassFixture<KernelRoutesTests.KernelArchive>
{
    private readonly RunningArchive archive = fixture.Archive;

    [Theory]
    [InlineData("")]
    [InlineData("/api-key")]
    [InlineData("/authorized")]
    public async Task A_kernel_without_days_has_dates_that_scripts_can_parse(string prefix)
    {
        var answer = await archive.SendAsync($"GET {prefix}/spice-query?file_name=naif0012.tls", accept: "application/json");
        answer.Status.ShouldBe(200, answer.Text);
        var item = answer.Json.EnumerateArray().ShouldHaveSingleItem();
        item.EnumerateObject()
            .Select(each => each.Name)
            .ShouldBe([
                "file_name",
                "file_root",
                "kernel_type",
                "version",
                "min_date_j2000",
                "max_date_j2000",
                "file_intervals_j2000",
                "min_date_datetime",
                "max_date_datetime",
                "file_intervals_datetime",
                "min_date_sclk",
                "max_date_sclk",
                "file_intervals_sclk",
                "sclk_kernel",
                "lsk_kernel",
                "ingestion_date",
                "timestamp",
            ]);
        Text(item, "file_name").ShouldBe("lsk/naif0012.tls");
        Text(item, "file_root").ShouldBe("naif.tls");
        item.GetProperty("version").GetInt32().ShouldBe(12);
        Text(item, "min_date_datetime").ShouldBe("2000-01-01, 12:00:00");
        Text(item, "max_date_datetime").ShouldBe("2145-01-01, 00:00:00");
        Text(item, "ingestion_date").ShouldMatch(@"^\d{4}-\d\d-\d\d, \d\d:\d\d:\d\d$");
        item.GetProperty("timestamp").GetDouble().ShouldBeGreaterThan(0);
        item.GetProperty("sclk_kernel").ValueKind.ShouldBe(JsonValueKind.Null);
    }

    [Fact]
    public async Task Clock_kernels_begin_in_2010() =>
        Text((await ItemsAsync("/spice-query?type=spacecraft_clock")).ShouldHaveSingleItem(), "min_date_datetime")
            .ShouldBe("2010-01-01, 00:00:00");

    [Theory]
    [InlineData("", 7)]
    [InlineData("?type=kernels", 7)]
    [InlineData("?type=attitude_history", 2)]
    [InlineData("?type=attitude_history&latest=True", 1)]
    [InlineData("?type=attitude_history&start_time=0", 2)]
    [InlineData("?type=attitude_history&start_time=0&end_time=1000000000", 2)]
    [InlineData("?type=attitude_history&start_time=0&end_time=100.5", 0)]
    [InlineData("?type=leapseconds&start_time=0&end_time=100.5", 1)]
    [InlineData("?type=leapseconds&start_time=-10&end_time=0", 0)]
    [InlineData("?type=attitude_history&start_date=20260102&end_date=20260102&version=02", 1)]
    [InlineData("?type=attitude_history&start_date=20260103", 0)]
    [InlineData("?start_ingest_date=20000101&end_ingest_date=20000102&latest=True", 0)]
    public async Task Kernels_are_found_by_type_time_and_ingestion(string query, int count) =>
        (await ItemsAsync("/spice-query" + query)).Count.ShouldBe(count);

    [Fact]
    public async Task A_span_in_ephemeris_time_counts_leap_seconds()
    {
        var item = (await ItemsAsync("/spice-query?type=attitude_history&latest=true")).ShouldHaveSingleItem();
        // 2026-01-01 00:00:00 UTC, with 37 leap seconds and 32.184 s between TAI and TT.
        item.GetProperty("min_date_j2000").GetDouble().ShouldBe(820497600 + 37 + 32.184, 0.001);
        Text(item, "max_date_datetime").ShouldBe("2026-01-02, 23:59:59");
        item.GetProperty("file_intervals_datetime")[0][0].GetString().ShouldBe("2026-01-01T00:00:00");
    }

    [Theory]
    [InlineData(
        "bogus=1",
        "bogus is not a valid query parameter. Valid query parameters are: ['file_name', 'start_time', 'end_time', 'type', 'latest', 'start_ingest_date', 'end_ingest_date']"
    )]
    [InlineData("type=tea", "Invalid value for type: tea")]
    [InlineData("start_time=noon", "Expected start/end times in ET.")]
    [InlineData("start_time=Infinity", "Expected start/end times in ET.")]
    [InlineData("start_ingest_date=20260230", "Invalid value for start_ingest_date: 20260230")]
    [InlineData("latest=perhaps", "Invalid value for latest: perhaps")]
    public async Task What_cannot_be_read_is_refused_in_the_live_service_s_words(string query, string sentence)
    {
        var answer = await archive.SendAsync("GET /spice-query?" + query);
        (answer.Status, answer.Json.GetString()).ShouldBe((400, sentence));
    }

    [Fact]
    public async Task The_tables_list_their_files()
    {
        var spin = (await ItemsAsync("/spin-table")).ShouldHaveSingleItem();
        spin.EnumerateObject().Select(each => each.Name).ShouldBe(["file_path", "start_date", "end_date", "version", "ingestion_date"]);
        (Text(spin, "file_path"), Text(spin, "start_date"), Text(spin, "end_date"), Text(spin, "version"))
            .ShouldBe(("imap/spice/spin/imap_2026_001_2026_002_01.spin.csv", "2026-01-01, 00:00:00", "2026-01-02, 00:00:00", "01"));
        var repoint = (await ItemsAsync("/repoint-table?latest=true")).ShouldHaveSingleItem();
        repoint.EnumerateObject().Select(each => each.Name).ShouldBe(["file_path", "end_date", "version", "ingestion_date"]);
        Text(repoint, "end_date").ShouldBe("2026-01-05, 00:00:00");
        (await ItemsAsync("/small-forces-table?start_date=20260103")).ShouldBeEmpty();
        (await ItemsAsync("/spice-query?type=spin")).ShouldHaveSingleItem().GetRawText().ShouldBe(spin.GetRawText());
    }

    [Fact]
    public async Task A_metakernel_loads_the_newest_of_each_in_order()
    {
        var names = (await ItemsAsync("/metakernel?start_time=20260101&end_time=20260102&list_files=true")).Select(each =>
            each.GetString()
        );
        names.ShouldBe([
            "naif0012.tls",
            "imap_science_0001.tf",
            "imap_sclk_0000.tsc",
            "imap_nom_20260101_20260201_v01.bsp",
            "imap_2026_001_2026_002_01.ap.bc",
            "imap_2026_001_2026_002_02.ah.bc",
        ]);
        var text = (await archive.SendAsync("GET /metakernel?start_time=20260101&end_time=20260102&spice_path=/data/spice")).Text;
        text.ShouldStartWith("KPL/MK\n");
        text.ShouldContain("PATH_VALUES = ( '/data/spice' )");
        text.IndexOf("$SPICE/lsk/naif0012.tls", StringComparison.Ordinal)
            .ShouldBeLessThan(text.IndexOf("$SPICE/ck/imap_2026_001_2026_002_02.ah.bc", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("start_time=20260101", 400, "Missing required query parameter 'end_time'.")]
    [InlineData("start_time=19700101&end_time=19700102&list_files=true", 404, "No files found.")]
    [InlineData("start_time=20260101&end_time=20260103&require_coverage=true&file_types=attitude_history", 422, "attitude_history from")]
    public async Task A_metakernel_that_cannot_be_made_says_why(string query, int status, string says)
    {
        var answer = await archive.SendAsync("GET /metakernel?" + query);
        answer.Status.ShouldBe(status, answer.Text);
        answer.Json.GetString()!.ShouldContain(says);
    }

    [Fact]
    public async Task Full_coverage_is_not_refused() =>
        (
            await archive.SendAsync(
                "GET /metakernel?start_time=20260101&end_time=20260102&require_coverage=true&file_types=attitude_history,attitude_predict"
            )
        ).Status.ShouldBe(200);

    [Fact]
    public async Task Reprocessing_is_not_of_this_archive() =>
        (await archive.SendAsync("POST /api-key/reprocess", content: new StringContent("{}"))).Status.ShouldBe(501);

    private static string Text(JsonElement item, string member) => item.GetProperty(member).GetString()!;

    private async Task<List<JsonElement>> ItemsAsync(string target)
    {
        var answer = await archive.SendAsync("GET " + target);
        answer.Status.ShouldBe(200, answer.Text);
        return [.. answer.Json.EnumerateArray()];
    }

    public sealed class KernelArchive : IAsyncLifetime
    {
        private static readonly string[] Names =
        [
            "naif0012.tls",
            "imap_sclk_0000.tsc",
            "imap_science_0001.tf",
            "imap_2026_001_2026_002_01.ah.bc",
            "imap_2026_001_2026_002_02.ah.bc",
            "imap_2026_001_2026_002_01.ap.bc",
            "imap_nom_20260101_20260201_v01.bsp",
            "imap_2026_001_2026_002_01.spin.csv",
            "imap_2026_005_01.repoint.csv",
            "imap_2026_001_2026_002_hist_01.sff",
        ];

        public RunningArchive Archive { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            Archive = await RunningArchive.StartAsync();
            foreach (var name in Names)
                await Archive.UploadAsync(name, [1]);
        }

        public ValueTask DisposeAsync() => Archive.DisposeAsync();
    }
}
