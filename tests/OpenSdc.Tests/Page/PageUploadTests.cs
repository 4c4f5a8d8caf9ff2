using System.Security.Cryptography;
using System.Text;
using Microsoft.Playwright;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Page;

/// <summary>Files that are dropped on the page.</summary>
public sealed class PageUploadTests(PageFixture fixture) : IClassFixture<PageFixture>
{
    // Beside the whole suite, a page takes its time.
    private static readonly LocatorAssertionsToHaveCountOptions Patient = new() { Timeout = 60_000 };

    private readonly RunningArchive archive = fixture.Archive;

    [Fact]
    public async Task Names_are_explained_part_by_part_and_good_files_are_published()
    {
        await using var visit = await fixture.VisitAsync("#/upload");
        var page = visit.Page;
        var there = "imap_swe_l1a_there_20260301_v001.cdf";
        await archive.UploadAsync(there, [1, 2, 3]);
        await page.SetInputFilesAsync("#files", new FilePayload[]
        {
            new() { Name = "imap_swe_l1a_dropped_20260301_v001.cdf", MimeType = "", Buffer = Encoding.ASCII.GetBytes("dropped") },
            new() { Name = "imap_swe_l9_dropped_20261301_v001.cdf", MimeType = "", Buffer = [1] },
            new() { Name = "imap_swe_l1a_empty_20260301_v001.cdf", MimeType = "", Buffer = [] },
            new() { Name = there, MimeType = "", Buffer = [1, 2, 3] },
        });
        var faults = page.Locator("tr.refused", new() { HasText = "imap_swe_l9_dropped" });
        await faults.GetByText("The data level 'l9' is not known").WaitForAsync();
        await faults.GetByText("20261301").First.WaitForAsync();
        await page.Locator("tr.refused", new() { HasText = "The file is empty." }).WaitForAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Upload", Exact = true }).ClickAsync();
        await page.Locator("tr.published", new() { HasText = "imap_swe_l1a_dropped" }).WaitForAsync();
        await page.Locator("tr.there", new() { HasText = there }).WaitForAsync();
        (await archive.QueryAsync("filename=imap_swe_l1a_dropped_20260301_v001.cdf"))[0]
            .Sha256.ShouldBe(Convert.ToHexStringLower(SHA256.HashData("dropped"u8)));
        (await archive.QueryAsync("filename=imap_swe_l1a_empty_20260301_v001.cdf")).ShouldBeEmpty();

        await page.GetByRole(AriaRole.Button, new() { Name = "Copy the summary" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Copied" }).WaitForAsync();
        var summary = await page.EvaluateAsync<string>("navigator.clipboard.readText()");
        summary.ShouldContain(
            $"imap_swe_l1a_dropped_20260301_v001.cdf\t7\t{Convert.ToHexStringLower(SHA256.HashData("dropped"u8))}\tpublished"
        );
        summary.Split('\n').Length.ShouldBe(6);
    }

    [Fact]
    public async Task Names_that_wait_to_be_checked_are_cancelled_for_good()
    {
        await using var visit = await fixture.VisitAsync("#/upload");
        var page = visit.Page;
        var holds = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await page.RouteAsync(
            "**/upload/*",
            async route =>
            {
                await holds.Task;
                await route.AbortAsync();
            }
        );
        await page.SetInputFilesAsync("#files", Dropped("waits", 12));
        await Assertions.Expect(page.Locator("tr.checking")).ToHaveCountAsync(6, Patient);
        await page.GetByRole(AriaRole.Button, new() { Name = "Cancel all" }).ClickAsync();
        holds.SetResult();
        await Assertions.Expect(page.Locator("tr.cancelled")).ToHaveCountAsync(12, Patient);
        await page.GetByRole(AriaRole.Button, new() { Name = "Clear the list" }).ClickAsync();
        await Assertions.Expect(page.Locator("tr.cancelled")).ToHaveCountAsync(0, Patient);
    }

    [Fact]
    public async Task What_failed_is_tried_again_a_few_at_once()
    {
        await using var visit = await fixture.VisitAsync("#/upload");
        var page = visit.Page;
        var isBroken = true;
        var holds = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await page.RouteAsync(
            url => url.Contains("again", StringComparison.Ordinal),
            async route =>
            {
                // A receipt of other bytes fails at once.
                if (route.Request.Method == "PUT" && isBroken)
                {
                    await route.FulfillAsync(new() { Status = 201, Body = """{"sha256":"00","seq":1}""" });
                    return;
                }

                if (route.Request.Method == "PUT")
                    await holds.Task;
                await route.ContinueAsync();
            }
        );
        await page.SetInputFilesAsync("#files", Dropped("again", 12));
        await Assertions.Expect(page.Locator("tr.ready")).ToHaveCountAsync(12, Patient);
        await page.GetByRole(AriaRole.Button, new() { Name = "Upload", Exact = true }).ClickAsync();
        await Assertions.Expect(page.Locator("tr.failed")).ToHaveCountAsync(12, Patient);
        isBroken = false;
        await page.GetByRole(AriaRole.Button, new() { Name = "Retry what failed" }).ClickAsync();
        await Assertions.Expect(page.Locator("tr.sending")).ToHaveCountAsync(3, Patient);
        await Assertions.Expect(page.Locator("tr.waiting")).ToHaveCountAsync(9, Patient);
        holds.SetResult();
        await Assertions.Expect(page.Locator("tr.published")).ToHaveCountAsync(12, Patient);
        (await archive.QueryAsync("descriptor=again")).Length.ShouldBe(12);
    }

    [Fact]
    public async Task A_refused_file_is_read_on_a_phone()
    {
        await using var visit = await fixture.VisitAsync(
            "#/upload",
            new()
            {
                ViewportSize = new() { Width = 360, Height = 900 },
            }
        );
        await visit.Page.SetInputFilesAsync(
            "#files",
            new FilePayload
            {
                Name = "imap_swe_l9_dropped_20261301_v001.cdf",
                MimeType = "",
                Buffer = [1],
            }
        );
        var row = visit.Page.Locator("tr.refused");
        await row.GetByText("The data level 'l9' is not known").WaitForAsync();
        (await row.BoundingBoxAsync())!.Height.ShouldBeLessThan(450);
        (await visit.Page.EvaluateAsync<int>("document.querySelector('.uploads').scrollWidth")).ShouldBeLessThanOrEqualTo(360);
        await visit.ShouldBeAccessibleAsync("a refused file");
    }

    [Fact]
    public async Task A_large_file_goes_in_parts_and_goes_on_where_the_line_broke()
    {
        var folder = Directory.CreateTempSubdirectory("opensdc-");
        try
        {
            var name = "imap_swe_l1a_large_20260301_v001.cdf";
            var bytes = new byte[100_000_000];
            new Random(1).NextBytes(bytes);
            await File.WriteAllBytesAsync(Path.Combine(folder.FullName, name), bytes, TestContext.Current.CancellationToken);
            await using var visit = await fixture.VisitAsync("#/upload");
            var page = visit.Page;
            var broken = 0;
            // The first sending of a part breaks off.
            await page.RouteAsync(
                "**/parts/*",
                route => Interlocked.Increment(ref broken) == 1 ? route.AbortAsync() : route.ContinueAsync()
            );
            await page.SetInputFilesAsync("#files", Path.Combine(folder.FullName, name));
            await page.GetByRole(AriaRole.Button, new() { Name = "Upload", Exact = true }).ClickAsync();
            await page.Locator("tr.published").WaitForAsync(new() { Timeout = 120_000 });
            broken.ShouldBeGreaterThan(2);
            (await archive.QueryAsync($"filename={name}"))[0].Sha256.ShouldBe(Convert.ToHexStringLower(SHA256.HashData(bytes)));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task A_server_that_restarts_in_the_middle_gets_the_file_all_the_same_and_a_cancelled_one_is_not_published()
    {
        await using var visit = await fixture.VisitAsync("#/upload");
        var page = visit.Page;
        var failures = 0;
        // As a server that goes away and comes back: the bytes are not taken, then they are.
        await page.RouteAsync(
            "**/objects/**",
            route =>
                Interlocked.Increment(ref failures) <= 2
                    ? route.FulfillAsync(
                        new()
                        {
                            Status = 503,
                            ContentType = "application/problem+json",
                            Body = """{"type":"urn:opensdc:problem:not-ready","status":503,"detail":"The archive is still starting."}""",
                        }
                    )
                    : route.ContinueAsync()
        );
        await page.SetInputFilesAsync(
            "#files",
            new FilePayload[]
            {
                new()
                {
                    Name = "imap_swe_l1a_patient_20260301_v001.cdf",
                    MimeType = "",
                    Buffer = [1, 2],
                },
                new()
                {
                    Name = "imap_swe_l1a_cancelled_20260301_v001.cdf",
                    MimeType = "",
                    Buffer = [3],
                },
            }
        );
        await page.GetByRole(AriaRole.Button, new() { Name = "Cancel imap_swe_l1a_cancelled_20260301_v001.cdf" }).ClickAsync();
        await page.Locator("tr.cancelled").WaitForAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Upload", Exact = true }).ClickAsync();
        await page.Locator("tr.published", new() { HasText = "patient" }).WaitForAsync();
        failures.ShouldBe(3);
        (await archive.QueryAsync("filename=imap_swe_l1a_cancelled_20260301_v001.cdf")).ShouldBeEmpty();
    }

    private static FilePayload[] Dropped(string descriptor, int count) =>
        [
            .. Enumerable
                .Range(1, count)
                .Select(day => new FilePayload
                {
                    Name = $"imap_swe_l1a_{descriptor}_202603{day:D2}_v001.cdf",
                    MimeType = "",
                    Buffer = [(byte)day],
                }),
        ];
}
