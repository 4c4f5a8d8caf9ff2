using Microsoft.Extensions.DependencyInjection;
using OpenSdc.Server.Catalogue;
using OpenSdc.Tests.Access;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Files;

/// <summary>What happened to a file, as each caller is told.</summary>
public sealed class ListChangesTests(ClosedArchive closed) : IClassFixture<ClosedArchive>
{
    private static int number;

    private readonly RunningArchive archive = closed.Archive;

    [Fact]
    public async Task The_team_is_told_everything_and_the_public_what_happened_while_it_saw_the_file()
    {
        var (name, next, better) = (NewName("v001"), NewName("v001"), NewName("v001"));
        var newer = name.Replace("v001", "v002", StringComparison.Ordinal);
        var reader = await closed.KeyAsync("read");
        foreach (var each in (string[])[name, next, better])
            await UploadAsync(each);
        (await TellAsync(name)).ShouldBeEmpty();
        (await TellAsync(name, reader)).ShouldBe(["published"]);

        // Hidden from the public: a mark before its release, and one after the release was taken back.
        await MarkAsync(name, ChangeKind.Damaged);
        await MarkAsync(name, ChangeKind.Sound);
        await OrderAsync($"/release?filename={name}");
        (await TellAsync(name)).ShouldBe(["published", "released"]);
        await MarkAsync(name, ChangeKind.Lost);
        await OrderAsync($"/unrelease?filename={name}");
        await MarkAsync(name, ChangeKind.Sound);
        (await TellAsync(name)).ShouldBeEmpty("it is not released any more");
        await OrderAsync($"/release?filename={name}");
        (await TellAsync(name)).ShouldBe(["published", "released", "lost", "unreleased", "released"]);

        // Of a newer version, and of the file that stands for a withdrawn one, the public is told when it sees them.
        await UploadAsync(newer);
        (await TellAsync(name, reader)).ShouldBe([
            "published",
            "damaged",
            "sound",
            "released",
            "lost",
            "unreleased",
            "sound",
            "released",
            $"superseded by {newer}",
        ]);
        (await TellAsync(name)).ShouldNotContain($"superseded by {newer}");
        await OrderAsync($"/release?filename={newer}");
        (await TellAsync(name))[^1].ShouldBe($"superseded by {newer}");

        await OrderAsync($"/withdraw?filename={name}&reason=Wrong+%3Cb%3E+%26+%22calibration%22&superseded_by={better}");
        (await TellAsync(name))[^1].ShouldBe("withdrawn: Wrong <b> & \"calibration\"");
        (await TellAsync(name, reader))[^1].ShouldBe($"withdrawn: Wrong <b> & \"calibration\" by {better}");
        await OrderAsync($"/release?filename={better}");
        (await TellAsync(name))[^1].ShouldEndWith($"by {better}");
        var token = (await OrderAsync($"/purge?filename={name}")).Json.GetProperty("token").GetString();
        await OrderAsync($"/purge?filename={name}&token={token}");
        (await TellAsync(name, reader))[^1].ShouldBe("purged");
        (await TellAsync(name))[^1].ShouldEndWith($"by {better}");

        // What the public never saw is withdrawn without a word to it.
        await OrderAsync($"/withdraw?filename={next}&reason=never+shown");
        (await TellAsync(next)).ShouldBeEmpty();
        (await TellAsync(next, reader)).ShouldBe(["published", "withdrawn: never shown"]);
    }

    [Fact]
    public async Task Nobody_is_told_who_made_a_change()
    {
        var name = NewName("v001");
        await UploadAsync(name);
        await OrderAsync($"/release?filename={name}");
        var answer = await archive.SendAsync($"GET /changes?filename={name}", headers: closed.Admin);
        answer
            .Json.EnumerateArray()
            .SelectMany(each => each.EnumerateObject())
            .Select(each => each.Name)
            .Distinct()
            .ShouldBe(["seq", "kind", "at", "file_path"]);
        answer
            .Json.EnumerateArray()
            .Select(each => each.GetProperty("file_path").GetString())
            .Distinct()
            .ShouldBe([RunningArchive.KeyOf(name)]);
        answer["OpenSDC-Seq"].ShouldBe((await archive.SendAsync("HEAD /query", headers: closed.Admin))["OpenSDC-Seq"]);
        answer["OpenSDC-History"].ShouldNotBeNull();
    }

    [Theory]
    [InlineData("", "allowed: one filename, or one file_path")]
    [InlineData("?filename=imap_swe_l1_a_20260901_v001.cdf,imap_swe_l1_b_20260901_v001.cdf", "allowed: one filename, or one file_path")]
    [InlineData("?filename=nonsense", "nonsense")]
    [InlineData("?instrument=swe", "Valid query parameters are: ['filename', 'file_path']")]
    [InlineData("?filename=imap_swe_l1_a_20260901_v001.cdf&as_of=1", "Valid query parameters are: ['filename', 'file_path']")]
    public async Task Anything_but_one_file_is_refused(string query, string sentence)
    {
        var answer = await archive.SendAsync($"GET /changes{query}", "application/json");
        answer.Status.ShouldBe(400);
        (answer.Text + answer.Json.GetProperty("detail").GetString()).ShouldContain(sentence);
    }

    private static string NewName(string version) => $"imap_swe_l1_changed{Interlocked.Increment(ref number):D5}_20260901_{version}.cdf";

    private async Task<string[]> TellAsync(string name, params (string, string)[] headers)
    {
        var answer = await archive.SendAsync($"GET /changes?filename={name}", headers: headers);
        answer.Status.ShouldBe(200, answer.Text);
        return [.. answer.Json.EnumerateArray().Select(each =>
            each.GetProperty("kind").GetString()
            + (each.TryGetProperty("reason", out var reason) ? $": {reason.GetString()}" : "")
            + (each.TryGetProperty("superseded_by", out var by) ? $" by {by.GetString()!.Split('/')[^1]}" : ""))];
    }

    private async Task<Answer> OrderAsync(string order)
    {
        var answer = await archive.SendAsync($"POST {order}", headers: closed.Admin);
        answer.Status.ShouldBe(200, answer.Text);
        return answer;
    }

    private async Task MarkAsync(string name, string kind)
    {
        var seq = (await archive.SendAsync($"GET /query?filename={name}", headers: closed.Admin)).Json[0].GetProperty("seq").GetInt64();
        (
            await archive.Services.GetRequiredService<IntegrityState>().MarkAsync(seq, kind, "for the operator", CancellationToken.None)
        ).ShouldBeTrue();
    }

    private async Task UploadAsync(string name)
    {
        var answer = await archive.SendAsync($"GET /upload/{name}", headers: closed.Admin);
        (await archive.PutAsync(answer.Text.Trim('"'), [1, 2, 3])).Status.ShouldBe(201);
    }
}
