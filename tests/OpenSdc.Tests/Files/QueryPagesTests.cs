using System.Text.RegularExpressions;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Files;

/// <summary>Contract, "Paging" and rule 7: nothing is cut silently.</summary>
public sealed partial class QueryPagesTests
{
    [Theory]
    [InlineData("", 4)]
    [InlineData("&latest=true", 4)]
    [InlineData("&instrument=swe&descriptor=d*", 4)]
    public async Task Pages_show_one_state_while_files_arrive(string filter, int pages)
    {
        await using var archive = await RunningArchive.StartAsync();
        for (var i = 0; i < 10; i++)
            await archive.UploadAsync($"imap_swe_l1a_d{i}m_20260101_v001.cdf", [1]);
        var before = (await archive.QueryAsync(filter.TrimStart('&'))).Select(record => record.FilePath).ToList();

        var seen = new List<string>();
        var next = $"/query?limit=3{filter}";
        for (var page = 1; page <= pages; page++)
        {
            var answer = await archive.SendAsync($"GET {next}");
            answer.Status.ShouldBe(200, answer.Text);
            seen.AddRange(answer.Json.EnumerateArray().Select(each => each.GetProperty("file_path").GetString()!));
            if (page == pages)
            {
                answer["Link"].ShouldBeNull("the last page has no next one");
                continue;
            }

            answer.Json.GetArrayLength().ShouldBe(3);
            next = Next(answer);
            next.ShouldStartWith(archive.Address + "/query?");

            // One that sorts before the page's end, one after it, one that would be newer than what is to come.
            await archive.UploadAsync($"imap_swe_l1a_d0a{page}_20260101_v001.cdf", [1]);
            await archive.UploadAsync($"imap_swe_l1a_d9z{page}_20260101_v001.cdf", [1]);
            await archive.UploadAsync($"imap_swe_l1a_d9m_20260101_v{page + 1:D3}.cdf", [1]);
        }

        seen.ShouldBe(before);
        (await archive.QueryAsync("")).Length.ShouldBe(19);
    }

    [Fact]
    public async Task A_page_that_holds_all_has_no_next_one_in_either_representation()
    {
        await using var archive = await RunningArchive.StartAsync();
        for (var i = 0; i < 3; i++)
            await archive.UploadAsync($"imap_swe_l1a_d{i}_20260101_v001.cdf", [1]);

        foreach (var accept in (string[])["application/json", "*/*"])
        {
            (await archive.SendAsync("GET /query?limit=3", accept))["Link"].ShouldBeNull();
            (await archive.SendAsync("GET /query?limit=10000", accept))["Link"].ShouldBeNull();
            (await archive.SendAsync("GET /query", accept))["Link"].ShouldBeNull();
            (await archive.SendAsync("GET /query?limit=2", accept))["Link"].ShouldNotBeNull();
        }

        var page = await archive.SendAsync("GET /api-key/query?limit=2&instrument=swe,mag&instrument=hi", "application/json");
        page.Json.GetProperty("body").GetString()!.ShouldEndWith("'d1', '20260101', '20260101', 'v001', 'cdf')]");
        var next = Next(page);
        next.ShouldStartWith(archive.Address + "/api-key/query?");
        (await archive.SendAsync($"GET {next}", "application/json")).Json.GetProperty("body").GetString()
            .ShouldBe("[('swe', 'l1a', 'd2', '20260101', '20260101', 'v001', 'cdf')]");
    }

    [Fact]
    public async Task Without_a_limit_every_row_comes()
    {
        await using var archive = await RunningArchive.StartAsync();
        var urls = await Task.WhenAll(
            Enumerable.Range(0, 300).Select(i => archive.UploadUrlAsync($"imap_swe_l1a_{new string('d', 100)}{i}_20260101_v001.cdf"))
        );
        await Task.WhenAll(urls.Select(url => archive.PutAsync(url, [1])));

        var plain = await archive.SendAsync("GET /query");
        plain.Json.GetArrayLength().ShouldBe(300);
        plain["Transfer-Encoding"].ShouldBe("chunked", "it is sent while it is read, and so has no length");
        var documented = await archive.SendAsync("GET /query", "application/json");
        Regex.Count(documented.Json.GetProperty("body").GetString()!, @"\('swe', ").ShouldBe(300);
        (await archive.QueryAsync("")).Select(record => record.Seq).Order().ShouldBe(Enumerable.Range(1, 300).Select(i => (long)i));
    }

    private static string Next(Answer answer) => NextLink().Match(answer["Link"]!).Groups["url"].Value;

    [GeneratedRegex("^<(?<url>[^>]+)>; rel=\"next\"$")]
    private static partial Regex NextLink();
}
