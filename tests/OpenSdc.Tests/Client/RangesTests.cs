using System.Collections.Concurrent;
using OpenSdc.Client;
using OpenSdc.Contract;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Client;

/// <summary>A file that several requests fetch at once ends verified or absent, as one that a single request fetches.</summary>
public sealed class RangesTests(ClientFixture fixture) : IClassFixture<ClientFixture>, IDisposable
{
    // Pieces are 64 KiB then, so that the file has 23 of them.
    private const long Threshold = 100_000;
    private const int Piece = 64 << 10;

    private readonly Folder folder = new();

    private string Path => System.IO.Path.Combine(folder.Path, fixture.Record.FilePath);

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Each_byte_is_asked_for_once_and_progress_only_grows()
    {
        await using var proxy = await FaultyProxy.StartAsync(fixture.Archive.Address);
        using var client = ClientOf(proxy);
        var told = new List<long>();

        await client.DownloadAsync(fixture.Record, folder.Path, progress: new Told(each => told.Add(each.Bytes)));

        File.ReadAllBytes(Path).ShouldBe(ClientFixture.Bytes);
        RangesOf(proxy)
            .Order()
            .ShouldBe(
                Enumerable
                    .Range(0, (ClientFixture.Size + Piece - 1) / Piece)
                    .Select(i => ((long)i * Piece, Math.Min((long)(i + 1) * Piece, ClientFixture.Size) - 1))
            );
        told.ShouldBe(told.Order().ToList());
    }

    [Fact]
    public async Task Where_the_first_piece_comes_fast_one_request_fetches_the_rest()
    {
        await using var proxy = await FaultyProxy.StartAsync(fixture.Archive.Address);
        using var client = ClientOf(proxy, options => options with { RangesBelow = 0 });

        await client.DownloadAsync(fixture.Record, folder.Path);

        File.ReadAllBytes(Path).ShouldBe(ClientFixture.Bytes);
        RangesOf(proxy).ShouldBe([(0, Piece - 1), (Piece, ClientFixture.Size - 1)]);
    }

    [Fact]
    public async Task While_a_piece_stands_still_the_next_ones_come()
    {
        await using var proxy = await FaultyProxy.StartAsync(fixture.Archive.Address);
        var stalled = 0;
        proxy.Choose = request =>
            StartOf(request) == 2 * Piece && Interlocked.Increment(ref stalled) == 1 ? new Fault.Stall(1000) : new Fault.None();
        using var client = ClientOf(proxy, options => options with { StallTimeout = TimeSpan.FromSeconds(1) });

        await client.DownloadAsync(fixture.Record, folder.Path);

        File.ReadAllBytes(Path).ShouldBe(ClientFixture.Bytes);
        var starts = RangesOf(proxy).Select(each => each.From).ToList();
        starts.Count(start => start == 2 * Piece).ShouldBe(2);
        starts.IndexOf(5 * Piece).ShouldBeInRange(0, starts.LastIndexOf(2 * Piece) - 1, "as many as may be on their way were asked for");
        starts.Take(starts.LastIndexOf(2 * Piece)).ShouldNotContain(6 * Piece);
    }

    [Theory]
    [InlineData("cut")]
    [InlineData("no-answer")]
    [InlineData("429")]
    [InlineData("503")]
    [InlineData("403")]
    [InlineData("416")]
    [InlineData("shorter")]
    [InlineData("longer")]
    [InlineData("wrong-byte")]
    [InlineData("no-ranges")]
    [InlineData("other-range")]
    public async Task After_some_faults_of_its_pieces_it_is_whole(string kind)
    {
        await using var proxy = await FaultyProxy.StartAsync(fixture.Archive.Address);
        var asked = 0;
        proxy.Choose = request =>
            FaultyProxy.IsBytes(request) && Interlocked.Increment(ref asked) is 4 or 9 or 10 ? FaultOf(kind) : new Fault.None();
        using var client = ClientOf(proxy);

        (await client.DownloadAsync(fixture.Record, folder.Path)).Sha256.ShouldBe(fixture.Record.Sha256);

        File.ReadAllBytes(Path).ShouldBe(ClientFixture.Bytes);
        folder.Files.ShouldBe([fixture.Record.FilePath]);
    }

    [Theory]
    [InlineData("cut")]
    [InlineData("503")]
    [InlineData("403")]
    [InlineData("shorter")]
    [InlineData("wrong-byte")]
    [InlineData("other-range")]
    public async Task Where_the_fault_of_a_piece_stays_the_file_is_absent(string kind)
    {
        await using var proxy = await FaultyProxy.StartAsync(fixture.Archive.Address);
        proxy.Choose = request => StartOf(request) >= 3 * Piece ? FaultOf(kind) : new Fault.None();
        using var client = ClientOf(proxy);

        await Should.ThrowAsync<SdcException>(client.DownloadAsync(fixture.Record, folder.Path));

        File.Exists(Path).ShouldBeFalse();
    }

