using System.Globalization;
using System.Text.Json;
using Microsoft.Playwright;
using OpenSdc.Cli.Demo;
using OpenSdc.Tests.Access;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Page;

/// <summary>
/// A large archive, half of it released, as each kind of caller sees it on the page: the numbers are those
/// that the API answers to that caller, and what is hidden from it is nowhere.
/// OPENSDC_PAGE_FILES in the environment sets how many files it has, such as 100000.
/// </summary>
public sealed class PageLargeArchiveTests(BrowserFixture browser, PageLargeArchiveTests.LargeArchive large)
    : IClassFixture<BrowserFixture>,
        IClassFixture<PageLargeArchiveTests.LargeArchive>
{
    private readonly RunningArchive archive = large.Archive;

    [Theory]
    [InlineData("anonymous", false)]
    [InlineData("reader", true)]
    [InlineData("uploader", false)]
    [InlineData("administrator", true)]
    public async Task Each_caller_is_shown_the_numbers_of_its_own_and_nothing_that_is_hidden_from_it(string role, bool seesAll)
    {
        var (_, key) = large.Callers[role];
        (string, string)[] headers = key.Length > 0 ? [ClosedArchive.Header(key)] : [];
        var facets = (await archive.SendAsync("GET /facets?table=*", headers: headers)).Json;
        var files = facets.GetProperty("files").GetInt64();
        if (seesAll)
            files.ShouldBe(LargeArchive.Files);
        else
            files.ShouldBeLessThan(LargeArchive.Files * 7 / 10);

        await using var visit = await browser.VisitAsync(archive, "#/access");
        var page = visit.Page;
        if (key.Length > 0)
        {
            await page.GetByLabel("API key").FillAsync(key);
            await page.Keyboard.PressAsync("Enter");
            await page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).WaitForAsync();
        }

        // The start: every product with its files, and what arrived.
        await page.GotoAsync($"{archive.Address}/#/?span=all");
        await page.Locator(".card li").First.WaitForAsync();
        (await page.Locator(".card li .n").AllInnerTextsAsync()).Sum(Number).ShouldBe(files);
        await page.Locator(".arrivals li").First.WaitForAsync();
        var arrived = (await page.Locator(".arrivals li a").AllInnerTextsAsync()).ToList();
        arrived.ShouldBe(
            (await archive.SendAsync("GET /query?table=*&sort=-seq&limit=40", headers: headers)).Json.EnumerateArray().Select(NameOf)
        );

        // A search that released and unreleased files meet.
        const string Search = "instrument=mag&data_level=l2&version=*";
        var found = await archive.SendAsync($"HEAD /query?{Search}&count=true", headers: headers);
        await page.GotoAsync($"{archive.Address}/#/search?{Search}");
        await Assertions
            .Expect(page.Locator(".results [role=status] b"))
            .ToHaveTextAsync(
                string.Create(CultureInfo.InvariantCulture, $"{long.Parse(found["OpenSDC-Count"]!, CultureInfo.InvariantCulture):N0} files")
            );
        await Assertions.Expect(page.GetByText("Release", new() { Exact = true })).ToHaveCountAsync(role == "administrator" ? 1 : 0);
        await Assertions
            .Expect(page.GetByRole(AriaRole.Link, new() { Name = "Upload", Exact = true }))
            .ToHaveCountAsync(role is "uploader" or "administrator" ? 1 : 0);

        // A file that is not released: by its name, and by the search for it.
        await page.GotoAsync($"{archive.Address}/#/file/{large.Unreleased}");
        if (seesAll)
            await page.GetByText("not released").WaitForAsync();
        else
            await page.GetByRole(AriaRole.Heading, new() { Name = "There is no such file" }).WaitForAsync();
        await page.GotoAsync($"{archive.Address}/#/search?table=*&filename={large.Unreleased}");
        await Assertions.Expect(page.Locator(".results [role=status] b")).ToHaveTextAsync(seesAll ? "1 file" : "0 files");
        await Assertions.Expect(page.Locator(".vbody .vrow")).ToHaveCountAsync(seesAll ? 1 : 0);

        // One that is released is there for everybody, with what may be done with it for those who may.
        await page.GotoAsync($"{archive.Address}/#/file/{large.Released}");
        await page.Locator("dl.record").WaitForAsync();
        await Assertions
            .Expect(page.GetByRole(AriaRole.Button, new() { Name = "Take the release back" }))
            .ToHaveCountAsync(role == "administrator" ? 1 : 0);

        // The calendar of a product: its table has the numbers of the API, and hatches are for who may know of them.
        const string Product = "instrument=mag&data_level=l2&descriptor=norm-gse&extension=cdf";
        var periods = (await archive.SendAsync($"GET /coverage?{Product}&bin=month", headers: headers))
            .Json.EnumerateArray()
            .Sum(each => each.GetProperty("files").GetInt64());
        periods.ShouldBeGreaterThan(0);
        await page.GotoAsync($"{archive.Address}/#/coverage?{Product}");
        await page.Locator(".calendar rect").First.WaitForAsync();
        Number(await page.Locator(".facts dd a").First.InnerTextAsync()).ShouldBe(periods);
        (await page.Locator(".calendar path.hatch").CountAsync() > 0).ShouldBe(seesAll);
    }

    private static long Number(string text) => long.Parse(text, NumberStyles.AllowThousands, CultureInfo.InvariantCulture);

    private static string NameOf(JsonElement file) => file.GetProperty("file_path").GetString()!.Split('/')[^1];

    /// <summary>An archive with access control that the demo has filled, and a caller of each kind.</summary>
    public sealed class LargeArchive : ClosedArchive
    {
        public static readonly int Files = int.Parse(
            Environment.GetEnvironmentVariable("OPENSDC_PAGE_FILES") ?? "10000",
            CultureInfo.InvariantCulture
        );

        /// <summary>The id and the text of each caller's key; empty without one.</summary>
        public Dictionary<string, (string Id, string Key)> Callers { get; } = new() { ["anonymous"] = ("", "") };

        /// <summary>The name of a file that the public does not see.</summary>
        public string Unreleased { get; private set; } = "";

        /// <summary>The name of one that it sees.</summary>
        public string Released { get; private set; } = "";

        public override async ValueTask InitializeAsync()
        {
            await base.InitializeAsync();
            await DemoArchive.FillAsync(Archive.Services, Files, CancellationToken.None);
            foreach (var (role, scope) in ((string, string)[])[("reader", "read"), ("uploader", "upload")])
            {
                var (id, header) = await AddAsync($$"""{"owner":"{{role}}","scopes":["{{scope}}"]}""");
                Callers[role] = (id, header.Item2);
            }

            Callers["administrator"] = ("", Admin.Item2);
            Unreleased = await FindAsync("false");
            Released = await FindAsync("true");
        }

        private async Task<string> FindAsync(string released) =>
            NameOf(
                (
                    await Archive.SendAsync(
                        $"GET /query?instrument=mag&data_level=l2&descriptor=norm-gse&released={released}&limit=1",
                        headers: Admin
                    )
                ).Json[0]
            );
    }
}
