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
