using System.Text.Json;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Files;

/// <summary>The fields that a mission names for itself: members of records, columns, parameters, facets and rows of coverage.</summary>
public sealed class OwnFieldQueryTests : IAsyncLifetime
{
    private const string Json = """
        {
          "mission": "moth", "root": "moth/", "fields": { "instrument": ["cam"], "mode": ["slow", "fast"], "extension": ["fits"] },
          "families": [
            { "name": "images", "key": "moth/{mode}/{start:yyyy}/{name}", "conventions": [
              { "name": "one", "template": "moth_{instrument}_{mode}[_{target:text}]_{shot:digits(4)}_{start:date}T{start_time:hhmmss}_{version=v{minor:digits(1)}{letter:text}}.{extension}" }] },
            { "name": "logs", "key": "moth/logs/{name}", "conventions": [{ "name": "log", "template": "mothlog_{start:date}.{extension}", "fields": { "extension": ["txt"] } }] },
          ],
        }
        """;

    private static readonly string[] Names =
    [
        "moth_cam_slow_m31_0001_20260101T010203_v0a.fits",
        "moth_cam_slow_m31_0001_20260101T010203_v0c.fits",
        "moth_cam_slow_m31_0001_20260101T010203_v0b.fits",
        "moth_cam_slow_m31_0002_20260101T010203_v0a.fits",
        "moth_cam_slow_m31_0002_20260101T010204_v0a.fits",
        "moth_cam_fast_0001_20260101T010203_v0a.fits",
    ];

    private readonly string mission = Path.GetTempFileName();
    private RunningArchive archive = null!;

    public async ValueTask InitializeAsync()
    {
        await File.WriteAllTextAsync(mission, Json);
        archive = await RunningArchive.StartAsync(options => options with { Mission = mission });
        foreach (var name in Names.Append("mothlog_20260101.txt"))
            await archive.UploadAsync(name, [1]);
    }

    public async ValueTask DisposeAsync()
    {
        await archive.DisposeAsync();
        File.Delete(mission);
    }

    [Fact]
    public async Task A_record_has_them()
    {
        var record = (await archive.SendAsync($"GET /query?filename={Names[0]}")).Json[0];
        record.GetProperty("start_time").GetString().ShouldBe("2026-01-01T01:02:03Z");
        record.GetProperty("start_date").GetString().ShouldBe("20260101");
        (
            record.GetProperty("mode").GetString(),
            record.GetProperty("target").GetString(),
            record.GetProperty("letter").GetString()
        ).ShouldBe(("slow", "m31", "a"));
        record.GetProperty("shot").GetInt32().ShouldBe(1);
        record.GetProperty("file_path").GetString().ShouldBe($"moth/slow/2026/{Names[0]}");
    }

    [Fact]
    public async Task A_list_has_columns_for_them_where_its_files_have_them()
    {
        var lines = (await archive.SendAsync("GET /query?format=csv&filename=" + Names[0])).Text.Split("\r\n");
        lines[0].ShouldEndWith(",seq,released,crid,start_time,letter,mode,shot,target,integrity");
        lines[1].ShouldEndWith(",true,,2026-01-01T01:02:03Z,a,slow,1,m31,");
        (await archive.SendAsync("GET /query?format=csv&table=logs")).Text.Split("\r\n")[0].ShouldEndWith(",seq,released,crid,integrity");
        (await archive.SendAsync("GET /query?fields=shot,mode&limit=1")).Text.ShouldBe("""[{"shot":1,"mode":"fast"}]""");
    }

    [Theory]
    [InlineData("mode=fast", 1)]
    [InlineData("mode=s*", 5)]
    [InlineData("mode=slow,fast", 6)]
    [InlineData("shot=1", 4)]
    [InlineData("shot=0001&mode=slow", 3)]
    [InlineData("shot=1,2&latest=true", 4)]
    [InlineData("target=m31", 5)]
    [InlineData("target=m3", 0)]
    [InlineData("target=m31&shot=2", 2)]
    [InlineData("target=*", 6)]
    [InlineData("letter=c", 1)]
    [InlineData("letter=a&latest=true", 4)]
    [InlineData("latest=true", 4)]
    [InlineData("version=latest&mode=slow", 3)]
    public async Task They_are_parameters(string query, int count)
    {
        (await archive.SendAsync($"GET /query?{query}")).Json.GetArrayLength().ShouldBe(count);
        (await archive.SendAsync($"GET /query?{query}&sort=-start_date&limit=100&count=true"))["OpenSDC-Count"].ShouldBe($"{count}");
        (await archive.SendAsync($"GET /coverage?bin=year&{query}"))
            .Json.EnumerateArray()
            .Sum(each => each.GetProperty("files").GetInt32())
            .ShouldBe(count);
        using var body = new StringContent(
            $$"""{ "{{query.Split('=')[0]}}": "{{query.Split('=')[1].Split('&')[0]}}" }""",
            System.Text.Encoding.UTF8,
            "application/json"
        );
        (await archive.SendAsync("POST /query", content: body)).Status.ShouldBe(200);
    }

