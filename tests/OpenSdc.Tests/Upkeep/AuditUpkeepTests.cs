using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using OpenSdc.Server;
using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Upkeep;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Upkeep;

/// <summary>
/// The audit goes with the archive into backups, out of them, and into another database; each looks whether
/// its chain is whole.
/// </summary>
public sealed class AuditUpkeepTests : IDisposable
{
    private readonly BackupSteps steps = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => steps.Dispose();

    [Fact]
    public async Task A_backup_holds_the_head_and_a_restored_archive_goes_on_from_it()
    {
        await using var archive = await RunningArchive.StartAsync();
        await UploadAsync(archive, 3);
        var result = await steps.BackUpAsync(archive.Folder);
        result.AuditFault.ShouldBeNull();
        var head = AuditHead.Parse(result.State!.AuditHead)!.Value;
        head.ShouldBe((await Table(archive).HeadAsync(Cancel)).Head);
        BackupState.Read(Path.Combine(steps.Folder, BackupState.FileName))!.AuditHead.ShouldBe($"3:{head.Hash}");
        (await steps.VerifyAsync()).AuditFault.ShouldBeNull();
        (await steps.RestoreAsync()).AuditFault.ShouldBeNull();

        await using var restored = await RunningArchive.StartAsync(folder: steps.Restored);
        await UploadAsync(restored, 1);
        (await Table(restored).VerifyAsync([head], Cancel)).ShouldBeNull();
        (await Table(restored).PageAsync(new AuditFilter(), 3, 10, Cancel)).Select(each => each.Action).ShouldBe(["restored", "upload"]);

        await UploadAsync(archive, 1);
        var second = await steps.BackUpAsync(archive.Folder);
        second.AuditFault.ShouldBeNull();
        second.State!.AuditHead.ShouldStartWith("4:");
    }

    [Fact]
    public async Task A_backup_of_a_broken_audit_says_where_it_is_broken()
    {
        await using var archive = await RunningArchive.StartAsync();
        await UploadAsync(archive, 3);
        (await steps.BackUpAsync(archive.Folder)).AuditFault.ShouldBeNull();
        await UploadAsync(archive, 3);
        Run(archive.Folder, "UPDATE audit SET caller = 'somebody' WHERE number = 5");
        var result = await steps.BackUpAsync(archive.Folder);
        result.AuditFault.ShouldBe("Entry 5 was changed, or one before it was: it does not go with its hash.");
        result.State!.Seq.ShouldBe(6);
        (await steps.VerifyAsync()).AuditFault.ShouldBe(result.AuditFault);
        (await steps.RestoreAsync()).AuditFault.ShouldBe(result.AuditFault);
    }

    [Fact]
    public async Task An_audit_that_was_written_anew_is_found_by_the_head_in_the_last_backup()
    {
        await using var archive = await RunningArchive.StartAsync();
        await UploadAsync(archive, 3);
        var before = AuditHead.Parse((await steps.BackUpAsync(archive.Folder)).State!.AuditHead)!.Value;
        var entries = await Table(archive).PageAsync(new AuditFilter(), 0, 10, Cancel);
        Run(archive.Folder, $"DELETE FROM audit; UPDATE audit_head SET number = 0, hash = '{AuditHead.Start.Hash}'");
        await Table(archive).AppendAsync([.. entries.Select(each => each with { Caller = "somebody else" })], Cancel);
        (await Table(archive).VerifyAsync([], Cancel)).ShouldBeNull();
        (await steps.BackUpAsync(archive.Folder)).AuditFault!.ShouldStartWith(
            $"Entry 3 was changed: it had the hash {before.Hash} when the head was noted, and has "
        );
        // From here on the head of the new one is what is noted.
        Run(
            archive.Folder,
            "DELETE FROM audit WHERE number = 3; UPDATE audit_head SET number = 2, hash = (SELECT hash FROM audit WHERE number = 2)"
        );
        (await steps.BackUpAsync(archive.Folder)).AuditFault.ShouldBe(
            "Entry 3 is missing: it was there when the head was noted, and 2 is the newest now."
        );
    }

    [Fact]
    public async Task A_move_to_postgresql_takes_the_chain_along()
    {
        var archive = await RunningArchive.StartAsync(folder: Directory.CreateTempSubdirectory("opensdc-").FullName);
        AuditHead head;
        await using (archive)
        {
            await UploadAsync(archive, 3);
            head = (await Table(archive).HeadAsync(Cancel)).Head;
        }

        try
        {
            var database = PostgresServer.NewDatabase();
            using (var folder = DataFolder.Open(archive.Folder))
                await new Migration(folder, database, TimeProvider.System, new UpkeepProgress()).RunAsync(Cancel);
            await using var moved = await RunningArchive.StartAsync(
                options => options with { Catalogue = database },
                folder: archive.Folder
            );
            await UploadAsync(moved, 1);
            (await Table(moved).HeadAsync(Cancel)).Head.Number.ShouldBe(4);
            (await Table(moved).VerifyAsync([head], Cancel)).ShouldBeNull();
        }
        finally
        {
            Directory.Delete(archive.Folder, recursive: true);
        }
    }

    private static AuditTable Table(RunningArchive archive) => archive.Services.GetRequiredService<AuditTable>();

    private static async Task UploadAsync(RunningArchive archive, int files)
    {
        for (var i = 0; i < files; i++)
            await archive.UploadAsync(ArchiveFixture.NewName(), [1, 2, 3]);
    }

    private static void Run(string folder, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(folder, "catalogue.sqlite")};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
