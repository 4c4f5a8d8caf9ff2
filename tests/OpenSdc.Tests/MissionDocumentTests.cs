using System.Net;
using System.Text.Json.Nodes;
using OpenSdc.Contract;
using OpenSdc.Contract.Naming;
using OpenSdc.Server;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests;

/// <summary>The API document as it is served: of which address, of which program, and of which mission.</summary>
public sealed class MissionDocumentTests
{
    internal const string Aurora = """
        {
          "mission": "aurora", "root": "aurora/",
          "fields": { "instrument": ["cam", "spec"], "level": ["raw", "cal"], "extension": ["fits"] },
          "families": [{ "name": "observations", "key": "aurora/{instrument}/{start:yyyy}/{name}", "conventions": [
            { "name": "one", "template": "aur_{instrument}_{level}_{start:date}_{version=v{minor:digits(2)}}.{extension}" EXAMPLE }] }],
        }
        """;

    private const string Name = "aur_cam_raw_20300102_v03.fits";

    [Fact]
    public async Task The_server_is_the_public_address()
    {
        await using var archive = await RunningArchive.StartAsync(options =>
            options with
            {
                PublicUrl = new Uri("https://sdc.example.org/data/"),
            }
        );
        ServerOf(await DocumentAsync(archive)).ShouldBe("https://sdc.example.org/data");
    }

    [Theory]
    [InlineData("/data", "/data")]
    [InlineData("/a/b/", "/a/b")]
    [InlineData(null, "/")]
    public async Task The_server_is_below_the_prefix_of_a_trusted_proxy(string? prefix, string server)
    {
        await using var archive = await RunningArchive.StartAsync(options => options with { TrustedProxies = [IPAddress.Loopback] });
        (string, string)[] headers = prefix is null ? [] : [("X-Forwarded-For", "203.0.113.9"), ("X-Forwarded-Prefix", prefix)];
        ServerOf(await DocumentAsync(archive, headers)).ShouldBe(server);
    }

    [Fact]
    public async Task The_prefix_of_nobody_else_is_believed()
    {
        await using var archive = await RunningArchive.StartAsync();
        ServerOf(await DocumentAsync(archive, ("X-Forwarded-For", "203.0.113.9"), ("X-Forwarded-Prefix", "/evil"))).ShouldBe("/");
    }

    [Fact]
    public async Task The_document_has_the_programs_version()
    {
        await using var archive = await RunningArchive.StartAsync();
        var document = await DocumentAsync(archive);
        document["info"]!["version"]!.GetValue<string>().ShouldBe(ProgramVersion.Text);
    }

    [Theory]
    [InlineData($", \"example\": \"{Name}\"")]
    [InlineData("")]
    public async Task Another_mission_is_told_nothing_of_IMAP(string example)
    {
        await using var mission = new TemporaryMission(Aurora.Replace("EXAMPLE", example, StringComparison.Ordinal));
        await using var archive = await RunningArchive.StartAsync(options => options with { Mission = mission.Path });
        var document = await DocumentAsync(archive);
        document["paths"]!.AsObject().Select(each => each.Key).ShouldContain("/query");
        ShouldSayNothingOfImap(document.ToJsonString(), "the document");

        foreach (
            var request in (string[])
                [
                    "/docs/",
                    "/upload/nonsense",
                    "/upload/",
                    "/download/nonsense",
                    "/download/",
                    $"/download/{Name}",
                    "/query?instrument=x",
                    "/query?table=x",
                    "/query?colour=x",
                    "/query?filename=x",
                    "/query?file_path=x",
                    "/coverage?bin=x",
                    "/facets?data_level=x",
                    "/nothing",
                ]
        )
        {
            foreach (var accept in (string[])["*/*", "application/json"])
                ShouldSayNothingOfImap((await archive.SendAsync("GET " + request, accept)).Text, request);
        }
    }

