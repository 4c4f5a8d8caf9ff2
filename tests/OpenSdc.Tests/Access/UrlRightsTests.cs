using OpenSdc.Server;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Access;

/// <summary>
/// Signed URLs say for whom they were signed, are refused when anything of them was changed, and end with the
/// right of their caller.
/// </summary>
public sealed class UrlRightsTests(ClosedArchive closed) : IClassFixture<ClosedArchive>
{
    private const string Name = "imap_mag_l1a_rights_20260101_v001.cdf";

    private RunningArchive Archive => closed.Archive;

    [Fact]
    public async Task A_changed_url_is_refused()
    {
        var (id, key) = await closed.AddAsync("""{"owner":"a","scopes":["read","upload"]}""");
        var (other, _) = await closed.AddAsync("""{"owner":"b","scopes":["read","upload"]}""");
        var put = await UrlAsync("upload", Name, key);
        put.ShouldContain($"&for=key%3A{id}&");
        (await Archive.PutAsync(put, [1, 2, 3])).Status.ShouldBe(201);
        var url = await UrlAsync("download", Name, key);
        (await Archive.SendAsync($"GET {url}")).Status.ShouldBe(200);

        var query = url[url.IndexOf('?', StringComparison.Ordinal)..];
        string[] changed =
        [
            $"PUT {url}", $"GET {put}", $"DELETE {url}",
            $"GET {url.Replace(Name, Name.Replace("v001", "v002", StringComparison.Ordinal), StringComparison.Ordinal)}",
            $"GET {url.Replace("expires=", "expires=1", StringComparison.Ordinal)}",
            $"GET {url.Replace($"key%3A{id}", $"key%3A{other}", StringComparison.Ordinal)}",
            $"GET {url.Replace($"&for=key%3A{id}", "", StringComparison.Ordinal)}",
            $"GET {url.Replace($"key%3A{id}", "token%3A15%3Aroot", StringComparison.Ordinal)}",
            $"GET {url}&for=key%3A{other}",
            $"GET {url}&for=",
            $"GET {url}&expires=9999999999",
            $"GET {url}&{query[(query.IndexOf("signature", StringComparison.Ordinal))..]}",
            $"GET {url[..^1]}{(url[^1] == 'A' ? 'Q' : 'A')}",
            $"GET {url.Replace("signature=", "signature=AA", StringComparison.Ordinal)}",
        ];
        foreach (var request in changed)
        {
            var answer = await Archive.SendAsync(
                request,
                content: request.StartsWith("PUT", StringComparison.Ordinal) ? new ByteArrayContent([1]) : null
            );
            answer.Status.ShouldBe(request.StartsWith("DELETE", StringComparison.Ordinal) ? 405 : 403, request);
        }
    }

    [Fact]
    public async Task A_url_ends_with_the_key_that_it_was_signed_for()
    {
        var (id, key) = await closed.AddAsync("""{"owner":"a","scopes":["read","upload"]}""");
        var name = Name.Replace("v001", "v003", StringComparison.Ordinal);
        (await Archive.PutAsync(await UrlAsync("upload", name, key), [1])).Status.ShouldBe(201);
        var (get, put) = (
            await UrlAsync("download", name, key),
            await UrlAsync("upload", Name.Replace("v001", "v004", StringComparison.Ordinal), key)
        );
        var part = await PartUrlAsync(key);
        (await Archive.SendAsync($"GET {get}")).Status.ShouldBe(200);

        (await Archive.SendAsync($"DELETE /keys/{id}", headers: closed.Admin)).Status.ShouldBe(204);

        foreach (
            var answer in new[]
            {
                await Archive.SendAsync($"GET {get}"),
                await Archive.SendAsync($"HEAD {get}"),
                await Archive.PutAsync(put, [1]),
                await Archive.PutAsync(part, [1]),
            }
        )
            answer.Status.ShouldBe(403, answer.Text);
        (await Archive.SendAsync($"GET {get}")).Text.ShouldContain("was revoked");
    }

    [Fact]
    public async Task A_url_lives_no_longer_than_the_key_that_it_was_signed_for()
    {
        var soon = DateTimeOffset.UtcNow.AddMinutes(2);
        var (_, key) = await closed.AddAsync($$"""{"owner":"a","scopes":["read","upload"],"expires":"{{soon:yyyy-MM-ddTHH:mm:ssZ}}"}""");

        var url = await UrlAsync("upload", "imap_mag_l1a_soon_20260101_v001.cdf", key);

        long.Parse(url.Split("expires=")[1].Split('&')[0]).ShouldBeLessThanOrEqualTo(soon.ToUnixTimeSeconds());
    }

