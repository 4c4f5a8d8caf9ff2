using System.IO.Pipelines;
using System.Net.Http.Headers;
using OpenSdc.Server;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Access;

/// <summary>
/// What ends while bytes are on their way counts when they have come: a key that was revoked, a file that was
/// withdrawn or purged. And who may do one thing learns nothing by it of another.
/// </summary>
public sealed class EndedRightsTests(ClosedArchive closed) : IClassFixture<ClosedArchive>
{
    // More than a client gathers before it sends.
    private static readonly byte[] Bytes = [.. Enumerable.Range(0, 64 * 1024).Select(i => (byte)i)];

    private static int number;

    private RunningArchive Archive => closed.Archive;

    private static string NewName(string instrument = "swe") =>
        $"imap_{instrument}_l1_ended{Interlocked.Increment(ref number):D4}_20260901_v001.cdf";

    [Fact]
    public async Task A_key_that_is_revoked_during_a_PUT_publishes_nothing()
    {
        var (id, key) = await closed.AddAsync("""{"owner":"a","scopes":["upload"]}""");
        var name = NewName();
        await using var put = await SlowPut.BeginAsync(Archive, await UrlAsync(name, key), Bytes);
        (await Archive.SendAsync($"DELETE /keys/{id}", headers: closed.Admin)).Status.ShouldBe(204);

        var answer = await put.EndAsync();

        answer.Status.ShouldBe(403, answer.Text);
        answer.Text.ShouldContain("revoked");
        (await Archive.SendAsync($"GET /query?filename={name}", headers: closed.Admin)).Text.ShouldBe("[]");
        File.Exists(Path.Combine(Archive.Folder, "objects", RunningArchive.KeyOf(name))).ShouldBeFalse();
    }

    [Theory]
    [InlineData(255)]
    [InlineData(9)]
    public async Task A_PUT_that_began_before_its_name_was_purged_brings_nothing_back(byte last)
    {
        var name = NewName();
        var key = await closed.KeyAsync("upload");
        byte[] late = [.. Bytes[..^1], last];
        await using var put = await SlowPut.BeginAsync(Archive, await UrlAsync(name, key), late);
        await PurgeAsync(name, Bytes);

        var answer = await put.EndAsync();

        answer.Status.ShouldBe(409, answer.Text);
        answer.Text.ShouldContain("A mistake.");
        File.Exists(Path.Combine(Archive.Folder, "objects", RunningArchive.KeyOf(name))).ShouldBeFalse();
    }

    [Fact]
    public async Task An_upload_in_parts_that_began_before_its_name_was_purged_brings_nothing_back()
    {
        var name = NewName();
        var key = await closed.KeyAsync("upload");
        var begun = await Archive.SendAsync(
            "POST /uploads",
            content: new StringContent($$"""{"filename":"{{name}}","size":65536}"""),
            headers: key
        );
        var id = begun.Json.GetProperty("id").GetString()!;
        var parts = await Archive.SendAsync($"GET /uploads/{id}/parts", headers: key);
        (await Archive.PutAsync(parts.Json.GetProperty("urls")[0].GetProperty("url").GetString()!, Bytes)).Status.ShouldBe(204);
        await PurgeAsync(name, Bytes);

        var answer = await Archive.SendAsync($"POST /uploads/{id}/complete", headers: key);

        answer.Status.ShouldBe(409, answer.Text);
        answer.Text.ShouldContain("A mistake.");
        File.Exists(Path.Combine(Archive.Folder, "objects", RunningArchive.KeyOf(name))).ShouldBeFalse();
    }

    [Fact]
    public async Task A_caller_who_goes_away_does_not_keep_a_key_from_ending()
    {
        for (var i = 0; i < 40; i++)
        {
            var (id, key) = await closed.AddAsync("""{"owner":"a","scopes":["read"]}""");
            using var gone = new CancellationTokenSource(TimeSpan.FromMilliseconds(i / 4.0));
            using var request = new HttpRequestMessage(HttpMethod.Delete, $"{Archive.Address}/keys/{id}");
            request.Headers.Add(closed.Admin.Item1, closed.Admin.Item2);
            using var client = new HttpClient();
            try
            {
                (await client.SendAsync(request, gone.Token)).Dispose();
            }
            catch (OperationCanceledException)
            {
                // It may have been revoked or not; what the list says must be so.
            }

            var listed = (await Archive.SendAsync("GET /keys", headers: closed.Admin))
                .Json.GetProperty("keys")
                .EnumerateArray()
                .Single(each => each.GetProperty("id").GetString() == id);
            if (listed.GetProperty("revoked").GetString() is not null)
                (await Archive.SendAsync("GET /query?limit=1", headers: key)).Status.ShouldBe(403, $"after {i / 4.0} ms");
        }
    }

