using System.Security.Cryptography;
using Microsoft.Extensions.DependencyInjection;
using OpenSdc.Server;
using OpenSdc.Server.Objects;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Uploads;

/// <summary>
/// Uploads through two servers into one S3 store: one winner of a key, whole, and every loser is told; and
/// what a server that dies at a bad moment leaves.
/// </summary>
public sealed class ClaimedKeysTests(ClaimedKeysTests.Two fixture) : IClassFixture<ClaimedKeysTests.Two>
{
    private static readonly CancellationToken None = CancellationToken.None;

    private readonly RunningArchive first = fixture.All[0];
    private readonly RunningArchive second = fixture.All[1];

    [Theory]
    [InlineData(1000)]
    [InlineData(700_000)]
    public async Task Of_sixteen_with_different_bytes_one_wins_whole_and_the_others_are_told(int size)
    {
        var name = ArchiveFixture.NewName();
        var bytes = Enumerable.Range(0, 16).Select(_ => RandomNumberGenerator.GetBytes(size)).ToList();
        var urls = new[] { await first.UploadUrlAsync(name), await second.UploadUrlAsync(name) };
        var answers = await Task.WhenAll(bytes.Select((each, i) => fixture.All[i % 2].PutAsync(urls[i % 2], each)));
        answers.Select(each => each.Status).Order().ShouldBe([201, .. Enumerable.Repeat(409, 15)]);
        var winner = Array.FindIndex(answers, each => each.Status == 201);
        foreach (var archive in fixture.All)
        {
            (await archive.QueryAsync($"filename={name}"))
                .ShouldHaveSingleItem()
                .Sha256.ShouldBe(Convert.ToHexStringLower(SHA256.HashData(bytes[winner])));
            (await archive.DownloadAsync(name)).AsSpan().SequenceEqual(bytes[winner]).ShouldBeTrue();
        }

        await ShouldHaveNoClaimsAsync(name);
        await first.ShouldSoonStageNothingAsync();
    }

    [Fact]
    public async Task Of_sixteen_with_the_same_bytes_all_get_one_receipt()
    {
        var name = ArchiveFixture.NewName();
        var bytes = RandomNumberGenerator.GetBytes(300_000);
        var urls = new[] { await first.UploadUrlAsync(name), await second.UploadUrlAsync(name) };
        var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => fixture.All[i % 2].PutAsync(urls[i % 2], bytes)));
        answers.Count(each => each.Status == 201).ShouldBe(1);
        answers.Count(each => each.Status == 200).ShouldBe(15);
        answers.Select(each => each.Text).Distinct().Count().ShouldBe(1);
    }

    [Fact]
    public async Task The_object_of_a_server_that_died_before_the_record_is_the_file_whatever_comes_next()
    {
        foreach (var isSame in (bool[])[true, false])
        {
            var (name, bytes) = (ArchiveFixture.NewName(), RandomNumberGenerator.GetBytes(5000));
            await PlaceAsync(name, bytes);
            var answer = await first.PutAsync(await first.UploadUrlAsync(name), isSame ? bytes : [1, 2, 3]);
            answer.Status.ShouldBe(isSame ? 200 : 409, answer.Text);
            (await second.DownloadAsync(name)).ShouldBe(bytes);
            await ShouldHaveNoClaimsAsync(name);
        }
    }

    [Fact]
    public async Task Without_another_upload_a_server_records_it_and_ends_claims_that_have_no_object()
    {
        var (placed, gone, bytes) = (ArchiveFixture.NewName(), ArchiveFixture.NewName(), RandomNumberGenerator.GetBytes(5000));
        await PlaceAsync(placed, bytes);
        await first.ChangeAsync(
            $"INSERT INTO claims (file_path, upload_id, leased_until) VALUES ('{RunningArchive.KeyOf(gone)}', 'dead', 0)"
        );
        await UploadSteps.UntilAsync("the object is recorded", async () => (await second.QueryAsync($"filename={placed}")).Length == 1);
        (await second.DownloadAsync(placed)).ShouldBe(bytes);
        await UploadSteps.UntilAsync("the claim ends", async () => await ClaimsAsync(gone) == 0);
        (await first.UploadAsync(gone, [1])).Size.ShouldBe(1);
    }

    [Fact]
    public async Task A_claim_that_another_holds_is_waited_for()
    {
        var name = ArchiveFixture.NewName();
        var until = (TimeProvider.System.GetUtcNow() + TimeSpan.FromSeconds(2)).ToUnixTimeMilliseconds();
        await first.ChangeAsync(
            $"INSERT INTO claims (file_path, upload_id, leased_until) VALUES ('{RunningArchive.KeyOf(name)}', 'another', {until})"
        );
        (await first.UploadAsync(name, [1, 2])).Size.ShouldBe(2);
        TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds().ShouldBeGreaterThanOrEqualTo(until);
    }

    [Fact]
    public async Task An_object_that_something_else_put_there_is_adopted_with_the_same_bytes_and_stays_with_others()
    {
        var (name, bytes) = (ArchiveFixture.NewName(), RandomNumberGenerator.GetBytes(100));
        await first.HarmAsync(RunningArchive.KeyOf(name), bytes);
        (await first.PutAsync(await first.UploadUrlAsync(name), [9])).Status.ShouldBe(409);
        (await first.QueryAsync($"filename={name}")).ShouldBeEmpty();
        await ShouldHaveNoClaimsAsync(name);
        (await second.PutAsync(await second.UploadUrlAsync(name), bytes)).Status.ShouldBe(200);
        (await first.DownloadAsync(name)).ShouldBe(bytes);
    }

    /// <summary>As a server leaves it that is killed between the store's answer and the record.</summary>
    private async Task PlaceAsync(string name, byte[] bytes)
    {
        var store = first.Services.GetRequiredService<IObjectStore>();
        var key = RunningArchive.KeyOf(name);
        await using var staged = await store.StageAsync(key, bytes.Length, None);
        await staged.WriteAsync(bytes, None);
        await first.ChangeAsync($"INSERT INTO claims (file_path, upload_id, leased_until) VALUES ('{key}', '{staged.UploadId}', 0)");
        (await store.PlaceAsync(staged, None)).ShouldBe(new PlaceResult(true));
    }

    private async Task ShouldHaveNoClaimsAsync(string name) => (await ClaimsAsync(name)).ShouldBe(0);

    private async Task<long> ClaimsAsync(string name) =>
        await first
            .Services.GetRequiredService<Server.Catalogue.Catalogue>()
            .ReadAsync(
                async session =>
                    Convert.ToInt64(
                        await session
                            .Statement("SELECT COUNT(*) FROM claims WHERE file_path = @p0", [RunningArchive.KeyOf(name)])
                            .ExecuteScalarAsync()
                    ),
                None
            );

    public sealed class Two : IAsyncLifetime
    {
        public IReadOnlyList<RunningArchive> All { get; private set; } = [];

        public async ValueTask InitializeAsync()
        {
            var database = PostgresServer.NewDatabase();
            ServerOptions? shared = null;
            var first = await RunningArchive.StartAsync(options => shared = CephServer.Use(options) with { Catalogue = database });
            All =
            [
                first,
                await RunningArchive.StartAsync(options =>
                    options with
                    {
                        Catalogue = database,
                        Objects = shared!.Objects,
                        S3Endpoint = shared.S3Endpoint,
                    }
                ),
            ];
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var archive in All)
                await archive.DisposeAsync();
        }
    }
}
