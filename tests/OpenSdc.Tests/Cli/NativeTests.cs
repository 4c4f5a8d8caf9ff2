using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using OpenSdc.Contract;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Cli;

/// <summary>
/// The journey of some files through the program that is compiled ahead of time, where code that is only
/// reached by reflection is missing: on each store and database.
/// </summary>
public sealed class NativeTests
{
    private static readonly string[] Names =
    [
        "imap_codice_l1a_lo_20260101_20260102_v01-01.cdf",
        "imap_glows_l1a_counts_20261206-repoint00002_v001.cdf",
        "imap_swe_l1_sci_20260901_v001.0002.cdf",
        "imap_mag_l1-calibration_20260101_v001.json",
        "imap_2026_001_2026_002_01.ah.bc",
        "naif0012.tls",
    ];

    private readonly string folder = Directory.CreateTempSubdirectory("opensdc-native-").FullName;

    [Theory]
    [InlineData("disk", "sqlite")]
    [InlineData("disk", "postgres")]
    [InlineData("s3", "postgres")]
    public async Task A_journey_through_the_native_program(string store, string database)
    {
        var settings = "--data data";
        if (database == "postgres")
            settings += $" --catalogue {PostgresServer.NewDatabase()}";
        if (store == "s3")
            settings += $" --objects s3://{CephServer.NewBucket()}/native --s3-endpoint {CephServer.Address.AbsoluteUri}";
        try
        {
            await using (var serve = Start($"serve --urls http://127.0.0.1:0 {settings}"))
            {
                using var http = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false })
                {
                    BaseAddress = new Uri(await serve.AddressAsync()),
                };
                foreach (var name in Names)
                    await GoInAsync(http, name);
                await AskAsync(http);
                foreach (var name in Names)
                    await ComeOutAsync(http, name);
                serve.Terminate();
                (await serve.ExitCodeAsync()).ShouldBe(0, serve.Errors);
            }

