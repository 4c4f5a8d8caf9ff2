using System.Security.Cryptography;
using Microsoft.Extensions.DependencyInjection;
using OpenSdc.Server;
using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Objects;
using OpenSdc.Server.Uploads;
using OpenSdc.Tests.Upkeep;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Uploads;

/// <summary>Direct uploads, on a real S3 store: how they become visible, which of several wins, and what is left of the others.</summary>
public sealed class DirectUploadTests(DirectUploadTests.OnS3 fixture) : IClassFixture<DirectUploadTests.OnS3>
{
    private readonly RunningArchive archive = fixture.Archive;

    [Theory]
    [InlineData(1)]
    [InlineData(1_000_000)]
    public async Task What_was_put_becomes_visible(int size)
    {
        var name = ArchiveFixture.NewName();
        var bytes = RandomNumberGenerator.GetBytes(size);
        var upload = await archive.AskAsync(name);
        (await archive.FollowAsync(upload.Id, wait: 0)).State.ShouldBe("open");
        await archive.SendAsync(upload, bytes);

        var status = await archive.FollowAsync(upload.Id);
        status.State.ShouldBe("published");
        var receipt = status.Receipt.ShouldNotBeNull();
        (receipt.FilePath, receipt.Size, receipt.Sha256).ShouldBe(
            (RunningArchive.KeyOf(name), size, Convert.ToHexStringLower(SHA256.HashData(bytes)))
        );
        (await archive.QueryAsync($"filename={name}")).ShouldHaveSingleItem().Seq.ShouldBe(receipt.Seq);
        (await archive.DownloadAsync(name)).ShouldBe(bytes);
        await UploadSteps.UntilAsync("staging is emptied", async () => !(await archive.StagedAsync()).Contains(upload.Id));
        (await archive.CountAsync($"claims WHERE upload_id = '{upload.Id}'")).ShouldBe(0);
        (await archive.SendAsync($"GET /upload/{name}")).Status.ShouldBe(409);
    }

