using Microsoft.Extensions.DependencyInjection;
using OpenSdc.Cli.Demo;
using OpenSdc.Contract;
using OpenSdc.Server;
using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Upkeep;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Upkeep;

/// <summary><c>sdc rebuild</c> after the catalogue is gone.</summary>
public sealed class RebuildTests : IDisposable
{
    private readonly BackupSteps steps = new();
    private readonly string data = Directory.CreateTempSubdirectory("opensdc-").FullName;

    public void Dispose()
    {
        steps.Dispose();
        Directory.Delete(data, recursive: true);
    }

    [Fact]
    public async Task All_that_names_and_bytes_tell_comes_back_with_the_times_of_the_files()
    {
        var before = await FilledAsync(300);
        LoseCatalogue();
        (await Should.ThrowAsync<SettingException>(() => RunningArchive.StartAsync(folder: data))).Message.ShouldContain(
            "no catalogue.sqlite"
        );

        var result = await steps.RebuildAsync(data);
        (result.Recorded, result.LeftAlone).ShouldBe((300, 0));
        Directory.EnumerateFiles(data).Select(Path.GetFileName).Order().ShouldBe(["catalogue.sqlite", "mission.json", "signing.key"]);
        await using var archive = await RunningArchive.StartAsync(folder: data);
        var after = await archive.QueryAsync("");
        after.Select(Bare).ShouldBe(before.Select(Bare));
        // When the demo says that a file came is not when it was written, which is all that a file tells.
        foreach (var now in after)
            Math.Abs(
                    (File.GetLastWriteTimeUtc(Path.Combine(data, "objects", now.FilePath)).Ticks - Moment(now).Ticks)
                        / (double)TimeSpan.TicksPerSecond
                )
                .ShouldBeLessThan(2, now.FilePath);
        // A query lists one family at a time; the ledger has them all.
        var ledger = await archive.Services.GetRequiredService<IntegrityState>().BySeqAsync(0, 1000, CancellationToken.None);
        ledger.Select(file => file.Seq).ShouldBe(Enumerable.Range(1, 300).Select(seq => (long)seq));
        ledger.Select(file => file.Key).ShouldBe(ledger.Select(file => file.Key)
            .OrderBy(key => File.GetLastWriteTimeUtc(Path.Combine(data, "objects", key))).ThenBy(key => key, StringComparer.Ordinal));
        (await archive.UploadAsync(ArchiveFixture.NewName(), [1])).Seq.ShouldBe(301);
    }

    [Fact]
    public async Task After_a_restore_the_times_of_ingestion_come_back_to_the_second()
    {
        var before = await FilledAsync(40);
        await steps.BackUpAsync(data);
        await steps.RestoreAsync();
        File.Delete(Path.Combine(steps.Restored, "catalogue.sqlite"));
        await steps.RebuildAsync(steps.Restored);
        await using var archive = await RunningArchive.StartAsync(folder: steps.Restored);
        (await archive.QueryAsync("")).Select(record => (record.FilePath, record.Sha256, record.IngestionDate))
            .ShouldBe(before.Select(record => (record.FilePath, record.Sha256, record.IngestionDate)));
    }

    [Fact]
    public async Task What_is_not_named_well_at_its_place_is_told_and_left_alone()
    {
        var before = await UploadedAsync(3);
        LoseCatalogue();
        var stray = Path.Combine(data, "objects", "notes.txt");
        var misplaced = Path.Combine(data, "objects", Path.GetFileName(before[0].FilePath));
        await File.WriteAllTextAsync(stray, "mine");
        File.Move(Path.Combine(data, "objects", before[0].FilePath), misplaced);

        var result = await steps.RebuildAsync(data);
        (result.Recorded, result.LeftAlone).ShouldBe((2, 2));
        steps
            .Told.Order(StringComparer.Ordinal)
            .ShouldBe(
                new[] { misplaced, stray }
                    .Select(path => $"left alone: {Path.GetFileName(path)} (not a file of the archive by its name and place)")
                    .Order(StringComparer.Ordinal)
            );
        File.Exists(stray).ShouldBeTrue();
        File.Exists(misplaced).ShouldBeTrue();
    }

    [Theory]
    [InlineData("catalogue.sqlite")]
    [InlineData("catalogue.sqlite-wal")]
    public async Task It_refuses_beside_a_catalogue_or_what_is_left_of_one(string file)
    {
        await FilledAsync(1);
        LoseCatalogue();
        await File.WriteAllTextAsync(Path.Combine(data, file), "what is left");
        (await Should.ThrowAsync<SettingException>(() => steps.RebuildAsync(data))).Message.ShouldContain("Move it away first");
        (await File.ReadAllTextAsync(Path.Combine(data, file))).ShouldBe("what is left");
    }

    /// <summary>
    /// The catalogue of an older backup beside newer objects: it serves what it knows, and a repair gives the
    /// rest their records.
    /// </summary>
    [Fact]
    public async Task An_older_catalogue_put_beside_newer_objects_serves_what_it_had_and_fsck_adopts_the_rest()
    {
        var before = await UploadedAsync(5);
        await steps.BackUpAsync(data);
        var later = await UploadedAsync(1);
        LoseCatalogue();
        File.Copy(Path.Combine(steps.Folder, "catalogue.sqlite"), Path.Combine(data, "catalogue.sqlite"));
        await using var archive = await RunningArchive.StartAsync(folder: data);
        (await archive.QueryAsync("")).ShouldBe(before, ignoreOrder: true);

        // What was written in the same tick of the file system's clock in which a check begins is left to the next one.
        await Task.Delay(200);
        var options = new FsckOptions { Repair = true, MaxChanges = ChangeCap.Parse("100%")!.Value };
        using var repaired = await Fsck.RunAsync(
            new ServerOptions { Data = data },
            options,
            new UpkeepProgress(),
            TimeProvider.System,
            CancellationToken.None
        );
        repaired.Report.Outcome.ShouldBe(FsckOutcome.Repaired);
        var after = await archive.QueryAsync("");
        after.Length.ShouldBe(6);
        var adopted = after.Single(record => record.Seq == 6);
        var lost = later.Single(record => record.Seq == 6);
        (adopted.FilePath, adopted.Sha256).ShouldBe((lost.FilePath, lost.Sha256));
    }

    private async Task<FileRecord[]> UploadedAsync(int files)
    {
        await using var archive = await RunningArchive.StartAsync(folder: data);
        for (var i = 0; i < files; i++)
            await archive.UploadAsync(ArchiveFixture.NewName(), [7, (byte)i]);
        return await archive.QueryAsync("");
    }

    private async Task<FileRecord[]> FilledAsync(int files)
    {
        await using var archive = await RunningArchive.StartAsync(folder: data);
        await DemoArchive.FillAsync(archive.Services, files, CancellationToken.None);
        return await archive.QueryAsync("");
    }

    private void LoseCatalogue()
    {
        foreach (var file in Directory.EnumerateFiles(data, "catalogue.sqlite*"))
            File.Delete(file);
    }

    private static FileRecord Bare(FileRecord record) => record with { Seq = 0, IngestionDate = "", Released = true };

    private static DateTime Moment(FileRecord record) => DateTime.ParseExact(record.IngestionDate, "yyyyMMdd HH:mm:ss", null);
}
