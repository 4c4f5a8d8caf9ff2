using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Microsoft.Playwright;
using OpenSdc.Tests.Cli;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Page;

/// <summary>What breaks off in the middle goes on: a server that is killed and started again, and a tab that is loaded anew.</summary>
public sealed class PageInterruptionTests(BrowserFixture browser) : IClassFixture<BrowserFixture>, IAsyncDisposable
{
    // Beside the whole suite, a page takes its time.
    private static readonly LocatorAssertionsToHaveCountOptions Patient = new() { Timeout = 60_000 };

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("opensdc-");
    private readonly int port = FreePort();
    private SdcProcess? server;

    private string Address => $"http://127.0.0.1:{port}";

    [Fact]
    public async Task An_upload_in_parts_goes_on_when_the_server_is_killed_and_when_the_tab_is_loaded_anew()
    {
        await StartAsync();
        var bytes = new byte[100_000_000];
        new Random(1).NextBytes(bytes);
        var (killed, reloaded) = (
            Write("imap_swe_l1a_killed_20260301_v001.cdf", bytes),
            Write("imap_swe_l1a_reloaded_20260301_v001.cdf", bytes)
        );
        await using var visit = await browser.VisitAsync(Address, "#/upload", null);
        var page = visit.Page;
        var (parts, holds) = (0, false);
        var restarted = Task.CompletedTask;
        var held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await page.RouteAsync("**/parts/*", async route =>
        {
            switch (Interlocked.Increment(ref parts))
            {
                case 2 when !holds:
                    // One part is on its way when the server dies.
                    restarted = RestartAsync();
                    await restarted;
                    await route.AbortAsync();
                    break;
                case 2:
                    // This part never arrives: the tab is loaded anew before it does.
                    held.SetResult();
                    break;
                default:
                    await route.ContinueAsync();
                    break;
            }
        });
        await UploadAsync(page, killed);
        await page.Locator("tr.published").WaitForAsync(new() { Timeout = 120_000 });
        await restarted;
        parts.ShouldBeGreaterThan(2);
        await ShouldBeWholeAsync(Path.GetFileName(killed), bytes);

        (parts, holds) = (0, true);
        await UploadAsync(page, reloaded);
        var first = await page.WaitForResponseAsync(response => response.Request.Method == "PUT", new() { Timeout = 120_000 });
        first.Ok.ShouldBeTrue();
        await held.Task;
        await page.ReloadAsync();
        holds = false;
        var before = Interlocked.Exchange(ref parts, 10);
        before.ShouldBe(2);
        // The same file, dropped again.
        await UploadAsync(page, reloaded);
        await page.Locator("tr.published").WaitForAsync(new() { Timeout = 120_000 });
        parts.ShouldBe(11, "only the part that was missing is sent");
        await ShouldBeWholeAsync(Path.GetFileName(reloaded), bytes);
        (await page.EvaluateAsync<int>("sessionStorage.length + localStorage.length + document.cookie.length")).ShouldBe(0);
    }

    [Fact]
    public async Task A_search_and_the_news_go_on_when_the_server_is_killed_and_when_the_line_is_gone()
    {
        await StartAsync();
        using var client = ClientOf();
        await client.UploadAsync(Write("imap_swe_l1a_sci_20260301_v001.cdf", [1]), cancel: TestContext.Current.CancellationToken);
        await using var visit = await browser.VisitAsync(Address, "#/", null);
        var page = visit.Page;
        await page.Locator(".arrivals a").WaitForAsync();

        // The server is killed between the page and the search.
        await server!.DisposeAsync();
        await page.GetByText("No connection; trying again").WaitForAsync();
        await page.Locator("#q").FillAsync("swe l1a");
        await page.Keyboard.PressAsync("Enter");
        await visit.Main.GetByRole(AriaRole.Alert).WaitForAsync();
        await StartAsync();
        await visit.PressAtAsync("main .fault button");
        await page.GetByText("1 file", new() { Exact = true }).WaitForAsync();

        // The line is gone while the list is looked at; what came meanwhile is told when it is back.
        await page.Context.SetOfflineAsync(true);
        await page.GetByText("No connection; trying again").WaitForAsync();
        await client.UploadAsync(Write("imap_swe_l1a_sci_20260302_v001.cdf", [2]), cancel: TestContext.Current.CancellationToken);
        await page.Context.SetOfflineAsync(false);
        await page.GetByRole(AriaRole.Button, new() { Name = "The archive has changed: search again" }).ClickAsync();
        await page.GetByText("2 files", new() { Exact = true }).WaitForAsync();

        // A view that was asked for without a line comes by itself with the line, and so does what arrived.
        await page.Context.SetOfflineAsync(true);
        await page.Locator("nav").GetByText("Coverage").ClickAsync();
        await visit.Main.GetByRole(AriaRole.Alert).GetByText("The archive does not answer").WaitForAsync();
        await page.Context.SetOfflineAsync(false);
        await visit.Main.GetByRole(AriaRole.Heading, new() { Name = "Coverage" }).WaitForAsync();
        await page.Locator("#name").ClickAsync();
        await page.Locator(".arrivals a").First.WaitForAsync();
        await page.Context.SetOfflineAsync(true);
        await page.GetByText("No connection; trying again").WaitForAsync();
        await client.UploadAsync(Write("imap_swe_l1a_sci_20260303_v001.cdf", [3]), cancel: TestContext.Current.CancellationToken);
        await page.Context.SetOfflineAsync(false);
        await page.Locator(".arrivals a", new() { HasText = "imap_swe_l1a_sci_20260303_v001.cdf" }).WaitForAsync();
    }