            await RunAsync($"fsck --digest {settings}");
            if (database == "sqlite")
                await RunAsync($"backup {settings} {Path.Combine(folder, "backup")}");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task The_client_commands_of_the_native_program()
    {
        try
        {
            var bytes = Bytes(Names[0]);
            Directory.CreateDirectory(Path.Combine(folder, "out"));
            foreach (var name in Names)
                await File.WriteAllBytesAsync(Path.Combine(folder, "out", name), Bytes(name));
            await using var serve = Start("serve --urls http://127.0.0.1:0 --data data");
            var archive = $"--url {await serve.AddressAsync()}";

            (await RunAsync($"upload out {archive}")).Split("published  ").Length.ShouldBe(Names.Length + 1);
            JsonDocument
                .Parse(await RunAsync($"query --table * --version * --output json {archive}"))
                .RootElement.GetArrayLength()
                .ShouldBe(Names.Length);
            (await RunAsync($"query --instrument codice {archive}")).ShouldContain(Names[0]);
            (await RunAsync($"info {Names[0]} {archive}")).ShouldContain(Convert.ToHexStringLower(SHA256.HashData(bytes)));
            JsonDocument.Parse(await RunAsync($"coverage --output json {archive}")).RootElement.GetArrayLength().ShouldBeGreaterThan(0);
            await RunAsync($"download {Names[0]} --flat --existing overwrite --data-dir in --progress json {archive}");
            (await File.ReadAllBytesAsync(Path.Combine(folder, "in", Names[0]))).ShouldBe(bytes);
            await RunAsync($"sync --table * --data-dir mirror -j 3 {archive}");
            await RunAsync($"sync --table * --data-dir mirror {archive}");
            (await RunAsync($"verify --table * --version * --all --data-dir mirror {archive}"))
                .Split("= imap/")
                .Length.ShouldBeGreaterThan(1);
            (await RunAsync("completion bash")).ShouldContain("complete ");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task It_says_its_version()
    {
        (await RunAsync("--version")).Trim().ShouldNotBeEmpty();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task The_program_alone_is_a_client_and_says_what_an_archive_needs()
    {
        try
        {
            await using var serve = Start("serve --urls http://127.0.0.1:0 --data served");
            var archive = await serve.AddressAsync();
            var alone = Path.Combine(folder, "alone", "sdc");
            Directory.CreateDirectory(Path.GetDirectoryName(alone)!);
            File.Copy(Environment.GetEnvironmentVariable("OPENSDC_NATIVE")!, alone);

            foreach (var arguments in (string[])["--version", $"query --url {archive}", $"--url {archive} -v query --table spice"])
            {
                await using var client = SdcProcess.Start([alone], folder, arguments);
                (await client.ExitCodeAsync()).ShouldBe(0, client.Errors);
            }

            foreach (
                var arguments in (string[])
                    ["serve --urls http://127.0.0.1:0 --data other", "fsck --data served", "rebuild --data other"]
            )
            {
                await using var run = SdcProcess.Start([alone], folder, arguments);
                (await run.ExitCodeAsync()).ShouldBe(2, $"{arguments}: {run.Errors}");
                run.OnlySentence.ShouldStartWith($"The file libe_sqlite3.so is not in {Path.GetDirectoryName(alone)}", customMessage: arguments);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static byte[] Bytes(string name) => Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(name, 10_000)));

    private static async Task GoInAsync(HttpClient http, string name)
    {
        var target = JsonSerializer.Deserialize<string>(await http.GetStringAsync($"/upload/{name}"))!;
        using var body = new ByteArrayContent(Bytes(name));
        using var put = await http.PutAsync(target, body);
        put.IsSuccessStatusCode.ShouldBeTrue($"{(int)put.StatusCode} {await put.Content.ReadAsStringAsync()}");
        // Where the bytes go to the store itself, the record follows.
        for (var tries = 0; await http.GetStringAsync($"/query?filename={name}") == "[]"; tries++)
        {
            tries.ShouldBeLessThan(1000);
            await Task.Delay(50);
        }
    }

    private static async Task ComeOutAsync(HttpClient http, string name)
    {
        var record = JsonSerializer.Deserialize(
            (await http.GetStringAsync($"/query?filename={name}"))[1..^1],
            ContractJson.Default.FileRecord
        )!;
        record.Sha256.ShouldBe(Convert.ToHexStringLower(SHA256.HashData(Bytes(name))));
        using var redirect = await http.GetAsync($"/download/{name}");
        redirect.StatusCode.ShouldBe(HttpStatusCode.Found);
        (await http.GetByteArrayAsync(redirect.Headers.Location)).ShouldBe(Bytes(name));
    }

    private static async Task AskAsync(HttpClient http)
    {
        foreach (var format in (string[])["json", "ndjson", "csv", "urls", "sha256sum"])
            (await http.GetStringAsync($"/query?version=*&table=*&sort=-size,version&format={format}"))
                .Split("imap_")
                .Length.ShouldBeGreaterThan(Names.Length - 1, format);
        (await http.GetStringAsync("/coverage?bin=month")).ShouldContain("codice");
        (await http.GetStringAsync("/facets?table=*")).ShouldContain("\"files\":6");
        (await http.GetStringAsync("/openapi/v1.json")).ShouldContain("\"/query\"");
        (await http.GetStringAsync("/metrics")).ShouldContain("opensdc_");
        (await http.GetStringAsync("/health/ready")).ShouldNotBeEmpty();
        using var asked = new StringContent("{\"instrument\":[\"swe\",\"glows\"],\"latest\":true}", Encoding.UTF8, "application/json");
        using var posted = await http.PostAsync("/query", asked);
        JsonDocument.Parse(await posted.Content.ReadAsStringAsync()).RootElement.GetArrayLength().ShouldBe(2);
        using var refused = await http.GetAsync("/query?colour=red");
        refused.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await refused.Content.ReadAsStringAsync()).ShouldContain("colour is not a valid query parameter");
    }

    private SdcProcess Start(string arguments)
    {
        var program = Environment.GetEnvironmentVariable("OPENSDC_NATIVE");
        if (string.IsNullOrEmpty(program))
            SharedData.SkipOrFail("The native program is made by ./test.sh, which names it in OPENSDC_NATIVE.");
        return SdcProcess.Start([program!], folder, arguments);
    }

    private async Task<string> RunAsync(string arguments)
    {
        await using var run = Start(arguments);
        (await run.ExitCodeAsync()).ShouldBe(0, run.Output + run.Errors);
        return run.Output;
    }
}
