using System.Security.Cryptography;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenSdc.Server;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Upkeep;

/// <summary>
/// What a start makes of uploads that were on their way when the process ended, and that nobody is served
/// before it is done.
/// </summary>
public sealed class RecoveryTests : IDisposable
{
    private const string Whole = "imap_swe_l1b_whole_20260101_v001.cdf";
    private const string Half = "imap_swe_l1b_half_20260101_v001.cdf";
    private const string Done = "imap_swe_l1b_done_20260101_v001.cdf";

    private readonly string folder = Directory.CreateTempSubdirectory("opensdc-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task What_had_its_name_is_finished_and_what_had_not_is_removed()
    {
        byte[] bytes = [1, 2, 3];
        await using (var before = await RunningArchive.StartAsync(folder: folder))
            await before.UploadAsync(Done, bytes);
        // As 0002 says: after step 3 only staged, after step 6 staged and linked, after step 9 recorded as well.
        Stage(1, Half, bytes);
        Link(Stage(2, Whole, bytes), Whole);
        Stage(3, Done, bytes);

        await using var archive = await RunningArchive.StartAsync(folder: folder);
        archive.FilesBelow("staging").ShouldBeEmpty();
        var records = await archive.QueryAsync("instrument=swe");
        records
            .Select(record => (record.FilePath, record.Seq, record.Sha256))
            .ShouldBe(
                new[] { (Done, 1L), (Whole, 2L) }.Select(file =>
                    (RunningArchive.KeyOf(file.Item1), file.Item2, Convert.ToHexStringLower(SHA256.HashData(bytes)))
                ),
                ignoreOrder: true
            );
        (await archive.DownloadAsync(Whole)).ShouldBe(bytes);
        await archive.ShouldHoldNothingOfAsync(Half);
    }

    [Fact]
    public async Task Nobody_but_the_operator_is_answered_until_it_is_done()
    {
        await using (var before = await RunningArchive.StartAsync(folder: folder))
            await before.UploadAsync(Done, [1]);
        await using var other = new SqliteConnection($"Data Source={Path.Combine(folder, "catalogue.sqlite")};Pooling=false");
        await other.OpenAsync();
        // Recovery begins with a commit, which waits for its turn.
        await using var turn = other.BeginTransaction(deferred: false);
        await using var app = await ServerApp.BuildAsync(
            new ServerOptions
            {
                Urls = "http://127.0.0.1:0",
                Data = folder,
                LogLevel = LogLevel.Critical,
            },
            TimeProvider.System,
            CancellationToken.None
        );
        await app.StartAsync();
        using var client = new HttpClient
        {
            BaseAddress = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()),
        };

        (await AskAsync("/health/ready")).ShouldSatisfyAllConditions(
            answer => answer.Status.ShouldBe(503),
            answer => answer.Body.ShouldContain("\"starting\"")
        );
        (await AskAsync("/health/live")).Status.ShouldBe(200);
        (await AskAsync("/query")).Status.ShouldBe(503);
        (await AskAsync($"/download/{Done}")).Status.ShouldBe(503);
        (await AskAsync($"/upload/{Half}")).Status.ShouldBe(503);

        await turn.RollbackAsync();
        for (var tries = 0; (await AskAsync("/health/ready")).Status != 200; tries++)
        {
            tries.ShouldBeLessThan(1000);
            await Task.Delay(25);
        }

        (await AskAsync("/query")).Status.ShouldBe(200);
        await app.StopAsync();

        async Task<(int Status, string Body)> AskAsync(string target)
        {
            using var answer = await client.GetAsync(target);
            return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync());
        }
    }

    private string Stage(int slot, string name, byte[] bytes)
    {
        var path = Path.Combine(Directory.CreateDirectory(Path.Combine(folder, "staging", slot.ToString("D4"))).FullName, name);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    private void Link(string staged, string name)
    {
        var path = Path.Combine(folder, "objects", RunningArchive.KeyOf(name));
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        OpenSdc.Server.Objects.Posix.Link(staged, path).ShouldBeTrue();
    }
}