    [Fact]
    public async Task The_newest_is_the_greatest_letter_and_not_the_last_that_came() =>
        (await archive.SendAsync("GET /query?latest=true&shot=1&mode=slow")).Json[0].GetProperty("version").GetString().ShouldBe("v0c");

    [Fact]
    public async Task Words_are_facets_and_make_rows_of_coverage()
    {
        var facets = (await archive.SendAsync("GET /facets")).Json.GetProperty("facets");
        facets
            .EnumerateObject()
            .Select(each => each.Name)
            .ShouldBe(["instrument", "data_level", "descriptor", "extension", "mode", "start_year"]);
        facets
            .GetProperty("mode")
            .EnumerateArray()
            .Select(each => (each.GetProperty("value").GetString(), each.GetProperty("files").GetInt32()))
            .ShouldBe([("fast", 1), ("slow", 5)]);
        (await archive.SendAsync("GET /facets?mode=fast")).Json.GetProperty("files").GetInt32().ShouldBe(1);
        (await archive.SendAsync("GET /coverage?bin=year"))
            .Json.EnumerateArray()
            .Select(each => each.GetProperty("mode").GetString())
            .ShouldBe(["fast", "slow"]);
        (await archive.SendAsync("GET /facets?table=logs")).Json.GetProperty("facets").TryGetProperty("mode", out _).ShouldBeFalse();
    }

    [Theory]
    [InlineData("mode=x", "The parameter mode is 'x'; allowed: fast, slow.")]
    [InlineData("shot=x", "The parameter shot is 'x'; allowed: a whole number.")]
    [InlineData("table=logs&shot=1", "The parameter shot does not go with table=logs: its files have none.")]
    [InlineData("fields=colour", "The parameter fields is 'colour'; allowed: file_path,")]
    public async Task A_value_that_means_nothing_is_refused(string query, string sentence)
    {
        var answer = await archive.SendAsync($"GET /query?{query}");
        answer.Status.ShouldBe(400);
        answer.Json.GetProperty("detail").GetString()!.ShouldStartWith(sentence);
    }

    [Fact]
    public async Task The_document_has_them()
    {
        var document = (await archive.SendAsync("GET /openapi/v1.json")).Json;
        var query = document.GetProperty("paths").GetProperty("/query");
        query
            .GetProperty("get")
            .GetProperty("parameters")
            .EnumerateArray()
            .Select(each => each.GetProperty("name").GetString()!)
            .Except(Server.Files.QueryParameters.Names)
            .Where(name => char.IsLower(name[0]))
            .ShouldBe(["letter", "mode", "shot", "target"]);
        document
            .GetProperty("components")
            .GetProperty("schemas")
            .GetProperty("FileRecord")
            .GetProperty("properties")
            .EnumerateObject()
            .Select(each => each.Name)
            .Except(["letter", "mode", "shot", "target", "start_time"])
            .ShouldNotContain("end_time");
        document
            .GetProperty("components")
            .GetProperty("schemas")
            .GetProperty("Facets")
            .GetProperty("properties")
            .GetProperty("facets")
            .GetProperty("properties")
            .TryGetProperty("mode", out _)
            .ShouldBeTrue();
        query
            .GetProperty("get")
            .GetProperty("parameters")
            .EnumerateArray()
            .Single(each => each.GetProperty("name").GetString() == "table")
            .GetProperty("schema")
            .GetProperty("default")
            .GetString()
            .ShouldBe("images");
        MissionDocumentTests.ShouldSayNothingOfImap(document.GetRawText(), "the document");
    }

    [Fact]
    public async Task An_unknown_parameter_is_told_of_them() =>
        (await archive.SendAsync("GET /query?colour=red"))
            .Json.GetProperty("detail")
            .GetString()!
            .ShouldEndWith("'cursor', 'letter', 'mode', 'shot', 'target']");
}
