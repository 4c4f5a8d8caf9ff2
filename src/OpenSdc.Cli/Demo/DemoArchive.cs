using System.Globalization;
using System.Security.Cryptography;
using OpenSdc.Contract;
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
            throw new SettingException(
                "The archive already holds files; --demo fills only an empty one, so give it another --data folder."
            );
        var now = services.GetRequiredService<TimeProvider>().GetUtcNow();
        var arrivals = Arrivals(count);
        // The newest of them arrive on the day on which the archive is filled, so that there is something new to see.
        var firstOfToday = count - Math.Clamp(count / 200, 1, 200);
        var options = new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancel };
        for (int from = 0, length; from < count; from += length)
        {
            length = Together(arrivals.AsSpan(from));
            await Parallel.ForEachAsync(
                Enumerable.Range(from, length),
                options,
                async (place, token) =>
                {
                    var file = DemoFiles.At(arrivals[place].Index);
                    var name =
                        FileName.Parse(file.Name, mission).Name
                        ?? throw new SettingException(
                            $"The demo's file {file.Name} is no name of the mission {mission.Name}; --demo goes with the built-in mission only."
                        );
                    var arrival = place < firstOfToday ? arrivals[place].At : now - (TimeSpan.FromMinutes(5) * (count - place));
                    await using var staged = await store.StageAsync(name.Key, file.Content.Length, token);
                    await staged.WriteAsync(file.Content, token);
                    await publisher.PublishAsync(
                        name,
                        staged,
                        Convert.ToHexStringLower(SHA256.HashData(file.Content.Span)),
                        token,
                        arrival < now ? arrival : now
                    );
                }
            );
        }

        if (count > 0 && !services.GetRequiredService<Catalogue>().ReleasesAll)
            await ReleaseOlderHalfAsync(services, mission, arrivals, cancel);
    }

    /// <summary>
    /// The first files in the order of their arrival. The versions of one file arrive in their order: what is
    /// late is its data, not an old version after a newer one.
    /// </summary>
    internal static DemoArrival[] Arrivals(int count) =>
        [
            .. Enumerable
                .Range(0, count)
                .Select(index => (Index: index, File: DemoFiles.Describe(index)))
                .GroupBy(each => Series(each.File))
                .SelectMany(versions =>
                    versions
                        .Select(each => each.File.Arrival)
                        .Order()
                        .Zip(versions, (at, each) => new DemoArrival(at, each.Index, versions.Key))
                )
                .OrderBy(each => (each.At, each.Index)),
        ];

    // A kernel has no date, and its number is its version.
    private static string Series(DemoDescription file) =>
        file.Product.Form == DemoForm.Kernel
            ? file.Product.Instrument
            : string.Create(CultureInfo.InvariantCulture, $"{file.Product.Logical}.{file.Product.Extension} {file.DayIndex}");

    /// <summary>How many of the next files may be published at once: no two versions of one file are.</summary>
    private static int Together(ReadOnlySpan<DemoArrival> next)
    {
        var series = new HashSet<string>(StringComparer.Ordinal);
        var length = 0;
        while (length < Math.Min(AtOnce, next.Length) && series.Add(next[length].Series))
            length++;
        return length;
    }

    /// <summary>
    /// Where not everything is released at once: of the families that begin unreleased, the older half of the
    /// days, as a mission releases its data some time after they were taken.
    /// </summary>
    private static async Task ReleaseOlderHalfAsync(
        IServiceProvider services,
        Mission mission,
        IReadOnlyList<DemoArrival> arrivals,
        CancellationToken cancel
    )
    {
        var days = arrivals
            .Select(each => DemoFiles.Describe(each.Index))
            .Where(file => FileName.Parse(file.Name, mission).Name is { StartsReleased: false })
            .Select(file => file.Day)
            .Order()
            .ToList();
        if (days.Count == 0)
            return;
        var last = days[(days.Count - 1) / 2].ToString("yyyyMMdd", CultureInfo.InvariantCulture);
        var releases = services.GetRequiredService<Releases>();
        var files = await releases.FindAsync(new FileQuery { Family = null, EndDate = last }, family: null, cancel);
        await releases.SetAsync(files, release: true, AuditEntry.OfLocal(AuditAction.Release, $"end_date={last}"), cancel);
    }
}

/// <summary>When a file arrives.</summary>
/// <param name="At">The moment.</param>
/// <param name="Index">Which file of <see cref="DemoFiles"/> it is.</param>
/// <param name="Series">What its versions share.</param>
internal readonly record struct DemoArrival(DateTimeOffset At, int Index, string Series);
