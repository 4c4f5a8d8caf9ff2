using OpenSdc.Tests.Client;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Cli;

/// <summary><c>sdc sync</c>, through its process, beside an archive that grows.</summary>
public sealed class SyncCommandTests : IDisposable
{
    private readonly Folder folder = new();

    [Fact]
    public async Task A_mirror_follows_the_archive_and_deletes_nothing()
    {
        await using var archive = await RunningArchive.StartAsync();
        var (first, second, other) = (ArchiveFixture.NewName(), ArchiveFixture.NewName(), ArchiveFixture.NewName());
        await archive.UploadAsync(first, [1]);
        await using var proxy = await FaultyProxy.StartAsync(archive.Address);

        (await SyncAsync(proxy)).Errors.ShouldBe("1 file fetched, 0 there already.\n");
        var own = folder.Write("data/own.txt", [7]);
        proxy.Requests.Clear();
        (await SyncAsync(proxy)).ShouldBe(new SdcCommand(0, "", "Nothing is new.\n"));
        proxy.Requests.ShouldBe(["HEAD /query"]);

        await archive.UploadAsync(second, [2]);
        (await SyncAsync(proxy, "--dry-run")).ShouldBe(
            new SdcCommand(42, $"+ {RunningArchive.KeyOf(second)}\n", "0 files are right, 1 not.\n")
        );
        (await SyncAsync(proxy)).Output.ShouldBe($"{Path.Combine(folder.Path, "data", RunningArchive.KeyOf(second))}\n");
        File.Exists(own).ShouldBeTrue();

        // Another query of the same folder counts for itself.
        (await SyncAsync(proxy, "--latest")).Errors.ShouldBe("0 files fetched, 2 there already.\n");

        // A run that did not get everything is not the last word.
        await archive.UploadAsync(other, [3]);
        proxy.Choose = request => FaultyProxy.IsBytes(request) ? new Fault.Status(404) : new Fault.None();
        (await SyncAsync(proxy)).Code.ShouldBe(40);
        proxy.Choose = _ => new Fault.None();
        (await SyncAsync(proxy)).Errors.ShouldBe("1 file fetched, 0 there already.\n");

        // What is lost here is not seen by its number, but by a comparison.
        File.Delete(Path.Combine(folder.Path, "data", RunningArchive.KeyOf(first)));
        (await SyncAsync(proxy)).Errors.ShouldBe("Nothing is new.\n");
        (await SyncAsync(proxy, "--full")).Errors.ShouldBe("1 file fetched, 2 there already.\n");
    }

    [Fact]
    public async Task Another_history_is_compared_from_its_beginning()
    {
        await using var archive = await RunningArchive.StartAsync();
        var name = ArchiveFixture.NewName();
        await archive.UploadAsync(name, [1]);
        await using var proxy = await FaultyProxy.StartAsync(archive.Address);
        await SyncAsync(proxy);
        var state = Path.Combine(folder.Path, "data", ".opensdc-sync.json");
        File.WriteAllText(
            state,
            System.Text.RegularExpressions.Regex.Replace(
                File.ReadAllText(state),
                "\"history\": \"[^\"]*\"",
                "\"history\": \"of-another-archive\""
            )
        );

        (await SyncAsync(proxy)).Errors.ShouldBe("0 files fetched, 1 there already.\n");
        (await SyncAsync(proxy)).Errors.ShouldBe("Nothing is new.\n");

        File.WriteAllText(state, "no JSON");
        var refused = await SyncAsync(proxy);
        refused.Code.ShouldBe(2);
        refused.Errors.ShouldContain(state);
    }

    [Fact]
    public async Task A_server_without_numbers_is_told()
    {
        await using var archive = await RunningArchive.StartAsync();
        await using var proxy = await FaultyProxy.StartAsync(archive.Address);
        proxy.Choose = _ => new Fault.Founding();

        var run = await SyncAsync(proxy);

        run.Code.ShouldBe(43);
        run.Errors.ShouldContain("does not number its changes");
    }

    public void Dispose() => folder.Dispose();

    private Task<SdcCommand> SyncAsync(FaultyProxy proxy, params string[] more) =>
        SdcCommand.RunAsync(folder.Path, proxy.Address.AbsoluteUri, ["sync", "--retries", "2", .. more]);
}
