using System.Diagnostics;
using System.Text;
using OpenSdc.Server;
using OpenSdc.Server.Upkeep;
using OpenSdc.Tests.Cli;
using OpenSdc.Tests.Upkeep;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Files;

/// <summary>
/// Every listing says the newest number and the history that it counts in; numbers of another history, or
/// that were never given, are refused.
/// </summary>
public sealed class HistoryTests : IDisposable
{
    private static readonly string[] Names =
        ["imap_swe_l1_sci_20260901_v001.cdf", "imap_swe_l1_sci_20260902_v001.cdf", "imap_swe_l1_sci_20260903_v001.cdf", "naif0012.tls"];

    private static readonly string[] Listings =
    [
        "GET /query",
        "HEAD /query",
        "POST /query",
        "GET /query?limit=2",
        "GET /query?as_of=2",
        "GET /query?since_seq=1",
        "GET /query?filename=naif0012.tls",
        "GET /query?count=true&sort=-size",
        "GET /query?format=csv",
        "GET /query?format=urls",
        "GET /coverage",
        "HEAD /coverage",
        "GET /coverage?latest=true",
        "GET /facets",
        "HEAD /facets",
        "GET /facets?as_of=1",
        "GET /api-key/query",
    ];

    private readonly BackupSteps steps = new();

    public static TheoryData<string> EachCatalogue => [.. ArchiveSetup.OfEachCatalogue];

    public void Dispose() => steps.Dispose();

    [Theory]
    [MemberData(nameof(EachCatalogue))]
    public async Task Every_listing_says_the_newest_number_and_the_history(string setup)
    {
        await using var archive = await RunningArchive.StartAsync(setup: ArchiveSetup.Of(setup));
        var empty = await archive.SendAsync("GET /query");
        empty["OpenSDC-Seq"].ShouldBe("0");
        var history = empty["OpenSDC-History"].ShouldNotBeNull();
        history.ShouldMatch("^[0-9a-f]{16}$");
        await FillAsync(archive);

        foreach (var listing in Listings)
        {
            foreach (var accept in (string?[])[null, "application/json"])
            {
                var answer = await archive.SendAsync(listing, accept);
                answer.Status.ShouldBe(200, listing);
                (answer["OpenSDC-Seq"], answer["OpenSDC-History"]).ShouldBe(("4", history), listing);
                if (answer["ETag"] is not { } tag || listing.StartsWith("POST", StringComparison.Ordinal))
                    continue;
                tag.ShouldContain(history);
                var unchanged = await archive.SendAsync(listing, accept, headers: ("If-None-Match", tag));
                (unchanged.Status, unchanged["OpenSDC-Seq"], unchanged["OpenSDC-History"]).ShouldBe((304, "4", history), listing);
            }
        }

        var exposed = (await archive.SendAsync("GET /query", headers: ("Origin", "https://example.org")))["Access-Control-Expose-Headers"]
            .ShouldNotBeNull();
        exposed.ShouldContain("OpenSDC-Seq");
        exposed.ShouldContain("OpenSDC-History");
    }

    [Fact]
    public async Task The_pages_of_a_list_say_the_number_of_the_first()
    {
        await using var archive = await RunningArchive.StartAsync();
        await FillAsync(archive);
        var first = await archive.SendAsync("GET /query?limit=2");
        first["OpenSDC-Seq"].ShouldBe("4");
        await archive.UploadAsync("imap_swe_l1_sci_20260801_v001.cdf", [9]);
        var last = await archive.SendAsync("GET " + NextOf(first));
        last["OpenSDC-Seq"].ShouldBe("4", "who asks next since the last page's number must not miss what came between");
        last["Link"].ShouldBeNull();
        (await archive.QueryAsync($"since_seq={last["OpenSDC-Seq"]}")).ShouldHaveSingleItem().Seq.ShouldBe(5);
    }

    [Theory]
    [MemberData(nameof(EachCatalogue))]
    public async Task A_number_beyond_the_newest_or_of_another_history_is_refused(string setup)
    {
        await using var archive = await RunningArchive.StartAsync(setup: ArchiveSetup.Of(setup));
        await FillAsync(archive);
        var history = (await archive.SendAsync("GET /query"))["OpenSDC-History"].ShouldNotBeNull();
        foreach (
            var route in (string[])
                ["GET /query", "HEAD /query", "POST /query", "GET /coverage", "HEAD /coverage", "GET /facets", "GET /authorized/query"]
        )
        {
            (await archive.SendAsync($"{route}?since_seq=4&history={history}")).Status.ShouldBe(200, route);
            (await archive.SendAsync($"{route}?as_of=4&history={history}")).Status.ShouldBe(200, route);
            await RefusedAsync(
                $"{route}?since_seq=5",
                "The parameter since_seq is '5'; allowed: a number up to 4, the newest change in the archive's history"
            );
            await RefusedAsync($"{route}?since_seq=5&filename=naif0012.tls", "The parameter since_seq is '5'; allowed: a number up to 4");
            await RefusedAsync($"{route}?as_of=5", "The parameter as_of is '5'; allowed: a number up to 4");
            await RefusedAsync(
                $"{route}?since_seq=1&history=0123456789abcdef",
                $"The parameter history is '0123456789abcdef', but the history of this archive is {history};"
            );
            await RefusedAsync($"{route}?as_of=1&history=x", "The parameter history is 'x'");
            await RefusedAsync($"{route}?history=x", "The parameter history is 'x'");
            await RefusedAsync($"{route}?history={history}&history={history}", "The parameter history is given 2 times");
        }

        async Task RefusedAsync(string request, string sentence)
        {
            var answer = await archive.SendAsync(request);
            answer.Status.ShouldBe(400, request);
            if (!request.StartsWith("HEAD", StringComparison.Ordinal))
                answer.Json.GetProperty("detail").GetString().ShouldNotBeNull().ShouldStartWith(sentence);
        }
    }

