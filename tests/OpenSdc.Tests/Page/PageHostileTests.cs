using System.Diagnostics;
using System.Text;
using Microsoft.Playwright;
using OpenSdc.Tests.Access;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Page;

/// <summary>
/// What an uploader, or the author of a link, writes is text wherever the page shows it, and one word
/// wherever a line of it is pasted.
/// </summary>
public sealed class PageHostileTests(BrowserFixture browser, ClosedArchive closed)
    : IClassFixture<BrowserFixture>,
        IClassFixture<ClosedArchive>
{
    private const string Mission = """
        {
          "mission": "moth", "root": "moth/", "fields": { "instrument": ["cam"], "extension": ["fits"] },
          "families": [
            { "name": "images", "key": "moth/{start:yyyy}/{name}", "conventions": [{ "name": "one", "template": "moth_{instrument}_{target:text}_{start:date}_{version=v{minor:digits(1)}}.{extension}" }] },
          ],
        }
        """;

    private static readonly string[] Texts =
    [
        "<script>alert(1)",
        "'\"><blink>x",
        "=HYPERLINK(1)&amp;",
        "javascript:alert(3)",
        "$(touch${IFS}pwned)`id`;''!",
        "-o",
    ];

    [Fact]
    public async Task Own_fields_and_names_are_text_on_every_view_and_on_pages_of_errors()
    {
        var mission = Path.GetTempFileName();
        await File.WriteAllTextAsync(mission, Mission, TestContext.Current.CancellationToken);
        try
        {
            await using var archive = await RunningArchive.StartAsync(options => options with { Mission = mission });
            var targets = Texts.Append(new string('W', 180)).ToList();
            var names = targets.Select(each => $"moth_cam_{each}_20260101_v1.fits").ToList();
            foreach (var name in names)
                await archive.UploadAsync(Uri.EscapeDataString(name), [1]);
            await using var visit = await browser.VisitAsync(archive, "#/search?table=images&cols=file_path,target");
            var page = visit.Page;
            var tags = await TagsAsync("", "a clean view");
            foreach (var (name, target) in names.Zip(targets))
            {
                foreach (
                    var view in (string[])
                        [
                            "#/",
                            // The mission's only family is the one that is meant.
                            "#/search?cols=file_path,target",
                            $"#/search?target={Uri.EscapeDataString(target)}",
                            $"#/file/{Uri.EscapeDataString(name)}",
                        ]
                )
                {
                    await page.GotoAsync($"{archive.Address}/{view}");
                    await page.GetByText(target).Filter(new() { Visible = true }).First.WaitForAsync();
                    (await TagsAsync(target, view)).ShouldBe(tags, $"{view} made elements of {target}");
                }

                await page.GotoAsync(
                    $"{archive.Address}/download/{Uri.EscapeDataString(name.Replace("20260101", "20260102", StringComparison.Ordinal))}"
                );
                await page.Locator(".errorpage").WaitForAsync();
                (await TagsAsync(target, "an error")).ShouldBe(tags);
            }

            // Elements that only markup of somebody else would bring, and links that are more than addresses.
            async Task<int> TagsAsync(string target, string view)
            {
                (await page.Locator("a[href^='javascript:' i]").CountAsync()).ShouldBe(0, $"{view} of {target}");
                return await page.Locator("blink, [onerror], [onload], iframe, object, embed, script:not([src])").CountAsync();
            }
        }
        finally
        {
            File.Delete(mission);
        }
    }

    [Fact]
    public async Task A_reason_is_text_on_the_tombstone_and_on_the_page_of_the_error()
    {
        const string Reason = "<b>wrong</b> javascript:alert(1) \"'&lt; <a href='https://elsewhere.example/'>here</a>";
        const string Name = "imap_swe_l1a_hostile-reason_20260301_v001.cdf";
        var archive = closed.Archive;
        var url = await archive.SendAsync($"GET /upload/{Name}", headers: closed.Admin);
        (await archive.PutAsync(url.Json.GetString()!, [1])).Status.ShouldBe(201);
        (await archive.SendAsync($"POST /release?filename={Name}", headers: closed.Admin)).Status.ShouldBe(200);
        (
            await archive.SendAsync($"POST /withdraw?filename={Name}&reason={Uri.EscapeDataString(Reason)}", headers: closed.Admin)
        ).Status.ShouldBe(200);
        foreach (var view in (string[])[$"#/file/{Name}", $"download/{Name}"])
        {
            await using var visit = await browser.VisitAsync(archive, view);
            await visit.Page.GetByText(Reason).First.WaitForAsync();
            (await visit.Page.Locator("main b, main a[href*=elsewhere]").CountAsync()).ShouldBe(0, view);
        }
    }

    [Theory]
    [InlineData("\u202egnp.exe")]
    [InlineData("two\u2028lines")]
    [InlineData("hidden\u200btext")]
    [InlineData("isolated\u2066text")]
    [InlineData("\u001b[2J")]
    public async Task A_reason_that_turns_or_hides_text_is_refused(string reason)
    {
        var answer = await closed.Archive.SendAsync(
            $"POST /withdraw?filename=imap_swe_l1a_any_20260301_v001.cdf&reason={Uri.EscapeDataString(reason)}",
            headers: closed.Admin
        );
        answer.Status.ShouldBe(400);
        answer.Text.ShouldContain("one line of visible text");
    }

    [Theory]
    [InlineData("it's")]
    [InlineData("$(touch pwned)`touch pwned`")]
    [InlineData("'; touch pwned; '")]
    [InlineData("a\nb")]
    [InlineData("\"\\'!${IFS}&|<>")]
    public async Task A_value_stays_one_word_of_the_lines_to_copy(string value)
    {
        await using var visit = await browser.VisitAsync(
            closed.Archive,
            $"#/search?descriptor={Uri.EscapeDataString(value)}&remark={Uri.EscapeDataString(value)}"
        );
        await visit.Page.GetByText("The same search as code").ClickAsync();
        var lines = await visit.Page.Locator(".recipes pre").EvaluateAllAsync<string[]>("all => all.map(each => each.textContent)");
        var folder = Directory.CreateTempSubdirectory("opensdc-");
        try
        {
            // In place of the programs, one that writes its words, each on a line of its own, to a file.
            foreach (var program in (string[])["curl", "sdc", "wget", "sha256sum"])
            {
                var path = Path.Combine(folder.FullName, program);
                await File.WriteAllTextAsync(
                    path,
                    $"#!/bin/sh\nfor word in \"$@\"; do printf '%s\\0' \"$word\" >> words.{program}; done\n",
                    TestContext.Current.CancellationToken
                );
                if (!OperatingSystem.IsWindows())
                    File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.UserWrite);
            }

            foreach (var shell in (string[])["sh", "bash"])
            {
                await RunAsync(shell, lines[0]);
                (await WordsAsync("curl")).ShouldBe(["-s", $"{closed.Archive.Address}/query?{Form("descriptor")}&{Form("remark")}"]);
                await RunAsync(shell, lines[1]);
                var words = await WordsAsync("sdc");
                words[..3].ShouldBe(["query", "--url", closed.Archive.Address]);
                string.Join('=', words[3..]).ShouldBe($"--descriptor={value}=--where=remark={value}");
                await RunAsync(shell, lines[3]);
                (await WordsAsync("curl")).ShouldBe(
                    ((string[])["urls", "sha256sum"]).SelectMany(format =>
                        (string[])["-s", $"{closed.Archive.Address}/query?{Form("descriptor")}&{Form("remark")}&format={format}"]
                    )
                );
                (await WordsAsync("wget")).ShouldBe(["--content-disposition", "-i", "-"]);
                File.Exists(Path.Combine(folder.FullName, "pwned")).ShouldBeFalse();
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }

        // As a form writes it.
        string Form(string name) =>
            $"{name}={Uri.EscapeDataString(value).Replace("%20", "+", StringComparison.Ordinal).Replace("'", "%27", StringComparison.Ordinal).Replace("!", "%21", StringComparison.Ordinal).Replace("~", "%7E", StringComparison.Ordinal)}";

        async Task RunAsync(string shell, string line)
        {
            var start = new ProcessStartInfo(shell, ["-c", line]) { WorkingDirectory = folder.FullName, UseShellExecute = false };
            start.Environment["PATH"] = folder.FullName + ":/usr/bin:/bin";
            using var process = Process.Start(start)!;
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            process.ExitCode.ShouldBe(0, line);
        }

        async Task<string[]> WordsAsync(string program)
        {
            var path = Path.Combine(folder.FullName, $"words.{program}");
            var words = Encoding.UTF8.GetString(await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken));
            File.Delete(path);
            return words.Split('\0')[..^1];
        }
    }
}
