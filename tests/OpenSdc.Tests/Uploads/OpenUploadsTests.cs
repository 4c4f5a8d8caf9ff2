using System.Net;
using OpenSdc.Tests.Cli;
using OpenSdc.Tests.Client;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Uploads;

/// <summary>Uploads in parts that are open: how many there may be, who lists them, and who ends them.</summary>
public sealed class OpenUploadsTests
{
    public static TheoryData<string> Setups() => [.. ArchiveSetup.OfEachCatalogue];

    [Theory]
    [MemberData(nameof(Setups))]
    public async Task No_more_are_open_of_one_file_or_in_all_than_the_settings_say(string setup)
    {
        await using var archive = await StartAsync(setup);
        var name = ArchiveFixture.NewName();
        var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => BeginAsync(archive, name)));
        answers.Count(answer => answer.Status == 201).ShouldBe(3);
        var refused = answers.First(answer => answer.Status != 201);
        refused.Status.ShouldBe(429, refused.Text);
        refused.Json.GetProperty("type").GetString().ShouldBe("urn:opensdc:problem:too-many-uploads");
        refused
            .Json.GetProperty("detail")
            .GetString()
            .ShouldBe(
                $"3 uploads in parts of {RunningArchive.KeyOf(name)} are open already, and no more may be; complete or abort one of them first, or wait until one has expired."
            );
        refused["Retry-After"].ShouldBe("60");

        var others = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => BeginAsync(archive, ArchiveFixture.NewName())));
        others.Count(answer => answer.Status == 201).ShouldBe(2, "five in all");
        others.ShouldAllBe(answer => answer.Status == 201 || answer.Status == 429);

        var id = answers.First(answer => answer.Status == 201).Json.GetProperty("id").GetString();
        (await archive.SendAsync($"DELETE /uploads/{id}")).Status.ShouldBe(204);
        (await BeginAsync(archive, name)).Status.ShouldBe(201);
        (await archive.UploadAsync(ArchiveFixture.NewName(), [1])).Size.ShouldBe(1, "single uploads are not counted");
    }

    [Theory]
    [MemberData(nameof(Setups))]
    public async Task They_are_listed_page_by_page(string setup)
    {
        await using var archive = await StartAsync(setup);
        var ids = new List<string>();
        for (var i = 0; i < 5; i++)
            ids.Add((await BeginAsync(archive, ArchiveFixture.NewName())).Json.GetProperty("id").GetString()!);
        (await archive.SendAsync($"DELETE /uploads/{ids[2]}")).Status.ShouldBe(204);
        ids.RemoveAt(2);

        var listed = new List<string>();
        string? cursor = null;
        do
        {
            var page = await archive.SendAsync($"GET /uploads?state=open&limit=3{(cursor is null ? "" : "&cursor=" + cursor)}");
            page.Status.ShouldBe(200, page.Text);
            var uploads = page.Json.GetProperty("uploads").EnumerateArray().ToList();
            uploads.Count.ShouldBeLessThanOrEqualTo(3);
            uploads.ShouldAllBe(each =>
                each.GetProperty("state").GetString() == "open"
                && each.GetProperty("size").GetInt64() == 1000
                && each.GetProperty("created").GetString()!.Length == 17
            );
            listed.AddRange(uploads.Select(each => each.GetProperty("id").GetString()!));
            cursor = page.Json.GetProperty("next_cursor").GetString();
        }
        while (cursor is not null);

        listed.ShouldBe(ids, ignoreOrder: true);
    }

    [Fact]
    public async Task At_a_public_address_each_caller_lists_those_of_its_own()
    {
        await using var archive = await RunningArchive.StartAsync(options =>
            options with
            {
                OperatorUrls = "http://127.0.0.1:0",
                TrustedProxies = [IPAddress.Loopback],
            }
        );
        var ids = new List<string>();
        foreach (var client in (string[])["192.0.2.1", "192.0.2.2"])
        {
            var begun = await archive.SendAsync(
                "POST /uploads",
                content: new StringContent($$"""{"filename":"{{ArchiveFixture.NewName()}}","size":1000}"""),
                headers: ("X-Forwarded-For", client)
            );
            ids.Add(begun.Json.GetProperty("id").GetString()!);
        }

        (await ListAsync("", "192.0.2.1")).ShouldBe([ids[0]]);
        (await ListAsync("", "192.0.2.2")).ShouldBe([ids[1]]);
        (await ListAsync("", "192.0.2.3")).ShouldBeEmpty();
        (await ListAsync(archive.OperatorAddress, "192.0.2.3")).ShouldBe(ids, ignoreOrder: true);

        async Task<string[]> ListAsync(string address, string client)
        {
            var list = await archive.SendAsync($"GET {address}/uploads?state=open", headers: ("X-Forwarded-For", client));
            list.Status.ShouldBe(200, list.Text);
            return [.. list.Json.GetProperty("uploads").EnumerateArray().Select(each => each.GetProperty("id").GetString()!)];
        }
    }

    [Fact]
    public async Task What_is_malformed_is_refused_in_a_short_sentence()
    {
        await using var archive = await StartAsync(ArchiveSetup.All[0].Name);
        var long_ = new string('x', 5000);
        foreach (
            var request in (string[])
                [
                    "GET /uploads",
                    "GET /uploads?state=closed",
                    "GET /uploads?state=open&limit=0",
                    "GET /uploads?state=open&limit=1001",
                    "GET /uploads?state=open&limit=x",
                    "GET /uploads?state=open&state=open",
                    "GET /uploads?state=open&cursor=",
                    "GET /uploads?state=open&cursor=%00",
                    "GET /uploads?state=open&cursor=MTox",
                    $"GET /uploads?state={long_}",
                    $"GET /uploads?state=open&{long_}=1",
                    $"GET /uploads?state=open&cursor={long_}",
                    "GET /uploads?state=%1b%5b2J%0d%0a",
                    $"GET /uploads/q6Vh0cR3yQmJ0v8nH1d7Tw?wait={long_}",
                    $"POST /uploads/q6Vh0cR3yQmJ0v8nH1d7Tw/complete?wait=%0a{long_}",
                ]
        )
            ShouldBeShort(await archive.SendAsync(request), 400, request);
        foreach (
            var body in (string[])
                [
                    $$"""{"{{long_}}":1}""",
                    $$"""{"filename":"x","size":1,"other":"{{long_}}"}""",
                    $$"""{"size":1e{{long_}}""",
                    "{\"filename\":\"x\",\"size\":\"\\u001b[2J\"}",
                    """{"filename":"x","filename":"y","size":1}""",
                    """{"size":1,"size":2,"filename":"x"}""",
                ]
        )
            ShouldBeShort(await archive.PostAsync("/uploads", body), 400, body);
        foreach (var id in (string[])["nonsense", "%1b%5b2Jxxxxxxxxxxxxxxxxxx", long_])
            ShouldBeShort(await archive.SendAsync($"GET /uploads/{id}"), 404, id);

        static void ShouldBeShort(Answer answer, int status, string request)
        {
            answer.Status.ShouldBe(status, request);
            var detail = answer.Json.GetProperty("detail").GetString()!;
            detail.Length.ShouldBeLessThan(600, request);
            detail.ShouldAllBe(each => !char.IsControl(each));
        }
    }

    [Fact]
    public async Task The_command_lists_and_aborts_them_and_its_exit_codes_tell()
    {
        await using var archive = await StartAsync(ArchiveSetup.All[0].Name);
        var name = ArchiveFixture.NewName();
        var first = (await BeginAsync(archive, name)).Json.GetProperty("id").GetString()!;
        var second = (await BeginAsync(archive, ArchiveFixture.NewName())).Json.GetProperty("id").GetString()!;

        var (code, output, _) = await RunAsync($"uploads list --url {archive.Address}/");
        code.ShouldBe(0);
        output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length.ShouldBe(2);
        output.ShouldContain($"{first}  ");
        output.ShouldContain(RunningArchive.KeyOf(name));
        (code, output, _) = await RunAsync("uploads list --json", ("IMAP_DATA_ACCESS_URL", archive.Address));
        (
            code,
            output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Count(line => line.StartsWith("{\"id\":", StringComparison.Ordinal))
        ).ShouldBe((0, 2));

        (code, output, _) = await RunAsync($"uploads abort {first} {second} --url {archive.Address}");
        (code, output.ReplaceLineEndings("\n")).ShouldBe((0, $"{first} is given up.\n{second} is given up.\n"));
        (await archive.FollowAsync(first, 0)).State.ShouldBe("aborted");
        (code, output, _) = await RunAsync($"uploads list --url {archive.Address}");
        (code, output).ShouldBe((0, ""));

        (code, _, var errors) = await RunAsync($"uploads abort nonsense {first} --url {archive.Address}");
        code.ShouldBe(31);
        errors.ShouldStartWith("nonsense is not given up (404). There is no upload of this id");
        // The address of the configuration file, and the credentials of the environment, as all client commands take them.
        await using var proxy = await FaultyProxy.StartAsync(archive.Address);
        var configuration = Directory.CreateDirectory(Path.Combine(archive.Folder, "config", "opensdc")).FullName;
        await File.WriteAllTextAsync(Path.Combine(configuration, "config.json"), $$"""{"url":"{{proxy.Address}}"}""");
        (code, output, _) = await RunAsync(
            "uploads list",
            ("IMAP_DATA_ACCESS_URL", ""),
            ("XDG_CONFIG_HOME", Path.Combine(archive.Folder, "config")),
            ("IMAP_API_KEY", "open-sesame"),
            ("IMAP_ACCESS_TOKEN", "a.token")
        );
        // Wrong ones are refused, also by an archive that is open.
        (code, output).ShouldBe((43, ""));
        var headers = proxy.Headers.ShouldHaveSingleItem().Headers;
        (headers["x-api-key"].ToString(), headers.Authorization.ToString()).ShouldBe(("open-sesame", "Bearer a.token"));
        (code, _, errors) = await RunAsync("uploads list --url ftp://x");
        (code, errors.StartsWith("--url is 'ftp://x'; allowed:", StringComparison.Ordinal)).ShouldBe((2, true), errors);
        (code, _, errors) = await RunAsync("uploads list --url http://127.0.0.1:1");
        (code, errors.StartsWith("The archive at 127.0.0.1:1 cannot be reached:", StringComparison.Ordinal)).ShouldBe((30, true), errors);

        async Task<(int Code, string Output, string Errors)> RunAsync(string arguments, params (string Name, string Value)[] environment)
        {
            await using var sdc = SdcProcess.Start(archive.Folder, arguments, environment);
            var exit = await sdc.ExitCodeAsync();
            return (exit, sdc.Output, sdc.Errors);
        }
    }

    private static Task<RunningArchive> StartAsync(string setup) =>
        RunningArchive.StartAsync(options => options with { MaxOpenUploads = 5, MaxOpenUploadsPerFile = 3 }, setup: ArchiveSetup.Of(setup));

    private static Task<Answer> BeginAsync(RunningArchive archive, string name) =>
        archive.PostAsync("/uploads", $$"""{"filename":"{{name}}","size":1000}""");
}
