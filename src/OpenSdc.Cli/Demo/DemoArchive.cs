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
        await Parallel.ForEachAsync(DemoFiles.Generate(count), new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancel }, async (file, token) =>
        {
            var name = FileName.Parse(file.Name, mission).Name
                ?? throw new SettingException($"The demo's file {file.Name} is no name of the mission {mission.Name}; --demo goes with the built-in mission only.");
            await using var staged = await store.StageAsync(name.Key, file.Content.Length, token);
            await staged.WriteAsync(file.Content, token);
            await publisher.PublishAsync(name, staged, Convert.ToHexStringLower(SHA256.HashData(file.Content.Span)), token);
        });
    }
}
