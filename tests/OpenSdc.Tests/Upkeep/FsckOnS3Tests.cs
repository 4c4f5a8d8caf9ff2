using System.Text;
using OpenSdc.Server;
using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Objects;
using OpenSdc.Server.Upkeep;
using OpenSdc.Tests.Cli;
using OpenSdc.Tests.Objects;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Upkeep;

/// <summary>
/// The one check and repair, of an archive whose objects lie in a real S3 store: what it finds, repairs,
/// undoes and leaves alone.
/// </summary>
public abstract class FsckOnS3Tests(string? catalogue) : IAsyncLifetime
{
    private const int Files = 12;

    private readonly string folder = Directory.CreateTempSubdirectory("opensdc-fsck-s3-").FullName;
    private readonly List<string> keys = [];
    private ServerOptions settings = null!;
    private S3Bucket bucket = null!;

    public async ValueTask InitializeAsync()
    {
        settings = CephServer.Use(new ServerOptions { Data = folder, Catalogue = catalogue });
        bucket = await S3Opening.OpenAsync(S3Location.Of(settings)!, TimeProvider.System, CancellationToken.None);
        using var open = await OpenArchive.OpenAsync(settings, TimeProvider.System, CancellationToken.None);
        await open.Catalogue.OpenAsync(CancellationToken.None);
        for (var i = 0; i < Files; i++)
        {
            var name = FsckArchive.NameOf(i);
            await bucket.PutAsync(bucket.ObjectKey(name.Key), FsckArchive.BytesOf(i));
            await open.Catalogue.PublishAsync(
                [
                    new Publication(
                        name,
                        FsckArchive.BytesOf(i).Length,
                        Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(FsckArchive.BytesOf(i)))
                    ),
                ],
                CancellationToken.None
            );
            keys.Add(name.Key);
        }
    }

    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        bucket.Dispose();
        Directory.Delete(folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task An_archive_without_faults_is_clean_and_every_byte_of_it_was_read()
    {
        var (report, findings) = await CheckAsync(new FsckOptions { Digest = true });
        findings.ShouldBeEmpty();
        report.ShouldSatisfyAllConditions(
            each => each.Outcome.ShouldBe(FsckOutcome.Clean),
            each => each.Data.ShouldBe(settings.Objects),
            each => each.Records.ShouldBe(Files),
            each => each.Objects.ShouldBe(Files),
            each => each.FilesRead.ShouldBe(Files),
            each => each.BytesRead.ShouldBe(Enumerable.Range(0, Files).Sum(i => FsckArchive.BytesOf(i).Length)));
    }

    [Fact]
    public async Task Each_fault_is_found_a_dry_run_changes_nothing_a_repair_mends_and_its_undo_takes_it_back()
    {
        await HarmAsync();
        var before = await bucket.AllAsync();

        var (_, findings) = await CheckAsync(new FsckOptions { Digest = true });
        findings
            .Select(each => (each.Kind, each.Key))
            .Order()
            .ShouldBe(
                new[]
                {
                    (FsckKind.Lost, keys[0]),
                    (FsckKind.Size, keys[1]),
                    (FsckKind.Digest, keys[2]),
                    (FsckKind.Orphan, FsckArchive.NameOf(5, "orphan").Key),
                    (FsckKind.Misplaced, "imap/elsewhere/" + Path.GetFileName(FsckArchive.NameOf(6, "elsewhere").Key)),
                    (FsckKind.Foreign, "imap/notes.txt"),
                    (FsckKind.Foreign, "imap/folder/"),
                }.Order()
            );
        (await bucket.AllAsync()).ShouldBe(before);

        var (repair, _) = await CheckAsync(Repair("100%"));
        (repair.Outcome, repair.Done).ShouldBe((FsckOutcome.Repaired, 7));
        using (var open = await OpenArchive.OpenAsync(settings, TimeProvider.System, CancellationToken.None))
        {
            (await open.Catalogue.FindAsync(FsckArchive.NameOf(5, "orphan").Key, ReadScope.Team, CancellationToken.None))
                .ShouldNotBeNull()
                .Seq.ShouldBeGreaterThan(Files);
            (await open.Integrity.CountAsync(CancellationToken.None)).ShouldBe(3);
        }

        var after = await bucket.AllAsync();
        after.Count(each => each.StartsWith("mission/a/.quarantine/", StringComparison.Ordinal)).ShouldBe(3);
        after.Select(each => each.Split(' ')[1]).Order().ShouldBe(before.Select(each => each.Split(' ')[1]).Order(), "no byte was lost");
        (await CheckAsync(new FsckOptions { Digest = true })).Findings.ShouldAllBe(
            each => each.Mark != null,
            "nothing is left but what is marked"
        );

        var undo = await Fsck.UndoAsync(settings, repair.Log.ShouldNotBeNull(), TimeProvider.System, CancellationToken.None);
        (undo.Undone, undo.Left.Count).ShouldBe((7, 0));
        // Its number has been given, so that an adopted object cannot be as if it had never been.
        (await bucket.AllAsync())
            .Where(each => !each.Contains("orphan", StringComparison.Ordinal))
            .ShouldBe(before.Where(each => !each.Contains("orphan", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task More_changes_than_are_allowed_change_nothing()
    {
        await HarmAsync();
        var before = await bucket.AllAsync();
        var (report, _) = await CheckAsync(Repair("2"));
        report.Outcome.ShouldBe(FsckOutcome.Stopped);
        report.Done.ShouldBe(0);
        (await bucket.AllAsync()).ShouldBe(before);
    }

    [Fact]
    public async Task Uploads_on_their_way_are_no_finding_while_it_serves_and_left_overs_when_they_are_old()
    {
        var name = FsckArchive.NameOf(7, "arrived");
        await bucket.PutAsync(bucket.StagingKey("upload", name.Key), "bytes"u8.ToArray());
        // Named, and not recorded yet.
        await bucket.PutAsync(bucket.ObjectKey(name.Key), "bytes"u8.ToArray());
        using (DataFolder.Open(folder))
        {
            var (report, findings) = await CheckAsync(new FsckOptions());
            findings.ShouldBeEmpty();
            report.Young.ShouldBe(1);
        }

        // Of what several machines share nobody can say that none serves it: there only its age tells.
        var later = catalogue is null ? await CheckAsync(new FsckOptions()) : await CheckAsync(new FsckOptions(), hoursAhead: 25);
        later.Findings.Select(each => each.Kind).ShouldBe(catalogue is null ? [FsckKind.Orphan, FsckKind.LeftOver] : [FsckKind.LeftOver]);
    }

    [Fact]
    public async Task A_store_or_a_bucket_that_is_not_there_marks_nothing()
    {
        var elsewhere = settings with { Objects = "s3://no-such-bucket/mission/a" };
        (
            await Should.ThrowAsync<SettingException>(() =>
                Fsck.RunAsync(elsewhere, Repair("100%"), new UpkeepProgress(), TimeProvider.System, CancellationToken.None)
            )
        ).Message.ShouldContain("no bucket no-such-bucket");
        using var open = await OpenArchive.OpenAsync(settings, TimeProvider.System, CancellationToken.None);
        (await open.Integrity.CountAsync(CancellationToken.None)).ShouldBe(0);
    }

    [Fact]
    public async Task The_command_takes_the_settings_of_the_service()
    {
        await HarmAsync();
        var (code, output) = await SdcAsync("fsck --digest");
        code.ShouldBe(20, output);
        output.ShouldContain("imap/notes.txt");
        (code, output) = await SdcAsync("fsck --digest --repair --max-changes 100%");
        code.ShouldBe(21, output);
    }

    private async Task<(int Code, string Output)> SdcAsync(string arguments)
    {
        await using var sdc = SdcProcess.Start(
            folder,
            $"{arguments} --data {folder} --objects {settings.Objects} --s3-endpoint {settings.S3Endpoint}{(catalogue is null ? "" : " --catalogue " + catalogue)}"
        );
        return (await sdc.ExitCodeAsync(), sdc.Output + sdc.Errors);
    }

    private async Task HarmAsync()
    {
        await bucket.DeleteAsync(bucket.ObjectKey(keys[0]), CancellationToken.None);
        await bucket.PutAsync(bucket.ObjectKey(keys[1]), FsckArchive.BytesOf(1)[..10]);
        var flipped = FsckArchive.BytesOf(2);
        flipped[500] ^= 1;
        await bucket.PutAsync(bucket.ObjectKey(keys[2]), flipped);
        foreach (
            var key in (string[])
                [
                    FsckArchive.NameOf(5, "orphan").Key,
                    "imap/elsewhere/" + Path.GetFileName(FsckArchive.NameOf(6, "elsewhere").Key),
                    "imap/notes.txt",
                ]
        )
            await bucket.PutAsync(bucket.ObjectKey(key), Encoding.ASCII.GetBytes("the bytes of " + key));
        // What a store's own page makes of a new folder.
        await bucket.PutAsync(bucket.ObjectKey("imap/folder/"), []);
    }

    private static FsckOptions Repair(string maxChanges) =>
        new()
        {
            Repair = true,
            Digest = true,
            MaxChanges = ChangeCap.Parse(maxChanges)!.Value,
        };

    /// <summary>Checks by a clock an hour ahead, for which nothing of the test is too young to be judged.</summary>
    private async Task<(FsckReport Report, List<FsckFinding> Findings)> CheckAsync(FsckOptions options, int hoursAhead = 1)
    {
        using var run = await Fsck.RunAsync(settings, options, new UpkeepProgress(), FsckArchive.Ahead(hoursAhead), CancellationToken.None);
        return (run.Report, await run.Report.Findings.ToListAsync());
    }
}

/// <summary>Its records lie in SQLite.</summary>
public sealed class FsckOnS3AndSqliteTests() : FsckOnS3Tests(null);

/// <summary>Its records lie in PostgreSQL, so that nothing of it is on this machine but the logs of its repairs.</summary>
public sealed class FsckOnS3AndPostgresTests() : FsckOnS3Tests(PostgresServer.NewDatabase());