    [Fact]
    public async Task Who_withdraws_an_own_file_learns_nothing_of_another_by_naming_it_as_the_successor()
    {
        var (_, key) = await closed.AddAsync("""{"owner":"swe","scopes":["upload"],"limits":{"instrument":["swe"]}}""");
        var (hidden, absent, own, readable) = (NewName("hi"), NewName("hi"), NewName(), NewName());
        await PutAsync(hidden, closed.Admin);
        await PutAsync(own, key);
        await PutAsync(readable, key);

        var answers = new List<Answer>();
        foreach (var successor in (string[])[hidden, absent])
            answers.Add(await Archive.SendAsync($"POST /withdraw?filename={own}&reason=x&superseded_by={successor}", headers: key));

        answers[0].Status.ShouldBe(400, answers[0].Text);
        answers[0].Text.Replace(hidden, absent, StringComparison.Ordinal)[..60].ShouldBe(answers[1].Text[..60]);
        answers[1].Status.ShouldBe(400);
        (await Archive.SendAsync($"POST /withdraw?filename={own}&reason=x&superseded_by={readable}", headers: key)).Status.ShouldBe(200);
    }

    [Fact]
    public async Task An_address_of_operators_that_others_reach_asks_for_access_control_as_well()
    {
        var refusal = await Should.ThrowAsync<SettingException>(async () =>
        {
            await using var archive = await RunningArchive.StartAsync(options =>
                options with
                {
                    Open = false,
                    OperatorUrls = "http://192.0.2.1:8081",
                }
            );
        });

        refusal.Message.ShouldContain("http://192.0.2.1:8081");
    }

    private async Task PurgeAsync(string name, byte[] bytes)
    {
        (await Archive.PutAsync(await UrlAsync(name, closed.Admin), bytes)).Status.ShouldBe(201);
        (await Archive.SendAsync($"POST /withdraw?filename={name}&reason=A+mistake.", headers: closed.Admin)).Status.ShouldBe(200);
        var token = (await Archive.SendAsync($"POST /purge?filename={name}", headers: closed.Admin)).Json.GetProperty("token").GetString();
        (await Archive.SendAsync($"POST /purge?filename={name}&token={token}", headers: closed.Admin)).Status.ShouldBe(200);
    }

    private async Task PutAsync(string name, (string, string) key) =>
        (await Archive.PutAsync(await UrlAsync(name, key), Bytes)).Status.ShouldBe(201);

    private async Task<string> UrlAsync(string name, (string, string) key)
    {
        var answer = await Archive.SendAsync($"GET /upload/{name}", headers: key);
        answer.Status.ShouldBe(200, answer.Text);
        return answer.Json.GetString()!;
    }

    /// <summary>A PUT whose last byte waits.</summary>
    private sealed class SlowPut(Pipe pipe, Task<Answer> answer, byte last) : IAsyncDisposable
    {
        /// <summary>Returns when the archive has begun to stage the bytes.</summary>
        public static async Task<SlowPut> BeginAsync(RunningArchive archive, string url, byte[] bytes)
        {
            var pipe = new Pipe();
            var content = new StreamContent(pipe.Reader.AsStream());
            content.Headers.ContentLength = bytes.Length;
            content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
            var before = Staged(archive);
            var answer = archive.SendAsync($"PUT {url}", content: content);
            await pipe.Writer.WriteAsync(bytes.AsMemory(0, bytes.Length - 1));
            while (Staged(archive) == before && !answer.IsCompleted)
                await Task.Delay(5);
            return new(pipe, answer, bytes[^1]);
        }

        public async Task<Answer> EndAsync()
        {
            await pipe.Writer.WriteAsync(new[] { last });
            await pipe.Writer.CompleteAsync();
            return await answer;
        }

        public async ValueTask DisposeAsync() => await pipe.Writer.CompleteAsync();

        private static int Staged(RunningArchive archive) =>
            Directory.EnumerateFiles(Path.Combine(archive.Folder, "staging"), "*", SearchOption.AllDirectories).Count();
    }
}
