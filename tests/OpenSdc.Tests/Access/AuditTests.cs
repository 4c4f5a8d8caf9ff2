using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using OpenSdc.Server.Access;
using OpenSdc.Server.Catalogue;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Access;

/// <summary>The audit on both databases: an entry with each deed, one chain, and what breaks it.</summary>
public sealed class AuditTests
{
    public static TheoryData<string> Setups => [.. ArchiveSetup.OfEachCatalogue];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Setups))]
    public async Task An_upload_has_one_entry_that_says_who_from_where_and_in_which_request(string setup)
    {
        await using var archive = await RunningArchive.StartAsync(
            options => options with { AccessLog = true },
            setup: ArchiveSetup.Of(setup)
        );
        var name = ArchiveFixture.NewName();
        var url = await archive.UploadUrlAsync(name);
        var answer = await archive.PutAsync(url, [1, 2, 3]);
        answer.Status.ShouldBe(201, answer.Text);
        // The same bytes again change nothing.
        (await archive.PutAsync(url, [1, 2, 3])).Status.ShouldBe(200);
        (await archive.PutAsync(url, [1, 2, 4])).Status.ShouldBe(409);
        var entry = (await EntriesAsync(archive)).ShouldHaveSingleItem();
        (entry.Number, entry.Action, entry.Client, entry.Request, entry.Target, entry.Status, entry.Count, entry.Detail)
            .ShouldBe((1, "upload", "127.0.0.1", answer["X-Request-Id"], RunningArchive.KeyOf(name), 201, 1, "seq 1"));
        entry.Caller.ShouldNotBeEmpty();
        (await VerifyAsync(archive)).ShouldBeNull();
    }

    [Theory]
    [MemberData(nameof(Setups))]
    public async Task Bytes_that_mend_a_file_have_an_entry(string setup)
    {
        await using var archive = await RunningArchive.StartAsync(setup: ArchiveSetup.Of(setup));
        var name = ArchiveFixture.NewName();
        var url = await archive.UploadUrlAsync(name);
        (await archive.PutAsync(url, [1, 2, 3])).Status.ShouldBe(201);
        await archive.HarmAsync(RunningArchive.KeyOf(name), null);
        (await archive.PutAsync(url, [1, 2, 3])).Status.ShouldBe(200);
        (await EntriesAsync(archive))
            .Select(each => (each.Action, each.Target))
            .ShouldBe([("upload", RunningArchive.KeyOf(name)), ("mend", RunningArchive.KeyOf(name))]);
    }

    [Theory]
    [MemberData(nameof(Setups))]
    public async Task An_upload_in_parts_has_the_entry_of_who_began_it(string setup)
    {
        await using var archive = await RunningArchive.StartAsync(
            options => options with { AccessLog = true },
            setup: ArchiveSetup.Of(setup)
        );
        var begun = await BeginAsync(archive);
        begun.Status.ShouldBe(201, begun.Text);
        var id = begun["OpenSDC-Upload-Id"]!;
        var part = (await archive.SendAsync($"GET /uploads/{id}/parts")).Json.GetProperty("urls")[0].GetProperty("url").GetString()!;
        (await archive.PutAsync(part, [1, 2, 3])).Status.ShouldBeOneOf(200, 201, 204);
        (await archive.SendAsync($"POST /uploads/{id}/complete")).Status.ShouldBeOneOf(200, 201, 202);
        (await archive.SendAsync($"GET /uploads/{id}?wait=60")).Json.GetProperty("state").GetString().ShouldBe("published");
        var entry = (await EntriesAsync(archive)).ShouldHaveSingleItem();
        (entry.Action, entry.Caller, entry.Client, entry.Request, entry.Status, entry.Detail).ShouldBe(
            ("upload", "anyone", "127.0.0.1", begun["X-Request-Id"], 201, "seq 1")
        );
    }

    [Theory]
    [MemberData(nameof(Setups))]
    public async Task One_address_without_credentials_has_so_many_uploads_open_and_others_are_not_held_up(string setup)
    {
        await using var archive = await RunningArchive.StartAsync(
            options => options with { MaxOpenUploadsPerCaller = 2, Open = true, TrustedProxies = [System.Net.IPAddress.Loopback] },
            setup: ArchiveSetup.Of(setup)
        );
        (await BeginAsync(archive, "198.51.100.7")).Status.ShouldBe(201);
        var second = await BeginAsync(archive, "198.51.100.7");
        second.Status.ShouldBe(201);
        var third = await BeginAsync(archive, "198.51.100.7");
        (third.Status, third.Json.GetProperty("detail").GetString()).ShouldBe(
            (
                429,
                "2 uploads in parts of this caller are open already, and no more may be; complete or abort one of them first, or wait until one has expired."
            )
        );
        third["Retry-After"].ShouldNotBeNull();
        (await BeginAsync(archive, "198.51.100.8")).Status.ShouldBe(201);
        (await archive.SendAsync($"DELETE /uploads/{second["OpenSDC-Upload-Id"]}")).Status.ShouldBe(204);
        (await BeginAsync(archive, "198.51.100.7")).Status.ShouldBe(201);
    }

    private static Task<Answer> BeginAsync(RunningArchive archive, string? client = null) =>
        archive.SendAsync(
            "POST /uploads",
            content: new StringContent($$"""{"filename":"{{ArchiveFixture.NewName()}}","size":3}"""),
            headers: client is null ? [] : [("X-Forwarded-For", client)]
        );

    [Theory]
    [MemberData(nameof(Setups))]
    public async Task What_has_no_entry_is_not_published(string setup)
    {
        await using var archive = await RunningArchive.StartAsync(setup: ArchiveSetup.Of(setup));
        await RunAsync(archive, "ALTER TABLE audit RENAME TO elsewhere");
        var name = ArchiveFixture.NewName();
        (await archive.PutAsync(await archive.UploadUrlAsync(name), [1])).Status.ShouldBeGreaterThanOrEqualTo(500);
        (await archive.QueryAsync($"filename={name}")).ShouldBeEmpty();
        await RunAsync(archive, "ALTER TABLE elsewhere RENAME TO audit");
        (await archive.PutAsync(await archive.UploadUrlAsync(name), [1])).Status.ShouldBe(201);
        (await EntriesAsync(archive)).ShouldHaveSingleItem().Target.ShouldBe(RunningArchive.KeyOf(name));
    }

    [Theory]
    [MemberData(nameof(Setups))]
    public async Task Many_uploads_at_once_make_one_chain(string setup)
    {
        await using var archive = await RunningArchive.StartAsync(setup: ArchiveSetup.Of(setup));
        await ManyAsync([archive]);
    }

    [Fact]
    public async Task Replicas_on_one_database_make_one_chain()
    {
        var database = PostgresServer.NewDatabase();
        await using var one = await RunningArchive.StartAsync(options => CephServer.Use(options) with { Catalogue = database });
        var objects = one.Services.GetRequiredService<Server.ServerOptions>();
        await using var two = await RunningArchive.StartAsync(options => objects with { Data = options.Data });
        await ManyAsync([one, two]);
    }

    [Theory]
    [MemberData(nameof(Setups))]
    public async Task A_changed_or_missing_entry_is_found_and_named(string setup)
    {
        await using var archive = await RunningArchive.StartAsync(setup: ArchiveSetup.Of(setup));
        var table = archive.Services.GetRequiredService<AuditTable>();
        await table.AppendAsync(
            [
                .. Enumerable
                    .Range(1, 1200)
                    .Select(i => new AuditEntry
                    {
                        Action = "test",
                        Caller = "key:1",
                        Target = $"file {i}",
                        Detail = "as it was",
                    }),
            ],
            Cancel
        );
        var noted = (await table.HeadAsync(Cancel)).Head;
        (await VerifyAsync(archive, noted)).ShouldBeNull();

        foreach (
            var (column, value) in ((string, string)[])
                [
                    ("at", "'2020'"),
                    ("action", "'x'"),
                    ("caller", "'x'"),
                    ("client", "'x'"),
                    ("request", "'x'"),
                    ("target", "'x'"),
                    ("status", "7"),
                    ("count", "7"),
                    ("detail", "'x'"),
                ]
        )
        {
            var before = (await EntriesAsync(archive))[699];
            await RunAsync(archive, $"UPDATE audit SET {column} = {value} WHERE number = 700");
            (await VerifyAsync(archive)).ShouldBe("Entry 700 was changed, or one before it was: it does not go with its hash.", column);
            await RunAsync(
                archive,
                $"UPDATE audit SET at = '{before.At}', action = 'test', caller = 'key:1', client = '', request = '', target = 'file 700', status = 0, count = 1, detail = 'as it was' WHERE number = 700"
            );
            (await VerifyAsync(archive)).ShouldBeNull(column);
        }

        // Changed together with its hash: the next one gives it away.
        await RunAsync(archive, "UPDATE audit SET hash = (SELECT hash FROM audit WHERE number = 1) WHERE number = 700");
        (await VerifyAsync(archive)).ShouldBe("Entry 700 was changed, or one before it was: it does not go with its hash.");
        await RunAsync(archive, "DELETE FROM audit WHERE number = 700");
        (await VerifyAsync(archive)).ShouldBe("Entry 700 is missing: 701 follows 699.");
        await RunAsync(archive, "DELETE FROM audit WHERE number >= 700");
        (await VerifyAsync(archive)).ShouldBe("Entry 700 is missing: the archive says that 1200 is the newest.");

        // Whoever also writes the head and every hash anew is found by a head that was noted.
        await RunAsync(archive, "DELETE FROM audit WHERE number >= 1");
        await RunAsync(archive, $"UPDATE audit_head SET number = 0, hash = '{AuditHead.Start.Hash}'");
        await table.AppendAsync(
            [
                .. Enumerable
                    .Range(1, 1200)
                    .Select(i => new AuditEntry
                    {
                        Action = "test",
                        Caller = "key:1",
                        Target = $"file {i}",
                        Detail = i == 700 ? "another" : "as it was",
                    }),
            ],
            Cancel
        );
        (await VerifyAsync(archive)).ShouldBeNull();
        (await VerifyAsync(archive, noted))!.ShouldStartWith(
            $"Entry 1200 was changed: it had the hash {noted.Hash} when the head was noted, and has "
        );
        await RunAsync(archive, "DELETE FROM audit WHERE number > 1000");
        await RunAsync(archive, "UPDATE audit_head SET number = 1000, hash = (SELECT hash FROM audit WHERE number = 1000)");
        (await VerifyAsync(archive)).ShouldBeNull();
        (await VerifyAsync(archive, noted)).ShouldBe(
            "Entry 1200 is missing: it was there when the head was noted, and 1000 is the newest now."
        );
    }

    [Theory]
    [MemberData(nameof(Setups))]
    public async Task Retention_drops_whole_days_from_the_front_and_the_chain_goes_on(string setup)
    {
        var clock = new FakeTimeProvider(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
        await using var archive = await RunningArchive.StartAsync(
            options => options with { AuditDays = 2 },
            clock,
            setup: ArchiveSetup.Of(setup)
        );
        var table = archive.Services.GetRequiredService<AuditTable>();
        var heads = new List<AuditHead>();
        for (var day = 1; day <= 4; day++)
        {
            await table.AppendAsync(
                [
                    new()
                    {
                        Action = "test",
                        Caller = "key:1",
                        Detail = $"day {day}, first",
                    },
                    new()
                    {
                        Action = "test",
                        Caller = "key:1",
                        Detail = $"day {day}, second",
                    },
                ],
                Cancel
            );
            heads.Add((await table.HeadAsync(Cancel)).Head);
            clock.Advance(TimeSpan.FromDays(1));
        }

        // It is the fifth: the fourth and the third are kept. The archive may have dropped the first day on its own day.
        await UntilAsync(clock, async () => (await table.HeadAsync(Cancel)).Dropped.Number >= heads[1].Number);
        (await table.HeadAsync(Cancel)).Dropped.ShouldBe(heads[1]);
        var kept = await EntriesAsync(archive);
        kept.Where(each => each.Action == "test")
            .Select(each => each.Detail)
            .ShouldBe(["day 3, first", "day 3, second", "day 4, first", "day 4, second"]);
        (kept[^1].Action, kept[^1].Detail).ShouldBe(("audit-dropped", $"entries before 2026-03-03, up to {heads[1]}"));
        kept.Where(each => each.Action == "audit-dropped").Sum(each => each.Count).ShouldBe(4);
        (await VerifyAsync(archive, [.. heads])).ShouldBeNull();
        (await VerifyAsync(archive, new AuditHead(heads[1].Number, new string('a', 64))))!.ShouldStartWith(
            $"Entry {heads[1].Number} was changed: it had the hash aaaa"
        );
        await RunAsync(archive, $"DELETE FROM audit WHERE number = {heads[1].Number + 1}");
        (await VerifyAsync(archive)).ShouldBe($"Entry {heads[1].Number + 1} is missing: {heads[1].Number + 2} follows {heads[1].Number}.");
    }

    [Theory]
    [MemberData(nameof(Setups))]
    public async Task Denied_attempts_are_one_entry_for_each_caller_route_and_minute(string setup)
    {
        var clock = new FakeTimeProvider(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
        await using var archive = await RunningArchive.StartAsync(clock: clock, setup: ArchiveSetup.Of(setup));
        var table = archive.Services.GetRequiredService<AuditTable>();
        for (var i = 0; i < 3; i++)
            (await archive.SendAsync($"GET /objects/imap/secret-{i}.pkts?expires=1&signature=x")).Status.ShouldBe(403);
        (await archive.SendAsync("POST /query", headers: ("Origin", "https://elsewhere.example"))).Status.ShouldBe(403);
        (await table.HeadAsync(Cancel)).Head.Number.ShouldBe(0);
        await UntilAsync(clock, async () => (await table.HeadAsync(Cancel)).Head.Number > 0);
        var denied = await EntriesAsync(archive);
        denied
            .Select(each => (each.Action, each.Target, each.Count, each.Status, each.Client, each.Detail))
            .ShouldBe(
                [
                    ("denied", "GET /objects/{**key}", 3, 403, "127.0.0.1", "bad-signature"),
                    ("denied", "POST /query", 1, 403, "127.0.0.1", "foreign-origin"),
                ],
                ignoreOrder: true
            );
        denied.Select(each => each.ToLine()).ShouldAllBe(line => !line.Contains("secret-"));

        // The next minute's are another entry, also where the archive stops before it is over.
        (await archive.SendAsync("GET /objects/x?expires=1&signature=x")).Status.ShouldBe(403);
        await archive.RestartAsync();
        var last = (await EntriesAsync(archive))[^1];
        (last.Number, last.Target, last.Count).ShouldBe((3, "GET /objects/{**key}", 1));
        (await VerifyAsync(archive)).ShouldBeNull();
    }

    [Fact]
    public async Task Denied_attempts_of_very_many_callers_take_bounded_memory_and_are_all_counted()
    {
        var clock = new FakeTimeProvider();
        await using var archive = await RunningArchive.StartAsync(
            options => options with { TrustedProxies = [System.Net.IPAddress.Loopback] },
            clock
        );
        var log = archive.Services.GetRequiredService<AuditLog>();
        for (var i = 0; i < AuditLog.MostDenied + 50; i++)
            (
                await archive.SendAsync("GET /objects/x?expires=1&signature=x", headers: ("X-Forwarded-For", $"10.0.{i / 250}.{i % 250}"))
            ).Status.ShouldBe(403);
        await log.WriteDeniedAsync(Cancel);
        var entries = await EntriesAsync(archive);
        entries.Count.ShouldBe(AuditLog.MostDenied + 1);
        entries.Sum(each => each.Count).ShouldBe(AuditLog.MostDenied + 50);
        entries.Single(each => each.Caller == "others").Count.ShouldBe(50);
    }

    [Theory]
    [MemberData(nameof(Setups))]
    public async Task The_clients_address_is_a_proxys_word_only_where_the_proxy_is_trusted(string setup)
    {
        foreach (var isTrusted in (bool[])[true, false])
        {
            await using var archive = await RunningArchive.StartAsync(
                options =>
                    options with
                    {
                        TrustedProxies = isTrusted ? [System.Net.IPAddress.Loopback] : [System.Net.IPAddress.Parse("192.0.2.1")],
                    },
                setup: ArchiveSetup.Of(setup)
            );
            (await archive.SendAsync("GET /objects/x?expires=1&signature=x", headers: ("X-Forwarded-For", "198.51.100.7"))).Status.ShouldBe(
                403
            );
            await archive.Services.GetRequiredService<AuditLog>().WriteDeniedAsync(Cancel);
            (await EntriesAsync(archive)).ShouldHaveSingleItem().Client.ShouldBe(isTrusted ? "198.51.100.7" : "127.0.0.1");
        }
    }

    [Fact]
    public void The_hash_is_that_of_the_documented_text()
    {
        var entry = new AuditEntry
        {
            Number = 17,
            At = "2026-01-02T03:04:05.678Z",
            Action = "withdraw",
            Caller = "jörg \"J\" (https://idp.example)",
            Client = "::1",
            Request = "0HN1:1",
            Target = "a/b",
            Status = 200,
            Detail = "bad <data>",
        };
        var text =
            $$"""["{{AuditHead.Start.Hash}}",17,"2026-01-02T03:04:05.678Z","withdraw","jörg \"J\" (https://idp.example)","::1","0HN1:1","a/b",200,1,"bad <data>"]""";
        entry
            .HashAfter(AuditHead.Start.Hash)
            .ShouldBe(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(text))));
        AuditEntry.Parse(entry.ToLine()).ShouldBe(entry);
        AuditHead.Parse($"17:{AuditHead.Start.Hash}").ShouldBe(new AuditHead(17, AuditHead.Start.Hash));
        foreach (
            var wrong in (string[])
                [
                    "",
                    "17",
                    "17:",
                    ":" + AuditHead.Start.Hash,
                    "x:" + AuditHead.Start.Hash,
                    "17:" + AuditHead.Start.Hash + "0",
                    "17:" + AuditHead.Start.Hash[1..] + "G",
                ]
        )
            AuditHead.Parse(wrong).ShouldBeNull(wrong);
    }

    private static async Task ManyAsync(RunningArchive[] archives)
    {
        var names = Enumerable.Range(0, 60).Select(_ => ArchiveFixture.NewName()).ToList();
        await Parallel.ForAsync(
            0,
            names.Count,
            new ParallelOptions { MaxDegreeOfParallelism = 12, CancellationToken = Cancel },
            async (i, _) =>
            {
                var archive = archives[i % archives.Length];
                await archive.UploadAsync(names[i], [(byte)i]);
                if (i % 5 == 0)
                    await archive
                        .Services.GetRequiredService<AuditLog>()
                        .WriteAsync(
                            new()
                            {
                                Action = "download",
                                Caller = "key:1",
                                Target = $"{i}",
                            }
                        );
            }
        );
        var entries = await EntriesAsync(archives[0]);
        entries.Select(each => each.Number).ShouldBe(Enumerable.Range(1, 72).Select(each => (long)each));
        entries
            .Where(each => each.Action == "upload")
            .Select(each => each.Target)
            .ShouldBe(names.Select(RunningArchive.KeyOf), ignoreOrder: true);
        entries
            .Where(each => each.Action == "upload")
            .Select(each => each.Detail)
            .ShouldBe(Enumerable.Range(1, 60).Select(each => $"seq {each}"));
        foreach (var archive in archives)
            (await VerifyAsync(archive)).ShouldBeNull();
    }

    /// <summary>Lets the archive's clock go on until something has come to pass.</summary>
    private static async Task UntilAsync(FakeTimeProvider clock, Func<Task<bool>> isSo)
    {
        for (var tries = 0; !await isSo(); tries++)
        {
            tries.ShouldBeLessThan(400);
            clock.Advance(TimeSpan.FromMinutes(1));
            await Task.Delay(10, Cancel);
        }
    }

    private static async Task<List<AuditEntry>> EntriesAsync(RunningArchive archive) =>
        await archive
            .Services.GetRequiredService<AuditTable>()
            .EntriesAsync(new AuditFilter(), 0, long.MaxValue, Cancel)
            .ToListAsync(Cancel);

    private static Task<string?> VerifyAsync(RunningArchive archive, params AuditHead[] noted) =>
        archive.Services.GetRequiredService<AuditTable>().VerifyAsync(noted, Cancel);

    private static Task<int> RunAsync(RunningArchive archive, string sql) =>
        archive
            .Services.GetRequiredService<Server.Catalogue.Catalogue>()
            .WriteAsync((session, transaction) => session.Statement(sql, [], transaction).ExecuteNonQueryAsync(Cancel), Cancel);
}
