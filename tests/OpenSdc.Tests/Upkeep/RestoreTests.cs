using Microsoft.Extensions.DependencyInjection;
using OpenSdc.Server;
using OpenSdc.Server.Catalogue;
using OpenSdc.Tests.Cli;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Upkeep;

/// <summary><c>sdc restore</c>, and what it says of a backup that is not right.</summary>
public sealed class RestoreTests : IDisposable
{
    private readonly BackupSteps steps = new();

    public void Dispose() => steps.Dispose();

    [Fact]
    public async Task A_damaged_and_a_missing_object_are_told_and_the_restored_archive_knows_them_as_lost()
    {
        await using var archive = await RunningArchive.StartAsync();
        var damaged = await archive.UploadAsync(ArchiveFixture.NewName(), [1, 1]);
        var missing = await archive.UploadAsync(ArchiveFixture.NewName(), [2, 2]);
        var good = await archive.UploadAsync(ArchiveFixture.NewName(), [3, 3]);
        await steps.BackUpAsync(archive.Folder);
        BackupSteps.Damage(steps.Folder, damaged.FilePath);
        File.Delete(Path.Combine(steps.Folder, "objects", missing.FilePath));
        string[] told = [$"corrupt: {damaged.FilePath} (seq 1)", $"missing: {missing.FilePath} (seq 2)"];

        var verified = await steps.VerifyAsync();
        (verified.Intact, verified.Failed).ShouldBe((1, 2));
        steps.Told.ShouldBe(told);
        Directory.Exists(steps.Restored).ShouldBeFalse();

        var found = await steps.RestoreAsync();
        (found.Intact, found.Failed).ShouldBe((1, 2));
        steps.Told.ShouldBe([.. told, .. told]);
        File.Exists(Path.Combine(steps.Restored, "objects", damaged.FilePath)).ShouldBeFalse("wrong bytes are never put under a key");
        await using var restored = await RunningArchive.StartAsync(folder: steps.Restored);
        var integrity = restored.Services.GetRequiredService<IntegrityState>();
        (await integrity.OfAsync(1, CancellationToken.None)).ShouldBe(ChangeKind.Lost);
        (await integrity.OfAsync(2, CancellationToken.None)).ShouldBe(ChangeKind.Lost);
        (await integrity.CountAsync(CancellationToken.None)).ShouldBe(2);
        (await restored.DownloadAsync(good.FilePath)).ShouldBe([3, 3]);
        (await restored.UploadAsync(ArchiveFixture.NewName(), [4])).Seq.ShouldBe(6, "the marks are changes too");
    }

    [Fact]
    public async Task A_catalogue_with_one_other_bit_is_refused_and_nothing_is_made()
    {
        await using var archive = await RunningArchive.StartAsync();
        await archive.UploadAsync(ArchiveFixture.NewName(), [1]);
        await steps.BackUpAsync(archive.Folder);
        BackupSteps.Damage(steps.Folder, "../catalogue.sqlite");

        (await steps.VerifyAsync()).CatalogueFault.ShouldNotBeNull();
        (await steps.RestoreAsync()).CatalogueFault.ShouldNotBeNull();
        Directory.Exists(steps.Restored).ShouldBeFalse();
    }

    [Fact]
    public async Task Only_an_empty_folder_is_restored_to()
    {
        await using var archive = await RunningArchive.StartAsync();
        await archive.UploadAsync(ArchiveFixture.NewName(), [1]);
        await steps.BackUpAsync(archive.Folder);
        (await Should.ThrowAsync<SettingException>(() => steps.RestoreAsync(archive.Folder))).Message.ShouldContain("is not empty");
        Directory.CreateDirectory(steps.Restored);
        (await steps.RestoreAsync()).Intact.ShouldBe(1);
        (await Should.ThrowAsync<SettingException>(() => steps.RestoreAsync())).Message.ShouldContain("is not empty");
    }

