using System.Text;
using Microsoft.Playwright;
using OpenSdc.Contract;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Page;

/// <summary>What a person does on the page, in a real browser against the real service.</summary>
public sealed class PageJourneyTests(PageFixture fixture) : IClassFixture<PageFixture>
{
    private readonly RunningArchive archive = fixture.Archive;

    [Fact]
    public async Task The_start_shows_every_product_and_a_file_appears_when_it_arrives()
    {
        await using var visit = await fixture.VisitAsync("");
        await visit.Page.GetByRole(AriaRole.Heading, new() { Name = "mag", Exact = true }).WaitForAsync();
        var products = (await archive.SendAsync("GET /coverage?table=*&bin=year"))
            .Json.EnumerateArray()
            .Select(each =>
                string.Join(
                    '|',
                    new[] { "family", "instrument", "data_level", "descriptor", "extension" }.Select(member =>
                        each.GetProperty(member).ToString()
                    )
                )
            )
            .Distinct()
            .Count();
        await Assertions.Expect(visit.Page.Locator(".card li")).ToHaveCountAsync(products);
        (await visit.Page.TitleAsync()).ShouldBe("IMAP archive");

        var name = "imap_swe_l1a_arrived_20260301_v001.cdf";
        await archive.UploadAsync(name, [1, 2, 3]);
        await visit.Page.Locator(".arrivals .new a", new() { HasText = name }).WaitForAsync();
    }

