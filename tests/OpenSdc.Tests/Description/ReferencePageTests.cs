using System.Collections.Concurrent;
using Microsoft.Playwright;
using OpenSdc.Tests.Deploy;
using OpenSdc.Tests.Page;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Description;

/// <summary>
/// The page <c>/docs</c> in a real browser: what its reader tries is sent and answered, and nothing is loaded
/// from elsewhere.
/// </summary>
public sealed class ReferencePageTests(BrowserFixture fixture) : IClassFixture<BrowserFixture>
{
    [Fact]
    public async Task What_its_reader_tries_is_answered()
    {
        await using var archive = await RunningArchive.StartAsync();
        await ShouldWorkAsync(archive, archive.Address);
    }

    [Fact]
    public async Task What_its_reader_tries_below_a_prefix_is_answered()
    {
        var port = NginxSite.FreePort();
        var address = $"http://127.0.0.1:{port}/science/archive";
        await using var archive = await RunningArchive.StartAsync(options => options with { PublicUrl = new Uri(address) });
        await using var site = await NginxSite.StartBelowAsync(archive.Endpoint, "/science/archive", port);
        await ShouldWorkAsync(archive, address);
    }

    private async Task ShouldWorkAsync(RunningArchive archive, string address)
    {
        var name = ArchiveFixture.NewName();
        await archive.UploadAsync(name, [1, 2, 3]);
        var page = await fixture.Browser.NewPageAsync(new() { ViewportSize = new() { Width = 1400, Height = 1000 } });
        // Beside the whole suite, a page takes its time.
        page.SetDefaultTimeout(120_000);
        var (asked, errors) = (new ConcurrentQueue<string>(), new ConcurrentQueue<string>());
        page.Request += (_, request) => asked.Enqueue(request.Url);
        page.Console += (_, message) =>
        {
            if (message.Type == "error")
                errors.Enqueue(message.Text);
        };
        page.PageError += (_, error) => errors.Enqueue(error);
        await page.GotoAsync(address + "/docs");

        (await TryAsync(page, "Ask for a URL to upload a file to", "/upload/{path}", address)).ShouldContain(address + "/objects/imap/");
        (await TryAsync(page, "Find files", "/query", address)).ShouldContain($"'{name.Split('_')[3]}'");
        (await TryAsync(page, "See which days have files", "/coverage", address)).ShouldContain("2026");

        asked.ShouldNotBeEmpty();
        string[] own = [address + "/", "data:", "blob:"];
        asked.Where(url => !own.Any(start => url.StartsWith(start, StringComparison.Ordinal))).ShouldBeEmpty();
        errors.ShouldBeEmpty();
    }

    /// <summary>
    /// Opens the form of an operation with its sample, sends it, and gives the body of the answer, which was
    /// a 200 both in fact and on the page.
    /// </summary>
    private static async Task<string> TryAsync(IPage page, string title, string path, string address)
    {
        await page.GetByRole(AriaRole.Link, new() { Name = title }).First.ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = $"Test Request (get {path})", Exact = true }).ClickAsync();
        var form = page.GetByRole(AriaRole.Dialog);
        var answer = await page.RunAndWaitForResponseAsync(
            () => form.GetByRole(AriaRole.Button, new() { Name = "Send get request" }).ClickAsync(),
            response => response.Request.ResourceType is "fetch" or "xhr");
        answer.Url.ShouldStartWith(address + path.Replace("{path}", "imap_", StringComparison.Ordinal));
        answer.Status.ShouldBe(200, await answer.TextAsync());
        await form.GetByText("200 OK").First.WaitForAsync();
        await page.Keyboard.PressAsync("Escape");
        await form.WaitForAsync(new() { State = WaitForSelectorState.Hidden });
        return await answer.TextAsync();
    }
}
