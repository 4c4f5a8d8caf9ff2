using System.Text;
using OpenSdc.Contract.Naming;
using OpenSdc.Server;
using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Upkeep;
using OpenSdc.Tests.Cli;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Upkeep;

/// <summary>
/// An archive goes from SQLite to PostgreSQL and answers as before; what goes wrong leaves the database empty
/// and the source as it was.
/// </summary>
public sealed class MigrationTests : IDisposable
{
    private static readonly string[] Questions =
    [
        "/query?table=science",
        "/query?table=science&latest=true&sort=-version",
        "/query?table=spice",
        "/query?table=science&as_of=2",
        "/coverage",
        "/facets?table=science",
    ];

    private readonly string folder = Directory.CreateTempSubdirectory("opensdc-").FullName;
    private readonly string database = PostgresServer.NewDatabase();

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task An_archive_answers_after_it_as_before()
    {
        var (answers, url) = await FillAsync();
        var result = await MigrateAsync();
        result.Seq.ShouldBe(5);
        result.Rows.ShouldContain(new KeyValuePair<string, long>("files", 5));
        result.Rows.ShouldContain(new KeyValuePair<string, long>("changes", 5));
        result.Sha256.Length.ShouldBe(64);

        // Nobody needs the old one any more.
        File.Delete(Path.Combine(folder, "catalogue.sqlite"));
        await using var archive = await RunningArchive.StartAsync(options => options with { Catalogue = database }, folder: folder);
        foreach (var (question, answer) in Questions.Zip(answers))
            (await archive.SendAsync($"GET {question}")).Bytes.ShouldBe(answer, question);
        (await archive.SendAsync("GET " + archive.Address + new Uri(url).PathAndQuery)).Bytes.ShouldBe(
            [1, 2, 3],
            "a URL that was out before is good after"
        );
        (await archive.UploadAsync("imap_swe_l1_sci_20260901_v004.cdf", [9])).Seq.ShouldBe(6);
        (await archive.QueryAsync("table=science&latest=true")).Select(each => each.Version).ShouldContain("v004");
    }

    [Fact]
    public async Task What_was_released_and_withdrawn_goes_along()
    {
        await FillAsync();
        List<string> before;
        using (var held = DataFolder.Open(folder))
        using (var sqlite = new Sqlite(held.CatalogueFile))
        {
            using var telemetry = new Telemetry();
            using var catalogue = new Server.Catalogue.Catalogue(sqlite, TimeProvider.System, telemetry);
            (
                await new Releases(catalogue, TimeProvider.System).SetAsync(
                    [1, 2],
                    release: false,
                    new() { Action = "test", Caller = "someone" },
                    CancellationToken.None
                )
            ).Changed.ShouldBe(2);
            (
                await new Releases(catalogue, TimeProvider.System).SetAsync(
                    [2],
                    release: true,
                    new() { Action = "test", Caller = "someone" },
                    CancellationToken.None
                )
            ).Changed.ShouldBe(1);
            var key = (await new IntegrityState(catalogue, TimeProvider.System).BySeqAsync(2, 1, CancellationToken.None))[0].Key;
            (
                await new Withdrawals(catalogue, TimeProvider.System).WithdrawAsync(
                    key,
                    "wrong",
                    null,
                    new() { Action = "test", Caller = "someone" },
                    CancellationToken.None
                )
            ).ShouldBe(WithdrawalOutcome.Done);
            before = await SeenAsync(catalogue);
        }

        await MigrateAsync();
        using var postgres = new Postgres(database, TimeProvider.System);
        using var telemetryThere = new Telemetry();
        using var moved = new Server.Catalogue.Catalogue(postgres, TimeProvider.System, telemetryThere);
        (await SeenAsync(moved)).ShouldBe(before);
        (await new DerivedData(moved, Mission.Imap).CheckAsync(CancellationToken.None)).ShouldBeEmpty();

        static async Task<List<string>> SeenAsync(Server.Catalogue.Catalogue catalogue)
        {
            var seen = new List<string>();
            foreach (var audience in (Audience[])[Audience.Team, Audience.Public])
            {
                for (var seq = 1L; seq <= 9; seq++)
                {
                    var query = new Contract.FileQuery
                    {
                        Family = null,
                        Latest = seq % 2 == 0,
                        AsOf = seq,
                    };
                    await using var rows = await catalogue.QueryAsync(
                        query,
                        ReadScope.Of(query, audience),
                        null,
                        "item, file_path",
                        count: true,
                        CancellationToken.None
                    );
                    while (await rows.ReadAsync(CancellationToken.None))
                        seen.Add($"{audience} {seq} {rows.Columns.GetString(0)}");
                }
            }

            return seen;
        }
    }

