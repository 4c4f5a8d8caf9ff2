using OpenSdc.Contract;
using OpenSdc.Server;
using OpenSdc.Server.Objects;
using OpenSdc.Tests.Cli;
using OpenSdc.Tests.Objects;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Upkeep;

/// <summary>
/// The commands of upkeep, as an operator runs them, on an archive whose objects lie in a real S3 store: a
/// lost machine or a lost catalogue, with a backup and without.
/// </summary>
public sealed class UpkeepOnS3Tests : IDisposable
{
    private const int Files = 4;

    private readonly string root = Directory.CreateTempSubdirectory("opensdc-").FullName;
    private readonly ServerOptions store = CephServer.Use(new ServerOptions());

    private string Data => Path.Combine(root, "data");

    private string OnS3 => $"--objects {store.Objects} --s3-endpoint {store.S3Endpoint}";

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public async Task A_backup_with_objects_becomes_an_archive_on_a_disk()
    {
        var before = await UploadAsync(Files);
        await SdcAsync(0, $"backup backup --data data {OnS3}");
        Directory.Delete(Data, recursive: true);
        await SdcAsync(0, "restore backup --verify");
        await SdcAsync(0, "restore backup --data data");
        await using var archive = await RunningArchive.StartAsync(folder: Data);
        await ShouldHoldAsync(archive, before);
    }

    [Fact]
    public async Task A_backup_of_the_catalogue_alone_and_the_bucket_are_the_archive_and_what_came_later_is_adopted()
    {
        var before = await UploadAsync(Files);
        await SdcAsync(0, $"backup backup --catalogue-only --data data {OnS3}");
        var later = (await UploadAsync(1)).Except(before).ShouldHaveSingleItem();
        Directory.Delete(Data, recursive: true);
        await SdcAsync(0, "restore backup --data data");
        await SdcAsync(21, $"fsck --repair --max-changes 1 --data data {OnS3}");
        await using var archive = await StartAsync();
        await ShouldHoldAsync(archive, [.. before, later]);
        (await archive.UploadAsync(ArchiveFixture.NewName(), [1])).Seq.ShouldBe(Files + 2);
    }

    [Fact]
    public async Task Without_a_backup_the_records_are_made_again_from_the_bucket_and_can_go_on_to_PostgreSQL()
    {
        var before = await UploadAsync(Files);
        Directory.Delete(Data, recursive: true);
        await SdcAsync(0, $"rebuild --data data {OnS3}");
        await using (var archive = await StartAsync())
            await ShouldHoldAsync(archive, before);

        var database = PostgresServer.NewDatabase();
        await SdcAsync(0, $"migrate --from sqlite:data --to postgres:{database}");
        Directory.Delete(Data, recursive: true);
        await using var moved = await StartAsync(database);
        await ShouldHoldAsync(moved, before);
        (await moved.UploadAsync(ArchiveFixture.NewName(), [1])).Seq.ShouldBe(Files + 1);
        await SdcAsync(0, $"fsck --digest --data data {OnS3} --catalogue {database}");
    }

