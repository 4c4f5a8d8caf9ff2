using OpenSdc.Client;
using OpenSdc.Contract;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Client;

/// <summary>A download ends verified, or the file is absent: through every fault of a network or a server.</summary>
public sealed class DownloadTests(ClientFixture fixture) : IClassFixture<ClientFixture>, IDisposable
{
    private readonly Folder folder = new();

    private string Path => System.IO.Path.Combine(folder.Path, fixture.Record.FilePath);

    [Fact]
    public async Task It_lies_at_its_key_and_is_the_published_one()
    {
        using var client = ClientFixture.ClientOf(fixture.Archive.Endpoint);
        var steps = new List<TransferProgress>();

        var result = await client.DownloadAsync(fixture.Record, folder.Path, progress: new Told(steps.Add));

        result.Path.ShouldBe(Path);
        result.Outcome.ShouldBe(DownloadOutcome.Downloaded);
        result.Sha256.ShouldBe(fixture.Record.Sha256);
        File.ReadAllBytes(Path).ShouldBe(ClientFixture.Bytes);
        folder.Files.ShouldBe([fixture.Record.FilePath]);
        steps[0].Step.ShouldBe(TransferStep.Started);
        steps[^1]
            .ShouldBe(new TransferProgress(System.IO.Path.GetFileName(Path), TransferStep.Done, ClientFixture.Size, ClientFixture.Size));
    }

    [Fact]
    public async Task One_that_is_cut_again_and_again_goes_on_where_it_was()
    {
        await using var proxy = await FaultyProxy.StartAsync(fixture.Archive.Address);
        var random = new Random(17);
        proxy.Choose = request => FaultyProxy.IsBytes(request) ? new Fault.Cut(random.Next(1, 300_000)) : new Fault.None();
        using var client = ClientFixture.ClientOf(proxy.Address, options => options with { MaxRetries = 1000 });
        var starts = new List<long>();

        await client.DownloadAsync(fixture.Record, folder.Path, progress: new Told(each =>
        {
            if (each.Step == TransferStep.Retrying)
                starts.Add(each.Bytes);
        }));

        File.ReadAllBytes(Path).ShouldBe(ClientFixture.Bytes);
        starts.Count.ShouldBeGreaterThan(3);
        starts.ShouldBe(starts.Order().ToList(), "what came is kept");
        starts[^1].ShouldBeGreaterThan(0);
        var ranges = proxy
            .Headers.Where(each => each.Request.Contains("/objects/"))
            .Select(each => each.Headers.Range.ToString())
            .Skip(1)
            .ToList();
        ranges.ShouldAllBe(range => range.StartsWith("bytes="));
        proxy
            .Headers.Where(each => each.Request.Contains("/objects/"))
            .Skip(1)
            .ShouldAllBe(each => each.Headers.IfRange == $"\"{fixture.Record.Sha256}\"");
    }

    [Theory]
    [InlineData("cut")]
    [InlineData("cut-at-once")]
    [InlineData("429")]
    [InlineData("429-retry-after")]
    [InlineData("503")]
    [InlineData("503-retry-after")]
    [InlineData("403")]
    [InlineData("416")]
    [InlineData("shorter")]
    [InlineData("longer")]
    [InlineData("wrong-byte")]
    [InlineData("no-ranges")]
    [InlineData("other-range")]
    public async Task After_some_faults_it_is_whole(string kind)
    {
        await using var proxy = await FaultyProxy.StartAsync(fixture.Archive.Address);
        var asked = 0;
        proxy.Choose = request => !FaultyProxy.IsBytes(request) ? new Fault.None() : ++asked switch
        {
            // Something is there when the fault comes, so that it can be kept or lost.
            1 => new Fault.Cut(400_000),
            2 or 3 => FaultOf(kind),
            _ => new Fault.None(),
        };
        using var client = ClientFixture.ClientOf(proxy.Address);

        (await client.DownloadAsync(fixture.Record, folder.Path)).Sha256.ShouldBe(fixture.Record.Sha256);

        File.ReadAllBytes(Path).ShouldBe(ClientFixture.Bytes);
        folder.Files.ShouldBe([fixture.Record.FilePath]);
        asked.ShouldBeGreaterThan(1);
    }