    [Fact]
    public async Task A_database_that_holds_an_archive_is_left_as_it_is()
    {
        await FillAsync();
        await MigrateAsync();
        (await Should.ThrowAsync<SettingException>(MigrateAsync)).Message.ShouldBe(
            "The database holds an archive already; sdc migrate fills an empty one only."
        );
    }

    [Fact]
    public async Task Interrupted_anywhere_it_leaves_an_empty_database_and_can_begin_again()
    {
        await FillAsync();
        foreach (var moment in (string[])["coverage", "files", "uploads", "compared"])
        {
            using var cancel = new CancellationTokenSource();
            var progress = new UpkeepProgress();
            using var held = DataFolder.Open(folder);
            var migrating = new Migration(held, database, TimeProvider.System, progress).RunAsync(cancel.Token);
            while (!migrating.IsCompleted && !progress.Doing.Contains(moment, StringComparison.Ordinal))
                await Task.Yield();
            await cancel.CancelAsync();
            // It may have been over by then; more often it was not.
            try
            {
                await migrating;
                return;
            }
            catch (OperationCanceledException)
            {
            }
        }

        (await MigrateAsync()).Seq.ShouldBe(5);
    }

    [Fact]
    public async Task A_source_that_is_served_is_refused()
    {
        await using var archive = await RunningArchive.StartAsync(folder: folder);
        (await Should.ThrowAsync<SettingException>(MigrateAsync)).Message.ShouldContain("is another archive running on it?");
    }

    [Theory]
    [InlineData("DATA", "postgres:Host=a", "--from is not what it must be; allowed: sqlite:PATH of a data folder.")]
    [InlineData("sqlite:DATA", "Host=a", "--to is not what it must be; allowed: postgres:CONNECTION")]
    [InlineData("sqlite:DATA", "postgres:Pasword=secret", "--to cannot be used: ")]
    [InlineData("sqlite:DATA", "postgres:Host=a;Port=99999", "--to cannot be used: its Port is 99999")]
    [InlineData("sqlite:DATA", "postgres:Host=a;MaxPoolSize=0", "--to cannot be used: its Maximum Pool Size is 0")]
    [InlineData("sqlite:DATA", "postgres:Host=a;Multiplexing=true", "--to cannot be used: Pooling must be on to use multiplexing")]
    [InlineData("sqlite:DATA/nowhere", "postgres:Host=a", "There is no folder ")]
    [InlineData("sqlite:DATA", "postgres:Host=a", "There is no catalogue ")]
    public async Task What_cannot_be_used_is_a_sentence(string from, string to, string sentence)
    {
        await using var sdc = SdcProcess.Start(
            folder,
            $"migrate --from {from.Replace("DATA", folder, StringComparison.Ordinal)} --to {to}"
        );
        (await sdc.ExitCodeAsync()).ShouldBe(2);
        sdc.Errors.Trim().ShouldStartWith(sentence);
        sdc.Errors.ShouldNotContain("secret");
    }

    [Theory]
    [InlineData("ALTER TABLE files ADD CHECK (seq < 3)", "The move failed in the database archive", "violates check constraint")]
    [InlineData(
        "CREATE FUNCTION one_less() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.seq = 3 THEN RETURN NULL; END IF; RETURN NEW; END $$; CREATE TRIGGER one_less BEFORE INSERT ON files FOR EACH ROW EXECUTE FUNCTION one_less()",
        "The copy differs: files has 5 rows in SQLite, but 4 in PostgreSQL.", "")]
    [InlineData(
        "CREATE FUNCTION other() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.item = NEW.item || ' '; RETURN NEW; END $$; CREATE TRIGGER other BEFORE INSERT ON files FOR EACH ROW EXECUTE FUNCTION other()",
        "The copy differs: the records have not the same bytes.",
        ""
    )]
    public async Task A_move_that_fails_on_its_way_ends_with_1_and_says_once_what_the_database_holds(
        string harm,
        string sentence,
        string reason
    )
    {
        await FillAsync();
        using var postgres = new Postgres(database, TimeProvider.System);
        await postgres.MigrateAsync(CancellationToken.None);
        await using var connection = await postgres.DataSource.OpenConnectionAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = harm;
        await command.ExecuteNonQueryAsync();

        await using var sdc = SdcProcess.Start(folder, $"migrate --from sqlite:{folder} --to postgres:{database}");
        (await sdc.ExitCodeAsync()).ShouldBe(1, sdc.Errors);
        var said = sdc.Errors.Trim().Split('\n')[^1];
        said.ShouldStartWith(sentence);
        said.ShouldContain(reason);
        said.ShouldEndWith(". The database is as empty as before; the same command begins again.");
        said.Split("as empty as before").Length.ShouldBe(2);
        command.CommandText = "SELECT COUNT(*) FROM files";
        (await command.ExecuteScalarAsync()).ShouldBe(0L);
    }

