using OpenSdc.Server;
using OpenSdc.Server.Catalogue;
using OpenSdc.Tests.Cli;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Access;

/// <summary>The audit as an administrator reads it: over HTTP, and by <c>sdc audit</c>.</summary>
public sealed class AuditRouteTests
{
    public static TheoryData<string> Setups => [.. ArchiveSetup.OfEachCatalogue];

    [Theory]
    [MemberData(nameof(Setups))]
    public async Task Every_change_of_keys_has_an_entry(string setup)
    {
        await using var closed = await StartAsync(setup);
        var (id, _) = await closed.AddAsync(
            """{"owner":"a pipeline","scopes":["upload"],"expires":"2999-01-01","limits":{"instrument":["swe"]}}"""
        );
        (await closed.Archive.SendAsync($"DELETE /keys/{id}", headers: closed.Admin)).Status.ShouldBe(204);
        (await closed.Archive.SendAsync("DELETE /keys/nobody", headers: closed.Admin)).Status.ShouldBe(404);
        (await closed.Archive.SendAsync("POST /keys/rotate-urls", headers: closed.Admin)).Status.ShouldBe(204);
        var entries = await EntriesAsync(closed, "");
        entries.Select(each => (each.Action, each.Target, each.Status)).ShouldBe(
            [("key-added", entries[0].Target, 0), ("key-added", id, 201), ("key-revoked", id, 204), ("signing-key-rotated", "", 204)]);
        entries[0].Caller.ShouldBe($"local:{Environment.UserName}");
        entries[1].Detail.ShouldBe("upload; owner a pipeline; until 2999-01-01T00:00:00Z; instrument=swe");
        entries
            .Skip(1)
            .ShouldAllBe(each => each.Caller == $"key:{entries[0].Target}" && each.Client == "127.0.0.1" && each.Request.Length > 0);
    }

    [Theory]
    [MemberData(nameof(Setups))]
    public async Task Filters_find_entries_and_the_lines_lead_to_the_head(string setup)
    {
        await using var closed = await StartAsync(setup);
        var ids = new List<string>();
        for (var i = 0; i < 4; i++)
            ids.Add((await closed.AddAsync($$"""{"owner":"{{i}}","scopes":["read"]}""")).Id);
        (await closed.Archive.SendAsync($"DELETE /keys/{ids[1]}", headers: closed.Admin)).Status.ShouldBe(204);
        var all = await EntriesAsync(closed, "");
        all.Select(each => each.Number).ShouldBe([1, 2, 3, 4, 5, 6]);
        (await NumbersAsync("?action=key-revoked")).ShouldBe([6]);
        (await NumbersAsync("?action=key-revoked,key-added&limit=2")).ShouldBe([1, 2]);
        (await NumbersAsync("?after=4")).ShouldBe([5, 6]);
        (await NumbersAsync("?caller=local:*")).ShouldBe([1]);
        (await NumbersAsync("?caller=local:")).ShouldBeEmpty();
        (await NumbersAsync($"?target={ids[1]}")).ShouldBe([3, 6]);
        (await NumbersAsync($"?target={ids[1][..^1]}*&action=key-added")).ShouldContain(3);
        (await NumbersAsync("?since=2999-01-01")).ShouldBeEmpty();
        (await NumbersAsync("?before=2999-01-01T00:00:00Z&since=20200101")).Count.ShouldBe(6);
        (await NumbersAsync("?before=2020-01-01")).ShouldBeEmpty();
        // A quote is a letter like any other.
        (await NumbersAsync("?target=x%27%20OR%20%271%27=%271")).ShouldBeEmpty();

        var chain = new AuditChain(AuditHead.Start);
        all.ForEach(entry => chain.Follow(entry).ShouldBeTrue(chain.Fault));
        var head = await closed.Archive.SendAsync("GET /audit/head", headers: closed.Admin);
        head.Json.GetProperty("head").GetString().ShouldBe(chain.Head.ToString());
        (head.Json.GetProperty("dropped").GetString(), head.Json.GetProperty("at").GetString()).ShouldBe(
            (AuditHead.Start.ToString(), all[^1].At)
        );

        async Task<List<long>> NumbersAsync(string query) => [.. (await EntriesAsync(closed, query)).Select(each => each.Number)];
    }

    [Theory]
    [InlineData("?who=me", "who is not a parameter of /audit")]
    [InlineData("?action=everything", "The parameter action names everything; allowed")]
    [InlineData("?since=yesterday", "The parameter since is 'yesterday'; allowed: a day or a moment")]
    [InlineData("?limit=-1", "The parameter limit is '-1'; allowed: a whole number")]
    [InlineData("?after=1&after=2", "The parameter after is given 2 times; allowed: once")]
    public async Task A_wrong_parameter_is_named(string query, string sentence)
    {
        await using var closed = await StartAsync();
        var answer = await closed.Archive.SendAsync($"GET /audit{query}", headers: closed.Admin);
        (answer.Status, answer.Json.GetProperty("detail").GetString()!).ShouldSatisfyAllConditions(
            each => each.Item1.ShouldBe(400),
            each => each.Item2.ShouldStartWith(sentence)
        );
    }

