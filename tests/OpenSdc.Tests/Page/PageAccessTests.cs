using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Playwright;
using OpenSdc.Server.Access;
using OpenSdc.Tests.Access;
using OpenSdc.Tests.Cli.SignIn;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Page;

/// <summary>The page of an archive with access control: what a caller may not do is not offered, and a key counts for its tab.</summary>
public sealed class PageAccessTests(BrowserFixture fixture, ClosedArchive closed)
    : IClassFixture<BrowserFixture>,
        IClassFixture<ClosedArchive>
{
    private readonly RunningArchive archive = closed.Archive;

    [Fact]
    public async Task A_key_counts_for_its_tab_until_it_is_forgotten()
    {
        var (_, key) = await closed.KeyAsync("read", "upload");
        await using var visit = await fixture.VisitAsync(archive, "#/access");
        var page = visit.Page;
        await page.GetByText("You see what is released.").WaitForAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Upload" }).WaitForAsync(new() { State = WaitForSelectorState.Hidden });

        await page.GetByLabel("API key").FillAsync("sdc_read_wrong");
        await page.Keyboard.PressAsync("Enter");
        (await page.GetByRole(AriaRole.Alert).InnerTextAsync()).ShouldNotContain("The archive answered");
        await page.GetByRole(AriaRole.Link, new() { Name = "Sign in" }).WaitForAsync();

        await page.GetByLabel("API key").FillAsync(key);
        await page.Keyboard.PressAsync("Enter");
        await page.GetByText("reads unreleased files too; uploads").WaitForAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Upload" }).ClickAsync();
        await page.SetInputFilesAsync(
            "#files",
            new FilePayload
            {
                Name = "imap_swe_l1a_keyed_20260301_v001.cdf",
                MimeType = "",
                Buffer = [1, 2],
            }
        );
        await page.GetByRole(AriaRole.Button, new() { Name = "Upload", Exact = true }).ClickAsync();
        await page.Locator("tr.published").WaitForAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "See imap_swe_l1a_keyed_20260301_v001.cdf" }).ClickAsync();
        var saved = await page.RunAndWaitForDownloadAsync(() => page.GetByRole(AriaRole.Link, new() { Name = "Download" }).ClickAsync());
        saved.SuggestedFilename.ShouldBe("imap_swe_l1a_keyed_20260301_v001.cdf");

        await page.GotoAsync($"{archive.Address}/#/access");
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        await page.GetByText("You see what is released.").WaitForAsync();
        (await page.EvaluateAsync<int>("sessionStorage.length + localStorage.length + document.cookie.length")).ShouldBe(0);
    }

    [Fact]
    public async Task Who_signs_in_sees_the_count_at_once_and_lines_to_copy_name_a_variable_for_the_key()
    {
        var name = "imap_mag_l2_counted_20260301_v001.cdf";
        (
            await archive.PutAsync((await archive.SendAsync($"GET /upload/{name}", headers: closed.Admin)).Json.GetString()!, [1, 2, 3])
        ).Status.ShouldBe(201);
        var (_, key) = await closed.KeyAsync("read");
        await using var visit = await fixture.VisitAsync(archive, "#/access");
        var page = visit.Page;
        // The clock of the page stands still: the five seconds until the header's next question never pass.
        await page.Clock.InstallAsync();
        await page.Clock.PauseAtAsync(DateTime.UtcNow.AddMinutes(1));
        await page.ReloadAsync();
        var before = await page.Locator("#state b").InnerTextAsync();
        await page.GetByLabel("API key").FillAsync(key);
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Locator("#state b")).Not.ToHaveTextAsync(before, new() { Timeout = 60_000 });
        await page.Clock.ResumeAsync();

        await page.GotoAsync($"{archive.Address}/#/search?instrument=mag");
        await page.GetByText("The same search as code").ClickAsync();
        var lines = string.Join('\n', await page.Locator(".recipes pre").AllInnerTextsAsync());
        lines.ShouldContain($"curl -s -H \"x-api-key: $OPENSDC_API_KEY\" '{archive.Address}/query?instrument=mag'");
        lines.ShouldContain("headers={\"x-api-key\": os.environ[\"OPENSDC_API_KEY\"]}");
        lines.ShouldContain("# with the variable OPENSDC_API_KEY set\nsdc query");
        lines.ShouldNotContain(key);

        await page.GotoAsync($"{archive.Address}/#/file/{name}");
        await page.GetByText("The same as code").ClickAsync();
        var line = await page.Locator(".recipes pre").First.InnerTextAsync();
        var folder = Directory.CreateTempSubdirectory("opensdc-");
        try
        {
            var start = new ProcessStartInfo("bash", ["-c", line])
            {
                WorkingDirectory = folder.FullName,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                UseShellExecute = false,
            };
            start.Environment["OPENSDC_API_KEY"] = key;
            using var process = Process.Start(start)!;
            var said = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            said.ShouldBe($"{name}: OK\n");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Who_may_not_upload_is_told_and_who_may_not_read_is_led_to_no_file()
    {
        await using (var anonymous = await fixture.VisitAsync(archive, "#/upload"))
        {
            await anonymous.Main.GetByText("Sign in with a key that may upload.").WaitForAsync();
            await Assertions.Expect(anonymous.Page.Locator(".drop")).ToHaveCountAsync(0);
        }

        var there = "imap_swe_l1a_theirs_20260301_v001.cdf";
        (
            await archive.PutAsync((await archive.SendAsync($"GET /upload/{there}", headers: closed.Admin)).Json.GetString()!, [1, 2, 3])
        ).Status.ShouldBe(201);
        var (_, (_, key)) = await closed.AddAsync("""{"owner":"a test","scopes":["upload"],"limits":{"instrument":["swe"]}}""");
        await using var visit = await fixture.VisitAsync(archive, "#/access");
        var page = visit.Page;
        await page.GetByLabel("API key").FillAsync(key);
        await page.Keyboard.PressAsync("Enter");
        // What the key is limited to is told.
        await page.Locator(".record > div", new() { HasText = "Uploads only" }).GetByText("instrument swe").WaitForAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Upload" }).ClickAsync();
        await page.SetInputFilesAsync("#files", new FilePayload[]
        {
            new() { Name = "imap_swe_l1a_unseen_20260301_v001.cdf", MimeType = "", Buffer = [1, 2] },
            new() { Name = there, MimeType = "", Buffer = [1, 2, 3] },
            new() { Name = "imap_mag_l1a_unseen_20260301_v001.cdf", MimeType = "", Buffer = [1, 2] },
        });
        await page.Locator("tr.refused", new() { HasText = "imap_mag" }).WaitForAsync();
        await page.Locator("tr.ready", new() { HasText = there }).WaitForAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Upload", Exact = true }).ClickAsync();
        await page.Locator("tr.published").WaitForAsync();
        // Who holds the same bytes learns that they are there, though no list of theirs has the file.
        await page.Locator("tr.there", new() { HasText = there }).WaitForAsync();
        await Assertions.Expect(page.GetByText("See it")).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task A_key_that_was_revoked_can_be_forgotten()
    {
        var (id, (_, key)) = await closed.AddAsync("""{"owner":"a test","scopes":["read"]}""");
        await using var visit = await fixture.VisitAsync(archive, "#/access");
        await visit.Page.GetByLabel("API key").FillAsync(key);
        await visit.Page.Keyboard.PressAsync("Enter");
        await visit.Page.GetByText("reads unreleased files too").WaitForAsync();
        (await archive.SendAsync($"DELETE /keys/{id}", headers: closed.Admin)).Status.ShouldBe(204);
        await visit.Page.ReloadAsync();
        await visit.Page.GetByRole(AriaRole.Alert).WaitForAsync();
        await visit.Page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        await visit.Page.GetByText("You see what is released.").WaitForAsync();
    }

    [Fact]
    public async Task Files_are_released_and_withdrawn_by_whoever_may_and_others_see_what_is_left()
    {
        var name = "imap_mag_l2_curated_20260301_v001.cdf";
        (
            await archive.PutAsync((await archive.SendAsync($"GET /upload/{name}", headers: closed.Admin)).Json.GetString()!, [1, 2, 3])
        ).Status.ShouldBe(201);
        await using var anonymous = await fixture.VisitAsync(archive, $"#/file/{name}");
        await anonymous.Page.GetByRole(AriaRole.Heading, new() { Name = "There is no such file" }).WaitForAsync();

        await using var administrator = await fixture.VisitAsync(archive, "#/access");
        var page = administrator.Page;
        await page.GetByLabel("API key").FillAsync(closed.Admin.Item2);
        await page.Keyboard.PressAsync("Enter");
        await page.GetByText("administers").WaitForAsync();
        await page.GotoAsync($"{archive.Address}/#/coverage?instrument=mag&data_level=l2&descriptor=curated&extension=cdf");
        await page.Locator(".hatch").WaitForAsync(new() { State = WaitForSelectorState.Attached });
        await page.GotoAsync($"{archive.Address}/#/file/{name}");
        await page.GetByText("not released", new() { Exact = true }).WaitForAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Release", Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Take the release back" }).WaitForAsync();
        await anonymous.Page.ReloadAsync();
        await anonymous.Page.GetByText("newest version").WaitForAsync();
        await Assertions.Expect(anonymous.Page.GetByText("Withdraw")).ToHaveCountAsync(0);

        const string Reason = "wrong <blink>&amp;units";
        await page.GetByText("Withdraw", new() { Exact = true }).ClickAsync();
        await page.GetByLabel("Reason, which everybody reads").FillAsync(Reason);
        await page.GetByRole(AriaRole.Button, new() { Name = "Withdraw the file" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Restore it" }).WaitForAsync();
        await anonymous.Page.ReloadAsync();
        await anonymous.Page.GetByRole(AriaRole.Heading, new() { Name = "Withdrawn" }).WaitForAsync();
        await anonymous.Page.Locator("dd", new() { HasText = Reason }).WaitForAsync();
        await Assertions.Expect(anonymous.Page.Locator("blink")).ToHaveCountAsync(0);
        await using (var gone = await fixture.VisitAsync(archive, $"download/{name}"))
        {
            await gone.Page.Locator(".errorpage").GetByText(Reason).WaitForAsync();
            await Assertions.Expect(gone.Page.Locator("blink")).ToHaveCountAsync(0);
        }

        await page.GetByRole(AriaRole.Button, new() { Name = "Restore it" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Take the release back" }).WaitForAsync();

        (await page.Locator(".history span").AllInnerTextsAsync()).ShouldBe([
            "published",
            "released",
            $"withdrawn: {Reason}",
            "given out again",
        ]);
        // The other window learns of it by itself.
        await anonymous.Page.GetByText("given out again").WaitForAsync();
        (await anonymous.Page.Locator(".history span").AllInnerTextsAsync()).ShouldBe([
            "published",
            "released",
            $"withdrawn: {Reason}",
            "given out again",
        ]);

        await page.GotoAsync($"{archive.Address}/#/search?descriptor=curated");
        await page.GetByText("Release", new() { Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Take the release back" }).ClickAsync();
        await page.GetByText("1 file of 1 changed.").WaitForAsync();
        (await archive.QueryAsync("descriptor=curated")).ShouldBeEmpty();

        await page.GotoAsync($"{archive.Address}/#/status");
        await page.GetByLabel("Target").FillAsync($"*{name}");
        await page.Keyboard.PressAsync("Enter");
        await page.WaitForURLAsync(url => url.Contains($"target=*{name}", StringComparison.Ordinal));
        await page.Locator("table tbody tr", new() { HasText = "withdraw" }).First.WaitForAsync();
        (await page.Locator("table tbody tr").AllInnerTextsAsync()).ShouldAllBe(line => line.Contains(name, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_person_signs_in_at_the_institute_and_its_token_says_what_may_be_done()
    {
        await using var issuer = await OidcIssuer.StartAsync(secondsOfToken: 600);
        await using var own = await RunningArchive.StartAsync(options =>
            options with
            {
                Open = false,
                OidcIssuer = issuer.Address.AbsoluteUri.TrimEnd('/'),
                OidcAudience = "https://sdc.example.org",
                OidcClientId = "page",
                OidcScopes = "opensdc",
                OidcRoles = TokenRole.Parse("opensdc=read+upload"),
            }
        );
        await using var context = await fixture.Browser.NewContextAsync();
        // The issuer's own pages want a font from elsewhere.
        await context.RouteAsync(url => !url.StartsWith("http://127.0.0.1:", StringComparison.Ordinal), route => route.AbortAsync());
        var page = await context.NewPageAsync();
        page.SetDefaultTimeout(60_000);
        var refused = new ConcurrentQueue<string>();
        page.Console += (_, message) =>
        {
            if (message.Text.Contains("Content Security Policy", StringComparison.Ordinal))
                refused.Enqueue(message.Text);
        };
        await page.GotoAsync($"{own.Address}/#/access");
        await page.GetByText("You see what is released.").WaitForAsync();

        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in at 127.0.0.1" }).ClickAsync();
        await page.Locator("input[name=login]").FillAsync("a-scientist");
        await page.Locator("input[name=password]").FillAsync("any");
        await page.Keyboard.PressAsync("Enter");
        await page.GetByRole(AriaRole.Button, new() { Name = "Continue" }).ClickAsync();

        await page.GetByText("reads unreleased files too; uploads").WaitForAsync();
        await page.GetByText($"a-scientist ({issuer.Address.AbsoluteUri.TrimEnd('/')})").First.WaitForAsync();
        page.Url.ShouldBe($"{own.Address}/#/access");
        (await page.EvaluateAsync<string>("sessionStorage.getItem('opensdc-sign-in') ?? ''")).ShouldBeEmpty();

        // The archive takes the token: the file is published, and seen though it is not released.
        var name = ArchiveFixture.NewName();
        await page.GetByRole(AriaRole.Link, new() { Name = "Upload" }).ClickAsync();
        await page.SetInputFilesAsync(
            "#files",
            new FilePayload
            {
                Name = name,
                MimeType = "",
                Buffer = [1, 2, 3],
            }
        );
        await page.GetByRole(AriaRole.Button, new() { Name = "Upload", Exact = true }).ClickAsync();
        await page.Locator("tr.published").WaitForAsync();
        await page.GotoAsync($"{own.Address}/#/file/{name}");
        await page.GetByText("not released").First.WaitForAsync();

        await page.GotoAsync($"{own.Address}/#/access");
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        await page.GetByText("You see what is released.").WaitForAsync();
        (await page.EvaluateAsync<int>("sessionStorage.length")).ShouldBe(0);
        await page.GotoAsync($"{own.Address}/#/file/{name}");
        await page.GetByRole(AriaRole.Heading, new() { Name = "There is no such file" }).WaitForAsync();
        refused.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_sign_in_that_this_tab_did_not_begin_is_refused()
    {
        await using var visit = await fixture.VisitAsync(archive, "?code=stolen&state=other");
        await visit.Page.GetByRole(AriaRole.Alert).GetByText("This sign-in was not begun in this tab.").WaitForAsync();
        visit.Page.Url.ShouldBe($"{archive.Address}/#/access");
    }
}