    [Fact]
    public async Task A_start_without_the_records_of_a_bucket_is_refused_and_names_both()
    {
        var before = await UploadAsync(1);
        var database = PostgresServer.NewDatabase();
        foreach (
            var (records, settings) in ((string, string)[])
                [("elsewhere/catalogue.sqlite", "--data elsewhere"), ("the database archive", $"--data elsewhere --catalogue {database}")]
        )
        {
            // At the second try as well: the first has made nothing that would be taken for an archive.
            for (var attempt = 0; attempt < 2; attempt++)
            {
                await using var sdc = SdcProcess.Start(root, $"serve --urls http://127.0.0.1:0 {settings} {OnS3}");
                (await sdc.ExitCodeAsync()).ShouldBe(2, sdc.Output + sdc.Errors);
                sdc.Errors.Trim().ShouldNotContain("\n");
                sdc.Errors.ShouldContain(records);
                sdc.Errors.ShouldContain($"{store.Objects} holds files, such as {before[0].FilePath}");
                sdc.Errors.ShouldContain("sdc rebuild");
            }
        }

        // What is no file of the archive is nobody's loss.
        using var bucket = await S3Opening.JoinAsync(
            S3Location.Of(store)! with
            {
                Prefix = "other/",
            },
            TimeProvider.System,
            CancellationToken.None
        );
        await bucket.PutAsync("other/notes.txt", [1]);
        var other = store.Objects!.Replace("/mission/a", "/other", StringComparison.Ordinal);
        await using var archive = await RunningArchive.StartAsync(options =>
            options with
            {
                Objects = other,
                S3Endpoint = store.S3Endpoint,
            }
        );
        (await archive.UploadAsync(ArchiveFixture.NewName(), [1])).Seq.ShouldBe(1);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Records_with_the_objects_of_another_archive_are_refused_and_with_some_of_their_own_they_are_not(bool inPostgres)
    {
        var database = inPostgres ? PostgresServer.NewDatabase() : null;
        await using (var archive = await StartAsync(database))
        {
            for (var i = 0; i < Files; i++)
                await archive.UploadAsync(ArchiveFixture.NewName(), BytesOf(i + 1));
        }

        var other = CephServer.Use(new ServerOptions());
        FileRecord first;
        await using (
            var archive = await RunningArchive.StartAsync(options =>
                options with
                {
                    Objects = other.Objects,
                    S3Endpoint = other.S3Endpoint,
                }
            )
        )
            await archive.UploadAsync(ArchiveFixture.NewName(), [1]);
        var settings =
            $"--data data {(inPostgres ? $"--catalogue {database} " : "")}--objects {other.Objects} --s3-endpoint {other.S3Endpoint}";
        await using (var archive = await StartAsync(database))
            first = (await RecordsAsync(archive))[0];
        await using (var sdc = SdcProcess.Start(root, $"serve --urls http://127.0.0.1:0 {settings}"))
        {
            (await sdc.ExitCodeAsync()).ShouldBe(2, sdc.Output + sdc.Errors);
            sdc.Errors.Trim().ShouldNotContain("\n");
            sdc.Errors.ShouldContain($"are of other files than those in {other.Objects}: none of {Files} that were looked for");
        }

        // A bucket that was put back to an older state is damage to the archive, and no other archive.
        using var bucket = await S3Opening.JoinAsync(S3Location.Of(other)!, TimeProvider.System, CancellationToken.None);
        await bucket.PutAsync(bucket.ObjectKey(first.FilePath), BytesOf(1)[1..]);
        await SdcAsync(2, $"serve --urls http://127.0.0.1:0 {settings}");
        await bucket.PutAsync(bucket.ObjectKey(first.FilePath), BytesOf(1));
        await using (
            var archive = await RunningArchive.StartAsync(
                options => options with { Objects = other.Objects, S3Endpoint = other.S3Endpoint, Catalogue = database },
                folder: Data
            )
        )
            (await archive.DownloadAsync(first.FilePath)).ShouldBe(BytesOf(1));

        // And where an operator has said that they are lost, that is known.
        await bucket.DeleteAsync(bucket.ObjectKey(first.FilePath), CancellationToken.None);
        await using (var fsck = SdcProcess.Start(root, $"fsck --repair --max-changes 100 {settings}"))
        {
            // What is as young as the check may be left to the next.
            (await fsck.ExitCodeAsync()).ShouldBeOneOf(20, 21);
            fsck.Output.ShouldContain("It is marked lost now.");
        }

        await using var known = await RunningArchive.StartAsync(
            options => options with { Objects = other.Objects, S3Endpoint = other.S3Endpoint, Catalogue = database },
            folder: Data
        );
        (await RecordsAsync(known)).Take(Files).Select(each => each.Seq).ShouldBe([1, 2, 3, 4]);
    }

    [Fact]
    public async Task A_new_database_over_a_data_folder_with_files_is_refused_unless_they_are_of_an_upload_that_was_cut_short()
    {
        string key;
        await using (var archive = await RunningArchive.StartAsync(folder: Data))
            key = (await archive.UploadAsync(ArchiveFixture.NewName(), [1])).FilePath;
        var database = PostgresServer.NewDatabase();
        await using (var sdc = SdcProcess.Start(root, $"serve --urls http://127.0.0.1:0 --data data --catalogue {database}"))
        {
            (await sdc.ExitCodeAsync()).ShouldBe(2, sdc.Output + sdc.Errors);
            sdc.Errors.ShouldContain($"{Data}/objects holds files, such as {key}");
        }

        // As a crash leaves the first upload of all between its object and its record.
        var slot = Directory.CreateDirectory(Path.Combine(Data, "staging", "cut"));
        await File.WriteAllBytesAsync(Path.Combine(slot.FullName, Path.GetFileName(key)), [1]);
        await using var recovered = await RunningArchive.StartAsync(options => options with { Catalogue = database }, folder: Data);
        (await recovered.QueryAsync("table=science")).ShouldHaveSingleItem().FilePath.ShouldBe(key);
    }

    private Task<RunningArchive> StartAsync(string? database = null) =>
        RunningArchive.StartAsync(
            options => options with { Objects = store.Objects, S3Endpoint = store.S3Endpoint, Catalogue = database },
            folder: Data
        );

    private async Task<List<FileRecord>> UploadAsync(int files)
    {
        await using var archive = await StartAsync();
        for (var i = 0; i < files; i++)
            await archive.UploadAsync(ArchiveFixture.NewName(), BytesOf(i));
        // A check leaves alone what is as young as itself.
        await Task.Delay(200);
        return await RecordsAsync(archive);
    }

    private async Task SdcAsync(int code, string arguments)
    {
        await using var sdc = SdcProcess.Start(root, arguments);
        (await sdc.ExitCodeAsync()).ShouldBe(code, $"{arguments}: {sdc.Output}{sdc.Errors}");
    }

    private static async Task<List<FileRecord>> RecordsAsync(RunningArchive archive) =>
        [.. (await archive.QueryAsync("table=science")).OrderBy(each => each.Seq)];

    /// <summary>
    /// The same files in the same order; each was ingested when its object was written, which is at most
    /// moments before it was recorded.
    /// </summary>
    private static async Task ShouldHoldAsync(RunningArchive archive, List<FileRecord> expected)
    {
        var records = await RecordsAsync(archive);
        records
            .Select(each => each with { IngestionDate = "", Released = true })
            .ShouldBe(expected.Select(each => each with { IngestionDate = "", Released = true }));
        foreach (var (then, now) in expected.Zip(records))
            (Moment(then) - Moment(now)).TotalSeconds.ShouldBeInRange(0, 60);
        for (var i = 0; i < Files; i++)
            (await archive.DownloadAsync(expected[i].FilePath)).ShouldBe(BytesOf(i));
    }

    private static byte[] BytesOf(int file) => [.. Enumerable.Repeat((byte)file, (10_000 * file) + 1)];

    private static DateTime Moment(FileRecord record) => DateTime.ParseExact(record.IngestionDate, "yyyyMMdd HH:mm:ss", null);
}
