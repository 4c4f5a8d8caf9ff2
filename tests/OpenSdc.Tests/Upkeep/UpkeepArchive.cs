using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using OpenSdc.Server;
using Shouldly;

namespace OpenSdc.Tests.Upkeep;

/// <summary>An archive whose clock the test moves, whose objects it harms, and whose ledger of changes it reads.</summary>
internal sealed class UpkeepArchive : IAsyncDisposable
{
    private readonly Measurements measurements;

    private UpkeepArchive(RunningArchive running, FakeTimeProvider clock)
    {
        (Running, Clock) = (running, clock);
        measurements = new(running);
    }

    public RunningArchive Running { get; }

    public FakeTimeProvider Clock { get; }

    private Server.Catalogue.Catalogue Catalogue => Running.Services.GetRequiredService<Server.Catalogue.Catalogue>();

    public static async Task<UpkeepArchive> StartAsync(Func<ServerOptions, ServerOptions>? configure = null)
    {
        var clock = new FakeTimeProvider(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        return new(await RunningArchive.StartAsync(configure, clock), clock);
    }

    /// <summary>Uploads files and says where each one's object lies.</summary>
    public async Task<(string Name, long Seq, string Path)> UploadAsync(byte[] bytes)
    {
        var name = ArchiveFixture.NewName();
        var receipt = await Running.UploadAsync(name, bytes);
        return (name, receipt.Seq, Path.Combine(Running.Folder, "objects", receipt.FilePath));
    }

    /// <summary>Lets the clock run, in steps of a quarter of an hour, until something is so.</summary>
    public async Task RunUntilAsync(Func<Task<bool>> isSo, string what)
    {
        for (var tries = 0; !await isSo(); tries++)
        {
            tries.ShouldBeLessThan(4000, $"never came: {what}");
            Clock.Advance(TimeSpan.FromMinutes(15));
            await Task.Delay(5);
        }
    }

    public Task RunUntilEventsAsync(long seq, params string[] kinds) =>
        RunUntilAsync(async () => (await EventsAsync(seq)).SequenceEqual(kinds), $"the events {string.Join(", ", kinds)} of seq {seq}");

    /// <summary>What happened to a file, in order.</summary>
    public Task<List<string>> EventsAsync(long seq) => ListAsync("SELECT kind FROM changes WHERE file = @p0 ORDER BY seq", seq);

    /// <summary>When a file was last verified; empty where it never was.</summary>
    public async Task<string> VerifiedAsync(long seq) =>
        (await ListAsync("SELECT at FROM verified WHERE seq = @p0", seq)).FirstOrDefault("");

    public async Task<Answer> GetAsync(string name, string method = "GET", params (string, string)[] headers)
    {
        var url = await Running.DownloadUrlAsync(name);
        return await Running.SendAsync($"{method} {url}", headers: headers);
    }

    /// <summary>Lets the clock run until a measurement has a value: a gauge is counted anew every half minute.</summary>
    public Task ShouldSoonMeasureAsync(string measurement, double value) =>
        RunUntilAsync(() => Task.FromResult(measurements.Of(measurement) == value), $"{measurement} = {value}");

    public double Measured(string measurement) => measurements.Of(measurement);

    public static void FlipBit(string path, long at)
    {
        using var file = File.Open(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        file.Position = at;
        var value = file.ReadByte();
        file.Position = at;
        file.WriteByte((byte)(value ^ 4));
    }

    public ValueTask DisposeAsync()
    {
        measurements.Dispose();
        return Running.DisposeAsync();
    }

    private async Task<List<string>> ListAsync(string sql, long seq) => await Catalogue.ReadAsync(async session =>
    {
        var list = new List<string>();
        await using var reader = await session.Statement(sql, [seq]).ExecuteReaderAsync();
        while (await reader.ReadAsync())
            list.Add(reader.GetString(0));
        return list;
    }, CancellationToken.None);
}
