using OpenSdc.Tests.Client;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Cli;

/// <summary>Transfers that are stopped, or whose disk refuses: nothing wrong is under a final name, and the same command goes on.</summary>
public sealed class InterruptedTransferTests(ClientFixture fixture) : IClassFixture<ClientFixture>, IDisposable
{
    private readonly Folder folder = new();

    private string Name => Path.GetFileName(fixture.Record.FilePath);

    [Theory]
    [InlineData("INT")]
    [InlineData("TERM")]
    public async Task Stopped_in_the_middle_it_keeps_what_came(string signal)
    {
        await using var proxy = await FaultyProxy.StartAsync(fixture.Archive.Address);
        proxy.Choose = request => FaultyProxy.IsBytes(request) ? new Fault.Stall(600_000) : new Fault.None();
        var part = Path.Combine(folder.Path, "data", Name + ".part");
        await using (var sdc = SdcProcess.StartInTerminal(folder.Path, $"download {Name} --flat --url {proxy.Address}"))
        {
            for (var tries = 0; !File.Exists(part) || new FileInfo(part).Length < 600_000; tries++)
            {
                tries.ShouldBeLessThan(1000, sdc.Errors);
                await Task.Delay(50);
            }

            sdc.Send(signal);
            (await sdc.ExitCodeAsync()).ShouldBe(130, sdc.Errors);
            sdc.Errors.ShouldContain("the same command goes on");
        }

        folder.Files.ShouldBe([$"data/{Name}.part"]);
        proxy.Choose = _ => new Fault.None();
        (await SdcCommand.RunAsync(folder.Path, proxy.Address.AbsoluteUri, ["download", Name, "--flat"])).Code.ShouldBe(0);
        File.ReadAllBytes(Path.Combine(folder.Path, "data", Name)).ShouldBe(ClientFixture.Bytes);
        proxy.Headers.Last(each => each.Request.Contains("/objects/")).Headers.Range.ToString().ShouldBe("bytes=600000-");
    }

    [Fact]
    public async Task A_full_disk_is_a_sentence_and_no_file()
    {
        using var disk = Mount.Small("1m");

        var run = await SdcCommand.RunAsync(folder.Path, fixture.Archive.Address, ["download", Name, "--flat", "--data-dir", disk.Folder]);

        run.Code.ShouldBe(1, run.Errors);
        run.Errors.ShouldContain("The disk refuses");
        File.Exists(Path.Combine(disk.Folder, Name)).ShouldBeFalse();
    }

    [Fact]
    public async Task A_read_only_folder_is_a_sentence()
    {
        using var mount = Mount.ReadOnly(Directory.CreateDirectory(Path.Combine(folder.Path, "out")).FullName);

        var run = await SdcCommand.RunAsync(folder.Path, fixture.Archive.Address, ["download", Name, "--data-dir", mount.Folder]);

        run.Code.ShouldBe(1, run.Errors);
        run.Errors.ShouldContain("The disk refuses");
    }

    public void Dispose() => folder.Dispose();
}
