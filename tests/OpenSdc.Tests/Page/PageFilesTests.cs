using System.Text.RegularExpressions;
using OpenSdc.Contract.Naming;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Page;

/// <summary>The page as files: who gets it at <c>/</c>, what it weighs, and that it cannot make markup of a text.</summary>
public sealed partial class PageFilesTests(FoundingArchive founding) : IClassFixture<FoundingArchive>
{
    private const string Browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

    private readonly RunningArchive archive = founding.Archive;

    [Theory]
    [InlineData(null)]
    [InlineData("*/*")]
    [InlineData("application/json")]
    [InlineData("text/html;q=0, */*")]
    public async Task Programs_get_the_mission_and_the_routes(string? accept)
    {
        var answer = await archive.SendAsync("GET /", accept);
        answer.Status.ShouldBe(200);
        answer["Content-Type"].ShouldStartWith("application/json");
        answer["Vary"]!.Split(", ").ShouldContain("Accept");
        answer.Json.GetProperty("mission").GetString().ShouldBe("imap");
        answer
            .Json.GetProperty("families")
            .EnumerateArray()
            .Select(each => each.GetProperty("name").GetString())
            .ShouldBe(Mission.Imap.Families.Select(each => each.Name));
        answer.Json.GetProperty("routes").GetProperty("query").GetString().ShouldBe("/query");
    }

    [Fact]
    public async Task Browsers_get_the_page_under_a_strict_policy()
    {
        var answer = await archive.SendAsync("GET /", Browser);
        answer.Status.ShouldBe(200);
        answer["Content-Type"].ShouldBe("text/html; charset=utf-8");
        answer["Content-Security-Policy"].ShouldStartWith("default-src 'self'; ");
        answer["Content-Security-Policy"]!.ShouldNotContain("unsafe");
        answer["X-Content-Type-Options"].ShouldBe("nosniff");

        var again = await archive.SendAsync("GET /", Browser, headers: ("If-None-Match", answer["ETag"]!));
        again.Status.ShouldBe(304);
        (await archive.SendAsync("HEAD /", Browser))["ETag"].ShouldBe(answer["ETag"]);
    }

    [Fact]
    public async Task Every_file_is_served_with_its_type_and_tag_and_all_are_small()
    {
        var all = 0;
        foreach (var path in Directory.EnumerateFiles(Folder()))
        {
            var name = Path.GetFileName(path);
            all += (int)new FileInfo(path).Length;
            var answer = await archive.SendAsync($"GET /page/{name}");
            answer.Status.ShouldBe(200, name);
            answer.Bytes.ShouldBe(await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken), name);
            answer["ETag"]!.ShouldMatch("^\"[0-9a-f]{32}\"$");
            answer["Cache-Control"].ShouldBe("no-cache");
        }

        all.ShouldBeInRange(10_000, 150_000);
        (await archive.SendAsync("GET /page/nothing.js")).Status.ShouldBe(404);
    }

    /// <summary>Whatever a name, a descriptor or a reason holds: the page makes elements from text.</summary>
    [Fact]
    public void No_text_is_ever_read_as_markup_and_nothing_comes_from_elsewhere()
    {
        foreach (var path in Directory.EnumerateFiles(Folder()))
        {
            var text = File.ReadAllText(path);
            MakesMarkup().Matches(text).Select(each => each.Value).ShouldBeEmpty(path);
            Elsewhere().Matches(text).Select(each => each.Value).Where(each => each != "http://www.w3.org").ShouldBeEmpty(path);
        }
    }

    private static string Folder() => Path.Combine(Root(), "src/OpenSdc.Server/wwwroot");

    /// <summary>Where the sources are.</summary>
    internal static string Root()
    {
        for (var folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(Path.Combine(folder, "OpenSdc.slnx")))
                return folder;
        }

        throw new InvalidOperationException("The sources are not above the tests.");
    }

    [GeneratedRegex(
        @"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|createContextualFragment|srcdoc|setHTML|\beval\(|new Function|<script(?! type=""module"" src)|\sstyle=|\son\w+="""
    )]
    private static partial Regex MakesMarkup();

    [GeneratedRegex(@"https?://[a-z0-9.-]+|(?<=[""'(])//[a-z]")]
    private static partial Regex Elsewhere();
}