    [Theory]
    [InlineData("cut-at-once", SdcError.Unreachable)]
    [InlineData("429", SdcError.Unreachable)]
    [InlineData("503", SdcError.Unreachable)]
    [InlineData("503-retry-after", SdcError.Unreachable)]
    [InlineData("403", SdcError.Refused)]
    [InlineData("416", SdcError.Corrupt)]
    [InlineData("shorter", SdcError.Unreachable)]
    [InlineData("longer", SdcError.Corrupt)]
    [InlineData("wrong-byte", SdcError.Corrupt)]
    public async Task Where_the_fault_stays_the_file_is_absent(string kind, SdcError error)
    {
        await using var proxy = await FaultyProxy.StartAsync(fixture.Archive.Address);
        proxy.Choose = request => FaultyProxy.IsBytes(request) ? FaultOf(kind) : new Fault.None();
        using var client = ClientFixture.ClientOf(proxy.Address);

        var failure = await Should.ThrowAsync<SdcException>(client.DownloadAsync(fixture.Record, folder.Path));

        failure.Error.ShouldBe(error, failure.Message);
        File.Exists(Path).ShouldBeFalse();
    }

    [Fact]
    public async Task The_rest_is_fetched_by_another_client()
    {
        await using var proxy = await FaultyProxy.StartAsync(fixture.Archive.Address);
        var asked = 0;
        proxy.Choose = request =>
            !FaultyProxy.IsBytes(request) ? new Fault.None()
            : ++asked == 1 ? new Fault.WrongLength(700_000 - ClientFixture.Size)
            : asked < 10 ? new Fault.Status(503)
            : new Fault.None();
        using (var first = ClientFixture.ClientOf(proxy.Address))
            await Should.ThrowAsync<SdcException>(first.DownloadAsync(fixture.Record, folder.Path));
        folder.Files.ShouldBe([fixture.Record.FilePath + ".part"]);
        var length = new FileInfo(Path + ".part").Length;
        length.ShouldBe(700_000);
        asked = 100;

        using var second = ClientFixture.ClientOf(proxy.Address);
        await second.DownloadAsync(fixture.Record, folder.Path);

        File.ReadAllBytes(Path).ShouldBe(ClientFixture.Bytes);
        proxy.Headers.Last(each => each.Request.Contains("/objects/")).Headers.Range.ToString().ShouldBe($"bytes={length}-");
    }

    [Fact]
    public async Task What_is_not_the_beginning_of_the_file_is_found_by_its_digest()
    {
        folder.Write(fixture.Record.FilePath + ".part", ClientFixture.Of(99, 500_000));
        using var client = ClientFixture.ClientOf(fixture.Archive.Endpoint);

        await client.DownloadAsync(fixture.Record, folder.Path);

        File.ReadAllBytes(Path).ShouldBe(ClientFixture.Bytes);
    }

    [Fact]
    public async Task A_wait_that_a_server_asks_for_is_bounded()
    {
        await using var proxy = await FaultyProxy.StartAsync(fixture.Archive.Address);
        var asked = 0;
        // A day: the test would not end.
        proxy.Choose = _ => ++asked % 2 == 1 ? new Fault.Status(503, "86400") : new Fault.None();
        using var client = ClientFixture.ClientOf(proxy.Address);

        (await client.FindAsync(System.IO.Path.GetFileName(Path)))!.ShouldBe(fixture.Record);
        await client.DownloadAsync(fixture.Record, folder.Path);
    }

