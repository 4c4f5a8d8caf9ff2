using System.Text;
using Microsoft.Playwright;
using OpenSdc.Tests.Access;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Page;

/// <summary>Every journey with the keyboard alone, as everybody who may come: what a caller may not do or see is not there.</summary>
public sealed class PageRolesTests(BrowserFixture browser, ClosedArchive closed)
    : IClassFixture<BrowserFixture>,
        IClassFixture<ClosedArchive>
{
    private readonly RunningArchive archive = closed.Archive;

    public enum Role
    {
        Anonymous,
        Reader,
        Uploader,
        Administrator,
    }

    [Theory]
    [InlineData(Role.Anonymous)]
    [InlineData(Role.Reader)]
    [InlineData(Role.Uploader)]
    [InlineData(Role.Administrator)]
    public async Task Every_journey_goes_with_the_keyboard_alone_as_far_as_the_caller_may_go(Role role)
    {
        // A released file, and one that is not, of a product that no other role has.
        var product = $"keys{role}".ToLowerInvariant();
        var (open, held) = ($"imap_mag_l2_{product}_20260301_v001.cdf", $"imap_mag_l2_{product}_20260302_v001.cdf");
        foreach (var name in (string[])[open, held])
            (
                await archive.PutAsync(
                    (await archive.SendAsync($"GET /upload/{name}", headers: closed.Admin)).Json.GetString()!,
                    Encoding.ASCII.GetBytes(name)
                )
            ).Status.ShouldBe(201);
        (
            await archive.SendAsync("POST /release", content: new FormUrlEncodedContent([new("filename", open)]), headers: closed.Admin)
        ).Status.ShouldBe(200);
        var (reads, uploads, curates) = (
            role is not (Role.Anonymous or Role.Uploader),
            role is Role.Uploader or Role.Administrator,
            role is Role.Administrator
        );
        await using var visit = await browser.VisitAsync(archive, "#/");
        var page = visit.Page;

        if (role != Role.Anonymous)
        {
            var (_, key) = role switch
            {
                Role.Reader => await closed.KeyAsync("read"),
                Role.Uploader => await closed.KeyAsync("upload"),
                _ => closed.Admin,
            };
            await visit.PressAtAsync("nav a[href='#/access']");
            await visit.TabToAsync("#key");
            await page.Keyboard.TypeAsync(key);
            await page.Keyboard.PressAsync("Enter");
            await page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).WaitForAsync();
        }

        // The start: its products, and the box.
        await visit.PressAtAsync("#name", back: true);
        await page.Locator(".card li", new() { HasText = product }).WaitForAsync();
        (await page.Locator("nav a[href='#/upload']").IsVisibleAsync()).ShouldBe(uploads);
        await visit.TabToAsync("#q");
        await page.Keyboard.TypeAsync($"mag l2 {product}");
        await page.Keyboard.PressAsync("Enter");

        // The search: its list, its marks, and what may be done to it.
        await page.Locator(".results [role=status]").GetByText(reads ? "2 files" : "1 file").WaitForAsync();
        await Assertions.Expect(page.Locator("[role=columnheader]", new() { HasText = "Released" })).ToHaveCountAsync(reads ? 1 : 0);
        await Assertions.Expect(page.GetByText("Release them")).ToHaveCountAsync(curates ? 1 : 0);
        await visit.TabToAsync(".vtable");
        if (reads)
        {
            await page.Keyboard.PressAsync("ArrowDown");
            await page.Locator("#row1[aria-selected=true]").WaitForAsync();
            await page.Keyboard.PressAsync("Home");
        }

        await page.Keyboard.PressAsync("Enter");

        // A file: its record, its history, its bytes.
        await page.GetByRole(AriaRole.Heading, new() { Name = open }).WaitForAsync();
        await Assertions.Expect(page.GetByText("Withdraw", new() { Exact = true })).ToHaveCountAsync(uploads ? 1 : 0);
        await page.Locator(".history li", new() { HasText = "released" }).WaitForAsync();
        await visit.TabToAsync("a[download]");
        (await page.RunAndWaitForDownloadAsync(() => page.Keyboard.PressAsync("Enter"))).SuggestedFilename.ShouldBe(open);

        // The coverage: from all products to a product, a month, a day, and its files.
        await visit.PressAtAsync("nav a[href='#/coverage']", back: true);
        await visit.PressAtAsync($"th a[href*='descriptor={product}']");
        await visit.PressAtAsync("a[aria-label='Mar 2026']");
        await page.Locator(".days a").First.WaitForAsync();
        await Assertions.Expect(page.Locator(".days a")).ToHaveCountAsync(reads ? 2 : 1);
        await Assertions.Expect(page.GetByText("v001, not released")).ToHaveCountAsync(reads ? 1 : 0);
        await visit.PressAtAsync(".days a");
        await page.Locator(".results [role=status]").GetByText("1 file").WaitForAsync();
        page.Url.ShouldContain("start_date=20260301&end_date=20260301");

        // What is not open to the caller is as a file that never was.
        await page.GotoAsync($"{archive.Address}/#/file/{held}");
        await page.GetByRole(AriaRole.Heading, new() { Name = reads ? held : "There is no such file" }).WaitForAsync();

        if (uploads)
        {
            // Listened for before the key: on a busy machine the browser may open it before it hears that somebody waits.
            var opened = new TaskCompletionSource<IFileChooser>(TaskCreationOptions.RunContinuationsAsynchronously);
            page.FileChooser += (_, chooser) => opened.TrySetResult(chooser);
            await visit.PressAtAsync("nav a[href='#/upload']");
            await visit.TabToAsync("#files");
            await page.Keyboard.PressAsync("Enter");
            var chosen = await opened.Task.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
            await chosen.SetFilesAsync(new FilePayload { Name = $"imap_mag_l2_{product}_20260303_v001.cdf", MimeType = "", Buffer = [7] });
            await page.Locator("tr.ready").WaitForAsync();
            await visit.PressAtAsync("button.main:not([hidden])");
            await page.Locator("tr.published").WaitForAsync();
        }
        else
        {
            await page.GotoAsync($"{archive.Address}/#/upload");
            await visit.Main.GetByText("Sign in with a key that may upload.").WaitForAsync();
        }

        if (curates)
        {
            await page.GotoAsync($"{archive.Address}/#/file/{held}");
            await page.GetByText("not released", new() { Exact = true }).WaitForAsync();
            await visit.PressAtAsync("button[data-deed=release]");
            await page.Locator("button[data-deed=unrelease]").WaitForAsync();
            await visit.PressAtAsync("summary:has(+ form)");
            await visit.TabToAsync("#reason");
            await page.Keyboard.TypeAsync("a wrong calibration");
            await visit.TabToAsync("#other");
            await page.Keyboard.TypeAsync(open);
            await page.Keyboard.PressAsync("Enter");
            await page.GetByRole(AriaRole.Heading, new() { Name = "Withdrawn" }).WaitForAsync();
            await visit.PressAtAsync($".tombstone a[href$='{open}']");
            await page.GetByRole(AriaRole.Heading, new() { Name = open }).WaitForAsync();
        }

        // The status, and the audit for administrators alone.
        await visit.PressAtAsync("nav a[href='#/status']", back: true);
        await page.Locator(".bars").WaitForAsync();
        if (curates)
        {
            await visit.TabToAsync("#audit-target");
            await page.Keyboard.TypeAsync($"*{held}");
            await page.Keyboard.PressAsync("Enter");
            await page.Locator("tbody tr", new() { HasText = "withdraw" }).WaitForAsync();
        }
        else
        {
            await Assertions.Expect(page.Locator("#audit-target")).ToHaveCountAsync(0);
        }
    }
}