    [Fact]
    public async Task Uploads_wait_while_there_is_no_line_and_go_on_when_it_is_back()
    {
        const int Small = 8;
        await StartAsync();
        var bytes = new byte[100_000_000];
        new Random(1).NextBytes(bytes);
        string[] paths =
        [
            Write("imap_swe_l1a_large_20260301_v001.cdf", bytes),
            .. Enumerable.Range(1, Small).Select(day => Write($"imap_swe_l1a_small_202603{day:D2}_v001.cdf", [(byte)day])),
        ];
        await using var visit = await browser.VisitAsync(Address, "#/upload", null);
        var page = visit.Page;
        var offline = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var (parts, small) = (0, 0);
        await page.RouteAsync(
            url => new Uri(url).AbsolutePath.Contains("/objects/", StringComparison.Ordinal) || url.Contains("/parts/", StringComparison.Ordinal),
            async route =>
            {
                // The first small file and the first part arrive; what follows is on its way when the line goes.
                if (route.Request.Url.Contains("/parts/", StringComparison.Ordinal))
                {
                    if (Interlocked.Increment(ref parts) == 2)
                    {
                        await page.Context.SetOfflineAsync(true);
                        offline.SetResult();
                    }
                }
                else if (Interlocked.Increment(ref small) > 1)
                    await offline.Task;
                await route.ContinueAsync();
            }
        );
        await page.SetInputFilesAsync("#files", paths);
        await Assertions.Expect(page.Locator("tr.ready")).ToHaveCountAsync(paths.Length, Patient);
        await page.Clock.InstallAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Upload", Exact = true }).ClickAsync();
        await offline.Task;
        var waiting = page.Locator("tr.sending", new() { HasText = "Trying again." });
        await Assertions.Expect(waiting).ToHaveCountAsync(3, Patient);
        // However long it lasts, nothing fails.
        for (var minute = 0; minute < 20; minute++)
        {
            await page.Clock.FastForwardAsync(60_000);
            await Assertions.Expect(waiting).ToHaveCountAsync(3, Patient);
        }

        await page.Context.SetOfflineAsync(false);
        await Assertions.Expect(page.Locator("tr.published")).ToHaveCountAsync(paths.Length, Patient);
        await page.GetByRole(AriaRole.Button, new() { Name = "Copy the summary" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Copied" }).WaitForAsync();
        var summary = (await page.EvaluateAsync<string>("navigator.clipboard.readText()")).TrimEnd().Split('\n');
        summary.Length.ShouldBe(paths.Length + 1);
        foreach (var path in paths)
        {
            var sent = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);
            await ShouldBeWholeAsync(Path.GetFileName(path), sent);
            var line = $"{Path.GetFileName(path)}\t{sent.Length}\t{Convert.ToHexStringLower(SHA256.HashData(sent))}\tpublished change ";
            summary.ShouldContain(each => each.StartsWith(line, StringComparison.Ordinal), 1);
        }

        // Nothing was published twice: each file is one change.
        await page.Locator("#state").GetByText($"{paths.Length} files · change {paths.Length} ").WaitForAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (server is not null)
            await server.DisposeAsync();
        folder.Delete(recursive: true);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static async Task UploadAsync(IPage page, string path)
    {
        await page.SetInputFilesAsync("#files", path);
        await page.Locator("tr.ready").WaitForAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Upload", Exact = true }).ClickAsync();
    }

    private string Write(string name, byte[] bytes)
    {
        var path = Path.Combine(folder.FullName, name);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    private OpenSdc.Client.SdcClient ClientOf() => OpenSdc.Tests.Client.ClientFixture.ClientOf(new Uri(Address), options => options);

    private async Task ShouldBeWholeAsync(string name, byte[] bytes)
    {
        using var client = ClientOf();
        (await client.FindAsync(name, TestContext.Current.CancellationToken))
            .ShouldNotBeNull()
            .Sha256.ShouldBe(Convert.ToHexStringLower(SHA256.HashData(bytes)));
    }

    private async Task StartAsync()
    {
        server = SdcProcess.Start(folder.FullName, $"serve --urls {Address} --data data");
        await server.AddressAsync();
    }

    private async Task RestartAsync()
    {
        await server!.DisposeAsync();
        await StartAsync();
    }
}
