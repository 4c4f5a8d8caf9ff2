using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using OpenSdc.Contract.Naming;
using OpenSdc.Server;
using OpenSdc.Server.Catalogue;

namespace OpenSdc.Load;

/// <summary>
/// Releases files by one manifest, as an installed client asks for it, at an archive that serves with keys,
/// while others upload and look files up. The archive was filled by <see cref="FillAsync"/>: of every other
/// thousand of its files all are released.
/// </summary>
internal static class ReleaseLoad
{
    /// <summary>Files that are released together as they are published.</summary>
    public const int Alternating = 1000;

    private const string Manifest = "imap_mag_bench_20260101_20481231_v001.csv";

    /// <summary>Fills the catalogue of an archive that is not running.</summary>
    public static async Task<int> FillAsync(Arguments options)
    {
        var rows = (int)options.Number("rows");
        var database = options.Text("catalogue", "");
        using var telemetry = new Telemetry();
        using var folder = DataFolder.Open(options.Text("data"));
        using var dialect = (IDisposable)(
            database.Length > 0
                ? new Postgres(database, TimeProvider.System)
                : new Sqlite(folder.CatalogueFile) { WriterCache = 256 * 1024 }
        );
        using var catalogue = new Catalogue((SqlDialect)dialect, TimeProvider.System, telemetry);
        await catalogue.OpenAsync(CancellationToken.None);
        var generator = new NameGenerator(rows);
        var started = Stopwatch.GetTimestamp();
        var next = Task.Run(() => Batch(0));
        for (var i = 0; i < rows; i += Alternating)
        {
            var batch = await next;
            var after = i + Alternating;
            next = Task.Run(() => Batch(after));
            catalogue.ReleasesAll = i / Alternating % 2 == 0;
            await catalogue.PublishAsync(batch, CancellationToken.None);
        }

        await next;
        // Records that lie apart from the objects are not served where none of these is there.
        if (database.Length > 0)
            Fill.MakeNewest(folder.Path, Batch(rows - 1)[0]);
        Console.WriteLine(
            string.Create(CultureInfo.InvariantCulture, $"filled rows={rows} seconds={Stopwatch.GetElapsedTime(started).TotalSeconds:F0}")
        );
        return 0;

        Publication[] Batch(int from) =>
            [
                .. Enumerable
                    .Range(from, Math.Max(0, Math.Min(Alternating, rows - from)))
                    .Select(number => new Publication(
                        FileName.Parse(generator[number].Name, Mission.Imap).Name!,
                        1024,
                        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(generator[number].Name)))
                    )),
            ];
    }

    /// <summary>Releases by the manifest.</summary>
    public static async Task<int> RunAsync(Arguments options)
    {
        var generator = new NameGenerator(options.Number("rows"));
        using var client = new HttpClient { BaseAddress = new Uri(options.Text("url")), Timeout = TimeSpan.FromMinutes(10) };
        client.DefaultRequestHeaders.Add("x-api-key", options.Text("key"));
        await UploadAsync(
            client,
            Manifest,
            Encoding.ASCII.GetBytes(string.Concat(NameGenerator.AllInstruments.Select(each => $"{each}, all, all, true\n")))
        );
        var before = await CountAsync(client);
        using var stop = new CancellationTokenSource();
        var (asking, uploading) = (AskAsync(client, generator, stop.Token), UploadAsync(client, stop.Token));
        var started = Stopwatch.GetTimestamp();
        using (
            var answer = await client.GetAsync(new Uri($"/api-key/release?release_type=release&manifest_file={Manifest}", UriKind.Relative))
        )
        {
            if (!answer.IsSuccessStatusCode)
                throw new LoadFailedException($"release: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
        }

        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        await stop.CancelAsync();
        var times = await asking;
        times.Sort();
        var uploads = await uploading;
        var released = await CountAsync(client) - before;
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"released files={released} seconds={seconds:F1} queries={times.Count} p50_ms={times[times.Count / 2]:F1} p99_ms={times[times.Count * 99 / 100]:F1} max_ms={times[^1]:F1} uploads={uploads}"
            )
        );
        return 0;
    }

    private static async Task<long> CountAsync(HttpClient client)
    {
        using var request = new HttpRequestMessage(
            HttpMethod.Head,
            new Uri("/query?table=science&version=*&released=true&limit=1&count=true", UriKind.Relative)
        );
        using var answer = await client.SendAsync(request);
        return long.Parse(answer.EnsureSuccessStatusCode().Headers.GetValues("OpenSDC-Count").Single(), CultureInfo.InvariantCulture);
    }

    private static async Task<List<double>> AskAsync(HttpClient client, NameGenerator generator, CancellationToken stop)
    {
        var times = new List<double>();
        for (long n = 0; !stop.IsCancellationRequested; n++)
        {
            var started = Stopwatch.GetTimestamp();
            var list = await client.GetStringAsync(
                new Uri($"/query?filename={generator.Scattered(n).Name}", UriKind.Relative),
                CancellationToken.None
            );
            times.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            if (!list.Contains("file_path", StringComparison.Ordinal))
                throw new LoadFailedException("a file that is there was not found");
            await Task.Delay(2, CancellationToken.None);
        }

        return times;
    }

    private static async Task<int> UploadAsync(HttpClient client, CancellationToken stop)
    {
        var done = 0;
        for (; !stop.IsCancellationRequested; done++)
        {
            await UploadAsync(client, NameGenerator.ForUpload("release", done), RandomNumberGenerator.GetBytes(1024));
            await Task.Delay(5, CancellationToken.None);
        }

        return done;
    }

    private static async Task UploadAsync(HttpClient client, string name, byte[] bytes)
    {
        var url = JsonSerializer.Deserialize<string>(await client.GetStringAsync(new Uri($"/upload/{name}", UriKind.Relative)))!;
        using var body = new ByteArrayContent(bytes);
        using var answer = await client.PutAsync(new Uri(url), body);
        if (!answer.IsSuccessStatusCode)
            throw new LoadFailedException($"PUT {name}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
    }
}