    [Fact]
    public async Task After_a_restore_nothing_that_was_noted_before_is_taken_for_the_present_state()
    {
        await using var archive = await RunningArchive.StartAsync();
        foreach (var name in Names[..2])
            await archive.UploadAsync(name, [1]);
        await steps.BackUpAsync(archive.Folder);
        foreach (var name in Names[2..])
            await archive.UploadAsync(name, [2]);
        var noted = await NoteAsync(archive);

        await steps.RestoreAsync();
        await using var restored = await RunningArchive.StartAsync(folder: steps.Restored);
        // As many publications as before, but others.
        await restored.UploadAsync("imap_swe_l1_sci_20260905_v001.cdf", [3]);
        await restored.UploadAsync("imap_swe_l1_sci_20260906_v001.cdf", [4]);
        await noted.ShouldCountNothingInAsync(restored);
    }

    [Fact]
    public async Task A_rebuilt_catalogue_has_a_new_history()
    {
        await using var archive = await RunningArchive.StartAsync();
        await FillAsync(archive);
        var noted = await NoteAsync(archive);
        await archive.RestartAsync(async () =>
        {
            foreach (var file in Directory.EnumerateFiles(archive.Folder, "catalogue.sqlite*"))
                File.Delete(file);
            await steps.RebuildAsync(archive.Folder);
        });
        await noted.ShouldCountNothingInAsync(archive);
    }

