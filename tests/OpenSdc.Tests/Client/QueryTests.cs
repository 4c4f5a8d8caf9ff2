using OpenSdc.Client;
using OpenSdc.Contract;
using OpenSdc.Contract.Naming;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Client;

/// <summary>Queries in pages, against an archive and against a server that speaks the founding document alone.</summary>
public sealed class QueryTests(FoundingArchive fixture) : IClassFixture<FoundingArchive>, IDisposable
{
    private readonly Folder folder = new();

    [Fact]
    public async Task Pages_are_read_until_there_is_none()
    {
        await using var proxy = await FaultyProxy.StartAsync(fixture.Archive.Address);
        using var client = ClientFixture.ClientOf(proxy.Address, options => options with { PageSize = 1 });

        var records = await client.QueryAsync(new SdcQuery()).ToListAsync();

        records.ShouldBe(await fixture.Archive.QueryAsync(""));
        proxy.Requests.Count.ShouldBe(records.Count);
    }

    [Fact]
    public async Task A_limit_is_kept_across_pages()
    {
        using var client = ClientFixture.ClientOf(fixture.Archive.Endpoint, options => options with { PageSize = 2 });

        (await client.QueryAsync(new SdcQuery { Limit = 3, Table = "*" }).ToListAsync()).Count.ShouldBe(3);
    }

    [Fact]
    public async Task Parameters_arrive()
    {
        using var client = ClientFixture.ClientOf(fixture.Archive.Endpoint);
        var query = new SdcQuery
        {
            Instrument = "mag",
            Version = "v01-0*",
            StartDate = "20230101",
            Latest = true,
            Other = new Dictionary<string, string> { ["sort"] = "-size" },
        };

        (await client.QueryAsync(query).ToListAsync()).ShouldHaveSingleItem().Version.ShouldBe("v01-02");
    }

    [Fact]
    public async Task A_page_that_breaks_off_is_asked_for_again()
    {
        await using var proxy = await FaultyProxy.StartAsync(fixture.Archive.Address);
        var asked = 0;
        proxy.Choose = _ => (++asked % 3) switch { 1 => new Fault.Cut(100), 2 => new Fault.Status(429, "0"), _ => new Fault.None() };
        using var client = ClientFixture.ClientOf(proxy.Address, options => options with { PageSize = 2 });

        (await client.QueryAsync(new SdcQuery()).ToListAsync())
            .Select(each => each.FilePath)
            .ShouldBe((await fixture.Archive.QueryAsync("")).Select(each => each.FilePath));
    }

    [Fact]
    public async Task A_wrong_value_is_the_archives_sentence()
    {
        using var client = ClientFixture.ClientOf(fixture.Archive.Endpoint);

        var refusal = await Should.ThrowAsync<SdcException>(async () =>
            await client.QueryAsync(new SdcQuery { StartDate = "yesterday" }).ToListAsync()
        );

        refusal.Error.ShouldBe(SdcError.Refused);
        refusal.Message.ShouldContain("start_date");
    }

    [Fact]
    public async Task Nobody_there_is_a_sentence()
    {
        using var client = ClientFixture.ClientOf(new Uri("http://127.0.0.1:9"), options => options with { MaxRetries = 1 });

        (await Should.ThrowAsync<SdcException>(async () => await client.QueryAsync(new SdcQuery()).ToListAsync())).Error.ShouldBe(
            SdcError.Unreachable
        );
    }

