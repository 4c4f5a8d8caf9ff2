using System.Security.Cryptography;
using OpenSdc.Contract.Naming;
using OpenSdc.Server;
using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Objects;
using OpenSdc.Server.Uploads;

namespace OpenSdc.Cli.Demo;

/// <summary>Fills an empty archive with synthetic files, each through the same publication as an upload.</summary>
internal static class DemoArchive
{
    private const int AtOnce = 64;

    /// <exception cref="SettingException">The archive already holds files, or another mission's names.</exception>
    public static async Task FillAsync(IServiceProvider services, int count, CancellationToken cancel)
    {
        var mission = services.GetRequiredService<Mission>();
        var store = services.GetRequiredService<IObjectStore>();
        var publisher = services.GetRequiredService<Publisher>();
        if (await services.GetRequiredService<Catalogue>().HeadAsync(cancel) > 0)
            throw new SettingException("The archive already holds files; --demo fills only an empty one, so give it another --data folder.");
        var now = services.GetRequiredService<TimeProvider>().GetUtcNow();
        // In the order of their arrival; the dates of ingestion never run backwards.
        var arrivals = Enumerable.Range(0, count).Select(index => (DemoFiles.Describe(index).Arrival, Index: index)).Order().Select(each => each.Index).ToArray();
        // The newest of them arrive on the day on which the archive is filled, so that there is something new to see.
        var firstOfToday = count - Math.Clamp(count / 200, 1, 200);
        var options = new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancel };
        for (var from = 0; from < count; from += AtOnce)
        {
            await Parallel.ForEachAsync(Enumerable.Range(from, Math.Min(AtOnce, count - from)), options, async (place, token) =>
            {
                var file = DemoFiles.At(arrivals[place]);
                var name = FileName.Parse(file.Name, mission).Name
                    ?? throw new SettingException($"The demo's file {file.Name} is no name of the mission {mission.Name}; --demo goes with the built-in mission only.");
                var arrival = place < firstOfToday ? DemoFiles.Describe(arrivals[place]).Arrival : now - (TimeSpan.FromMinutes(5) * (count - place));
                await using var staged = await store.StageAsync(name.Key, file.Content.Length, token);
                await staged.WriteAsync(file.Content, token);
                await publisher.PublishAsync(name, staged, Convert.ToHexStringLower(SHA256.HashData(file.Content.Span)), token, arrival < now ? arrival : now);
            });
        }
    }
}
