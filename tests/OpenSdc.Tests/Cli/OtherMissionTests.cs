using System.Net;
using System.Text;
using System.Text.Json;
using OpenSdc.Tests.Client;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Cli;

/// <summary><c>sdc serve</c> with the file of another mission: what it says at start, and what it answers, names nothing of IMAP.</summary>
public sealed class OtherMissionTests : IDisposable
{
    private const string Example = "aur_cam_raw_20300102_v03.fits";

    private readonly string folder = Directory.CreateTempSubdirectory("opensdc-").FullName;
    private readonly HttpClient http = new(new SocketsHttpHandler { AllowAutoRedirect = false });

    public void Dispose()
    {
        http.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task It_says_nothing_of_IMAP(bool hasExample)
    {
        var example = hasExample ? $", \"example\": \"{Example}\"" : "";
        await File.WriteAllTextAsync(
            Path.Combine(folder, "aurora.json"),
            MissionDocumentTests.Aurora.Replace("EXAMPLE", example, StringComparison.Ordinal)
        );
        var (sdc, address) = await SdcProcess.ServeAsync(folder, "--mission aurora.json --log-level information");
        await using var _ = sdc;
        sdc.Output.ShouldContain($"Reference: {address}/docs");
        sdc.Output.Split('\n').Count(line => line.Contains(Example, StringComparison.Ordinal)).ShouldBe(hasExample ? 3 : 0);

        using var put = await http.PutAsync($"{address}/objects/aurora/cam/2030/{Example}", new ByteArrayContent([1]));
        put.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        MissionDocumentTests.ShouldSayNothingOfImap(await put.Content.ReadAsStringAsync(), "PUT");
        foreach (
            var body in (string[])
                [
                    "",
                    "{}",
                    "{\"filename\":\"nonsense\",\"size\":1}",
                    "{\"filename\":\"aur_cam_x.fits\",\"size\":1}",
                    "{\"filename\":\"/\",\"size\":1}",
                ]
        )
        {
            using var post = await http.PostAsync($"{address}/uploads", new StringContent(body, Encoding.UTF8, "application/json"));
            ((int)post.StatusCode).ShouldBe(400);
            MissionDocumentTests.ShouldSayNothingOfImap(await post.Content.ReadAsStringAsync(), body);
        }

        foreach (
            var path in (string[])
                [
                    "/docs/",
                    "/openapi/v1.json",
                    "/query?version=x",
                    "/query?start_date=x",
                    "/query?table=spice",
                    "/spice-query",
                    "/metakernel",
                    "/spin-table",
                    "/upload/aur_cam_x.fits",
                    "/metrics",
                ]
        )
        {
            using var answer = await http.GetAsync(address + path);
            MissionDocumentTests.ShouldSayNothingOfImap(await answer.Content.ReadAsStringAsync(), path);
        }

        MissionDocumentTests.ShouldSayNothingOfImap(sdc.Output, "standard output");
        MissionDocumentTests.ShouldSayNothingOfImap(sdc.Errors, "the log");
    }

    [Fact]
    public async Task The_client_commands_show_a_missions_own_fields_and_match_its_names()
    {
        const string Name = "PUNCH_L3_PTM_20260421000230_v0l.fits";
        var mission = Path.Combine(SharedData.RepositoryRoot, "missions", "punch.mission.json");
        await using var archive = await RunningArchive.StartAsync(options => options with { Mission = mission });
        await archive.UploadAsync(Name, [1, 2, 3]);
        var configuration = Directory.CreateDirectory(Path.Combine(folder, "config", "opensdc")).FullName;
        await File.WriteAllTextAsync(Path.Combine(configuration, "config.json"), $$"""{"mission":"{{mission}}"}""");

        var json = await SdcCommand.RunAsync(folder, archive.Address, ["query", "--output", "json"]);
        json.Code.ShouldBe(0, json.Errors);
        var record = JsonElement.Parse(json.Output)[0];
        (record.GetProperty("start_time").GetString(), record.GetProperty("letter").GetString()).ShouldBe(("2026-04-21T00:02:30Z", "l"));
        record.TryGetProperty("other", out _).ShouldBeFalse();
        (await SdcCommand.RunAsync(folder, archive.Address, ["query", "--output", "csv"])).Output.ShouldEndWith(
            ",\"{\"\"start_time\"\":\"\"2026-04-21T00:02:30Z\"\",\"\"letter\"\":\"\"l\"\"}\"\r\n"
        );

        await using var proxy = await FaultyProxy.StartAsync(archive.Address);
        var download = await SdcCommand.RunAsync(folder, proxy.Address.ToString(), ["download", "PUNCH_L3_PT?_2026*", "--flat"]);
        download.ShouldBe(new SdcCommand(0, Path.Combine(folder, "data", Name) + "\n", "1 file fetched, 0 there already.\n"));
        proxy.Queries.First().ShouldContain("data_level=3");
    }
}