    [Fact]
    public async Task A_moved_catalogue_has_a_new_history()
    {
        var folder = Directory.CreateTempSubdirectory("opensdc-").FullName;
        var database = PostgresServer.NewDatabase();
        Noted noted;
        await using (var archive = await RunningArchive.StartAsync(folder: folder))
        {
            await FillAsync(archive);
            noted = await NoteAsync(archive);
        }

        using (var held = DataFolder.Open(folder))
            await new Migration(held, database, TimeProvider.System, new UpkeepProgress()).RunAsync(CancellationToken.None);
        File.Delete(Path.Combine(folder, "catalogue.sqlite"));
        await using (var moved = await RunningArchive.StartAsync(options => options with { Catalogue = database }, folder: folder))
            await noted.ShouldCountNothingInAsync(moved);
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Sdc_new_history_begins_one_also_while_the_archive_serves()
    {
        await using var archive = await RunningArchive.StartAsync();
        await FillAsync(archive);
        var noted = await NoteAsync(archive);
        await using var command = SdcProcess.Start(archive.Folder, $"new-history --data {archive.Folder}");
        (await command.ExitCodeAsync()).ShouldBe(0, command.Errors);
        command.Output.ShouldContain($"it was {noted.History}.");
        await noted.ShouldCountNothingInAsync(archive);

        var nowhere = Directory.CreateTempSubdirectory("opensdc-").FullName;
        await using var refused = SdcProcess.Start(nowhere, $"new-history --data {nowhere}");
        (await refused.ExitCodeAsync()).ShouldBe(2);
        refused.Errors.ShouldContain("There is no catalogue");
        Directory.EnumerateFileSystemEntries(nowhere).ShouldBeEmpty();
        Directory.Delete(nowhere);
    }

    [Fact]
    public async Task Sdc_new_history_begins_one_in_PostgreSQL()
    {
        var database = PostgresServer.NewDatabase();
        await using var archive = await RunningArchive.StartAsync(options => options with { Catalogue = database });
        await FillAsync(archive);
        var noted = await NoteAsync(archive);
        // As an option a connection string would be seen by everybody on the machine, and split at its spaces here.
        await using var command = SdcProcess.Start(archive.Folder, "new-history", ("OPENSDC_CATALOGUE", database));
        (await command.ExitCodeAsync()).ShouldBe(0, command.Errors);
        await noted.ShouldCountNothingInAsync(archive);
    }

    [Fact]
    public async Task The_mirror_of_the_reference_follows_an_archive_also_through_a_restore()
    {
        var recipe = await RecipeAsync();
        var folder = Directory.CreateTempSubdirectory("opensdc-mirror-").FullName;
        await using var archive = await RunningArchive.StartAsync();
        await archive.UploadAsync(Names[0], [1]);
        await archive.UploadAsync(Names[3], [2]);
        await MirrorAsync(archive);
        await steps.BackUpAsync(archive.Folder);
        await archive.UploadAsync(Names[1], [3]);
        await archive.UploadAsync(Names[2], [4]);
        await MirrorAsync(archive);
        await MirrorAsync(archive);

        await steps.RestoreAsync();
        await using var restored = await RunningArchive.StartAsync(folder: steps.Restored);
        await restored.UploadAsync(Names[1], [5, 5]);
        await restored.UploadAsync("imap_mag_l1-calibration_20260101_v001.cdf", [6]);
        var told = await MirrorAsync(restored, Names[2]);
        told.ShouldContain($"no longer in the archive: {Names[2]}");
        await restored.UploadAsync(Names[2], [7]);
        await MirrorAsync(restored);
        Directory.Delete(folder, recursive: true);

        async Task<string> MirrorAsync(RunningArchive of, params string[] gone)
        {
            var start = new ProcessStartInfo("sh", ["-c", recipe])
            {
                WorkingDirectory = folder,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                UseShellExecute = false,
            };
            start.Environment["SDC"] = of.Address;
            using var run = Process.Start(start)!;
            var (output, errors) = (run.StandardOutput.ReadToEndAsync(), run.StandardError.ReadToEndAsync());
            await run.WaitForExitAsync();
            run.ExitCode.ShouldBe(0, await output + await errors);
            var there = Directory
                .EnumerateFiles(Path.Combine(folder, "mirror"))
                .Select(Path.GetFileName)
                .Where(name => name![0] != '.' && !gone.Contains(name))
                .Order(StringComparer.Ordinal);
            string[] families = ["science", "ancillary", "spice"];
            var records = (await Task.WhenAll(families.Select(family => of.QueryAsync($"table={family}"))))
                .SelectMany(each => each)
                .ToList();
            there.ShouldBe(records.Select(record => Path.GetFileName(record.FilePath)).Order(StringComparer.Ordinal));
            foreach (var record in records)
                (await File.ReadAllBytesAsync(Path.Combine(folder, "mirror", Path.GetFileName(record.FilePath)))).ShouldBe(
                    await of.DownloadAsync(record.FilePath)
                );
            return await output;
        }
    }

    private static async Task<string> RecipeAsync()
    {
        var text = await File.ReadAllTextAsync(Path.Combine(SharedData.RepositoryRoot, "docs", "api.md"));
        const string Fence = "```sh mirror\n";
        var from = text.IndexOf(Fence, StringComparison.Ordinal);
        from.ShouldBeGreaterThan(0);
        from += Fence.Length;
        return text[from..text.IndexOf("```", from, StringComparison.Ordinal)];
    }

    private static async Task FillAsync(RunningArchive archive)
    {
        foreach (var name in Names)
            await archive.UploadAsync(name, Encoding.ASCII.GetBytes(name));
    }

    private static string NextOf(Answer page)
    {
        var link = page["Link"].ShouldNotBeNull();
        return link[1..link.IndexOf('>', StringComparison.Ordinal)];
    }

    private static async Task<Noted> NoteAsync(RunningArchive archive)
    {
        var list = await archive.SendAsync("GET /query");
        var coverage = await archive.SendAsync("GET /coverage");
        var page = await archive.SendAsync("GET /query?limit=1");
        return new(list["OpenSDC-History"]!, list["ETag"]!, coverage["ETag"]!, new Uri(NextOf(page)).PathAndQuery);
    }

    /// <summary>What a poller keeps of an archive.</summary>
    private sealed record Noted(string History, string Tag, string CoverageTag, string Next)
    {
        public async Task ShouldCountNothingInAsync(RunningArchive archive)
        {
            var list = await archive.SendAsync("GET /query", headers: ("If-None-Match", Tag));
            (list.Status, list["OpenSDC-Seq"]).ShouldBe((200, "4"), "the number is the same, and the archive is not");
            list["OpenSDC-History"].ShouldNotBe(History);
            (await archive.SendAsync("GET /coverage", headers: ("If-None-Match", CoverageTag))).Status.ShouldBe(200);
            var next = await archive.SendAsync("GET " + Next);
            (next.Status, next.Json.GetProperty("detail").GetString()).ShouldBe(
                (
                    400,
                    "The parameter cursor is of another history of the archive, such as the one before a restore; allowed: a cursor of this history. Begin again with the first page."
                )
            );
            foreach (var route in (string[])["query", "coverage", "facets"])
                (await archive.SendAsync($"GET /{route}?since_seq=2&history={History}")).Status.ShouldBe(400);
        }
    }
}