    [Theory]
    [InlineData(ExistingFile.Refresh, true, DownloadOutcome.AlreadyThere)]
    [InlineData(ExistingFile.Skip, true, DownloadOutcome.AlreadyThere)]
    [InlineData(ExistingFile.Verify, true, DownloadOutcome.AlreadyThere)]
    [InlineData(ExistingFile.Error, true, null)]
    [InlineData(ExistingFile.Overwrite, true, DownloadOutcome.Downloaded)]
    [InlineData(ExistingFile.Refresh, false, DownloadOutcome.Downloaded)]
    [InlineData(ExistingFile.Skip, false, null)]
    [InlineData(ExistingFile.Verify, false, null)]
    [InlineData(ExistingFile.Error, false, null)]
    [InlineData(ExistingFile.Overwrite, false, DownloadOutcome.Downloaded)]
    public async Task A_file_that_is_there(ExistingFile existing, bool agrees, DownloadOutcome? outcome)
    {
        // Of the same size, so that the digest must tell.
        var before = agrees ? ClientFixture.Bytes : ClientFixture.Of(2, ClientFixture.Size);
        folder.Write(fixture.Record.FilePath, before);
        using var client = ClientFixture.ClientOf(fixture.Archive.Endpoint);
        var download = client.DownloadAsync(fixture.Record, folder.Path, new DownloadOptions { Existing = existing });

        if (outcome is null)
            (await Should.ThrowAsync<SdcException>(download)).Error.ShouldBe(SdcError.LocalFile);
        else
            (await download).Outcome.ShouldBe(outcome.Value);

        File.ReadAllBytes(Path).ShouldBe(outcome is null ? before : ClientFixture.Bytes);
        folder.Files.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Verify_does_not_fetch_what_is_absent()
    {
        using var client = ClientFixture.ClientOf(fixture.Archive.Endpoint);

        (
            await Should.ThrowAsync<SdcException>(
                client.DownloadAsync(fixture.Record, folder.Path, new DownloadOptions { Existing = ExistingFile.Verify })
            )
        ).Error.ShouldBe(SdcError.LocalFile);

        folder.Files.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("../evil.cdf")]
    [InlineData("imap/../../evil.cdf")]
    [InlineData("/etc/evil.cdf")]
    [InlineData("imap//evil.cdf")]
    [InlineData("imap/./evil.cdf")]
    [InlineData("..")]
    [InlineData("")]
    [InlineData("imap/")]
    [InlineData("C:\\evil.cdf")]
    [InlineData("imap\\..\\..\\evil.cdf")]
    [InlineData("imap/evil\u0000.cdf")]
    [InlineData("imap/evil\n.cdf")]
    [InlineData("imap/evil.cdf.part")]
    [InlineData("imap/\u202Efdc.live")]
    [InlineData(".opensdc-sync.json")]
    public async Task A_path_that_would_leave_the_folder_is_refused(string path)
    {
        using var client = ClientFixture.ClientOf(fixture.Archive.Endpoint);
        var record = fixture.Record with { FilePath = path };

        foreach (var flat in (bool[])[false, true])
        {
            (
                await Should.ThrowAsync<SdcException>(
                    client.DownloadAsync(record, System.IO.Path.Combine(folder.Path, "in"), new DownloadOptions { Flat = flat })
                )
            ).Error.ShouldBe(SdcError.UnsafePath);
        }

        folder.Files.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_second_download_of_the_same_file_is_told_so()
    {
        using var client = ClientFixture.ClientOf(fixture.Archive.Endpoint);
        SdcException? second = null;

        await client.DownloadAsync(fixture.Record, folder.Path, progress: new Told(each =>
        {
            if (each.Step == TransferStep.Started)
                second = Should.Throw<SdcException>(() => client.DownloadAsync(fixture.Record, folder.Path));
        }));

        second.ShouldNotBeNull().Error.ShouldBe(SdcError.Busy);
        File.ReadAllBytes(Path).ShouldBe(ClientFixture.Bytes);
    }

    [Fact]
    public async Task Cancelled_in_the_middle_it_keeps_what_came()
    {
        await using var proxy = await FaultyProxy.StartAsync(fixture.Archive.Address);
        using var client = ClientFixture.ClientOf(proxy.Address);
        using var stop = new CancellationTokenSource();

        await Should.ThrowAsync<OperationCanceledException>(client.DownloadAsync(fixture.Record, folder.Path, progress: new Told(each =>
        {
            if (each.Step == TransferStep.Moved)
                stop.Cancel();
        }), cancel: stop.Token));

        folder.Files.ShouldBe([fixture.Record.FilePath + ".part"]);
        await client.DownloadAsync(fixture.Record, folder.Path);
        File.ReadAllBytes(Path).ShouldBe(ClientFixture.Bytes);
    }

    [Fact]
    public async Task One_that_stands_still_is_cut_off_and_goes_on()
    {
        await using var proxy = await FaultyProxy.StartAsync(fixture.Archive.Address);
        var asked = 0;
        proxy.Choose = request => FaultyProxy.IsBytes(request) && ++asked <= 2 ? new Fault.Stall(300_000) : new Fault.None();
        using var client = ClientFixture.ClientOf(
            proxy.Address,
            options => options with { StallTimeout = TimeSpan.FromSeconds(1), MaxRetries = 50 }
        );

        await client.DownloadAsync(fixture.Record, folder.Path);

        File.ReadAllBytes(Path).ShouldBe(ClientFixture.Bytes);
        proxy.Headers.Count(each => each.Headers.Range.Count > 0).ShouldBeGreaterThanOrEqualTo(2);
    }

    [Fact]
    public async Task Of_many_files_those_that_fail_do_not_end_the_others()
    {
        var names = Enumerable.Range(0, 20).Select(_ => ArchiveFixture.NewName("cdf")).ToList();
        foreach (var name in names)
            await fixture.Archive.UploadAsync(name, ClientFixture.Of(name.GetHashCode(StringComparison.Ordinal), 1000));
        using var client = ClientFixture.ClientOf(fixture.Archive.Endpoint);

        var results = new List<DownloadResult>();
        await foreach (var result in client.DownloadManyAsync(Records(), folder.Path, new DownloadOptions { FilesAtOnce = 4 }))
            results.Add(result);

        results.Count.ShouldBe(22);
        results
            .Where(each => each.Outcome == DownloadOutcome.Failed)
            .Select(each => each.Failure!.Error)
            .Order()
            .ShouldBe([SdcError.NotFound, SdcError.UnsafePath]);
        folder.Files.Count.ShouldBe(20);

        async IAsyncEnumerable<FileRecord> Records()
        {
            yield return fixture.Record with { FilePath = "../x.cdf" };
            foreach (var name in names)
                yield return (await client.FindAsync(name))!;
            yield return fixture.Record with { FilePath = "imap/swe/l1a/2026/01/imap_swe_l1a_never_20260101_v001.cdf" };
        }
    }

    [Theory]
    [InlineData("together")]
    [InlineData("refused")]
    [InlineData("unreleased")]
    public async Task URLs_of_many_small_files_are_asked_for_together(string how)
    {
        await using var proxy = await FaultyProxy.StartAsync(fixture.Archive.Address);
        // By itself is asked for: a file of a server that knows no such list, one whose URL has expired, and
        // one whose download is written down.
        var expired = 0;
        proxy.Choose = request =>
            how == "refused" && request.QueryString.Value!.Contains("format=urls") ? new Fault.Status(400)
            : how == "together" && FaultyProxy.IsBytes(request) && Interlocked.Increment(ref expired) == 1 ? new Fault.Status(403)
            : new Fault.None();
        using var client = ClientFixture.ClientOf(proxy.Address);
        var records = new List<FileRecord>();
        for (var i = 0; i < 60; i++)
        {
            var name = ArchiveFixture.NewName("cdf");
            await fixture.Archive.UploadAsync(name, ClientFixture.Of(i, 1000));
            records.Add((await client.FindAsync(name))! with { Released = how != "unreleased" });
        }

        var results = new List<DownloadResult>();
        await foreach (
            var result in client.DownloadManyAsync(records.ToAsyncEnumerable(), folder.Path, new DownloadOptions { FilesAtOnce = 4 })
        )
            results.Add(result);

        results.ShouldAllBe(each => each.Outcome == DownloadOutcome.Downloaded && each.Sha256 == each.Record.Sha256);
        folder.Files.Count.ShouldBe(60);
        var alone = proxy.Headers.Count(each => each.Request.Contains("/download/"));
        if (how == "together")
            alone.ShouldBeLessThan(60, "at most those that were alone when they were read, and the one that had expired");
        else
            alone.ShouldBe(60);
    }

    [Fact]
    public async Task Credentials_go_to_the_archive_and_not_to_the_signed_URL()
    {
        await using var proxy = await FaultyProxy.StartAsync(fixture.Archive.Address, dropsCredentials: true);
        using var client = ClientFixture.ClientOf(proxy.Address, options => options with { ApiKey = "key", AccessToken = "token" });

        await client.DownloadAsync((await client.FindAsync(System.IO.Path.GetFileName(Path)))!, folder.Path);

        var (asked, bytes) = (
            proxy.Headers.First(each => each.Request.Contains("/download/")),
            proxy.Headers.First(each => each.Request.Contains("/objects/"))
        );
        asked.Request.ShouldStartWith("GET /api-key/download/");
        asked.Headers["x-api-key"].ToString().ShouldBe("key");
        asked.Headers.Authorization.ToString().ShouldBe("Bearer token");
        bytes.Headers.ContainsKey("x-api-key").ShouldBeFalse();
        bytes.Headers.Authorization.Count.ShouldBe(0);
    }

    public void Dispose() => folder.Dispose();

    private static Fault FaultOf(string kind) => kind switch
    {
        "cut" => new Fault.Cut(100_000),
        "cut-at-once" => new Fault.Cut(0),
        "429" => new Fault.Status(429),
        "429-retry-after" => new Fault.Status(429, "0"),
        "503" => new Fault.Status(503),
        "503-retry-after" => new Fault.Status(503, "Mon, 01 Jan 2024 00:00:00 GMT"),
        "403" => new Fault.Status(403),
        "416" => new Fault.Status(416),
        "shorter" => new Fault.WrongLength(-1_400_000),
        "longer" => new Fault.WrongLength(10),
        "wrong-byte" => new Fault.WrongByte(50_000),
        "no-ranges" => new Fault.NoRanges(),
        _ => new Fault.OtherRange(),
    };
}