    [Fact]
    public async Task Only_administrators_read_it_under_every_prefix()
    {
        await using var closed = await StartAsync();
        var others = new List<(string, string)[]>();
        foreach (var scope in (string[])["read", "upload", "release"])
            others.Add([await closed.KeyAsync(scope)]);
        foreach (var path in (string[])["/audit", "/audit/head", "/api-key/audit", "/authorized/audit/head", "/AUDIT", "/audit/"])
        {
            (await closed.Archive.SendAsync($"GET {path}", headers: closed.Admin)).Status.ShouldBe(200, path);
            (await closed.Archive.SendAsync($"GET {path}")).Status.ShouldBe(401, path);
            foreach (var headers in others)
            {
                var answer = await closed.Archive.SendAsync($"GET {path}", headers: headers);
                (answer.Status, answer.Text.Contains("\"hash\"", StringComparison.Ordinal)).ShouldBe((403, false), path);
            }
        }

        // Nor on an archive that is open to all.
        await using var open = await RunningArchive.StartAsync();
        (await open.SendAsync("GET /audit")).Status.ShouldBe(401);
    }

    [Fact]
    public async Task The_command_shows_and_verifies_the_audit_of_a_running_archive_and_of_a_data_folder()
    {
        await using var closed = await StartAsync();
        var (id, _) = await closed.AddAsync("""{"owner":"a","scopes":["read"]}""");
        var folder = Directory.CreateTempSubdirectory("opensdc-audit-").FullName;
        try
        {
            var head = await RunAsync("head");
            (head.Code, head.Output.Split(':')[0]).ShouldBe((0, "2"), head.Errors);
            var shown = await RunAsync("--target", id);
            shown.Output.ShouldContain($"  key-added  key:");
            shown.Output.ShouldEndWith($"  127.0.0.1  {id}  201  read; owner a; until revoked\n");
            AuditEntry.Parse((await RunAsync("--json", "--limit", "1")).Output.TrimEnd('\n'))!.Number.ShouldBe(1);
            (await RunAsync("verify", "--head", head.Output.Trim())).ShouldBe(
                new SdcCommand(0, $"The audit is whole: 2 entries, head {head.Output}", "")
            );
            (await RunAsync("verify", "--head", "7:" + new string('a', 64))).ShouldBe(
                new SdcCommand(
                    29,
                    "",
                    "The audit is broken. Entry 7 is missing: it was there when the head was noted, and 2 is the newest now.\n"
                )
            );
            (await RunAsync("verify", "--head", "2:" + new string('a', 64))).Code.ShouldBe(29);
            (await RunAsync("verify", "--head", "nonsense")).Code.ShouldBe(2);
            (await RunAsync("--action", "nothing")).Code.ShouldBe(2);
            // Beside the service, without a key.
            var local = await SdcCommand.RunAsync(folder, "", ["audit", "verify", "--data", closed.Archive.Folder]);
            local.ShouldBe(new SdcCommand(0, $"The audit is whole: 2 entries, head {head.Output}", ""));
            (await SdcCommand.RunAsync(folder, closed.Archive.Address, ["audit"])).Code.ShouldBe(43);
            (await SdcCommand.RunAsync(folder, "http://127.0.0.1:1", ["audit"])).Code.ShouldBe(30);

            Task<SdcCommand> RunAsync(params string[] arguments) =>
                SdcCommand.RunAsync(folder, closed.Archive.Address, ["audit", .. arguments], null, ("OPENSDC_API_KEY", closed.Admin.Item2));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static Task<ConfiguredArchive> StartAsync(string? setup = null)
    {
        var chosen = ArchiveSetup.Of(setup ?? ArchiveSetup.OfEachCatalogue.First()).Configure(new ServerOptions());
        return ConfiguredArchive.StartAsync(options => options with { Catalogue = chosen.Catalogue });
    }

    private static async Task<List<AuditEntry>> EntriesAsync(ClosedArchive closed, string query)
    {
        var answer = await closed.Archive.SendAsync($"GET /audit{query}", headers: closed.Admin);
        answer.Status.ShouldBe(200, answer.Text);
        answer["Content-Type"].ShouldBe("application/x-ndjson");
        answer["Cache-Control"].ShouldBe("no-store");
        return
        [
            .. answer.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => AuditEntry.Parse(line).ShouldNotBeNull(line)),
        ];
    }
}