    [Theory]
    [InlineData("Database=nowhere", "The database nowhere at 127.0.0.1:", "database \"nowhere\" does not exist")]
    [InlineData("Username=nobody", "The database archive", "role \"nobody\" does not exist")]
    [InlineData("ClientEncoding=nonsense", "The database archive", "invalid value for parameter \"client_encoding\"")]
    [InlineData(
        "Username=reader",
        "The archive's tables cannot be made or changed in the database archive",
        "permission denied for schema public"
    )]
    public async Task A_database_that_cannot_be_used_stops_the_move_and_the_start_with_2_and_one_sentence(
        string wrong,
        string sentence,
        string reason
    )
    {
        await FillAsync();
        // A role that may connect, and make nothing.
        await using (var source = Npgsql.NpgsqlDataSource.Create(database))
        await using (
            var role = source.CreateCommand("DO $$ BEGIN CREATE ROLE reader LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
        )
            await role.ExecuteNonQueryAsync();
        foreach (
            var command in (string[])
                [
                    $"migrate --from sqlite:{folder} --to postgres:{database};{wrong}",
                    $"serve --urls http://127.0.0.1:0 --data {folder}/other --catalogue {database};{wrong}",
                ]
        )
        {
            await using var sdc = SdcProcess.Start(folder, command);
            (await sdc.ExitCodeAsync()).ShouldBe(2, sdc.Output + sdc.Errors);
            sdc.Errors.Trim().ShouldStartWith(sentence);
            sdc.Errors.Trim().ShouldContain(reason);
            sdc.Errors.Trim().ShouldNotContain("\n");
        }
    }

    [Theory]
    [InlineData("backup there", "The records lie in PostgreSQL, which has its own backups: pg_dump")]
    [InlineData("rebuild", "A rebuild makes an SQLite catalogue; for PostgreSQL run it without")]
    public async Task Commands_for_SQLite_alone_say_what_to_do_instead(string command, string sentence)
    {
        await using var sdc = SdcProcess.Start(folder, $"{command} --data {folder} --catalogue Host=db.example.org");
        (await sdc.ExitCodeAsync()).ShouldBe(2);
        sdc.Errors.Trim().ShouldStartWith(sentence);
    }

    private async Task<MigrationResult> MigrateAsync()
    {
        using var held = DataFolder.Open(folder);
        return await new Migration(held, database, TimeProvider.System, new UpkeepProgress()).RunAsync(CancellationToken.None);
    }

    /// <summary>Five files of several families and versions; the answers to all questions, and a signed URL that is out.</summary>
    private async Task<(List<byte[]> Answers, string Url)> FillAsync()
    {
        await using var archive = await RunningArchive.StartAsync(folder: folder);
        await archive.UploadAsync("imap_swe_l1_sci_20260901_v003.cdf", [1, 2, 3]);
        foreach (
            var name in (string[])
                [
                    "imap_swe_l1_sci_20260901_v002.cdf",
                    "imap_mag_l1-calibration_20260101_v001.json",
                    "naif0012.tls",
                    "imap_glows_l1a_counts_20261206-repoint00002_v001.cdf",
                ]
        )
            await archive.UploadAsync(name, Encoding.ASCII.GetBytes(name));
        var answers = new List<byte[]>();
        foreach (var question in Questions)
        {
            var answer = await archive.SendAsync($"GET {question}");
            answer.Status.ShouldBe(200, answer.Text);
            answers.Add(answer.Bytes);
        }

        return (answers, await archive.DownloadUrlAsync("imap_swe_l1_sci_20260901_v003.cdf"));
    }
}