    [Fact]
    public async Task Another_missions_samples_are_of_one_file_of_its_own()
    {
        await using var mission = new TemporaryMission(Aurora.Replace("EXAMPLE", $", \"example\": \"{Name}\"", StringComparison.Ordinal));
        await using var archive = await RunningArchive.StartAsync(options => options with { Mission = mission.Path });
        var document = await DocumentAsync(archive);
        document["paths"]!["/upload/{path}"]!["get"]!["parameters"]![0]!["example"]!.GetValue<string>().ShouldBe(Name);

        var query = document["paths"]!["/query"]!["get"]!;
        var found = query["responses"]!["200"]!["content"]!;
        const string Key = $"aurora/cam/2030/{Name}";
        var record = found["application/json"]!["examples"]!["plain"]!["value"]![0]!;
        (string, string?)[] members =
        [
            ("file_path", Key),
            ("instrument", "cam"),
            ("data_level", "raw"),
            ("descriptor", null),
            ("start_date", "20300102"),
            ("version", "v03"),
            ("extension", "fits"),
        ];
        foreach (var (member, value) in members)
            record[member]?.GetValue<string>().ShouldBe(value, member);
        JsonNode
            .Parse(found["application/x-ndjson"]!["examples"]!["ndjson"]!["value"]!.GetValue<string>())!
            .ToJsonString()
            .ShouldBe(record.ToJsonString());
        found["text/csv"]!["examples"]!["csv"]!["value"]!.GetValue<string>().ShouldContain($"\n{Key},cam,raw,,20300102,,,,v03,,3,fits,");
        query["parameters"]!.AsArray().First(each => each!["name"]!.GetValue<string>() == "instrument")!["examples"]!["default"]!["value"]![
            0
        ]!
            .GetValue<string>()
            .ShouldBe("cam");
    }

    /// <summary>A sample is an answer: what a query of one file answers, in the formats that the sample shows.</summary>
    [Fact]
    public async Task The_samples_of_a_query_are_what_a_query_answers()
    {
        await using var archive = await RunningArchive.StartAsync();
        await archive.UploadAsync("imap_codice_l1a_lo_20260101_20260102_v01-01.cdf", [1]);
        var found = (await DocumentAsync(archive))["paths"]!["/query"]!["get"]!["responses"]!["200"]!["content"]!;

        var real = JsonNode.Parse((await archive.SendAsync("GET /query")).Text)![0]!.AsObject();
        var sample = found["application/json"]!["examples"]!["plain"]!["value"]![0]!.AsObject();
        foreach (var (member, value) in sample.Where(each => each.Key is not ("ingestion_date" or "size" or "sha256" or "seq")))
            real[member]?.ToJsonString().ShouldBe(value?.ToJsonString(), member);
        real.Select(each => each.Key).ShouldBe(sample.Select(each => each.Key));

        var documented = JsonNode.Parse((await archive.SendAsync("GET /query", "application/json")).Text)!["body"]!.ToJsonString();
        found["application/json"]!["examples"]!["documented"]!["value"]!["body"]!.ToJsonString().ShouldBe(documented);

        var lines = (await archive.SendAsync("GET /query?format=csv")).Text.Split("\r\n");
        var sampled = found["text/csv"]!["examples"]!["csv"]!["value"]!.GetValue<string>().Split("\r\n");
        sampled[0].ShouldBe(lines[0]);
        sampled[1].Split(',')[..12].ShouldBe(lines[1].Split(',')[..12]);
        sampled[1].Split(',').Length.ShouldBe(lines[1].Split(',').Length);
    }

    private static async Task<JsonNode> DocumentAsync(RunningArchive archive, params (string, string)[] headers)
    {
        var answer = await archive.SendAsync("GET /openapi/v1.json", headers: headers);
        answer.Status.ShouldBe(200, answer.Text);
        return JsonNode.Parse(answer.Text)!;
    }

    private static string ServerOf(JsonNode document) => document["servers"]!.AsArray().ShouldHaveSingleItem()!["url"]!.GetValue<string>();

    internal static void ShouldSayNothingOfImap(string text, string where)
    {
        foreach (var word in (string[])["imap", "codice"])
            text.ShouldNotContain(word, Case.Insensitive, where);
        foreach (var instrument in (string[])["mag", "swe", "swapi", "glows", "hit", "idex", "ultra", "ialirt"])
            text.ShouldNotMatch($@"\b{instrument}\b", where);
    }

    private sealed class TemporaryMission : IAsyncDisposable
    {
        public TemporaryMission(string json) => File.WriteAllText(Path, json);

        public string Path { get; } = System.IO.Path.GetTempFileName();

        public ValueTask DisposeAsync()
        {
            File.Delete(Path);
            return ValueTask.CompletedTask;
        }
    }
}
