using OpenSdc.Client;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Client;

/// <summary>Every upload is published once, whatever breaks on the way, and a repetition is a success.</summary>
public sealed class UploadTests(ClientFixture fixture) : IClassFixture<ClientFixture>, IDisposable
{
    private readonly Folder folder = new();

    [Fact]
    public async Task It_is_published_and_a_repetition_finds_it()
    {
        var bytes = ClientFixture.Of(3, 100_000);
        var path = folder.Write(ArchiveFixture.NewName(), bytes);
        using var client = ClientFixture.ClientOf(fixture.Archive.Endpoint);

        var first = await client.UploadAsync(path);
        var second = await client.UploadAsync(path);

        first.Outcome.ShouldBe(UploadOutcome.Published);
        first.Sha256.ShouldBe(ClientFixture.Sha256(bytes));
        second.Outcome.ShouldBe(UploadOutcome.AlreadyThere);
        second.FilePath.ShouldBe(first.FilePath);
        (await fixture.Archive.DownloadAsync(first.FilePath)).ShouldBe(bytes);
    }

    [Fact]
    public async Task The_digest_is_declared()
    {
        await using var proxy = await FaultyProxy.StartAsync(fixture.Archive.Address);
        var path = folder.Write(ArchiveFixture.NewName(), ClientFixture.Bytes);
        using var client = ClientFixture.ClientOf(proxy.Address);

        await client.UploadAsync(path);

        proxy.Headers.Single(each => each.Request.StartsWith("PUT", StringComparison.Ordinal)).Headers["Content-Digest"].ToString()
            .ShouldBe($"sha-256=:{Convert.ToBase64String(Convert.FromHexString(ClientFixture.Sha256(ClientFixture.Bytes)))}:");
    }

    [Fact]
    public async Task Other_bytes_under_a_name_are_a_conflict()
    {
        var name = ArchiveFixture.NewName();
        await fixture.Archive.UploadAsync(name, [1, 2, 3]);
        var path = folder.Write(name, [3, 2, 1]);
        using var client = ClientFixture.ClientOf(fixture.Archive.Endpoint);

        (await Should.ThrowAsync<SdcException>(client.UploadAsync(path))).Error.ShouldBe(SdcError.Conflict);
    }

    [Theory]
    [InlineData("nonsense.cdf", "follows no convention")]
    [InlineData("imap_swe_l9_sci_20260101_v001.cdf", "")]
    public async Task A_bad_name_is_refused_with_the_archives_sentence(string name, string sentence)
    {
        var path = folder.Write(name, [1]);
        using var client = ClientFixture.ClientOf(fixture.Archive.Endpoint);

        var refusal = await Should.ThrowAsync<SdcException>(client.UploadAsync(path));

        refusal.Error.ShouldBe(SdcError.Refused);
        refusal.Code.ShouldBe("name-not-valid");
        refusal.Message.ShouldContain(sentence);
    }

    [Fact]
    public async Task A_file_that_is_not_there_is_a_sentence()
    {
        using var client = ClientFixture.ClientOf(fixture.Archive.Endpoint);

        (await Should.ThrowAsync<SdcException>(client.UploadAsync(System.IO.Path.Combine(folder.Path, "absent.cdf")))).Error.ShouldBe(
            SdcError.LocalFile
        );
    }

    [Theory]
    [InlineData("cut")]
    [InlineData("no-answer")]
    [InlineData("503")]
    [InlineData("503-retry-after")]
    [InlineData("429")]
    [InlineData("429-retry-after")]
    [InlineData("403")]
    public async Task After_some_faults_it_is_published_once(string kind)
    {
        await using var proxy = await FaultyProxy.StartAsync(fixture.Archive.Address);
        var puts = 0;
        proxy.Choose = request => request.Method != "PUT" || ++puts > 2 ? new Fault.None() : kind switch
        {
            "cut" => new Fault.CutRequest(400_000 * puts),
            "no-answer" => new Fault.NoAnswer(),
            _ => new Fault.Status(int.Parse(kind), "0"),
        };
        var name = ArchiveFixture.NewName();
        using var client = ClientFixture.ClientOf(proxy.Address);

        var result = await client.UploadAsync(folder.Write(name, ClientFixture.Bytes));

        // The archive took it, although nobody heard of that: the same digest there is a success.
        result.Outcome.ShouldBe(kind == "no-answer" ? UploadOutcome.AlreadyThere : UploadOutcome.Published);
        (await fixture.Archive.QueryAsync($"filename={name}"))
            .ShouldHaveSingleItem()
            .Sha256.ShouldBe(ClientFixture.Sha256(ClientFixture.Bytes));
    }

    [Fact]
    public async Task Where_the_fault_stays_nothing_is_published()
    {
        await using var proxy = await FaultyProxy.StartAsync(fixture.Archive.Address);
        proxy.Choose = request => request.Method == "PUT" ? new Fault.CutRequest(200_000) : new Fault.None();
        var name = ArchiveFixture.NewName();
        using var client = ClientFixture.ClientOf(proxy.Address);

        (await Should.ThrowAsync<SdcException>(client.UploadAsync(folder.Write(name, ClientFixture.Bytes)))).Error.ShouldBe(
            SdcError.Unreachable
        );

        await fixture.Archive.ShouldHoldNothingOfAsync(name);
    }

    [Fact]
    public async Task A_large_file_goes_in_parts_and_another_client_goes_on_with_them()
    {
        await using var archive = await RunningArchive.StartAsync(options => options with { UploadPartSize = 5L << 20 });
        await using var proxy = await FaultyProxy.StartAsync(archive.Address);
        var bytes = ClientFixture.Of(5, 23 << 20);
        var path = folder.Write(ArchiveFixture.NewName(), bytes);
        var parts = new System.Collections.Concurrent.ConcurrentDictionary<string, int>();
        var broken = true;
        proxy.Choose = request =>
        {
            if (request.Method != "PUT")
                return new Fault.None();
            var part = request.Path.ToString();
            // The first two parts get through; later ones are cut until the first client gives up.
            return broken && parts.Count >= 2 && !parts.ContainsKey(part) ? new Fault.CutRequest(1 << 20) : Count(part);
        };
        SdcClientOptions InParts(SdcClientOptions options) =>
            options with
            {
                MultipartThreshold = 1 << 20,
                MaxRetries = 2,
                PartsAtOnce = 1,
            };
        using (var first = ClientFixture.ClientOf(proxy.Address, InParts))
            (await Should.ThrowAsync<SdcException>(first.UploadAsync(path))).Error.ShouldBe(SdcError.Unreachable);
        broken = false;
        var before = parts.Keys.ToHashSet();
        before.Count.ShouldBe(2);

        using var second = ClientFixture.ClientOf(proxy.Address, InParts);
        var result = await second.UploadAsync(path);

        result.Outcome.ShouldBe(UploadOutcome.Published);
        before.ShouldAllBe(part => parts[part] == 1, "parts that are there are not sent again");
        (await archive.DownloadAsync(result.FilePath)).ShouldBe(bytes);
        (await second.UploadAsync(path)).Outcome.ShouldBe(UploadOutcome.AlreadyThere);

        Fault Count(string part)
        {
            parts.AddOrUpdate(part, 1, (_, count) => count + 1);
            return new Fault.None();
        }
    }

    public void Dispose() => folder.Dispose();
}
