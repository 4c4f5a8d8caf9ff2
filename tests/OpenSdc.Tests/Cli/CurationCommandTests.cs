using OpenSdc.Tests.Access;
using OpenSdc.Tests.Client;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Cli;

/// <summary>
/// <c>sdc release</c>, <c>unrelease</c>, <c>withdraw</c>, <c>restore-file</c> and <c>purge</c>: at a running
/// archive with a key, and in a data folder that nobody serves; and upkeep of what they leave.
/// </summary>
public sealed class CurationCommandTests : IDisposable
{
    private const string One = "imap_swe_l1_one_20260901_v001.cdf";
    private const string Two = "imap_swe_l1_two_20260901_v001.cdf";

    private readonly string folder = Directory.CreateTempSubdirectory("opensdc-curation-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task A_key_releases_and_withdraws_at_a_running_archive()
    {
        await using var closed = await ClosedAsync();
        (await RunAsync("release", "instrument=swe", "descriptor=one")).ShouldBe(new SdcCommand(0, "1 file meant, 1 released.\n", ""));
        (await closed.Archive.SendAsync($"GET /download/{One}")).Status.ShouldBe(302);
        (await closed.Archive.SendAsync($"GET /download/{Two}")).Status.ShouldBe(404);
        (await RunAsync("unrelease", "instrument=swe")).Output.ShouldBe("2 files meant, 1 taken back; 1 other was so already.\n");
        (await RunAsync("withdraw", One, "--reason", "Wrong.", "--superseded-by", Two)).Output.ShouldBe(
            $"{RunningArchive.KeyOf(One)} is withdrawn.\n"
        );
        (await RunAsync("withdraw", One, "--reason", "Wrong.")).ShouldSatisfyAllConditions(
            again => again.Code.ShouldBe(43),
            again => again.Errors.ShouldContain("Wrong.")
        );
        (await RunAsync("restore-file", One)).Code.ShouldBe(0);
        (await RunAsync("release")).Code.ShouldBe(2, "neither filters nor a manifest");
        (await RunAsync("release", "instrument")).Code.ShouldBe(2);
        (await SdcCommand.RunAsync(folder, closed.Archive.Address, ["release", "instrument=swe"])).ShouldSatisfyAllConditions(
            refused => refused.Code.ShouldBe(43),
            refused => refused.Errors.ShouldContain("401")
        );
        await using (var proxy = await FaultyProxy.StartAsync(closed.Archive.Address))
        {
            // What is no JSON was not written by an archive.
            proxy.Choose = _ => new Fault.WrongByte(0);
            (await RunAsync("release", "instrument=swe", "--url", proxy.Address.ToString())).ShouldSatisfyAllConditions(
                refused => refused.Code.ShouldBe(43),
                refused => refused.Errors.ShouldContain("is no archive.")
            );
        }

        // The folder is served.
        (
            await SdcCommand.RunAsync(folder, closed.Archive.Address, ["release", "instrument=swe", "--data", closed.Archive.Folder])
        ).Code.ShouldBe(2);

        Task<SdcCommand> RunAsync(params string[] arguments) =>
            SdcCommand.RunAsync(folder, closed.Archive.Address, arguments, null, ("OPENSDC_API_KEY", closed.Admin.Item2));
    }

    [Fact]
    public async Task In_a_data_folder_that_nobody_serves_it_works_without_a_key_and_upkeep_agrees()
    {
        await using var closed = await ClosedAsync();
        var (archive, seen) = (closed.Archive, "");
        await archive.RestartAsync(async () =>
        {
            (await RunAsync("release", "table=*", "version=*", "instrument=swe")).Output.ShouldBe("2 files meant, 2 released.\n");
            (await RunAsync("withdraw", One, "--reason", "Wrong.")).Code.ShouldBe(0);
            var token = (await RunAsync("purge", One)).Output.Split("token is ")[1].Split(':')[0];
            (await RunAsync("purge", One, "--token", token)).Output.ShouldBe($"{RunningArchive.KeyOf(One)} is purged.\n");
            (await RunAsync("restore-file", One)).Code.ShouldBe(43);
            File.Exists(Path.Combine(archive.Folder, "objects", RunningArchive.KeyOf(One))).ShouldBeFalse();
            (await RunAsync("fsck")).Code.ShouldBe(0, "what was purged is not missing");
        });
        (await archive.SendAsync($"GET /download/{One}")).Status.ShouldBe(410);
        seen = (await archive.SendAsync("GET /query?as_of=4")).Text;
        seen.ShouldContain(One);
        var backup = Path.Combine(folder, "backup");
        (await SdcCommand.RunAsync(folder, "", ["backup", backup, "--data", archive.Folder])).Code.ShouldBe(0);
        var restored = Path.Combine(folder, "restored");
        var restore = await SdcCommand.RunAsync(folder, "", ["restore", backup, "--data", restored]);
        restore.Code.ShouldBe(0, restore.Errors);
        await using var again = await RunningArchive.StartAsync(options => options with { Open = false }, folder: restored);
        (await again.SendAsync("GET /query?as_of=4")).Text.ShouldBe(seen);
        (await again.SendAsync($"GET /download/{One}")).Status.ShouldBe(410);
        (await again.SendAsync($"GET /query?filename={Two}")).Json.GetArrayLength().ShouldBe(1);

        Task<SdcCommand> RunAsync(string command, params string[] arguments) =>
            SdcCommand.RunAsync(folder, "", [command, .. arguments, "--data", archive.Folder]);
    }

    [Fact]
    public async Task Who_uploaded_a_file_withdraws_it_for_an_hour()
    {
        await using var closed = await ClosedAsync();
        var (own, other) = (await closed.KeyAsync("upload"), await closed.KeyAsync("upload"));
        const string Name = "imap_swe_l1_own_20260901_v001.cdf";
        await UploadAsync(closed.Archive, Name, own);
        (await closed.Archive.SendAsync($"POST /withdraw?filename={Name}&reason=mistake", headers: other)).Status.ShouldBe(403);
        (await closed.Archive.SendAsync($"POST /withdraw?filename={One}&reason=mistake", headers: own)).Status.ShouldBe(403);
        (await closed.Archive.SendAsync($"POST /withdraw?filename={Name}&reason=mistake", headers: own)).Status.ShouldBe(200);
    }

    private static async Task<ClosedArchive> ClosedAsync()
    {
        var closed = new ClosedArchive();
        await closed.InitializeAsync();
        foreach (var name in (string[])[One, Two])
            await UploadAsync(closed.Archive, name, closed.Admin);
        return closed;
    }

    private static async Task UploadAsync(RunningArchive archive, string name, (string, string) key)
    {
        var answer = await archive.SendAsync($"GET /upload/{name}", headers: key);
        (await archive.PutAsync(answer.Json.GetString()!, [1, 2, 3])).Status.ShouldBe(201);
    }
}
