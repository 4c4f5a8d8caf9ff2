using Microsoft.AspNetCore.Http;
using OpenSdc.Client;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Client;

/// <summary>Connections that are cut after a random number of bytes, again and again.</summary>
public sealed class RandomCutsTests : IDisposable
{
    private const int Small = 60_000;

    // Three parts.
    private const int Large = 12_000_000;

    private readonly Folder folder = new();

    [Fact]
    public async Task Every_upload_is_published_once_and_every_download_ends_verified()
    {
        var seed = Random.Shared.Next(int.MaxValue - 100);
        var cuts = new Random(seed);
        await using var archive = await RunningArchive.StartAsync(options => options with { UploadPartSize = 5 << 20 });
        await using var proxy = await FaultyProxy.StartAsync(archive.Address);
        proxy.Choose = request =>
        {
            lock (cuts)
                return FaultOf(request, cuts);
        };
        using var client = ClientFixture.ClientOf(proxy.Address, options => options with { MaxRetries = 60, MultipartThreshold = 6 << 20 });
        for (var i = 0; i < 8; i++)
        {
            var bytes = ClientFixture.Of(seed + i, i % 2 == 0 ? Small : Large);
            var name = ArchiveFixture.NewName("cdf");
            var sent = await client.UploadAsync(folder.Write($"up/{name}", bytes));
            sent.Sha256.ShouldBe(ClientFixture.Sha256(bytes), $"seed {seed}");
            var record = (await archive.QueryAsync($"filename={name}")).ShouldHaveSingleItem($"seed {seed}");
            record.Sha256.ShouldBe(sent.Sha256, $"seed {seed}");

            var got = await client.DownloadAsync(record, System.IO.Path.Combine(folder.Path, "in"));
            (await File.ReadAllBytesAsync(got.Path)).AsSpan().SequenceEqual(bytes).ShouldBeTrue($"seed {seed}");
        }

        folder.Files.ShouldAllBe(each => !each.EndsWith(".part", StringComparison.Ordinal), $"seed {seed}");
    }

    public void Dispose() => folder.Dispose();

    /// <summary>Half of all transfers of bytes break: before the first, after the last, in the middle, or instead of their answer.</summary>
    private static Fault FaultOf(HttpRequest request, Random cuts)
    {
        var isWhole = cuts.Next(2) == 0;
        var size = (int)(request.ContentLength ?? Large);
        return isWhole ? new Fault.None()
            : FaultyProxy.IsBytes(request) ? new Fault.Cut(cuts.Next(2) == 0 ? cuts.Next(Small) : cuts.Next(Large))
            : request.Method != "PUT" ? new Fault.None()
            : cuts.Next(4) == 0 ? new Fault.NoAnswer()
            : new Fault.CutRequest(cuts.Next(size));
    }
}