    [Fact]
    public async Task An_empty_object_is_refused_unless_a_setting_allows_it()
    {
        var name = ArchiveFixture.NewName();
        var empty = await archive.AskAsync(name);
        await archive.SendAsync(empty, []);
        var refused = await archive.FollowAsync(empty.Id);
        (refused.State, refused.Problem!.Type, refused.Problem.Detail).ShouldBe(
            ("refused", "urn:opensdc:problem:empty-file", Problems.EmptyFile.Sentence)
        );
        (await archive.QueryAsync($"filename={name}")).ShouldBeEmpty();
        await UploadSteps.UntilAsync("staging is emptied", async () => !(await archive.StagedAsync()).Contains(empty.Id));
        // The name is not spent.
        (await archive.UploadAsync(name, [1])).Size.ShouldBe(1);

        await using var taking = await RunningArchive.StartAsync(options => CephServer.UseDirect(options) with { AllowEmptyFiles = true });
        var receipt = await taking.UploadAsync(name, []);
        receipt.Size.ShouldBe(0);
        (await taking.DownloadAsync(name)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_lost_object_is_put_back_by_its_own_bytes_alone()
    {
        var name = ArchiveFixture.NewName();
        var bytes = RandomNumberGenerator.GetBytes(100_000);
        var receipt = await archive.UploadAsync(name, bytes);
        var store = archive.Services.GetRequiredService<IObjectStore>();
        (await store.QuarantineAsync(receipt.FilePath, "test/" + name, CancellationToken.None)).ShouldBe(Moved.Done);
        var integrity = archive.Services.GetRequiredService<IntegrityState>();
        await integrity.MarkAsync(receipt.Seq, ChangeKind.Lost, "the test did it", CancellationToken.None);

        var other = await archive.AskAsync(name);
        await archive.SendAsync(other, [.. bytes.Reverse()]);
        (await archive.FollowAsync(other.Id)).Problem!.Type.ShouldEndWith("content-conflict");
        (await integrity.OfAsync(receipt.Seq, CancellationToken.None)).ShouldBe(ChangeKind.Lost);
        var again = await archive.AskAsync(name);
        await archive.SendAsync(again, bytes);
        (await archive.FollowAsync(again.Id)).Receipt.ShouldBe(receipt);
        (await integrity.OfAsync(receipt.Seq, CancellationToken.None)).ShouldBeNull();
        (await archive.DownloadAsync(name)).ShouldBe(bytes);
        (await archive.SendAsync($"GET /upload/{name}")).Status.ShouldBe(409);
    }

    [Fact]
    public async Task Who_waits_is_told_as_soon_as_there_is_a_receipt()
    {
        var upload = await archive.AskAsync(ArchiveFixture.NewName());
        var waiting = Enumerable.Range(0, 5).Select(_ => archive.FollowAsync(upload.Id)).ToList();
        await UploadSteps.UntilAsync(
            "somebody waits",
            () => Task.FromResult(archive.Services.GetRequiredService<UploadWaits>().Ids.Contains(upload.Id))
        );
        waiting.ShouldAllBe(each => !each.IsCompleted);
        await archive.SendAsync(upload, [1, 2, 3]);
        (await Task.WhenAll(waiting)).ShouldAllBe(each => each.State == "published" && each.Receipt!.Size == 3);
        await UploadSteps.UntilAsync(
            "nobody waits",
            () => Task.FromResult(!archive.Services.GetRequiredService<UploadWaits>().Ids.Contains(upload.Id))
        );
    }

    [Fact]
    public async Task More_arrivals_than_are_published_at_once_are_all_published_and_so_is_what_comes_after_them()
    {
        const int Burst = 120;
        await using var busy = await RunningArchive.StartAsync(CephServer.UseDirect);
        var asked = await Task.WhenAll(Enumerable.Range(0, Burst).Select(_ => busy.AskAsync(ArchiveFixture.NewName())));
        // Nobody looks for arrivals meanwhile, so that the first look finds all of them waiting.
        await busy.RestartAsync(() =>
            Parallel.ForAsync(
                0,
                Burst,
                new ParallelOptions { MaxDegreeOfParallelism = 16 },
                async (i, _) => await busy.SendAsync(asked[i], [(byte)i])
            )
        );
        await UploadSteps.UntilAsync("all are published", async () => await busy.CountAsync("uploads WHERE state = 'published'") == Burst);
        (await busy.QueryAsync("table=science")).Select(each => each.Seq).Order().ShouldBe(Enumerable.Range(1, Burst).Select(i => (long)i));
        (await busy.UploadAsync(ArchiveFixture.NewName(), [1])).Seq.ShouldBe(Burst + 1);
    }

    [Theory]
    [InlineData("?wait=61", 400, "60")]
    [InlineData("?wait=-1", 400, "wait")]
    [InlineData("?wait=soon", 400, "'soon'")]
    [InlineData("?wait=", 400, "wait")]
    [InlineData("x", 404, "no upload")]
    public async Task A_malformed_question_is_answered_with_a_sentence(string after, int status, string words)
    {
        var upload = await archive.AskAsync(ArchiveFixture.NewName());
        foreach (var prefix in (string[])["", "/api-key", "/authorized"])
        {
            var answer = await archive.SendAsync($"GET {prefix}/uploads/{upload.Id}{after}");
            answer.Status.ShouldBe(status);
            answer.Json.GetProperty("detail").GetString()!.ShouldContain(words);
            (await archive.SendAsync($"GET {prefix}/uploads/{upload.Id}")).Status.ShouldBe(200);
        }
    }

    [Fact]
    public async Task Of_two_uploads_of_one_name_with_other_bytes_the_first_whole_one_wins_and_the_other_is_told()
    {
        var name = ArchiveFixture.NewName();
        var (first, second) = (await archive.AskAsync(name), await archive.AskAsync(name));
        await archive.SendAsync(first, [1]);
        (await archive.FollowAsync(first.Id)).State.ShouldBe("published");
        await archive.SendAsync(second, [2]);
        var refused = await archive.FollowAsync(second.Id);
        (refused.State, refused.Problem!.Type).ShouldBe(("refused", "urn:opensdc:problem:content-conflict"));
        refused.Problem.Detail.ShouldContain(RunningArchive.KeyOf(name));
        (await archive.DownloadAsync(name)).ShouldBe([1]);
        await UploadSteps.UntilAsync("staging is emptied", async () => !(await archive.StagedAsync()).Contains(second.Id));
    }

    [Fact]
    public async Task The_same_bytes_get_the_first_receipt()
    {
        var name = ArchiveFixture.NewName();
        var (first, second) = (await archive.AskAsync(name), await archive.AskAsync(name));
        await Task.WhenAll(archive.SendAsync(first, [1, 2]), archive.SendAsync(second, [1, 2]));
        var (one, other) = (await archive.FollowAsync(first.Id), await archive.FollowAsync(second.Id));
        (one.State, other.State).ShouldBe(("published", "published"));
        one.Receipt.ShouldBe(other.Receipt);
    }

    [Fact]
    public async Task Bytes_that_change_while_they_are_published_are_published_as_one_or_the_other()
    {
        for (var round = 0; round < 8; round++)
        {
            var name = ArchiveFixture.NewName();
            var upload = await archive.AskAsync(name);
            var versions = Enumerable.Range(0, 4).Select(_ => RandomNumberGenerator.GetBytes(200_000)).ToList();
            foreach (var bytes in versions)
                await archive.SendAsync(upload, bytes);
            var receipt = (await archive.FollowAsync(upload.Id)).Receipt.ShouldNotBeNull();
            var there = await archive.DownloadAsync(name);
            Convert.ToHexStringLower(SHA256.HashData(there)).ShouldBe(receipt.Sha256);
            versions.Count(bytes => bytes.AsSpan().SequenceEqual(there)).ShouldBe(1);
        }
    }

    [Fact]
    public async Task Other_bytes_that_come_between_the_digest_and_the_copy_are_noticed_and_the_next_try_is_right()
    {
        var key = RunningArchive.KeyOf(ArchiveFixture.NewName());
        var store = archive.Services.GetRequiredService<IObjectStore>();
        var direct = archive.Services.GetRequiredService<S3Staging>();
        // An upload that nobody asked for, so that nobody publishes it meanwhile.
        var upload = new AskedUpload(direct.SignUpload("stray", key, 600), "stray");
        byte[] hashed = new byte[ArrivedUpload.SmallUpTo + 1], others = [.. hashed.Select(_ => (byte)2)];
        await archive.SendAsync(upload, hashed);
        var arrived = (await direct.OpenArrivedAsync("stray", key, CancellationToken.None)).ShouldNotBeNull();
        await arrived.DigestAsync(CancellationToken.None);
        await archive.SendAsync(upload, others);
        (await store.PlaceAsync(arrived, CancellationToken.None)).Failure.ShouldNotBeNull();
        // Whatever the store made of it bears the upload's id, by which the next try knows it for its own.
        var again = (await direct.OpenArrivedAsync("stray", key, CancellationToken.None)).ShouldNotBeNull();
        var digest = await again.DigestAsync(CancellationToken.None);
        (await store.PlaceAsync(again, CancellationToken.None)).IsPlaced.ShouldBeTrue();
        using (var named = (await store.OpenAsync(key, CancellationToken.None)).ShouldNotBeNull())
            (await ObjectVerifier.Unthrottled.DigestAsync(named, CancellationToken.None)).ShouldBe(digest);
        await store.RevertAsync(again, CancellationToken.None);
        await again.RemoveAsync();
    }

    [Fact]
    public async Task A_publisher_that_comes_too_late_takes_nothing_from_the_one_that_published()
    {
        var name = ArchiveFixture.NewName();
        var store = archive.Services.GetRequiredService<IObjectStore>();
        var direct = archive.Services.GetRequiredService<S3Staging>();
        var upload = await archive.AskAsync(name);
        await archive.SendAsync(upload, [1, 2, 3]);
        await archive.FollowAsync(upload.Id);
        await UploadSteps.UntilAsync("staging is emptied", async () => !(await archive.StagedAsync()).Contains(upload.Id));
        // As a replica does that stood still over its lease: it has hashed, and copies what is not there any more.
        var late = direct.Open(
            new ArrivedObject(upload.Id, RunningArchive.KeyOf(name), 3, "\"5289df737df57326fcdd22597afb1fac\"", default)
        );
        (await store.PlaceAsync(late, CancellationToken.None)).Failure.ShouldNotBeNull();
        (await archive.DownloadAsync(name)).ShouldBe([1, 2, 3]);
    }

    [Fact]
    public async Task What_is_sent_after_the_end_is_removed()
    {
        var name = ArchiveFixture.NewName();
        var upload = await archive.AskAsync(name);
        await archive.SendAsync(upload, [1]);
        await archive.FollowAsync(upload.Id);
        await archive.SendAsync(upload, [2]);
        await UploadSteps.UntilAsync("the late bytes are removed", async () => !(await archive.StagedAsync()).Contains(upload.Id));
        (await archive.DownloadAsync(name)).ShouldBe([1]);
        (await archive.FollowAsync(upload.Id, 0)).State.ShouldBe("published");
    }

    [Fact]
    public async Task An_upload_that_nothing_came_of_expires_and_is_forgotten_but_never_what_was_sent_in_time()
    {
        var upload = await archive.AskAsync(ArchiveFixture.NewName());
        await archive.ChangeAsync($"UPDATE uploads SET expires_at = 1, check_at = 1 WHERE id = '{upload.Id}'");
        var cleanUp = archive.Services.GetRequiredService<UploadCleanUp>();
        await cleanUp.CleanUpAsync(CancellationToken.None);
        (await archive.FollowAsync(upload.Id)).State.ShouldBe("expired");

        // Its sender began in time, was slow, and has been told by the store that all is well.
        await archive.SendAsync(upload, [7]);
        await UploadSteps.UntilAsync("it is published", async () => (await archive.FollowAsync(upload.Id, 0)).State == "published");

        await archive.ChangeAsync($"UPDATE uploads SET check_at = 1 WHERE id = '{upload.Id}'");
        await cleanUp.CleanUpAsync(CancellationToken.None);
        (await archive.SendAsync($"GET /uploads/{upload.Id}")).Status.ShouldBe(404);
    }

    [Fact]
    public async Task An_upload_that_is_given_up_stays_so()
    {
        var name = ArchiveFixture.NewName();
        var upload = await archive.AskAsync(name);
        foreach (var _ in (int[])[1, 2])
            (await archive.SendAsync($"DELETE /uploads/{upload.Id}")).Status.ShouldBe(204);
        await archive.SendAsync(upload, [1]);
        await UploadSteps.UntilAsync("its bytes are removed", async () => !(await archive.StagedAsync()).Contains(upload.Id));
        (await archive.FollowAsync(upload.Id)).State.ShouldBe("aborted");
        (await archive.QueryAsync($"filename={name}")).ShouldBeEmpty();
        (await archive.SendAsync("DELETE /uploads/nonsense")).Status.ShouldBe(404);
    }

    [Fact]
    public async Task A_file_that_is_too_large_is_refused_when_it_has_come()
    {
        await using var small = await RunningArchive.StartAsync(options => CephServer.UseDirect(options) with { MaxUploadSize = 10 });
        var upload = await small.AskAsync(ArchiveFixture.NewName());
        await small.SendAsync(upload, new byte[11]);
        (await small.FollowAsync(upload.Id)).Problem!.Type.ShouldBe("urn:opensdc:problem:too-large");
        await UploadSteps.UntilAsync("its bytes are removed", async () => (await small.StagedAsync()).Count == 0);
    }

    [Fact]
    public async Task A_form_around_the_file_is_refused_when_it_has_come()
    {
        foreach (var size in (int[])[100, 100_000])
        {
            var name = ArchiveFixture.NewName();
            var upload = await archive.AskAsync(name);
            (await archive.PutAsync(upload.Url, new byte[size], ("Content-Type", "multipart/form-data; boundary=x"))).Status.ShouldBe(200);
            var refused = await archive.FollowAsync(upload.Id);
            (refused.State, refused.Problem!.Type).ShouldBe(("refused", "urn:opensdc:problem:enveloped-body"));
            refused.Problem.Detail.ShouldContain("multipart/form-data");
            (await archive.QueryAsync($"filename={name}")).ShouldBeEmpty();
        }
    }

    [Fact]
    public async Task A_file_that_was_sent_coded_is_refused_when_it_has_come()
    {
        var name = ArchiveFixture.NewName();
        var upload = await archive.AskAsync(name);
        (await archive.PutAsync(upload.Url, [1, 2, 3], ("Content-Encoding", "gzip"))).Status.ShouldBe(200);
        var refused = await archive.FollowAsync(upload.Id);
        refused.State.ShouldBe("refused");
        refused.Problem!.Type.ShouldBe("urn:opensdc:problem:unsupported-encoding");
        refused.Problem.Detail.ShouldContain("Content-Encoding says that the body is coded (gzip)");
        (await archive.QueryAsync($"filename={name}")).ShouldBeEmpty();

        var plain = await archive.AskAsync(name);
        (await archive.PutAsync(plain.Url, [1, 2, 3], ("Content-Encoding", "identity"))).Status.ShouldBe(200);
        (await archive.FollowAsync(plain.Id)).State.ShouldBe("published");
    }

    [Fact]
    public async Task Bytes_of_no_upload_are_removed_after_a_day_and_not_before()
    {
        var folder = Directory.CreateTempSubdirectory("opensdc-").FullName;
        ServerOptions? settings = null;
        await using (var now = await RunningArchive.StartAsync(options => settings = CephServer.UseDirect(options), folder: folder))
        {
            var direct = now.Services.GetRequiredService<S3Staging>();
            await now.SendAsync(
                new AskedUpload(direct.SignUpload("nobodys", RunningArchive.KeyOf(ArchiveFixture.NewName()), 600), "nobodys"),
                [1]
            );
            var known = await now.AskAsync(ArchiveFixture.NewName());
            await now.SendAsync(known, [1]);
            (await now.FollowAsync(known.Id)).State.ShouldBe("published");
            (await now.StagedAsync()).ShouldContain("nobodys");
        }

        await using (var later = await RunningArchive.StartAsync(_ => settings!, FsckArchive.Ahead(25), folder))
            await UploadSteps.UntilAsync("the stray is removed", async () => (await later.StagedAsync()).Count == 0);
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task What_a_trial_of_the_store_has_left_is_removed_within_minutes()
    {
        var folder = Directory.CreateTempSubdirectory("opensdc-").FullName;
        ServerOptions? settings = null;
        await using (var now = await RunningArchive.StartAsync(options => settings = CephServer.UseDirect(options), folder: folder))
        {
            var direct = now.Services.GetRequiredService<S3Staging>();
            foreach (var place in (string[])["try-0123456789abcdefABCDEF", "nobodys"])
                await now.SendAsync(new AskedUpload(direct.SignUpload(place, "new", 600), place), []);
        }

        await using (var later = await RunningArchive.StartAsync(_ => settings!, FsckArchive.Ahead(1), folder))
            await UploadSteps.UntilAsync("the trial is removed", async () => (await later.StagedAsync()).SequenceEqual(["nobodys"]));
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>An archive whose objects lie in S3.</summary>
    public sealed class OnS3 : IAsyncLifetime
    {
        public RunningArchive Archive { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Archive = await RunningArchive.StartAsync(CephServer.UseDirect);

        public async ValueTask DisposeAsync() => await Archive.DisposeAsync();
    }
}
