using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using OpenSdc.Contract;
using OpenSdc.Contract.Naming;
using OpenSdc.Server;
using OpenSdc.Server.Catalogue;

namespace OpenSdc.Load;

/// <summary>
/// Measures releases in a filled catalogue of which half is released: files released while others are published and looked up, and pages of the public beside the same pages of the team, in turn.
/// Through the catalogue alone, without HTTP.
/// </summary>
internal static class ReleaseLoad
{
    public static async Task<int> Run(Arguments options)
    {
        var (rows, count) = ((int)options.Number("rows", 400_000), (int)options.Number("count", 100_000));
        using var telemetry = new Telemetry();
        using var folder = options.Has("catalogue") ? null : DataFolder.Open(options.Text("data"));
        using var dialect = (IDisposable)(folder is null ? new Postgres(options.Text("catalogue"), TimeProvider.System) : new Sqlite(folder.CatalogueFile));
        using var catalogue = new Catalogue((SqlDialect)dialect, TimeProvider.System, telemetry);
        await catalogue.OpenAsync(CancellationToken.None);
        var generator = new NameGenerator(rows + count);
        var names = new List<FileName>(rows + count);
        for (var i = 0; i < rows + count; i++)
            names.Add(FileName.Parse(generator[i].Name, Mission.Imap).Name!);

        // Every other transaction is released as it is published, of all products and days.
        for (var i = (int)await catalogue.HeadAsync(CancellationToken.None); i < rows; i += 1000)
        {
            catalogue.ReleasesAll = i / 1000 % 2 == 0;
            await PublishAsync(i, 1000);
        }

        var pages = await PagesAsync(catalogue, names[..rows], options.Number("rounds", 9));
        catalogue.ReleasesAll = false;
        await ReleaseAsync();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"pages public_over_team={pages:F2}"));
        return 0;

        Task<Recorded[]> PublishAsync(int from, int many) => catalogue.PublishAsync([.. names.Skip(from).Take(many).Select(name =>
            new Publication(name, 1024, Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(name.Name)))))], CancellationToken.None);

        async Task ReleaseAsync()
        {
            var releases = new Releases(catalogue, TimeProvider.System);
            var unreleased = (await releases.FindAsync(new FileQuery { Family = "science", Released = false, Limit = count }, Mission.Imap.FindFamily("science"), CancellationToken.None)).ToList();
            var lookUps = new LookupBatcher(catalogue, (SqlDialect)dialect, TimeProvider.System);
            using var stop = new CancellationTokenSource();
            var (asked, uploads) = (AskAsync(lookUps, stop.Token), UploadAsync(stop.Token));
            var started = Stopwatch.GetTimestamp();
            var result = await releases.SetAsync(unreleased, release: true, new AuditEntry { Action = AuditAction.Release, Caller = "bench" }, CancellationToken.None);
            var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
            await stop.CancelAsync();
            var times = await asked;
            times.Sort();
            var uploaded = await uploads;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"released files={result.Changed} seconds={seconds:F1} queries={times.Count} p99_ms={times[times.Count * 99 / 100]:F1} uploads={uploaded}"));
        }

        async Task<List<double>> AskAsync(LookupBatcher lookUps, CancellationToken stop)
        {
            var times = new List<double>();
            for (var i = 0; !stop.IsCancellationRequested; i = (i + 7919) % rows)
            {
                var started = Stopwatch.GetTimestamp();
                var query = new FileQuery { Family = null, FilePaths = [names[i].Key] };
                await lookUps.FindAsync(query, ReadScope.Of(query, Audience.Team), "item, file_path", 1, _ => { }, CancellationToken.None);
                times.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
                await Task.Delay(2, CancellationToken.None);
            }

            return times;
        }

        async Task<int> UploadAsync(CancellationToken stop)
        {
            var done = 0;
            for (; !stop.IsCancellationRequested && done < count; done++)
            {
                await PublishAsync(rows + done, 1);
                await Task.Delay(5, CancellationToken.None);
            }

            return done;
        }
    }

    /// <summary>How fast pages of the public are beside those of the team, that have as many rows: the median of rounds in turn.</summary>
    private static async Task<double> PagesAsync(Catalogue catalogue, List<FileName> names, long rounds)
    {
        var instruments = names.Where(each => each.Family == "science").Select(each => each.Instrument!).Distinct().Order(StringComparer.Ordinal).ToList();
        var ratios = new List<double>();
        await PageAsync(Audience.Team);
        await PageAsync(Audience.Public);
        for (var i = 0; i < rounds; i++)
        {
            var team = await PageAsync(Audience.Team);
            ratios.Add(team / await PageAsync(Audience.Public));
        }

        ratios.Sort();
        return ratios[ratios.Count / 2];

        async Task<double> PageAsync(Audience audience)
        {
            var (started, used) = (Stopwatch.GetTimestamp(), 0L);
            foreach (var instrument in instruments)
            {
                foreach (var sort in (SortField[][])[[], [new("start_date", true)], [new("seq", true)]])
                {
                    var query = new FileQuery { Family = "science", Instruments = [instrument], Sort = sort, Limit = 1000 };
                    await using var rows = await catalogue.QueryAsync(query, ReadScope.Of(query, audience), Mission.Imap.FindFamily("science"), "item, file_path", count: false, CancellationToken.None);
                    while (await rows.ReadAsync(CancellationToken.None))
                        used += rows.Columns.GetFieldValue<byte[]>(0).Length;
                }
            }

            GC.KeepAlive(used);
            return Stopwatch.GetElapsedTime(started).TotalSeconds;
        }
    }
}
