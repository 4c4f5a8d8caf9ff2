using Microsoft.Playwright;
using OpenSdc.Tests.Access;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Page;

/// <summary>The page of an archive with access control: what a caller may not do is not offered, and a key counts for its tab.</summary>
public sealed class PageAccessTests(PageFixture fixture, ClosedArchive closed) : IClassFixture<PageFixture>, IClassFixture<ClosedArchive>
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
        await page.GetByRole(AriaRole.Alert).WaitForAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Sign in" }).WaitForAsync();

        await page.GetByLabel("API key").FillAsync(key);
        await page.Keyboard.PressAsync("Enter");
        await page.GetByText("reads unreleased files too; uploads").WaitForAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Upload" }).ClickAsync();
        await page.SetInputFilesAsync("#files", new FilePayload { Name = "imap_swe_l1a_keyed_20260301_v001.cdf", MimeType = "", Buffer = [1, 2] });
        await page.GetByRole(AriaRole.Button, new() { Name = "Upload", Exact = true }).ClickAsync();
        await page.Locator("tr.published").WaitForAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "See imap_swe_l1a_keyed_20260301_v001.cdf" }).ClickAsync();
        var saved = await page.RunAndWaitForDownloadAsync(() => page.GetByRole(AriaRole.Link, new() { Name = "Download" }).ClickAsync());
        saved.SuggestedFilename.ShouldBe("imap_swe_l1a_keyed_20260301_v001.cdf");

        await page.GotoAsync($"{archive.Address}/#/access");
        await page.GetByRole(AriaRole.Button, new() { Name = "Forget the key" }).ClickAsync();
        await page.GetByText("You see what is released.").WaitForAsync();
        (await page.EvaluateAsync<int>("sessionStorage.length + localStorage.length + document.cookie.length")).ShouldBe(0);
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
        await visit.Page.GetByRole(AriaRole.Button, new() { Name = "Forget the key" }).ClickAsync();
        await visit.Page.GetByText("You see what is released.").WaitForAsync();
    }
}