    [Fact]
    public async Task Words_in_the_box_become_a_search_whose_address_holds_all_of_it()
    {
        await using var visit = await fixture.VisitAsync("");
        var page = visit.Page;
        await page.GetByRole(AriaRole.Heading, new() { Name = "mag", Exact = true }).WaitForAsync();
        // With the keyboard alone.
        await page.Locator("#q").FocusAsync();
        await page.Keyboard.TypeAsync("mag l1b 2026");
        await page.Keyboard.PressAsync("Enter");
        var expected = await archive.QueryAsync("instrument=mag&data_level=l1b&start_date=20260101&end_date=20261231");
        await page.GetByText($"{expected.Length:#,0} files", new() { Exact = true }).WaitForAsync();
        page.Url.ShouldEndWith("#/search?instrument=mag&data_level=l1b&start_date=20260101&end_date=20261231");

        await page.GetByRole(AriaRole.Button, new() { Name = "Arrived" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Arrived" }).ClickAsync();
        await page.WaitForURLAsync(url => url.Contains("sort=-ingestion_date", StringComparison.Ordinal));
        var newest = (
            await archive.QueryAsync("instrument=mag&data_level=l1b&start_date=20260101&end_date=20261231&sort=-ingestion_date&limit=1")
        )[0];
        await page.ReloadAsync();
        (await page.Locator(".vbody .vrow a").First.InnerTextAsync()).ShouldBe(NameOf(newest));

        // Three clicks to a file: from the table to its record.
        await page.GetByRole(AriaRole.Grid, new() { Name = "Files" }).FocusAsync();
        // The row that the keys reach is told by its id.
        await page.Keyboard.PressAsync("ArrowDown");
        await page.Locator(".vtable[aria-activedescendant=row1] #row1[aria-selected=true]").WaitForAsync();
        await page.Keyboard.PressAsync("ArrowUp");
        await page.Keyboard.PressAsync("Enter");
        await page.GetByRole(AriaRole.Heading, new() { Name = NameOf(newest) }).WaitForAsync();
        await page.GetByText(newest.Sha256, new() { Exact = false }).First.WaitForAsync();
    }

    [Fact]
    public async Task A_long_list_has_only_the_rows_that_are_seen_and_tells_of_all()
    {
        await using var visit = await fixture.VisitAsync("#/search?table=*&version=*");
        var table = visit.Page.GetByRole(AriaRole.Grid, new() { Name = "Files" });
        var all = (await archive.QueryAsync("table=*&version=*")).Length;
        await visit.Page.WaitForFunctionAsync(
            "n => document.querySelector('.vtable')?.getAttribute('aria-rowcount') === String(n)",
            all + 1
        );
        await table.FocusAsync();
        await visit.Page.WaitForFunctionAsync("n => parseInt(document.querySelector('.vbody').style.height) === n * 24", all);
        await visit.Page.Keyboard.PressAsync("End");
        await visit.Page.Locator($".vrow[aria-rowindex='{all + 1}']").WaitForAsync();
        (await visit.Page.Locator(".vrow").CountAsync()).ShouldBeLessThan(120);
    }

    [Fact]
    public async Task A_printed_search_has_all_of_its_rows()
    {
        await using var visit = await fixture.VisitAsync("#/search?table=*&version=*&instrument=mag");
        var page = visit.Page;
        var expected = (await archive.QueryAsync("table=*&version=*&instrument=mag")).Length;
        expected.ShouldBeGreaterThan(100);
        await page.WaitForFunctionAsync("n => parseFloat(document.querySelector('.vbody')?.style.height) === n * 24", expected);
        await page.EmulateMediaAsync(new() { Media = Media.Print });
        // Counted at once, as a print is made: a frame that was asked for before would draw what is in view again.
        var printed = await page.EvaluateAsync<double[]>(
            """
            () => {
              dispatchEvent(new Event('beforeprint'));
              const body = document.querySelector('.vbody');
              return [body.querySelectorAll('.vrow').length, body.getBoundingClientRect().height];
            }
            """
        );
        printed[0].ShouldBe(expected);
        printed[1].ShouldBe(expected * 24, 1);
        await page.EmulateMediaAsync(new() { Media = Media.Screen });
        await page.EvaluateAsync("dispatchEvent(new Event('afterprint'))");
        await page.WaitForFunctionAsync("() => document.querySelectorAll('.vbody .vrow').length < 100");
    }

    [Fact]
    public async Task Rows_with_long_names_stay_in_their_columns()
    {
        await using var own = await RunningArchive.StartAsync();
        await own.UploadAsync("imap_mag_l2_short_20260301_v001.cdf", [1]);
        await own.UploadAsync($"imap_mag_l2_{new string('a', 50)}_20260301_v001.cdf", [2]);
        await own.UploadAsync($"imap_mag_l2_{new string('b', 120)}_20260301_v001.cdf", [3]);
        await using var visit = await fixture.VisitAsync(
            own,
            "#/search?cols=file_path,start_date,version,size,ingestion_date,seq,released",
            new()
            {
                ViewportSize = new() { Width = 1280, Height = 900 },
            }
        );
        await visit.Page.Locator(".vbody .vrow").Nth(2).WaitForAsync();
        // Every row, that of the titles too, has the columns of the others.
        (
            await visit.Page.EvaluateAsync<int>(
                "new Set([...document.querySelectorAll('.vrow')].map(row => [...row.children].map(cell => Math.round(cell.getBoundingClientRect().left)).join())).size"
            )
        ).ShouldBe(1);
        var isWhole = await visit.Page.EvaluateAsync<bool[]>(
            "[...document.querySelectorAll('.vbody a')].map(name => name.parentElement.scrollWidth <= name.parentElement.clientWidth)"
        );
        isWhole.ShouldBe([true, false, true], ignoreOrder: true);
    }

    [Fact]
    public async Task All_usual_columns_and_the_release_are_seen_at_1280()
    {
        await using var visit = await fixture.VisitAsync(
            "#/search?instrument=mag&cols=file_path,start_date,version,size,ingestion_date,seq,released",
            new()
            {
                ViewportSize = new() { Width = 1280, Height = 900 },
            }
        );
        await visit.Page.Locator(".vbody .vrow").First.WaitForAsync();
        (
            await visit.Page.EvaluateAsync<int>(
                "document.querySelector('.vtable').scrollWidth - document.querySelector('.vtable').clientWidth"
            )
        ).ShouldBe(0);
    }

    [Fact]
    public async Task An_unknown_view_is_the_start()
    {
        foreach (var view in (string[])["#/nonsense", "#/constructor"])
        {
            await using var visit = await fixture.VisitAsync(view);
            await visit.Page.Locator("main[data-view=start] .card").First.WaitForAsync();
        }
    }

    [Fact]
    public async Task Days_of_a_month_are_written_in_a_line_on_a_phone()
    {
        var file = (await archive.QueryAsync("instrument=mag&data_level=l2&descriptor=norm-gse&extension=cdf&limit=1"))[0];
        await using var visit = await fixture.VisitAsync(
            $"#/coverage?instrument=mag&data_level=l2&descriptor=norm-gse&extension=cdf&month={file.StartDate![..6]}",
            new()
            {
                ViewportSize = new() { Width = 360, Height = 900 },
            }
        );
        await visit.Page.Locator(".days li").First.WaitForAsync();
        (
            await visit.Page.EvaluateAsync<double>(
                "Math.max(...[...document.querySelectorAll('.days b')].map(each => each.getBoundingClientRect().height))"
            )
        ).ShouldBeLessThan(28);
    }

    [Fact]
    public async Task Facets_tell_numbers_and_narrow_the_search()
    {
        await using var visit = await fixture.VisitAsync("#/search?instrument=mag");
        var page = visit.Page;
        await page.Locator("#w-instrument-swe").CheckAsync();
        await page.WaitForURLAsync(url => url.Contains("instrument=mag,swe", StringComparison.Ordinal));
        var both = await archive.QueryAsync("instrument=mag,swe");
        await page.GetByText($"{both.Length:#,0} files", new() { Exact = true }).WaitForAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Remove instrument mag,swe" }).ClickAsync();
        await page.WaitForURLAsync(url => url.EndsWith("#/search", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_same_search_is_there_as_lines_and_as_downloads()
    {
        await using var visit = await fixture.VisitAsync("#/search?instrument=mag&data_level=l2");
        var page = visit.Page;
        await page.GetByText("The same search as code").ClickAsync();
        var lines = string.Join('\n', await page.Locator(".recipes pre").AllInnerTextsAsync());
        lines.ShouldContain($"curl -s '{archive.Address}/query?instrument=mag&data_level=l2'");
        lines.ShouldContain($"sdc query --url {archive.Address} --instrument=mag --data-level=l2");
        lines.ShouldContain("wget --content-disposition -i -");
        var saved = await page.RunAndWaitForDownloadAsync(() => page.GetByRole(AriaRole.Link, new() { Name = "Manifest" }).ClickAsync());
        await using var manifest = await saved.CreateReadStreamAsync();
        using var reader = new StreamReader(manifest);
        (await reader.ReadToEndAsync(TestContext.Current.CancellationToken)).ShouldBe(
            (await archive.SendAsync("GET /query?instrument=mag&data_level=l2&format=sha256sum")).Text
        );
    }

    [Fact]
    public async Task A_fault_of_the_search_is_told_in_the_archives_words()
    {
        await using var visit = await fixture.VisitAsync("#/search?start_date=20261301");
        await visit.Page.GetByRole(AriaRole.Alert).GetByText("start_date").WaitForAsync();
    }

    [Fact]
    public async Task The_calendar_of_a_product_leads_to_the_files_of_a_day()
    {
        await using var visit = await fixture.VisitAsync("#/coverage");
        var page = visit.Page;
        await page.GetByRole(AriaRole.Link, new() { Name = "mag l2 norm-gse cdf" }).ClickAsync();
        await page.GetByRole(AriaRole.Heading, new() { Name = "Latency" }).WaitForAsync();
        await page.GetByText("The same as a table").ClickAsync();
        var days = (await archive.SendAsync("GET /coverage?instrument=mag&data_level=l2&descriptor=norm-gse&extension=cdf"))
            .Json.EnumerateArray()
            .ToList();
        await page.Locator(".daytable tbody tr").First.WaitForAsync();
        await Assertions.Expect(page.Locator(".daytable tbody tr")).ToHaveCountAsync(days.Count);
        await Assertions.Expect(page.Locator(".calendar rect:is(.q1, .q2, .q3)")).ToHaveCountAsync(days.Count);

        var last = days[^1].GetProperty("bin").GetString()!;
        await page.Locator(".daytable tbody th a").Last.ClickAsync();
        await page.WaitForURLAsync(url => url.Contains($"start_date={last}", StringComparison.Ordinal));
        var files = days[^1].GetProperty("files").GetInt32();
        await page.GetByText(files == 1 ? "1 file" : $"{files} files", new() { Exact = true }).WaitForAsync();
    }

    [Fact]
    public async Task A_file_shows_its_record_versions_picture_and_downloads()
    {
        var look = (await archive.QueryAsync("table=quicklook&instrument=mag&limit=1"))[0];
        var file = (
            await archive.QueryAsync(
                $"instrument=mag&data_level=l2&descriptor=norm-gse&start_date={look.StartDate}&end_date={look.StartDate}"
            )
        )
            is [.., var found]
            ? found
            : (await archive.QueryAsync("instrument=swe&data_level=l1a&limit=1"))[0];
        await using (var picture = await fixture.VisitAsync($"#/file/{NameOf(look)}"))
        {
            await picture.Page.Locator(".picture img").WaitForAsync();
            await picture.Page.WaitForFunctionAsync("() => document.querySelector('.picture img').naturalWidth > 0");
        }

        await using var visit = await fixture.VisitAsync($"#/file/{NameOf(file)}");
        var page = visit.Page;
        await page.GetByRole(AriaRole.Heading, new() { Name = NameOf(file) }).WaitForAsync();
        var series = await archive.QueryAsync(
            $"instrument={file.Instrument}&data_level={file.DataLevel}&descriptor={file.Descriptor}&start_date={file.StartDate}&end_date={file.StartDate}&version=*"
        );
        await Assertions.Expect(page.Locator("table tbody tr")).ToHaveCountAsync(series.Length);
        (await page.Locator(".history li").First.InnerTextAsync()).ShouldContain("published");
        await page.GetByRole(AriaRole.Button, new() { Name = "Copy", Exact = true }).First.ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Copied" }).WaitForAsync();
        (await page.EvaluateAsync<string>("navigator.clipboard.readText()")).ShouldBe(file.Sha256);
        var saved = await page.RunAndWaitForDownloadAsync(() => page.GetByRole(AriaRole.Link, new() { Name = "Download" }).ClickAsync());
        await using var stream = await saved.CreateReadStreamAsync();
        Convert
            .ToHexStringLower(await System.Security.Cryptography.SHA256.HashDataAsync(stream, TestContext.Current.CancellationToken))
            .ShouldBe(file.Sha256);
    }

    [Theory]
    [InlineData("mag l1b 2026-03", "#/search?instrument=mag&data_level=l1b&start_date=20260301&end_date=20260331")]
    [InlineData("2026-03-04", "#/search?start_date=20260304&end_date=20260304")]
    [InlineData("sensor", "#/search?descriptor=*sensor*")]
    [InlineData("imap_2026_001_2026_002_01.ah.bc", "#/file/imap_2026_001_2026_002_01.ah.bc")]
    [InlineData("naif", "#/search?table=spice")]
    [InlineData("kernels", "#/search?table=spice")]
    public async Task What_a_person_types_is_found(string text, string address)
    {
        await using var visit = await fixture.VisitAsync("");
        await visit.Page.GetByLabel("Search the archive").FillAsync(text);
        await visit.Page.Keyboard.PressAsync("Enter");
        await visit.Page.WaitForURLAsync(url => url.EndsWith(address, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("imap_mag_l2_norm-gse_19990101_v001.cdf", "There is no such file")]
    [InlineData("nonsense", "This is no name of the mission")]
    public async Task A_name_that_leads_to_nothing_is_told(string name, string heading)
    {
        await using var visit = await fixture.VisitAsync($"#/file/{name}");
        await visit.Page.GetByRole(AriaRole.Heading, new() { Name = heading }).WaitForAsync();
    }

    [Fact]
    public async Task A_hostile_name_stays_text_on_every_view()
    {
        await using var own = await RunningArchive.StartAsync();
        const string Descriptor = "<blink>'\"&amp;";
        var name = $"imap_swe_l1a_{Descriptor}_20260301_v001.cdf";
        var receipt = await own.UploadAsync(Uri.EscapeDataString(name), Encoding.UTF8.GetBytes("x"));
        receipt.FilePath.ShouldEndWith(name);
        foreach (
            var view in (string[])
                [
                    "",
                    "#/search",
                    "#/coverage",
                    $"#/coverage?instrument=swe&data_level=l1a&descriptor={Uri.EscapeDataString(Descriptor)}&extension=cdf",
                    $"#/file/{Uri.EscapeDataString(name)}",
                ]
        )
        {
            await using var visit = await fixture.VisitAsync(own, view);
            await visit.Main.GetByText("<blink>'\"&amp;").Filter(new() { Visible = true }).First.WaitForAsync();
            await Assertions.Expect(visit.Page.Locator("blink")).ToHaveCountAsync(0);
        }
    }

    [Theory]
    [InlineData(ColorScheme.Light, 1400)]
    [InlineData(ColorScheme.Dark, 1400)]
    [InlineData(ColorScheme.Light, 360)]
    public async Task Nothing_on_any_view_stands_in_anybodys_way(ColorScheme mode, int width)
    {
        var name = NameOf((await archive.QueryAsync("instrument=mag&data_level=l2&limit=1"))[0]);
        (string View, string Until)[] views =
        [
            ("", ".card li"),
            ("#/search?instrument=mag", ".vbody .vrow"),
            ("#/coverage", ".months td"),
            ("#/coverage?instrument=mag&data_level=l2&descriptor=norm-gse&extension=cdf", ".calendar rect"),
            ($"#/file/{name}", ".record"),
            ("#/file/nonsense", ".empty"),
            ("#/upload", ".drop"),
            ("#/status", ".bars"),
            ("#/access", ".keyform"),
            ("download/imap_mag_l2_norm-gse_19990101_v001.cdf", ".errorpage"),
        ];
        foreach (var (view, until) in views)
        {
            await using var visit = await fixture.VisitAsync(
                view,
                new()
                {
                    ColorScheme = mode,
                    ViewportSize = new() { Width = width, Height = 900 },
                }
            );
            await visit.Page.Locator(until).First.WaitForAsync();
            await visit.ShouldBeAccessibleAsync($"{view} {mode} {width}");
            (await visit.Page.EvaluateAsync<int>("document.documentElement.scrollWidth")).ShouldBeLessThanOrEqualTo(
                width,
                $"{view} does not fit"
            );
        }
    }

    [Fact]
    public async Task The_status_tells_operators_what_the_archive_does()
    {
        await using var visit = await fixture.VisitAsync("#/status");
        await visit.Main.GetByText("answers", new() { Exact = true }).WaitForAsync();
        await visit.Main.GetByText("files/s").WaitForAsync();
        await Assertions.Expect(visit.Page.Locator(".bars a")).ToHaveCountAsync(14);
        await visit.Page.GetByRole(AriaRole.Heading, new() { Name = "Open uploads: 0" }).WaitForAsync();
    }

    [Theory]
    [InlineData("download/imap_mag_l2_norm-gse_19990101_v001.cdf", 404, "There is no such file")]
    [InlineData("download/<blink>.cdf", 400, "Bad Request")]
    [InlineData("objects/imap/mag/x.cdf?expires=1&signature=x", 403, "This address is not valid, or not any more")]
    [InlineData("nothing/here", 404, "There is nothing at this address")]
    public async Task An_error_is_a_page_for_a_person_and_a_problem_for_a_program(string path, int status, string heading)
    {
        await using var visit = await fixture.VisitAsync(path);
        (await visit.Page.Locator("h1").InnerTextAsync()).ShouldBe(heading);
        await Assertions.Expect(visit.Page.Locator("blink")).ToHaveCountAsync(0);
        var person = await archive.SendAsync($"GET /{path}", "text/html,*/*;q=0.8");
        person.Status.ShouldBe(status);
        person["Content-Security-Policy"].ShouldStartWith("default-src 'none'");
        foreach (var accept in (string?[])[null, "*/*", "application/json, */*"])
            (await archive.SendAsync($"GET /{path}", accept))["Content-Type"].ShouldBe("application/problem+json");
        await visit.Page.GetByRole(AriaRole.Link, new() { Name = "To the archive" }).ClickAsync();
        await visit.Page.Locator(".card").First.WaitForAsync();
    }

    [Fact]
    public async Task A_line_that_breaks_is_told_and_mended_by_itself()
    {
        await using var own = await RunningArchive.StartAsync();
        await own.UploadAsync("imap_swe_l1a_sci_20260301_v001.cdf", [1]);
        await using var visit = await fixture.VisitAsync(own, "");
        await visit.Page.Locator("#state b").WaitForAsync();
        await visit.Page.Locator(".arrivals a").WaitForAsync();
        await visit.Page.Context.SetOfflineAsync(true);
        await visit.Page.GetByText("No connection; trying again").WaitForAsync();
        await own.UploadAsync("imap_swe_l1a_sci_20260302_v001.cdf", [2]);
        await visit.Page.Context.SetOfflineAsync(false);
        await visit.Page.Locator(".arrivals .new a", new() { HasText = "20260302" }).WaitForAsync();
    }

    private static string NameOf(FileRecord file) => file.FilePath[(file.FilePath.LastIndexOf('/') + 1)..];
}
