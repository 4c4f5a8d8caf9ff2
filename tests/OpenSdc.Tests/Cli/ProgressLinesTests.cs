using System.Text.Json;
using OpenSdc.Tests.Client;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Cli;

/// <summary>What <c>--progress json</c> tells a program, through the process: every event of downloads and uploads.</summary>
public sealed class ProgressLinesTests(ClientFixture fixture) : IClassFixture<ClientFixture>, IDisposable
{
    private readonly Folder folder = new();

    private string Name => Path.GetFileName(fixture.Record.FilePath);

    [Fact]
    public async Task A_download_is_retried_then_skipped_and_fails()
    {
        await using var proxy = await FaultyProxy.StartAsync(fixture.Archive.Address);
        var asked = 0;
        proxy.Choose = request =>
            FaultyProxy.IsBytes(request) && Interlocked.Increment(ref asked) == 1 ? new Fault.Cut(500_000) : new Fault.None();

        var first = await RunAsync(proxy, $"download {Name} --flat --progress json");
        first.Select(each => each.GetProperty("event").GetString()).ShouldBe(["started", "retrying", "done"]);
        first.ShouldAllBe(each => each.GetProperty("name").GetString() == Name && each.GetProperty("size").GetInt64() == ClientFixture.Size);
        first[0].GetProperty("bytes").GetInt64().ShouldBe(0);
        // A cut may take with it what had arrived and was not read yet.
        first[1].GetProperty("bytes").GetInt64().ShouldBeInRange(0, 500_000);
        first[2].GetProperty("bytes").GetInt64().ShouldBe(ClientFixture.Size);
        first[1].GetProperty("reason").GetString()!.ShouldContain("broke off");

        var second = await RunAsync(proxy, $"download {Name} --flat --progress json");
        second.Select(each => each.GetProperty("event").GetString()).ShouldBe(["skipped"]);

        proxy.Choose = request => FaultyProxy.IsBytes(request) ? new Fault.Status(404) : new Fault.None();
        var third = await RunAsync(proxy, $"download {Name} --flat --existing overwrite --progress json");
        third.Select(each => each.GetProperty("event").GetString()).ShouldBe(["started", "failed"]);
        third[1].GetProperty("reason").GetString()!.ShouldContain(Name);
    }

    [Fact]
    public async Task An_upload_is_retried_and_repeated()
    {
        await using var proxy = await FaultyProxy.StartAsync(fixture.Archive.Address);
        var asked = 0;
        proxy.Choose = request =>
            request.Method == "PUT" && Interlocked.Increment(ref asked) == 1 ? new Fault.Status(503, "0") : new Fault.None();
        var name = ArchiveFixture.NewName();
        folder.Write(name, [1, 2, 3]);

        var first = await RunAsync(proxy, $"upload {name} --progress json");
        first.Select(each => each.GetProperty("event").GetString()).ShouldBe(["started", "retrying", "done"]);
        var second = await RunAsync(proxy, $"upload {name} --progress json");
        second.Select(each => each.GetProperty("event").GetString()).Last().ShouldBe("skipped");
        asked.ShouldBe(2);
        (await fixture.Archive.QueryAsync($"filename={name}")).Length.ShouldBe(1);
    }

    [Fact]
    public async Task Totals_come_while_bytes_are_on_the_way()
    {
        await using var proxy = await FaultyProxy.StartAsync(fixture.Archive.Address);
        proxy.Choose = request => FaultyProxy.IsBytes(request) ? new Fault.Stall(600_000) : new Fault.None();
        await using var sdc = SdcProcess.StartInTerminal(folder.Path, $"download {Name} --flat --progress json --url {proxy.Address}");
        string? totals = null;
        for (var tries = 0; totals is null; tries++)
        {
            tries.ShouldBeLessThan(1000, sdc.Errors);
            await Task.Delay(50);
            totals = sdc.Errors.Split('\n').FirstOrDefault(line => line.Contains("\"totals\"", StringComparison.Ordinal)
                && line.Contains("\"bytes\":600000", StringComparison.Ordinal));
        }

        sdc.Send("INT");
        (await sdc.ExitCodeAsync()).ShouldBe(130, sdc.Errors);
        var read = JsonElement.Parse(totals);
        (read.GetProperty("done").GetInt64(), read.GetProperty("active").GetInt32()).ShouldBe((0, 1));
        read.GetProperty("bytes_per_second").GetInt64().ShouldBeGreaterThan(0);
    }

    public void Dispose() => folder.Dispose();

    /// <summary>The lines of progress of a run, which may fail.</summary>
    private async Task<List<JsonElement>> RunAsync(FaultyProxy proxy, string words)
    {
        var run = await SdcCommand.RunAsync(folder.Path, proxy.Address.AbsoluteUri, words.Split(' '));
        return [.. run.Errors.Split('\n').Where(line => line.StartsWith('{')).Select(line => JsonElement.Parse(line))];
    }
}
