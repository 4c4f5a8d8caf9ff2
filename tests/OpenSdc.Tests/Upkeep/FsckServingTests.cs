using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using OpenSdc.Server;
using OpenSdc.Server.Upkeep;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Upkeep;

/// <summary>The check beside a service that takes uploads.</summary>
public sealed class FsckServingTests
{
    private const int Clients = 8;
    private const int FilesEach = 40;

    [Fact]
    public async Task Uploads_go_on_while_repairs_run_and_neither_disturbs_the_other()
    {
        using var archive = await FsckArchive.MakeAsync();
        var misplaced = archive.Put("imap/zzz/" + FsckArchive.NameOf(3, "strange").Name);
        await Task.Delay(200);
        await using var app = await ServerApp.BuildAsync(
            archive.Settings with
            {
                Urls = "http://127.0.0.1:0",
                LogLevel = Microsoft.Extensions.Logging.LogLevel.Warning,
            },
            TimeProvider.System,
            CancellationToken.None
        );
        await app.StartAsync();
        using var http = new HttpClient
        {
            BaseAddress = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()),
        };

        var uploads = Task.WhenAll(Enumerable.Range(0, Clients).Select(client => Task.Run(async () =>
        {
            for (var i = 0; i < FilesEach; i++)
                await UploadAsync(http, FsckArchive.NameOf(i, $"client{client}").Name, FsckArchive.BytesOf(client * 100 + i));
        })));
        var (checks, done) = (0, 0L);
        while (!uploads.IsCompleted || checks < 3)
        {
            var (report, findings) = await archive.CheckAsync(
                new FsckOptions
                {
                    Repair = true,
                    Digest = checks % 2 == 0,
                    MaxChanges = ChangeCap.Parse("100%")!.Value,
                },
                TimeProvider.System
            );
            findings.ShouldAllBe(finding => finding.Key == misplaced);
            (checks, done) = (checks + 1, done + report.Done);
        }

        await uploads;
        done.ShouldBe(1);
        Directory.GetFiles(Path.Combine(archive.Folder, "quarantine"), "*", SearchOption.AllDirectories).ShouldHaveSingleItem();
        archive.Rows("changes").ShouldNotContain("adopted");
        var (last, none) = await archive.CheckAsync(new FsckOptions { Digest = true });
        none.ShouldBeEmpty();
        (last.Records, last.Objects, last.SeqAfter).ShouldBe(
            (20 + Clients * FilesEach, 20 + Clients * FilesEach, 20 + Clients * FilesEach)
        );
        await app.StopAsync();
    }

    [Fact]
    public async Task An_adopted_file_is_served_at_once()
    {
        using var archive = await FsckArchive.MakeAsync();
        await using var app = await ServerApp.BuildAsync(
            archive.Settings with
            {
                Urls = "http://127.0.0.1:0",
                LogLevel = Microsoft.Extensions.Logging.LogLevel.Warning,
            },
            TimeProvider.System,
            CancellationToken.None
        );
        await app.StartAsync();
        using var http = new HttpClient
        {
            BaseAddress = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()),
        };
        var key = archive.Put(FsckArchive.NameOf(9, "other").Key);
        (await archive.RepairAsync()).Report.Outcome.ShouldBe(FsckOutcome.Repaired);
        (await http.GetStringAsync("/download/" + key)).ShouldBe("bytes of an orphan");
        (await UploadAsync(http, FsckArchive.NameOf(10, "other").Name, [1, 2, 3])).ShouldBe(22);
        await app.StopAsync();
    }

    private static async Task<long> UploadAsync(HttpClient http, string name, byte[] bytes)
    {
        using var asked = new HttpRequestMessage(HttpMethod.Get, "/upload/" + name);
        using var answer = await http.SendAsync(asked);
        var url = await answer.Content.ReadAsStringAsync();
        using var content = new ByteArrayContent(bytes);
        using var receipt = await http.PutAsync(JsonSerializer.Deserialize<string>(url), content);
        var text = await receipt.Content.ReadAsStringAsync();
        ((int)receipt.StatusCode).ShouldBe(201, text);
        using var json = JsonDocument.Parse(text);
        json.RootElement.GetProperty("sha256").GetString().ShouldBe(Convert.ToHexStringLower(SHA256.HashData(bytes)));
        return json.RootElement.GetProperty("seq").GetInt64();
    }
}