    [Fact]
    public async Task A_rotation_refuses_every_url_that_is_out_and_new_ones_work()
    {
        var key = await closed.KeyAsync("read", "upload");
        var name = "imap_mag_l1a_turn_20260101_v001.cdf";
        var before = await UrlAsync("upload", name, key);

        (await Archive.SendAsync("POST /keys/rotate-urls", headers: closed.Admin)).Status.ShouldBe(204);

        (await Archive.PutAsync(before, [1])).Status.ShouldBe(403);
        (await Archive.PutAsync(await UrlAsync("upload", name, key), [1])).Status.ShouldBe(201);
        var url = await UrlAsync("download", name, key);
        await Archive.RestartAsync();
        (await Archive.SendAsync($"GET {Archive.Address}{new Uri(url).PathAndQuery}")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task A_key_with_limits_uploads_what_they_allow_on_every_route()
    {
        var (_, key) = await closed.AddAsync(
            """{"owner":"mag","scopes":["upload"],"limits":{"instrument":["mag","swe"],"data_level":["l1a"]}}"""
        );
        foreach (
            var (name, status) in new[]
            {
                ("imap_mag_l1a_limits_20260101_v001.cdf", 200),
                ("imap_swe_l1a_limits_20260101_v001.cdf", 200),
                ("imap_mag_l1b_limits_20260101_v001.cdf", 403),
                ("imap_hit_l1a_limits_20260101_v001.cdf", 403),
                ("naif0012.tls", 403),
                ("nonsense", 400),
            }
        )
        {
            (await Archive.SendAsync($"GET /upload/{name}", headers: key)).Status.ShouldBe(status, name);
            (
                await Archive.SendAsync("POST /uploads", content: new StringContent($$"""{"filename":"{{name}}","size":5}"""), headers: key)
            ).Status.ShouldBe(status == 200 ? 201 : status, name);
        }
    }

    [Fact]
    public async Task An_upload_in_parts_is_its_owners_and_an_administrators()
    {
        var (owner, other) = (await closed.KeyAsync("upload"), await closed.KeyAsync("upload", "read", "release"));
        var begun = await Archive.SendAsync(
            "POST /uploads",
            content: new StringContent("""{"filename":"imap_mag_l1a_owned_20260101_v001.cdf","size":5}"""),
            headers: owner
        );
        var id = begun.Json.GetProperty("id").GetString()!;
        string[] requests = [$"GET /uploads/{id}", $"GET /uploads/{id}/parts", $"POST /uploads/{id}/complete", $"DELETE /uploads/{id}"];

        foreach (var request in requests)
        {
            var (taken, absent) = (
                await Archive.SendAsync(request, headers: other),
                await Archive.SendAsync(request.Replace(id, "AAAAAAAAAAAAAAAAAAAAAA", StringComparison.Ordinal), headers: other)
            );
            taken.Status.ShouldBe(404, request);
            taken.Json.GetProperty("detail").GetString().ShouldBe(absent.Json.GetProperty("detail").GetString());
            (await Archive.SendAsync(request)).Status.ShouldBe(401, request);
        }

        foreach (var prefix in ServerApp.Prefixes)
        {
            (await Archive.SendAsync($"GET {prefix}/uploads?state=open", headers: other)).Text.ShouldNotContain(id);
            (await Archive.SendAsync($"GET {prefix}/uploads?state=open", headers: owner)).Text.ShouldContain(id);
            (await Archive.SendAsync($"GET {prefix}/uploads?state=open", headers: closed.Admin)).Text.ShouldContain(id);
        }

        (await Archive.SendAsync(requests[0], headers: closed.Admin)).Status.ShouldBe(200);
        (await Archive.SendAsync(requests[3], headers: owner)).Status.ShouldBe(204);
    }

    private async Task<string> UrlAsync(string route, string name, (string, string) key)
    {
        var answer = await Archive.SendAsync($"GET /{route}/{name}", headers: key);
        answer.Status.ShouldBe(route == "upload" ? 200 : 302, answer.Text);
        return answer["Location"] ?? answer.Json.GetString()!;
    }

    private async Task<string> PartUrlAsync((string, string) key)
    {
        var begun = await Archive.SendAsync(
            "POST /uploads",
            content: new StringContent("""{"filename":"imap_mag_l1a_part_20260101_v001.cdf","size":1}"""),
            headers: key
        );
        var parts = await Archive.SendAsync($"GET /uploads/{begun.Json.GetProperty("id").GetString()}/parts", headers: key);
        return parts.Json.GetProperty("urls")[0].GetProperty("url").GetString()!;
    }
}
