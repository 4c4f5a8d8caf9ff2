using System.Collections.Concurrent;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using OpenSdc.Cli.Demo;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Page;

/// <summary>An archive with the files of a demo, and a browser to look at it.</summary>
public sealed class PageFixture : BrowserFixture
{
    private const int Files = 4000;

    public RunningArchive Archive { get; private set; } = null!;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        Archive = await RunningArchive.StartAsync();
        await DemoArchive.FillAsync(Archive.Services, Files, CancellationToken.None);
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        if (Archive is not null)
            await Archive.DisposeAsync();
    }

    /// <summary>A window of a new visitor, at a view of the page such as <c>#/search</c>.</summary>
    public Task<Visit> VisitAsync(string view, BrowserNewContextOptions? options = null) => VisitAsync(Archive, view, options);
}

/// <summary>Debian's Chromium.</summary>
public class BrowserFixture : IAsyncLifetime
{
    private const string Chromium = "/usr/bin/chromium";

    private IPlaywright playwright = null!;
    public IBrowser Browser { get; private set; } = null!;

    public virtual async ValueTask InitializeAsync()
    {
        if (!File.Exists(Chromium))
            SharedData.SkipOrFail("Chromium is not installed (Debian: chromium).");
        playwright = await Playwright.CreateAsync();
        // The tests may run as root, and Chromium looks for nothing of its own.
        Browser = await playwright.Chromium.LaunchAsync(
            new()
            {
                ExecutablePath = Chromium,
                Args =
                [
                    "--no-sandbox",
                    "--disable-gpu",
                    "--disable-quic",
                    "--no-first-run",
                    "--disable-background-networking",
                    "--disable-component-update",
                    "--disable-sync",
                ],
            }
        );
    }

    public virtual async ValueTask DisposeAsync()
    {
        if (Browser is not null)
            await Browser.DisposeAsync();
        playwright?.Dispose();
        GC.SuppressFinalize(this);
    }

    public Task<Visit> VisitAsync(RunningArchive archive, string view, BrowserNewContextOptions? options = null, string? others = null) =>
        VisitAsync(archive.Address, view, options, others);

    /// <summary>A window of a new visitor at a view of the page at an address; it may also speak to others.</summary>
    public async Task<Visit> VisitAsync(string address, string view, BrowserNewContextOptions? options, string? others = null)
    {
        options ??= new();
        options.ViewportSize ??= new() { Width = 1400, Height = 1000 };
        options.Permissions = ["clipboard-read", "clipboard-write"];
        var context = await Browser.NewContextAsync(options);
        var visit = new Visit(context, await context.NewPageAsync(), address, others);
        await visit.Page.GotoAsync($"{address}/{view}");
        return visit;
    }
}

/// <summary>
/// One visit. When it ends, nothing was asked of another address, and the browser had nothing to complain of:
/// no error of a script, no violation of the policy.
/// </summary>
public sealed class Visit : IAsyncDisposable
{
    private readonly IBrowserContext context;
    private readonly ConcurrentQueue<string> faults = new();

    public Visit(IBrowserContext context, IPage page, string address, string? issuer = null)
    {
        (this.context, Page) = (context, page);
        // Beside the whole suite, a page takes its time.
        page.SetDefaultTimeout(60_000);
        page.Request += (_, request) =>
        {
            if (
                !request.Url.StartsWith(address + "/", StringComparison.Ordinal)
                && !request.Url.StartsWith($"blob:{address}/", StringComparison.Ordinal)
                && !(issuer is not null && request.Url.StartsWith(issuer + "/", StringComparison.Ordinal))
            )
                faults.Enqueue($"asked {request.Url}");
        };
        page.Console += (_, message) =>
        {
            // An answer that is an error is shown by the page; the browser says so as well.
            if (message.Type is "error" or "warning" && !message.Text.StartsWith("Failed to load resource", StringComparison.Ordinal))
                faults.Enqueue(message.Text);
        };
        page.PageError += (_, error) => faults.Enqueue(error);
        page.Dialog += (_, dialog) => faults.Enqueue($"a dialog: {dialog.Message}");
    }

    public IPage Page { get; }

    public ILocator Main => Page.Locator("main");

    /// <summary>
    /// Presses Tab, or Shift and Tab, until the focus is on what a selector names: it is reached with the
    /// keyboard alone.
    /// </summary>
    public async Task TabToAsync(string selector, bool back = false)
    {
        await Page.Locator(selector).First.WaitForAsync(new() { State = WaitForSelectorState.Attached });
        for (var i = 0; i < 400; i++)
        {
            await Page.Keyboard.PressAsync(back ? "Shift+Tab" : "Tab");
            if (await Page.EvaluateAsync<bool>("selector => document.activeElement.matches(selector)", selector))
            {
                (await Page.EvaluateAsync<bool>("document.activeElement.matches(':focus-visible')")).ShouldBeTrue(
                    $"{selector} shows no focus"
                );
                return;
            }
        }

        throw new ShouldAssertException($"Tab does not reach {selector}.");
    }

    /// <summary>The same, and presses a key there.</summary>
    public async Task PressAtAsync(string selector, string key = "Enter", bool back = false)
    {
        await TabToAsync(selector, back);
        await Page.Keyboard.PressAsync(key);
    }

    /// <summary>Nothing that axe finds stands in the way of anybody.</summary>
    public async Task ShouldBeAccessibleAsync(string where)
    {
        var result = await Page.RunAxe();
        result
            .Violations.Select(each =>
                $"{where}: {each.Id}: {each.Help}: {string.Join(" | ", each.Nodes.Take(3).Select(node => node.Html))}"
            )
            .ShouldBeEmpty();
    }

    public async ValueTask DisposeAsync()
    {
        await context.DisposeAsync();
        faults.ShouldBeEmpty();
    }
}
