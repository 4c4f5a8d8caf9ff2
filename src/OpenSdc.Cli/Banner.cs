using System.Globalization;
using OpenSdc.Contract.Naming;
using OpenSdc.Server;
using OpenSdc.Server.Access;
using OpenSdc.Server.Catalogue;

namespace OpenSdc.Cli;

/// <summary>What a person sees at start: where it listens, where the data lie, and three lines to paste.</summary>
internal static class Banner
{
    private const int MostTries = 999;

    public static async Task WriteAsync(TextWriter output, IServiceProvider services, string url, ServerOptions options)
    {
        var notice = services.GetRequiredService<AccessPolicy>().Notice;
        if (Logs.IsService(options))
        {
            if (notice is not null)
                await ServiceLine.WriteAsync(output, services.GetRequiredService<TimeProvider>(), notice);
            await ServiceLine.WriteAsync(output, services.GetRequiredService<TimeProvider>(), $"OpenSDC listens on {url}");
            return;
        }

        var address =
            options.PublicUrl?.AbsoluteUri.TrimEnd('/')
            ?? url.Replace("0.0.0.0", "127.0.0.1", StringComparison.Ordinal).Replace("[::]", "127.0.0.1", StringComparison.Ordinal);
        await output.WriteLineAsync($"OpenSDC listens on {url}");
        if (options is { Catalogue: null, Objects: null })
        {
            await output.WriteLineAsync($"The data lie in   {Path.GetFullPath(options.Data)}");
        }
        else
        {
            await output.WriteLineAsync($"The records lie in {services.GetRequiredService<Catalogue>().Name}");
            await output.WriteLineAsync($"The objects lie in {options.Objects ?? Path.Combine(Path.GetFullPath(options.Data), "objects")}");
        }

        if (notice is not null)
            await output.WriteLineAsync($"\n{notice}");
        // Without a key only an open archive takes them.
        if (notice is not null && await FreeNameAsync(services) is { } name)
        {
            await output.WriteLineAsync($"""

                Upload a file, find it, download it (paste these lines into another terminal):
                  head -c 1024 /dev/urandom > {name} && curl -T {name} "$(curl -sf {address}/upload/{name} | tr -d '"')"
                  curl "{address}/query?filename={name}"
                  curl -fL -o copy{Path.GetExtension(name)} {address}/download/{name}
                """);
        }

        await output.WriteLineAsync($"""

            Reference: {address}/docs   Stop with Ctrl-C.
            """);
        await output.FlushAsync();
    }

    /// <summary>A name that a fresh upload can have, so that the lines work however often they are pasted after a start.</summary>
    private static async Task<string?> FreeNameAsync(IServiceProvider services)
    {
        var mission = services.GetRequiredService<Mission>();
        var catalogue = services.GetRequiredService<Catalogue>();
        foreach (var name in NamesOf(mission, services.GetRequiredService<TimeProvider>()))
        {
            if (
                FileName.Parse(name, mission).Name is { } parsed
                && await catalogue.FindAsync(parsed.Key, ReadScope.All, CancellationToken.None) is null
            )
                return name;
        }

        return null;
    }

    /// <summary>Of another mission than IMAP only the examples of its own file are known to be names.</summary>
    private static IEnumerable<string> NamesOf(Mission mission, TimeProvider clock)
    {
        if (mission.Name != Mission.Imap.Name)
            return mission.Families.SelectMany(family => family.Examples);
        var today = clock.GetUtcNow().ToString("yyyyMMdd", CultureInfo.InvariantCulture);
        return Enumerable
            .Range(1, MostTries)
            .Select(version => string.Create(CultureInfo.InvariantCulture, $"imap_swe_l0_hello_{today}_v{version:D3}.pkts"));
    }
}