    [Fact]
    public async Task A_server_of_the_founding_document_is_understood()
    {
        await using var proxy = await FaultyProxy.StartAsync(fixture.Archive.Address);
        proxy.Choose = _ => new Fault.Founding();
        using var client = ClientFixture.ClientOf(proxy.Address, options => options with { MultipartThreshold = 10 });

        var records = await client.QueryAsync(new SdcQuery { Instrument = "mag" }).ToListAsync();
        records.Select(each => each.FilePath).ShouldBe((await fixture.Archive.QueryAsync("instrument=mag")).Select(each => each.FilePath));
        records.ShouldAllBe(each => each.Size == -1 && each.Sha256 == "" && each.Instrument == "mag" && each.StartDate == "20230112");

        var result = await client.DownloadAsync(records[0], folder.Path);
        File.ReadAllText(result.Path).ShouldBe(System.IO.Path.GetFileName(result.Path));
        (await client.FindAsync(FoundingArchive.Codice))!.FilePath.ShouldBe(FoundingArchive.CodiceKey);

        var path = folder.Write(ArchiveFixture.NewName(), ClientFixture.Of(8, 1000));
        (await client.UploadAsync(path)).Outcome.ShouldBe(UploadOutcome.Published);
        (await client.UploadAsync(path)).Outcome.ShouldBe(UploadOutcome.AlreadyThere);
        (await client.GetStateAsync()).ShouldBeNull();
        (await Should.ThrowAsync<SdcException>(client.CoverageAsync(new SdcQuery()))).Error.ShouldBe(SdcError.NotFound);
    }

    [Fact]
    public async Task Without_a_digest_a_cut_download_is_whole_or_absent()
    {
        await using var proxy = await FaultyProxy.StartAsync(fixture.Archive.Address);
        var asked = 0;
        proxy.Choose = request => FaultyProxy.IsBytes(request) && ++asked % 3 != 0 ? new Fault.Cut(20) : new Fault.Founding();
        using var client = ClientFixture.ClientOf(proxy.Address);
        var record = (await client.QueryAsync(new SdcQuery { Instrument = "codice" }).ToListAsync())[0];

        var result = await client.DownloadAsync(record, folder.Path);

        File.ReadAllText(result.Path).ShouldBe(FoundingArchive.Codice);
        proxy.Choose = request => FaultyProxy.IsBytes(request) ? new Fault.Cut(0) : new Fault.Founding();
        File.Delete(result.Path);
        await Should.ThrowAsync<SdcException>(client.DownloadAsync(record, folder.Path));
        folder.Files.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("[]", 0)]
    [InlineData("[('mag', 'l0', 'burst', '20230112', '20230113', 'v01-01', 'pkts')]", 1)]
    [InlineData(
        "[('mag', 'l0', 'burst', '20230112', '20230113', 'v01-01', 'pkts'), (\"mag\", 'l0', 'burst', '20230112', '20230112', 'v001', 'pkts'),]",
        2
    )]
    [InlineData("\"[('mag', 'l0', 'burst', '20230112', '20230113', 'v01-01', 'pkts')]\"", 1)]
    [InlineData("{\"statusCode\": 200, \"body\": \"[('mag', 'l0', 'burst', '20230112', '20230113', 'v01-01', 'pkts')]\"}", 1)]
    [InlineData("{\"statusCode\": 200, \"body\": \"[]\"}", 0)]
    [InlineData("[{\"file_path\": \"imap/mag/l0/2023/01/imap_mag_l0_burst_20230112_20230113_v01-01.pkts\", \"instrument\": \"mag\"}]", 1)]
    [InlineData("", 0)]
    public void Forms_of_a_list(string body, int count)
    {
        var records = new RecordReader(Mission.Imap).Read(System.Text.Encoding.UTF8.GetBytes(body)).ToList();

        records.Count.ShouldBe(count);
        records.ShouldAllBe(each => each.FilePath.StartsWith("imap/mag/l0/2023/01/imap_mag_l0_burst_20230112"));
    }

