using System.Security.Cryptography;
using OpenSdc.Server;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Uploads;

/// <summary>Two replicas on one PostgreSQL database and one bucket: what races through both has one outcome.</summary>
public sealed class ReplicaTests(ReplicaTests.Two replicas) : IClassFixture<ReplicaTests.Two>
{
    private const int Names = 12;

    [Fact]
    public async Task Of_different_bytes_that_race_exactly_one_wins_whole_and_the_others_are_told()
    {
        await Task.WhenAll(
            Enumerable
                .Range(0, Names)
                .Select(async _ =>
                {
                    var name = ArchiveFixture.NewName();
                    var uploads = await Task.WhenAll(
                        Enumerable
                            .Range(0, 4)
                            .Select(async i =>
                            {
                                var (archive, bytes) = (replicas.All[i % 2], RandomNumberGenerator.GetBytes(20_000 + i));
                                var asked = await archive.AskAsync(name);
                                await archive.SendAsync(asked, bytes);
                                return (asked.Id, Bytes: bytes, Other: replicas.All[(i + 1) % 2]);
                            })
                    );
                    var ends = await Task.WhenAll(uploads.Select(each => each.Other.FollowAsync(each.Id)));
                    ends.Count(each => each.State == "published").ShouldBe(1);
                    ends.Where(each => each.State != "published")
                        .ShouldAllBe(each => each.State == "refused" && each.Problem!.Type == "urn:opensdc:problem:content-conflict");
                    var (won, receipt) = uploads
                        .Zip(ends)
                        .Where(each => each.Second.State == "published")
                        .Select(each => (each.First.Bytes, each.Second.Receipt!))
                        .Single();
                    receipt.Sha256.ShouldBe(Convert.ToHexStringLower(SHA256.HashData(won)));
                    foreach (var archive in replicas.All)
                        (await archive.DownloadAsync(name)).ShouldBe(won);
                })
        );
        await ShouldBeSettledAsync();
    }

    [Fact]
    public async Task The_same_bytes_that_race_are_published_once_and_all_get_that_receipt()
    {
        await Task.WhenAll(Enumerable.Range(0, Names).Select(async _ =>
        {
            var name = ArchiveFixture.NewName();
            var bytes = RandomNumberGenerator.GetBytes(10_000);
            var ends = await Task.WhenAll(Enumerable.Range(0, 4).Select(async i =>
            {
                var asked = await replicas.All[i % 2].AskAsync(name);
                await replicas.All[i % 2].SendAsync(asked, bytes);
                return await replicas.All[(i + 1) % 2].FollowAsync(asked.Id);
            }));
            ends.ShouldAllBe(each => each.State == "published");
            ends.Select(each => each.Receipt!.Seq).Distinct().ShouldHaveSingleItem();
            (await replicas.All[0].QueryAsync($"filename={name}")).ShouldHaveSingleItem().Seq.ShouldBe(ends[0].Receipt!.Seq);
        }));
        await ShouldBeSettledAsync();
    }

    [Fact]
    public async Task Many_files_through_both_have_numbers_without_a_gap_and_are_seen_by_both()
    {
        var names = Enumerable.Range(0, 100).Select(_ => ArchiveFixture.NewName()).ToList();
        await Parallel.ForAsync(0, names.Count, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (i, _) =>
            await replicas.All[i % 2].UploadAsync(names[i], RandomNumberGenerator.GetBytes(i + 1)));
        foreach (var archive in replicas.All)
        {
            var records = await archive.QueryAsync("table=science");
            records.Select(each => each.Seq).Order().ShouldBe(Enumerable.Range(1, records.Length).Select(i => (long)i));
            names.ShouldBeSubsetOf(records.Select(each => Path.GetFileName(each.FilePath)));
        }

        await ShouldBeSettledAsync();
    }

    [Fact]
    public async Task A_replica_that_stops_leaves_its_work_and_its_roles_to_the_other()
    {
        await using var two = new Two();
        await two.InitializeAsync();
        var names = Enumerable.Range(0, 30).Select(_ => ArchiveFixture.NewName()).ToList();
        var asked = await Task.WhenAll(names.Select(name => two.All[0].AskAsync(name)));
        var sending = Parallel.ForAsync(
            0,
            names.Count,
            new ParallelOptions { MaxDegreeOfParallelism = 4 },
            async (i, _) => await two.All[1].SendAsync(asked[i], [(byte)i])
        );
        await two.StopFirstAsync();
        await sending;
        (await Task.WhenAll(asked.Select(each => two.All[1].FollowAsync(each.Id)))).ShouldAllBe(each => each.State == "published");
        (await two.All[1].CountAsync("claims")).ShouldBe(0);
    }

    private async Task ShouldBeSettledAsync()
    {
        (await replicas.All[0].CountAsync("uploads WHERE state IN ('open', 'arrived')")).ShouldBe(0);
        (await replicas.All[0].CountAsync("claims")).ShouldBe(0);
        await UploadSteps.UntilAsync("staging is emptied", async () => (await replicas.All[0].StagedAsync()).Count == 0);
    }

    /// <summary>Two replicas.</summary>
    public sealed class Two : IAsyncLifetime
    {
        private bool firstStopped;

        public IReadOnlyList<RunningArchive> All { get; private set; } = [];

        public async ValueTask InitializeAsync()
        {
            var database = PostgresServer.NewDatabase();
            ServerOptions? shared = null;
            var first = await RunningArchive.StartAsync(options => shared = CephServer.UseDirect(options) with { Catalogue = database });
            All =
            [
                first,
                await RunningArchive.StartAsync(options =>
                    options with
                    {
                        Catalogue = database,
                        Objects = shared!.Objects,
                        S3Endpoint = shared.S3Endpoint,
                        Transfers = shared.Transfers,
                    }
                ),
            ];
        }

        public async Task StopFirstAsync()
        {
            firstStopped = true;
            await All[0].DisposeAsync();
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var archive in firstStopped ? All.Skip(1) : All)
                await archive.DisposeAsync();
        }
    }
}
