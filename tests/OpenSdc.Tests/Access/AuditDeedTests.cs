using OpenSdc.Server;
using OpenSdc.Server.Catalogue;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Access;

/// <summary>Each deed that an auditor asks about has its entry: who, what, to which file.</summary>
public sealed class AuditDeedTests
{
    public static TheoryData<string> Setups => [.. ArchiveSetup.OfEachCatalogue];

    [Theory]
    [MemberData(nameof(Setups))]
    public async Task Upload_release_download_withdrawal_and_purge_have_their_entries(string setup)
    {
        var chosen = ArchiveSetup.Of(setup).Configure(new ServerOptions());
        await using var closed = await ConfiguredArchive.StartAsync(options => options with { Catalogue = chosen.Catalogue });
        var archive = closed.Archive;
        var (uploader, uploads) = await closed.AddAsync("""{"owner":"swe","scopes":["upload"]}""");
        var (reader, reads) = await closed.AddAsync("""{"owner":"team","scopes":["read"]}""");
        var (releaser, releases) = await closed.AddAsync("""{"owner":"lead","scopes":["release"]}""");
        var name = ArchiveFixture.NewName();
        var key = RunningArchive.KeyOf(name);

        var url = (await archive.SendAsync($"GET /upload/{name}", headers: uploads)).Json.GetString()!;
        (await archive.PutAsync(url, [1, 2, 3])).Status.ShouldBe(201);
        // Its ranges and repetitions are one download; HEAD is none.
        var bytes = (await archive.SendAsync($"GET /download/{name}", headers: reads))["Location"]!;
        (await archive.SendAsync($"HEAD {bytes}")).Status.ShouldBe(200);
        (await archive.SendAsync($"GET {bytes}")).Status.ShouldBe(200);
        (await archive.SendAsync($"GET {bytes}", headers: ("Range", "bytes=0-1"))).Status.ShouldBe(206);
        (await archive.SendAsync($"POST /release?filename={name}", headers: releases)).Status.ShouldBe(200);
        // What everybody may fetch is nobody's deed.
        (await archive.SendAsync($"GET {bytes}")).Status.ShouldBe(200);
        (await archive.SendAsync($"POST /unrelease?filename={name}", headers: releases)).Status.ShouldBe(200);
        await OrderAsync("withdraw", $"filename={name}&reason=wrong+calibration");
        await OrderAsync("restore-file", $"filename={name}");
        await OrderAsync("withdraw", $"filename={name}&reason=wrong+calibration");
        var token = (await OrderAsync("purge", $"filename={name}")).Json.GetProperty("token").GetString()!;
        await OrderAsync("purge", $"filename={name}&token={token}");

        var lines = await archive.SendAsync("GET /audit", headers: closed.Admin);
        var entries = lines.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => AuditEntry.Parse(line)!).ToList();
        var admin = $"key:{entries[0].Target}";
        entries
            .Skip(4)
            .Select(each => (each.Action, each.Caller, each.Target, each.Count))
            .ShouldBe([
                ("upload", $"key:{uploader}", key, 1),
                ("download", $"key:{reader}", key, 1),
                ("release", $"key:{releaser}", "query", 1),
                ("unrelease", $"key:{releaser}", "query", 1),
                ("withdraw", admin, key, 1),
                ("restore-file", admin, key, 1),
                ("withdraw", admin, key, 1),
                ("purge", admin, key, 1),
            ]);
        entries.Skip(4).ShouldAllBe(each => each.Client == "127.0.0.1" && each.Request.Length > 0);
        entries.Where(each => each.Action == "withdraw").ShouldAllBe(each => each.Detail == "wrong calibration");
        entries.Single(each => each.Action == "release").Detail.ShouldBe("changes 2 to 2");
        lines.Text.ShouldNotContain(token);
        var chain = new AuditChain(AuditHead.Start);
        entries.ForEach(entry => chain.Follow(entry).ShouldBeTrue(chain.Fault));

        async Task<Answer> OrderAsync(string order, string parameters)
        {
            var answer = await archive.SendAsync($"POST /{order}?{parameters}", headers: closed.Admin);
            answer.Status.ShouldBe(200, answer.Text);
            return answer;
        }
    }
}