    [Theory]
    [InlineData(
        "imap.mission.json",
        "imap_mag_l1-calibration_20260101_v001.json",
        "('mag', None, 'l1-calibration', '20260101', '20260101', 'v001', 'json')"
    )]
    [InlineData(
        "imap.mission.json",
        "imap_mag_l1-calibration_20260101_20260105_v001.json",
        "('mag', None, 'l1-calibration', '20260101', '20260105', 'v001', 'json')"
    )]
    [InlineData(
        "imap.mission.json",
        "imap_swe_l1_sci_20260901_v001.0002.cdf",
        "('swe', 'l1', 'sci', '20260901', '20260901', 'v001.0002', 'cdf')"
    )]
    [InlineData("aurora", "aur_cam_raw_20300102_v03.fits", "('cam', 'raw', None, '20300102', '20300102', 'v03', 'fits')")]
    public void Tuples_are_names_of_the_mission(string mission, string name, string tuple)
    {
        using var file = new MemoryStream(
            System.Text.Encoding.UTF8.GetBytes(
                mission == "aurora" ? MissionDocumentTests.Aurora.Replace("EXAMPLE", "", StringComparison.Ordinal) : Mission.ImapText
            )
        );

        var record = new RecordReader(Mission.Load(file)).Read(System.Text.Encoding.UTF8.GetBytes($"[{tuple}]")).ShouldHaveSingleItem();

        record.FilePath.ShouldEndWith("/" + name);
        record.Size.ShouldBe(-1);
    }

    [Fact]
    public void A_tuple_of_another_mission_is_said_so() =>
        Should
            .Throw<SdcException>(() =>
                new RecordReader(Mission.Imap).Read("[('cam', 'raw', None, '20300102', '20300102', 'v03', 'fits')]"u8.ToArray()).ToList()
            )
            .Message.ShouldContain("the mission imap");

    [Theory]
    [InlineData("imap_mag_l1a_norm-magi_2026*", "mag", "l1a", "norm-magi")]
    [InlineData("imap_mag_l1a_norm*", "mag", "l1a", null)]
    [InlineData("imap_mag_l1*", "mag", null, null)]
    [InlineData("imap_hi-45_l1a_*", "hi-45", "l1a", null)]
    [InlineData("imap_hi_*", "hi", null, null)]
    [InlineData("imap_ma?_l1a_*", null, null, null)]
    [InlineData("*_mag_l1a_*", null, null, null)]
    [InlineData("mms1_fgm_*", null, null, null)]
    [InlineData("im*", null, null, null)]
    public void What_a_pattern_fixes(string pattern, string? instrument, string? level, string? descriptor) =>
        NamePattern.Read(pattern, Mission.Imap).ShouldBe(new NamePattern(instrument, level, descriptor));

    [Theory]
    [InlineData("<html>")]
    [InlineData("[('mag'")]
    [InlineData("[(mag)]")]
    [InlineData("[('mag', 'l0')]")]
    [InlineData("[('../..', 'l0', 'burst', '20230112', '20230113', 'v01-01', 'pkts')]")]
    [InlineData("{\"statusCode\": 200}")]
    [InlineData("[1]")]
    [InlineData("{\"file_path\":\"a\",\"sha256\":1,\"size\":2,\"seq\":3}")]
    public void What_is_no_list_is_said_so(string body) =>
        Should
            .Throw<SdcException>(() => new RecordReader(Mission.Imap).Read(System.Text.Encoding.UTF8.GetBytes(body)).ToList())
            .Error.ShouldBe(SdcError.BadAnswer);

    [Fact]
    public async Task Coverage_and_state()
    {
        using var client = ClientFixture.ClientOf(fixture.Archive.Endpoint);

        var bins = await client.CoverageAsync(new SdcQuery { Instrument = "mag" }, CoveragePeriod.Month);
        bins.ShouldHaveSingleItem()
            .ShouldSatisfyAllConditions(
                bin => bin.Bin.ShouldBe("202301"),
                bin => bin.Files.ShouldBe(2),
                bin => bin.DataLevel.ShouldBe("l0")
            );
        (await client.GetStateAsync())!.Seq.ShouldBeGreaterThanOrEqualTo(4);
    }

    public void Dispose() => folder.Dispose();
}
