using OpenSdc.Client;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Client;

/// <summary>The client's journey on each store: files go in whole and in parts, are found, and come out verified.</summary>
public sealed class ClientJourneyTests : IDisposable
{
    private readonly Folder folder = new();

    [Theory]
    [InlineData("disk")]
    [InlineData("S3")]
    [InlineData("S3, direct")]
    public async Task Files_go_in_are_found_and_come_out(string store)
    {
        await using var archive = await RunningArchive.StartAsync(options =>
            (
                store switch
                {
                    "S3" => CephServer.Use(options),
                    "S3, direct" => CephServer.UseDirect(options),
                    _ => options,
                }
            ) with
            {
                UploadPartSize = 5L << 20,
            }
        );
        using var client = ClientFixture.ClientOf(archive.Endpoint, options => options with { MultipartThreshold = 6 << 20 });
        var (small, large) = (ClientFixture.Of(31, 200_000), ClientFixture.Of(32, 11 << 20));
        var paths = new[] { (Name: ArchiveFixture.NewName("cdf"), Bytes: small), (Name: ArchiveFixture.NewName("cdf"), Bytes: large) };

        foreach (var (name, bytes) in paths)
        {
            var sent = await client.UploadAsync(folder.Write(name, bytes));
            sent.Outcome.ShouldBe(UploadOutcome.Published);
            sent.FilePath.ShouldBe(RunningArchive.KeyOf(name));
            (await client.UploadAsync(folder.Write(name, bytes))).Outcome.ShouldBe(UploadOutcome.AlreadyThere);
        }

        var results = await client
            .DownloadManyAsync(client.QueryAsync(new SdcQuery { Instrument = "swe" }), System.IO.Path.Combine(folder.Path, "out"))
            .ToListAsync();

        results.Count.ShouldBe(2);
        results.ShouldAllBe(each => each.Outcome == DownloadOutcome.Downloaded && each.Sha256 == each.Record.Sha256);
        foreach (var (name, bytes) in paths)
            File.ReadAllBytes(System.IO.Path.Combine(folder.Path, "out", RunningArchive.KeyOf(name))).ShouldBe(bytes);
    }

    public void Dispose() => folder.Dispose();
}