    [Fact]
    public async Task Objects_newer_than_the_catalogue_are_restored_and_told_and_held_to_their_manifest()
    {
        await using var archive = await RunningArchive.StartAsync();
        await archive.UploadAsync(ArchiveFixture.NewName(), [1]);
        await steps.BackUpAsync(archive.Folder);
        var older = new[] { "catalogue.sqlite", "backup.json" }.Select(name => Path.Combine(steps.Folder, name)).ToList();
        older.ForEach(file => File.Copy(file, file + ".older"));
        var newer = await archive.UploadAsync(ArchiveFixture.NewName(), [2]);
        var bad = await archive.UploadAsync(ArchiveFixture.NewName(), [3]);
        await steps.BackUpAsync(archive.Folder);
        // As a crash leaves it that comes after the manifest has its name and before the catalogue has.
        foreach (var file in older)
        {
            File.Delete(file);
            File.Move(file + ".older", file);
        }

        BackupSteps.Damage(steps.Folder, bad.FilePath);
        var found = await steps.RestoreAsync();
        (found.Records, found.Intact, found.Newer, found.Failed).ShouldBe((1, 1, 1, 1));
        steps.Told.ShouldBe([$"corrupt: {bad.FilePath}"]);
        File.Exists(Path.Combine(steps.Restored, "objects", newer.FilePath)).ShouldBeTrue();
        File.Exists(Path.Combine(steps.Restored, "objects", bad.FilePath)).ShouldBeFalse();

        (await steps.BackUpAsync(archive.Folder)).Failed.ShouldBe(0);
        (await steps.VerifyAsync()).Failed.ShouldBe(1, "what goes bad after its manifest is found by verifying, not by the next backup");
    }

    [Fact]
    public async Task A_crash_between_the_names_of_catalogue_and_state_is_no_damage_and_is_finished()
    {
        await using var archive = await RunningArchive.StartAsync();
        await archive.UploadAsync(ArchiveFixture.NewName(), [1]);
        await steps.BackUpAsync(archive.Folder);
        var state = Path.Combine(steps.Folder, "backup.json");
        var old = await File.ReadAllTextAsync(state);
        await archive.UploadAsync(ArchiveFixture.NewName(), [2]);
        await steps.BackUpAsync(archive.Folder);
        File.Move(state, state + ".partial");
        await File.WriteAllTextAsync(state, old);

        (await steps.VerifyAsync()).Intact.ShouldBe(2);
        (await steps.BackUpAsync(archive.Folder)).New.ShouldBe(0);
        File.Exists(state + ".partial").ShouldBeFalse();
        (await steps.VerifyAsync()).Intact.ShouldBe(2);
    }

    [Fact]
    public async Task A_catalogue_alone_can_be_backed_up_and_restored()
    {
        await using var archive = await RunningArchive.StartAsync();
        await archive.UploadAsync(ArchiveFixture.NewName(), [1]);
        (await steps.BackUpAsync(archive.Folder, catalogueOnly: true)).State!.Copied.ShouldBe(0);
        Directory.Exists(Path.Combine(steps.Folder, "objects")).ShouldBeFalse();
        File.Exists(Path.Combine(steps.Folder, "manifests/digests-1-1.txt")).ShouldBeTrue();
        var found = await steps.RestoreAsync();
        (found.Records, found.HasObjects, found.Failed).ShouldBe((1, false, 0));
    }

    [Fact]
    public async Task The_commands_end_with_the_codes_that_are_documented()
    {
        await using var archive = await RunningArchive.StartAsync();
        var receipt = await archive.UploadAsync(ArchiveFixture.NewName(), [1]);
        var backup = $"backup {steps.Folder} --data {archive.Folder}";
        var restore = $"restore {steps.Folder} --data {steps.Restored}";
        (await RunAsync(backup)).ShouldBe(
            (0, $"{steps.Folder} holds the archive up to publication 1, 1 more than before; 1 object copied, 1 byte.")
        );
        (await RunAsync($"restore {steps.Folder} --verify")).Code.ShouldBe(0);
        (await RunAsync(restore)).ShouldBe((0, $"{steps.Restored} has the archive up to publication 1; 1 object is intact."));
        (await RunAsync(restore)).Code.ShouldBe(2);
        BackupSteps.Damage(steps.Folder, receipt.FilePath);
        (await RunAsync($"restore {steps.Folder} --verify")).Code.ShouldBe(27);
        var bad = await archive.UploadAsync(ArchiveFixture.NewName(), [1]);
        File.Delete(Path.Combine(archive.Folder, "objects", bad.FilePath));
        (await RunAsync(backup)).Code.ShouldBe(25);
        await File.WriteAllTextAsync(Path.Combine(steps.Folder, "catalogue.sqlite"), "not a database");
        (await RunAsync($"restore {steps.Folder} --verify")).Code.ShouldBe(26);
        File.Delete(Path.Combine(steps.Restored, "catalogue.sqlite"));
        (await RunAsync($"rebuild --data {steps.Restored}")).ShouldBe((0, $"The catalogue of {steps.Restored} is made again: 1 record."));

        static async Task<(int Code, string Output)> RunAsync(string arguments)
        {
            await using var sdc = SdcProcess.Start(Path.GetTempPath(), arguments);
            var code = await sdc.ExitCodeAsync();
            return (code, sdc.Output.Trim());
        }
    }
}
