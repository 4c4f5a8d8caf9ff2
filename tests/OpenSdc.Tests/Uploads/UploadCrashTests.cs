using Microsoft.Extensions.DependencyInjection;
using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Objects;
using OpenSdc.Server.Uploads;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Uploads;

/// <summary>
/// Decision 0012, row by row: what a publisher that died leaves after each of its steps, made by hand, and
/// that another takes it up when the lease has run out.
/// </summary>
public sealed class UploadCrashTests(DirectUploadTests.OnS3 fixture) : IClassFixture<DirectUploadTests.OnS3>
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(2);
    private readonly RunningArchive archive = fixture.Archive;

    [Fact]
    public async Task Taken_and_no_more() => await ShouldBePublishedAsync(_ => Task.CompletedTask);

    [Fact]
    public async Task Claimed() => await ShouldBePublishedAsync(upload =>
        archive.ChangeAsync($"INSERT INTO claims (file_path, upload_id) VALUES ('{upload.Key}', '{upload.Id}')"));

    [Fact]
    public async Task Named_but_without_a_record() => await ShouldBePublishedAsync(async upload =>
    {
        await archive.ChangeAsync($"INSERT INTO claims (file_path, upload_id) VALUES ('{upload.Key}', '{upload.Id}')");
        await NameAsync(upload);
    });

    [Fact]
    public async Task Named_and_then_sent_again_with_other_bytes() => await ShouldBePublishedAsync(async upload =>
    {
        await archive.ChangeAsync($"INSERT INTO claims (file_path, upload_id) VALUES ('{upload.Key}', '{upload.Id}')");
        await archive.SendAsync(upload.Asked, [9, 9]);
        await NameAsync(upload);
        await archive.SendAsync(upload.Asked, [1, 2, 3]);
    });

    [Fact]
    public async Task Recorded_but_not_removed_from_staging()
    {
        var (asked, key) = await PutAsync();
        (await archive.FollowAsync(asked.Id)).State.ShouldBe("published");
        await archive.SendAsync(asked, [1, 2, 3]);
        await UploadSteps.UntilAsync("staging is emptied", async () => !(await archive.StagedAsync()).Contains(asked.Id));
        (await archive.DownloadAsync(Path.GetFileName(key))).ShouldBe([1, 2, 3]);
    }

    [Fact]
    public async Task A_claim_of_one_that_is_being_published_keeps_another_waiting_and_no_longer()
    {
        var name = ArchiveFixture.NewName();
        var (first, second) = (await archive.AskAsync(name), await archive.AskAsync(name));
        await LeaseToTheDeadAsync(first.Id, Lease);
        await archive.ChangeAsync($"INSERT INTO claims (file_path, upload_id) VALUES ('{RunningArchive.KeyOf(name)}', '{first.Id}')");
        await archive.SendAsync(second, [2]);
        await UploadSteps.UntilAsync("the second is noticed", async () => (await archive.FollowAsync(second.Id, 0)).State == "arrived");
        await archive.SendAsync(first, [1]);
        (await archive.FollowAsync(first.Id)).State.ShouldBe("published");
        (await archive.FollowAsync(second.Id)).Problem!.Type.ShouldEndWith("content-conflict");
        (await archive.DownloadAsync(name)).ShouldBe([1]);
        (await archive.CountAsync($"claims WHERE file_path = '{RunningArchive.KeyOf(name)}'")).ShouldBe(0);
    }

    /// <summary>Two that put an object back at once could take the first one's right object for the broken one.</summary>
    [Fact]
    public async Task A_lost_object_is_put_back_by_the_upload_that_has_the_claim()
    {
        var name = ArchiveFixture.NewName();
        var receipt = await archive.UploadAsync(name, [1, 2, 3]);
        (
            await archive
                .Services.GetRequiredService<IObjectStore>()
                .QuarantineAsync(receipt.FilePath, "test/" + name, CancellationToken.None)
        ).ShouldBe(Moved.Done);
        await archive
            .Services.GetRequiredService<IntegrityState>()
            .MarkAsync(receipt.Seq, ChangeKind.Lost, "the test did it", CancellationToken.None);
        var asked = await archive.AskAsync(name);
        await archive.ChangeAsync($"INSERT INTO claims (file_path, upload_id) VALUES ('{receipt.FilePath}', 'another')");
        await archive.SendAsync(asked, [1, 2, 3]);
        await UploadSteps.UntilAsync("it is noticed", async () => (await archive.FollowAsync(asked.Id, 0)).State == "arrived");
        (await archive.FollowAsync(asked.Id, 3)).State.ShouldBe("arrived");
        (await archive.Services.GetRequiredService<IntegrityState>().OfAsync(receipt.Seq, CancellationToken.None)).ShouldBe(
            ChangeKind.Lost
        );

        await archive.ChangeAsync("DELETE FROM claims WHERE upload_id = 'another'");
        (await archive.FollowAsync(asked.Id)).Receipt.ShouldBe(receipt);
        (await archive.DownloadAsync(name)).ShouldBe([1, 2, 3]);
        (await archive.CountAsync($"claims WHERE file_path = '{receipt.FilePath}'")).ShouldBe(0);
    }

    [Fact]
    public async Task Said_to_have_arrived_but_not_there_it_is_open_again_and_its_key_free()
    {
        var name = ArchiveFixture.NewName();
        var upload = await archive.AskAsync(name);
        await archive.Services.GetRequiredService<UploadSignals>().SignalAsync([upload.Id], CancellationToken.None);
        await UploadSteps.UntilAsync("it is open again", async () => (await archive.FollowAsync(upload.Id, 0)).State == "open");
        (await archive.CountAsync($"claims WHERE upload_id = '{upload.Id}'")).ShouldBe(0);
        await archive.SendAsync(upload, [5]);
        (await archive.FollowAsync(upload.Id)).State.ShouldBe("published");
    }

    [Fact]
    public async Task A_publisher_whose_lease_has_passed_to_another_records_nothing()
    {
        var (asked, key) = await PutAsync(leased: TimeSpan.FromHours(1));
        var named = new Publication(
            Contract.Naming.FileName.Parse(Path.GetFileName(key), Contract.Naming.Mission.Imap).Name!,
            3,
            new string('a', 64)
        )
        {
            Upload = new Lease(asked.Id, "late"),
        };
        var publisher = archive.Services.GetRequiredService<Publisher>();
        (await publisher.RecordAsync(named)).IsThere.ShouldBeFalse();
        (await archive.QueryAsync($"file_path={key}")).ShouldBeEmpty();
        (await archive.FollowAsync(asked.Id, 0)).State.ShouldBe("arrived");
        (await publisher.RecordAsync(named with { Upload = new Lease(asked.Id, "dead") })).IsNew.ShouldBeTrue();
        (await archive.FollowAsync(asked.Id, 0)).State.ShouldBe("published");
    }

    private async Task ShouldBePublishedAsync(Func<(AskedUpload Asked, string Id, string Key), Task> stepsOfTheDead)
    {
        var (asked, key) = await PutAsync(leased: TimeSpan.FromHours(1));
        await stepsOfTheDead((asked, asked.Id, key));
        (await archive.FollowAsync(asked.Id, 0)).State.ShouldBe("arrived", "it is another's");
        await LeaseToTheDeadAsync(asked.Id, Lease);
        (await archive.FollowAsync(asked.Id)).State.ShouldBe("published");
        (await archive.DownloadAsync(Path.GetFileName(key))).ShouldBe([1, 2, 3]);
        (await archive.QueryAsync($"file_path={key}")).ShouldHaveSingleItem().Size.ShouldBe(3);
        await UploadSteps.UntilAsync("staging is emptied", async () => !(await archive.StagedAsync()).Contains(asked.Id));
        (await archive.CountAsync($"claims WHERE file_path = '{key}'")).ShouldBe(0);
    }

    private async Task<(AskedUpload Asked, string Key)> PutAsync(TimeSpan? leased = null)
    {
        var name = ArchiveFixture.NewName();
        var asked = await archive.AskAsync(name);
        if (leased is { } time)
            await LeaseToTheDeadAsync(asked.Id, time);
        await archive.SendAsync(asked, [1, 2, 3]);
        return (asked, RunningArchive.KeyOf(name));
    }

    private Task LeaseToTheDeadAsync(string id, TimeSpan time) =>
        archive.ChangeAsync(
            $"UPDATE uploads SET state = 'arrived', check_at = 0, leased_by = 'dead', leased_until = {(TimeProvider.System.GetUtcNow() + time).ToUnixTimeMilliseconds()} WHERE id = '{id}'"
        );

    private async Task NameAsync((AskedUpload Asked, string Id, string Key) upload)
    {
        var store = archive.Services.GetRequiredService<IObjectStore>();
        var arrived = (
            await archive.Services.GetRequiredService<S3Staging>().OpenArrivedAsync(upload.Id, upload.Key, CancellationToken.None)
        ).ShouldNotBeNull();
        await arrived.DigestAsync(CancellationToken.None);
        (await store.PlaceAsync(arrived, CancellationToken.None)).IsPlaced.ShouldBeTrue();
    }
}