    [Fact]
    public async Task Files_that_share_places_and_buffers_get_their_own_bytes()
    {
        await using var proxy = await FaultyProxy.StartAsync(fixture.Archive.Address);
        var random = new Random(5);
        proxy.Choose = request =>
        {
            if (!FaultyProxy.IsBytes(request))
                return new Fault.None();
            lock (random)
                return random.Next(12) switch
                {
                    0 => new Fault.Cut(random.Next(Piece)),
                    1 => new Fault.NoAnswer(),
                    2 => new Fault.Status(503),
                    _ => new Fault.None(),
                };
        };
        using var client = ClientOf(proxy, options => options with { MaxRetries = 1000, RangesAtOnce = 6 });
        var records = new List<FileRecord>();
        var bytes = new ConcurrentDictionary<string, byte[]>();
        for (var i = 0; i < 6; i++)
        {
            var name = ArchiveFixture.NewName("cdf");
            await fixture.Archive.UploadAsync(name, bytes[name] = ClientFixture.Of(100 + i, 900_000 + i));
            records.Add((await client.FindAsync(name))!);
        }

        // Twice: what the first downloads gave back is used again by the second.
        foreach (var target in new[] { "first", "second" })
        {
            await foreach (
                var result in client.DownloadManyAsync(
                    records.ToAsyncEnumerable(),
                    System.IO.Path.Combine(folder.Path, target),
                    new DownloadOptions { FilesAtOnce = 6 }
                )
            )
                File.ReadAllBytes(result.Path).ShouldBe(bytes[System.IO.Path.GetFileName(result.Path)]);
        }

        folder.Files.Count.ShouldBe(12);
    }

    [Fact]
    public async Task What_was_begun_is_kept_when_the_caller_ends_it()
    {
        await using var proxy = await FaultyProxy.StartAsync(fixture.Archive.Address);
        using var client = ClientOf(proxy);
        using var ended = new CancellationTokenSource();
        var ending = client.DownloadAsync(fixture.Record, folder.Path, progress: new Told(each =>
        {
            if (each.Bytes >= 5 * Piece)
                ended.Cancel();
        }), cancel: ended.Token);

        await Should.ThrowAsync<OperationCanceledException>(ending);
        folder.Files.ShouldBe([fixture.Record.FilePath + ".part"]);
        var length = new FileInfo(Path + ".part").Length;
        proxy.Headers.Clear();
        await client.DownloadAsync(fixture.Record, folder.Path);

        File.ReadAllBytes(Path).ShouldBe(ClientFixture.Bytes);
        RangesOf(proxy).Min(each => each.From).ShouldBe(length);
    }

    private static SdcClient ClientOf(FaultyProxy proxy, Func<SdcClientOptions, SdcClientOptions>? configure = null) =>
        ClientFixture.ClientOf(
            proxy.Address,
            options =>
            {
                // One connection is never fast enough.
                var inRanges = options with { RangesThreshold = Threshold, RangesBelow = double.PositiveInfinity };
                return configure?.Invoke(inRanges) ?? inRanges;
            }
        );

    private static long StartOf(Microsoft.AspNetCore.Http.HttpRequest request) =>
        FaultyProxy.IsBytes(request) ? long.Parse(request.Headers.Range.ToString().Split('=', '-')[1]) : -1;

    private static List<(long From, long To)> RangesOf(FaultyProxy proxy) =>
        [
            .. proxy
                .Headers.Where(each => each.Request.Contains("/objects/"))
                .Select(each => each.Headers.Range.ToString().Split('=', '-'))
                .Select(each => (long.Parse(each[1]), each[2].Length > 0 ? long.Parse(each[2]) : ClientFixture.Size - 1)),
        ];

    private static Fault FaultOf(string kind) =>
        kind switch
        {
            "cut" => new Fault.Cut(10_000),
            "no-answer" => new Fault.NoAnswer(),
            "429" => new Fault.Status(429),
            "503" => new Fault.Status(503),
            "403" => new Fault.Status(403),
            "416" => new Fault.Status(416),
            "shorter" => new Fault.WrongLength(-5000),
            "longer" => new Fault.WrongLength(10),
            "wrong-byte" => new Fault.WrongByte(500),
            "no-ranges" => new Fault.NoRanges(),
            _ => new Fault.OtherRange(),
        };
}
