using System.Globalization;
using Microsoft.Extensions.Time.Testing;
using Npgsql;
using OpenSdc.Contract;
using OpenSdc.Contract.Naming;
using OpenSdc.Server;
using OpenSdc.Server.Access;
using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Objects;
using Shouldly;
using Xunit;
using Archive = OpenSdc.Server.Catalogue.Catalogue;

namespace OpenSdc.Tests.Catalogue;

/// <summary>
/// What every database must keep: turns, numbers, one state a snapshot, nothing of what failed. Several
/// catalogues on one database stand for several processes.
/// </summary>
public abstract partial class CatalogueContract(TestDatabase database) : IAsyncLifetime
{
    private readonly FakeTimeProvider clock = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly Telemetry telemetry = new();
    private readonly List<IDisposable> others = [];
    private Archive catalogue = null!;

    public async ValueTask InitializeAsync()
    {
        catalogue = new Archive(database.Dialect, clock, telemetry) { ReleasesAll = true };
        await catalogue.OpenAsync(CancellationToken.None);
    }

    public ValueTask DisposeAsync()
    {
        catalogue.Dispose();
        others.ForEach(each => each.Dispose());
        database.Dispose();
        telemetry.Dispose();
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Uploads_that_have_arrived_are_counted_until_they_end()
    {
        var ledger = new UploadLedger(catalogue, clock);
        await ledger.OpenAsync(
            [
                .. Enumerable
                    .Range(0, 5)
                    .Select(i => new UploadSession($"upload-{i}", Of(i).Name.Key, UploadState.Open, clock.GetUtcNow().AddHours(1))),
            ],
            CancellationToken.None
        );
        (await ledger.CountArrivedAsync(CancellationToken.None)).ShouldBe(0);
        await ledger.ArriveAsync([("upload-0", null), ("upload-1", null), ("upload-2", null)], CancellationToken.None);
        (await ledger.CountArrivedAsync(CancellationToken.None)).ShouldBe(3);
        var leases = new UploadLeases(catalogue, clock);
        (await leases.TakeAsync("me", 10, CancellationToken.None)).Count.ShouldBe(3);
        (await leases.EndAsync(new Lease("upload-0", "me"), seq: null, ("too-large", "Too large."), CancellationToken.None)).ShouldBeTrue();
        (await ledger.CountArrivedAsync(CancellationToken.None)).ShouldBe(2);
    }

    [Fact]
    public async Task Of_uploads_of_one_key_that_wait_the_one_whose_bytes_came_first_has_the_claim()
    {
        var ledger = new UploadLedger(catalogue, clock);
        foreach (var isReversed in (bool[])[false, true])
        {
            string[] ids = [$"first-{isReversed}", $"second-{isReversed}", $"third-{isReversed}"];
            var key = Of(isReversed ? 1 : 0).Name.Key;
            await ledger.OpenAsync(
                [.. ids.Select(id => new UploadSession(id, key, UploadState.Open, clock.GetUtcNow().AddHours(1)))],
                CancellationToken.None
            );
            var told = ids.Select((id, i) => (id, (DateTimeOffset?)clock.GetUtcNow().AddMilliseconds(i - 10))).ToList();
            if (isReversed)
                told.Reverse();
            await ledger.ArriveAsync(told, CancellationToken.None);
            var taken = await new UploadLeases(catalogue, clock).TakeAsync("me", 10, CancellationToken.None);
            taken.Where(each => each.HasClaim).Select(each => each.Id).ShouldBe([ids[0]]);
        }
    }

    [Fact]
    public async Task Numbers_have_no_gaps_and_one_of_equal_keys_wins_whoever_publishes()
    {
        Archive[] processes = [catalogue, Another(), Another()];
        var published = await Task.WhenAll(Enumerable.Range(0, 60).Select(i => Task.Run(async () =>
        {
            // Each key comes three times, by different processes and with different bytes; and twice in its own batch.
            var publication = Of(i / 3, (char)('a' + (i % 3)));
            return await processes[i % 3].PublishAsync([publication, publication, Of(100 + i)], CancellationToken.None);
        })));

        var all = published.SelectMany(each => each).ToList();
        all.Where(each => each.IsNew).Select(each => each.Receipt.Seq).Order().ShouldBe(Enumerable.Range(1, 80).Select(i => (long)i));
        (await catalogue.HeadAsync(CancellationToken.None)).ShouldBe(80);
        foreach (var same in all.GroupBy(each => each.Receipt.FilePath))
        {
            same.Count(each => each.IsNew).ShouldBe(1, same.Key);
            same.Select(each => each.Receipt)
                .Distinct()
                .ShouldHaveSingleItem()
                .ShouldBe(await catalogue.FindAsync(same.Key, ReadScope.Team, CancellationToken.None));
        }
    }

    [Fact]
    public async Task An_empty_catalogue_answers_any_query_with_nothing()
    {
        foreach (
            var query in (FileQuery[])
                [
                    new(),
                    new() { Family = null, Limit = 5 },
                    new() { StartDate = "20260101", Latest = true },
                    new() { Overlaps = ("20260101", "20260102"), Sort = [new("size", true)] },
                ]
        )
        {
            await using var rows = await catalogue.QueryAsync(
                query,
                ReadScope.Of(query, Caller.Anyone),
                null,
                "item",
                count: true,
                CancellationToken.None
            );
            (await rows.ReadAsync(CancellationToken.None), rows.Count).ShouldBe((false, 0L));
            await using var covered = await catalogue.CoverAsync(query with { Limit = null }, ReadScope.Team, 6, CancellationToken.None);
            (await covered.NextAsync(CancellationToken.None)).ShouldBeNull();
        }
    }

    [Fact]
    public async Task An_answer_that_is_being_read_does_not_see_what_is_published_meanwhile()
    {
        await catalogue.PublishAsync([.. Enumerable.Range(0, 50).Select(i => Of(i))], CancellationToken.None);
        await using var rows = await catalogue.QueryAsync(
            new FileQuery { Family = null },
            ReadScope.Team,
            null,
            "seq",
            count: true,
            CancellationToken.None
        );
        (rows.Head, rows.Count).ShouldBe((50, 50));
        (await rows.ReadAsync(CancellationToken.None)).ShouldBeTrue();
        await catalogue.PublishAsync([.. Enumerable.Range(50, 50).Select(i => Of(i))], CancellationToken.None);
        var seen = 1;
        for (; await rows.ReadAsync(CancellationToken.None); seen++)
            rows.Columns.GetInt64(0).ShouldBeLessThanOrEqualTo(50);
        seen.ShouldBe(50);
    }

    [Fact]
    public async Task Answers_that_are_left_half_read_leave_sessions_for_others()
    {
        await catalogue.PublishAsync([.. Enumerable.Range(0, 3000).Select(i => Of(i))], CancellationToken.None);
        for (var i = 0; i < database.Dialect.Readers + 5; i++)
        {
            await using var rows = await catalogue.QueryAsync(
                new FileQuery { Family = null },
                ReadScope.Team,
                null,
                "item",
                count: i % 2 == 0,
                CancellationToken.None
            );
            (await rows.ReadAsync(CancellationToken.None)).ShouldBeTrue();
        }

        await using var whole = await catalogue.QueryAsync(
            new FileQuery { Family = null },
            ReadScope.Team,
            null,
            "item",
            count: false,
            CancellationToken.None
        );
        var read = 0;
        while (await whole.ReadAsync(CancellationToken.None))
            read++;
        read.ShouldBe(3000);
    }

    [Fact]
    public async Task A_reader_that_is_cancelled_leaves_its_session_for_others()
    {
        await catalogue.PublishAsync([.. Enumerable.Range(0, 3000).Select(i => Of(i))], CancellationToken.None);
        for (var i = 0; i < database.Dialect.Readers + 5; i++)
        {
            using var cancel = new CancellationTokenSource();
            await using var rows = await catalogue.QueryAsync(
                new FileQuery { Family = null },
                ReadScope.Team,
                null,
                "item",
                count: false,
                cancel.Token
            );
            (await rows.ReadAsync(cancel.Token)).ShouldBeTrue();
            await cancel.CancelAsync();
            await Should.ThrowAsync<OperationCanceledException>(async () =>
            {
                while (await rows.ReadAsync(cancel.Token))
                    cancel.Token.ThrowIfCancellationRequested();
            });
        }

        (await catalogue.HeadAsync(CancellationToken.None)).ShouldBe(3000);
    }

    [Fact]
    public async Task A_transaction_that_fails_leaves_nothing_and_its_number_is_the_next_ones()
    {
        await catalogue.PublishAsync([Of(1)], CancellationToken.None);
        await Should.ThrowAsync<InvalidTimeZoneException>(() =>
            catalogue.WriteAsync<bool>(
                async (session, transaction) =>
                {
                    await session
                        .Statement("INSERT INTO changes (seq, kind, file, at) VALUES (2, 'lost', 1, 'now')", [], transaction)
                        .ExecuteNonQueryAsync(CancellationToken.None);
                    await session.Statement("UPDATE ledger SET seq = 77", [], transaction).ExecuteNonQueryAsync(CancellationToken.None);
                    throw new InvalidTimeZoneException("a failure that nobody expects");
                },
                CancellationToken.None
            )
        );

        (await catalogue.PublishAsync([Of(2)], CancellationToken.None)).ShouldHaveSingleItem().Receipt.Seq.ShouldBe(2);
        (
            await catalogue.ReadAsync(
                async session =>
                    Convert.ToInt64(await session.Statement("SELECT COUNT(*) FROM changes WHERE kind = 'lost'", []).ExecuteScalarAsync()),
                CancellationToken.None
            )
        ).ShouldBe(0);
    }

    [Fact]
    public async Task Keys_are_ordered_by_their_bytes()
    {
        string[] names =
        [
            "imap_swe_l1a_a_20260101_v001.pkts",
            "imap_swe_l1a_A_20260101_v001.pkts",
            "imap_swe_l1a_a-b_20260101_v001.pkts",
            "imap_swe_l1a_Z_20260101_v001.pkts",
            "imap_swe_l1a_a~_20260101_v001.pkts",
        ];
        await catalogue.PublishAsync(
            [.. names.Select(name => new Publication(Name(name), 1, new string('a', 64)))],
            CancellationToken.None
        );
        await using var rows = await catalogue.QueryAsync(
            new FileQuery { Family = null },
            ReadScope.Team,
            null,
            "file_path",
            count: false,
            CancellationToken.None
        );
        var keys = new List<string>();
        while (await rows.ReadAsync(CancellationToken.None))
            keys.Add(rows.Columns.GetString(0));
        keys.ShouldBe(names.Select(name => Name(name).Key).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task All_processes_on_one_database_sign_with_one_key()
    {
        var keys = Enumerable.Range(0, 6).Select(_ => SigningKey.Shared(catalogue)).ToList();
        await Task.WhenAll(keys.Select(each => Task.Run(() => each.OpenAsync(CancellationToken.None))));
        keys.Select(each => Convert.ToHexString(each.Bytes)).Distinct().ShouldHaveSingleItem().Length.ShouldBe(64);
        await catalogue.WriteAsync(
            (session, transaction) =>
                session.Statement("UPDATE shared SET value = 'nonsense'", [], transaction).ExecuteNonQueryAsync(CancellationToken.None),
            CancellationToken.None
        );
        (
            await Should.ThrowAsync<SettingException>(() => SigningKey.Shared(catalogue).OpenAsync(CancellationToken.None))
        ).Message.ShouldContain("64 hexadecimal digits");
    }

    [Fact]
    public async Task An_open_database_is_opened_again_as_it_is_and_a_newer_one_is_refused()
    {
        await catalogue.PublishAsync([Of(1)], CancellationToken.None);
        var again = Another();
        await again.OpenAsync(CancellationToken.None);
        await again.JoinAsync(CancellationToken.None);
        (await again.HeadAsync(CancellationToken.None)).ShouldBe(1);

        await SetVersionAsync(99);
        foreach (var opening in (Func<CancellationToken, Task>[])[again.OpenAsync, again.JoinAsync])
        {
            (await Should.ThrowAsync<SettingException>(() => opening(CancellationToken.None))).Message.ShouldMatch(
                @"^The catalogue has schema version 99, but this program knows versions up to \d+; start it with the program that made it\.$"
            );
        }

        await SetVersionAsync(0);
        (await Should.ThrowAsync<SettingException>(() => again.JoinAsync(CancellationToken.None))).Message.ShouldMatch(
            "^The (catalogue has schema version 0, and this program works with|database .* holds no archive)"
        );
    }

    private Task<int> SetVersionAsync(int version) =>
        catalogue.WriteAsync(
            (session, transaction) =>
                session.Statement(database.SetVersionSql(version), [], transaction).ExecuteNonQueryAsync(CancellationToken.None),
            CancellationToken.None
        );

    internal FakeTimeProvider Clock => clock;

    internal Archive Catalogue => catalogue;

    internal Archive Another()
    {
        var dialect = database.Open();
        var another = new Archive(dialect, clock, telemetry) { ReleasesAll = true };
        others.Add(another);
        others.Add((IDisposable)dialect);
        return another;
    }

    private static FileName Name(string name) => FileName.Parse(name, Mission.Imap).Name.ShouldNotBeNull(name);

    internal static Publication Of(int number, char digest = 'a') =>
        new(
            Name(string.Create(CultureInfo.InvariantCulture, $"imap_swe_l1a_n{number:D5}_20260101_v001.pkts")),
            number,
            new string(digest, 64)
        );
}

public sealed class SqliteCatalogueTests() : CatalogueContract(new SqliteDatabase());

public sealed class PostgresCatalogueTests : CatalogueContract
{
    private readonly PostgresDatabase database;

    public PostgresCatalogueTests() : this(new PostgresDatabase())
    {
    }

    private PostgresCatalogueTests(PostgresDatabase database) : base(database) => this.database = database;

    [Fact]
    public async Task One_process_leads_until_its_term_is_over_or_it_resigns()
    {
        var minute = TimeSpan.FromMinutes(1);
        var (one, two) = (new LeaderElection(Catalogue, Clock), new LeaderElection(Another(), Clock));
        (await one.IsLeaderAsync("scrub", minute, CancellationToken.None)).ShouldBeTrue();
        (await two.IsLeaderAsync("scrub", minute, CancellationToken.None)).ShouldBeFalse();
        (await two.IsLeaderAsync("other", minute, CancellationToken.None)).ShouldBeTrue("each role is elected by itself");
        Clock.Advance(minute * 0.6);
        (await one.IsLeaderAsync("scrub", minute, CancellationToken.None)).ShouldBeTrue("it is kept by asking again");
        Clock.Advance(minute * 0.6);
        (await two.IsLeaderAsync("scrub", minute, CancellationToken.None)).ShouldBeFalse();
        Clock.Advance(minute);
        (await two.IsLeaderAsync("scrub", minute, CancellationToken.None)).ShouldBeTrue("nobody asked again");
        (await one.IsLeaderAsync("scrub", minute, CancellationToken.None)).ShouldBeFalse();
        await one.ResignAsync("scrub", CancellationToken.None);
        Clock.Advance(minute / 3);
        (await one.IsLeaderAsync("scrub", minute, CancellationToken.None)).ShouldBeFalse("only the leader can resign");
        await two.ResignAsync("scrub", CancellationToken.None);
        Clock.Advance(minute / 3);
        (await one.IsLeaderAsync("scrub", minute, CancellationToken.None)).ShouldBeTrue();
    }

    [Fact]
    public async Task Of_many_processes_that_ask_at_once_one_leads()
    {
        var all = Enumerable.Range(0, 8).Select(_ => new LeaderElection(Catalogue, Clock)).ToList();
        var held = await Task.WhenAll(
            all.Select(each => Task.Run(() => each.IsLeaderAsync("scrub", TimeSpan.FromMinutes(1), CancellationToken.None)))
        );
        held.Count(each => each).ShouldBe(1);
    }

    [Fact]
    public async Task Many_that_open_a_new_database_at_once_make_its_tables_once()
    {
        using var fresh = new PostgresDatabase();
        using var telemetry = new Telemetry();
        var dialects = Enumerable.Range(0, 5).Select(_ => fresh.Open()).ToList();
        var all = dialects.Select(each => new Archive(each, Clock, telemetry) { ReleasesAll = true }).ToList();
        await Task.WhenAll(all.Select(each => Task.Run(() => each.OpenAsync(CancellationToken.None))));
        (await all[0].PublishAsync([Of(1)], CancellationToken.None))[0].Receipt.Seq.ShouldBe(1);
        (await all[4].HeadAsync(CancellationToken.None)).ShouldBe(1);
        all.ForEach(each => each.Dispose());
        dialects.ForEach(each => ((IDisposable)each).Dispose());
    }

    [Fact]
    public async Task Statements_stay_prepared_in_their_session_which_says_whose_it_is()
    {
        await Catalogue.PublishAsync([Of(1)], CancellationToken.None);
        for (var i = 0; i < 3; i++)
            (await Catalogue.FindAsync(Of(1).Name.Key, ReadScope.Team, CancellationToken.None)).ShouldNotBeNull();
        (
            await ValueAsync(
                "SELECT COUNT(*) FROM pg_prepared_statements WHERE statement LIKE '%WHERE file_path = $1 AND files.team_to IS NULL'"
            )
        ).ShouldBe(1L);
        (await ValueAsync("SHOW application_name")).ShouldBe("OpenSDC");

        ValueTask<object?> ValueAsync(string sql) =>
            Catalogue.ReadAsync<object?>(
                async session => await session.Statement(sql, []).ExecuteScalarAsync(CancellationToken.None),
                CancellationToken.None
            );
    }

    [Fact]
    public async Task What_keeps_a_database_from_being_used_is_a_sentence()
    {
        var there = new NpgsqlConnectionStringBuilder(database.ConnectionString);
        (await RefusalAsync(new NpgsqlConnectionStringBuilder(database.ConnectionString) { Database = "nowhere" })).ShouldBe(
            $"The database nowhere at {there.Host}:{there.Port} cannot be used: database \"nowhere\" does not exist"
        );
        (await RefusalAsync(new NpgsqlConnectionStringBuilder(database.ConnectionString) { Username = "nobody" })).ShouldEndWith(
            "cannot be used: role \"nobody\" does not exist"
        );

        // Where nobody answers it waits a while, since the database may be starting too.
        var began = Clock.GetUtcNow();
        (
            await RefusalAsync(
                new NpgsqlConnectionStringBuilder(database.ConnectionString) { Port = PostgresServer.FreePort() },
                mayPass: true
            )
        ).ShouldContain("cannot be reached: ");
        (Clock.GetUtcNow() - began).ShouldBeGreaterThanOrEqualTo(StartWait.Limit);
        (
            await RefusalAsync(new NpgsqlConnectionStringBuilder(database.ConnectionString) { Host = "nowhere.invalid" }, mayPass: true)
        ).ShouldContain("cannot be reached: ");

        // So it does where all connections are taken, as they are for a moment when replicas are replaced.
        await DoAsync("DO $$ BEGIN CREATE ROLE crowded LOGIN CONNECTION LIMIT 0; EXCEPTION WHEN duplicate_object THEN NULL; END $$");
        (
            await RefusalAsync(new NpgsqlConnectionStringBuilder(database.ConnectionString) { Username = "crowded" }, mayPass: true)
        ).ShouldEndWith("cannot be reached: too many connections for role \"crowded\"");

        await DoAsync("CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0 LOCALE 'C'");
        (await RefusalAsync(new NpgsqlConnectionStringBuilder(database.ConnectionString) { Database = "latin" })).ShouldStartWith(
            $"The database latin at {there.Host}:{there.Port} has the encoding LATIN1; allowed: UTF8"
        );
        await DoAsync("DROP DATABASE latin");

        async Task DoAsync(string sql)
        {
            await using var source = NpgsqlDataSource.Create(database.ConnectionString);
            await using var command = source.CreateCommand(sql);
            await command.ExecuteNonQueryAsync();
        }

        async Task<string> RefusalAsync(NpgsqlConnectionStringBuilder settings, bool mayPass = false)
        {
            using var dialect = new Postgres(settings.ConnectionString, Clock);
            using var telemetry = new Telemetry();
            using var refused = new Archive(dialect, Clock, telemetry) { ReleasesAll = true };
            var opening = refused.OpenAsync(CancellationToken.None);
            while (!opening.IsCompleted)
            {
                Clock.Advance(TimeSpan.FromSeconds(1));
                await Task.Delay(10);
            }

            var refusal = await Should.ThrowAsync<SettingException>(() => opening);
            refusal.MayPass.ShouldBe(mayPass);
            return refusal.Message;
        }
    }
}
