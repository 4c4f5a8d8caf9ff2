using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenSdc.Contract;
using OpenSdc.Contract.Naming;
using OpenSdc.Server;
using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Objects;
using OpenSdc.Tests.Objects;
using Shouldly;

namespace OpenSdc.Tests;

/// <summary>
/// One choice of object store and catalogue; what runs "once per store × catalogue" runs once for each of
/// <see cref="All"/>.
/// </summary>
public sealed record ArchiveSetup(string Name, Func<ServerOptions, ServerOptions> Configure)
{
    public static IReadOnlyList<ArchiveSetup> All { get; } =
    [
        new("disk and SQLite", options => options),
        new("disk and PostgreSQL", options => options with { Catalogue = PostgresServer.NewDatabase() }),
        new("S3 and SQLite", CephServer.Use),
        new("S3 and PostgreSQL", options => CephServer.Use(options) with { Catalogue = PostgresServer.NewDatabase() }),
    ];

    public static IEnumerable<string> Names => All.Select(each => each.Name);

    /// <summary>Those that differ in the catalogue alone: for what the objects have no part in.</summary>
    public static IEnumerable<string> OfEachCatalogue => Names.Where(name => name.StartsWith("disk", StringComparison.Ordinal));

    public static ArchiveSetup Of(string name) => All.Single(each => each.Name == name);
}

/// <summary>
/// The real service on a real port and a temporary data folder, and the steps of a file's journey as a client
/// takes them.
/// </summary>
public sealed class RunningArchive : IAsyncDisposable
{
    private readonly ServerOptions options;
    private readonly TimeProvider clock;
    private readonly bool ownsFolder;
    private readonly HttpClient client;
    private WebApplication app = null!;

    private RunningArchive(ServerOptions options, TimeProvider clock, bool ownsFolder)
    {
        (this.options, this.clock, this.ownsFolder) = (options, clock, ownsFolder);
        client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false })
        {
            Timeout = TimeSpan.FromMinutes(2),
        };
    }

    public string Folder => options.Data;

    /// <summary>Where it listens, without a slash at the end.</summary>
    public string Address { get; private set; } = "";

    /// <summary>Where operators are answered; the same where they have no address of their own.</summary>
    public string OperatorAddress { get; private set; } = "";

    public Uri Endpoint => new(Address);

    public IServiceProvider Services => app.Services;

    /// <param name="configure">Changes the settings.</param>
    /// <param name="clock">The clock; the system's by default.</param>
    /// <param name="folder">The data folder, which is then left as it is; a new one by default.</param>
    /// <param name="setup">The choice of store and catalogue; the first one by default.</param>
    public static async Task<RunningArchive> StartAsync(
        Func<ServerOptions, ServerOptions>? configure = null, TimeProvider? clock = null, string? folder = null, ArchiveSetup? setup = null)
    {
        var settings = new ServerOptions
        {
            Urls = "http://127.0.0.1:0",
            Data = folder ?? Directory.CreateTempSubdirectory("opensdc-").FullName,
            LogLevel = LogLevel.Critical,
            // Tests of access set it to false.
            Open = true,
        };
        settings = (setup ?? ArchiveSetup.All[0]).Configure(settings);
        var archive = new RunningArchive(configure?.Invoke(settings) ?? settings, clock ?? TimeProvider.System, folder is null);
        await archive.StartAsync();
        return archive;
    }

    /// <summary>
    /// Stops it and starts it again on the same data folder, on another port; between the two does what is to
    /// happen without it.
    /// </summary>
    public async Task RestartAsync(Func<Task>? meanwhile = null)
    {
        await app.StopAsync();
        await app.DisposeAsync();
        if (meanwhile is not null)
            await meanwhile();
        await StartAsync();
    }

    /// <summary>
    /// Sends a request such as <c>GET /query?instrument=mag</c>; the target goes out as it is written, also
    /// where it climbs or is escaped oddly.
    /// </summary>
    public async Task<Answer> SendAsync(
        string request,
        string? accept = null,
        HttpContent? content = null,
        params (string Name, string Value)[] headers
    )
    {
        var space = request.IndexOf(' ', StringComparison.Ordinal);
        var target = request[(space + 1)..];
        var url = target.StartsWith('/') ? Address + target : target;
        using var message = new HttpRequestMessage(
            new HttpMethod(request[..space]), new Uri(url, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));
        message.Content = content;
        if (accept is not null)
            headers = [("Accept", accept), .. headers];
        foreach (var (name, value) in headers)
        {
            if (!message.Headers.TryAddWithoutValidation(name, value))
                content!.Headers.TryAddWithoutValidation(name, value).ShouldBeTrue(name);
        }

        using var response = await client.SendAsync(message);
        return new Answer(
            (int)response.StatusCode,
            response.Headers.Concat(response.Content.Headers).ToDictionary(
                each => each.Key, each => string.Join(", ", each.Value), StringComparer.OrdinalIgnoreCase),
            await response.Content.ReadAsByteArrayAsync());
    }

    public async Task<string> UploadUrlAsync(string name)
    {
        var answer = await SendAsync($"GET /upload/{name}");
        answer.Status.ShouldBe(200, answer.Text);
        return answer.Json.GetString()!;
    }

    public Task<Answer> PutAsync(string url, byte[] bytes, params (string Name, string Value)[] headers) =>
        SendAsync($"PUT {url}", content: new ByteArrayContent(bytes), headers: headers);

    /// <summary>The first two steps: asks for the URL, sends the bytes, and waits for the receipt where the store takes them.</summary>
    public async Task<UploadReceipt> UploadAsync(string name, byte[] bytes)
    {
        var asked = await SendAsync($"GET /upload/{name}");
        asked.Status.ShouldBe(200, asked.Text);
        var answer = await PutAsync(asked.Json.GetString()!, bytes);
        if (asked["OpenSDC-Upload-Id"] is not { } id)
        {
            answer.Status.ShouldBe(201, answer.Text);
            return JsonSerializer.Deserialize(answer.Bytes, ContractJson.Default.UploadReceipt)!;
        }

        answer.Status.ShouldBe(200, answer.Text);
        answer = await SendAsync($"GET /uploads/{id}?wait=60");
        var status = JsonSerializer.Deserialize(answer.Bytes, ContractJson.Default.UploadStatus)!;
        return status.Receipt.ShouldNotBeNull(answer.Text);
    }

    /// <summary>The third step: the records that match.</summary>
    public async Task<FileRecord[]> QueryAsync(string parameters)
    {
        var answer = await SendAsync($"GET /query?{parameters}");
        answer.Status.ShouldBe(200, answer.Text);
        return [.. answer.Json.EnumerateArray().Select(each => each.Deserialize(ContractJson.Default.FileRecord)!)];
    }

    public async Task<string> DownloadUrlAsync(string path)
    {
        var answer = await SendAsync($"GET /download/{path}");
        answer.Status.ShouldBe(302, answer.Text);
        return answer["Location"]!;
    }

    /// <summary>The last step: follows the redirect to the bytes.</summary>
    public async Task<byte[]> DownloadAsync(string path)
    {
        var answer = await SendAsync($"GET {await DownloadUrlAsync(path)}");
        answer.Status.ShouldBe(200, answer.Text);
        return answer.Bytes;
    }

    /// <summary>Whether the objects lie in the data folder.</summary>
    public bool IsOnDisk => options.Objects is null;

    /// <summary>Nothing of a refused upload is anywhere: no record, no object, nothing in staging.</summary>
    public async Task ShouldHoldNothingOfAsync(string name)
    {
        (await QueryAsync($"filename={name}")).ShouldBeEmpty();
        (await SendAsync($"GET /download/{name}")).Status.ShouldBe(404);
        await ShouldSoonStageNothingAsync();
        (
            await Services.GetRequiredService<IObjectStore>().ListAsync(CancellationToken.None).Select(each => each.Key).ToListAsync()
        ).ShouldNotContain(KeyOf(name));
    }

    /// <summary>A cut connection is noticed a moment after it was cut, so that staging is looked at until it is empty.</summary>
    public async Task ShouldSoonStageNothingAsync()
    {
        for (var tries = 0; tries < 400 && await StagedAsync() > 0; tries++)
            await Task.Delay(25);
        (await StagedAsync()).ShouldBe(0);
    }

    /// <summary>Changes an object past the archive: other bytes, or none.</summary>
    public async Task HarmAsync(string key, byte[]? bytes)
    {
        if (IsOnDisk)
        {
            var path = Path.Combine(Folder, "objects", key);
            File.Delete(path);
            if (bytes is not null)
                await File.WriteAllBytesAsync(path, bytes);
            return;
        }

        using var bucket = await BucketAsync();
        if (bytes is null)
            await bucket.DeleteAsync(bucket.ObjectKey(key), CancellationToken.None);
        else
            await bucket.PutAsync(bucket.ObjectKey(key), bytes);
    }

    /// <summary>What lies in the quarantine, by its place.</summary>
    public async Task<IReadOnlyList<string>> QuarantinedAsync()
    {
        if (IsOnDisk)
            return FilesBelow("quarantine");
        using var bucket = await BucketAsync();
        var root = bucket.QuarantineKey("");
        return
        [
            .. (await bucket.AllAsync())
                .Where(each => each.StartsWith(root, StringComparison.Ordinal))
                .Select(each => each[root.Length..].Split(' ')[0]),
        ];
    }

    private Task<S3Bucket> BucketAsync() => S3Opening.JoinAsync(S3Location.Of(options)!, TimeProvider.System, CancellationToken.None);

    /// <summary>Uploads on their way, in staging, in memory or as parts of the store's own.</summary>
    private async Task<int> StagedAsync()
    {
        var store = Services.GetRequiredService<IObjectStore>();
        var begun = Services.GetService<S3Staging>() is { } direct
            ? await direct.BegunPartsAsync(CancellationToken.None).Select(each => each.UploadId).ToListAsync()
            : [];
        var states = await Services.GetRequiredService<UploadLedger>().StatesAsync(begun, CancellationToken.None);
        // A multipart upload that is open has its parts there by right.
        var parts = begun.Count(id => states.GetValueOrDefault(id) != UploadState.Open);
        return parts
            + await store.LeftOverAsync(null, CancellationToken.None).CountAsync()
            + (!IsOnDisk && store.StagingSize() > 0 ? 1 : 0);
    }

    /// <summary>The files in a folder of the data folder and below it, as paths relative to it.</summary>
    public IReadOnlyList<string> FilesBelow(string folder)
    {
        var root = Path.Combine(Folder, folder);
        // Some folders are made when they are first needed.
        return !Directory.Exists(root)
            ? []
            : [.. Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(root, path))];
    }

    public static string KeyOf(string name) => FileName.Parse(name, Mission.Imap).Name.ShouldNotBeNull(name).Key;

    /// <summary>A file that is closed a moment later may be made anew beside the deletion.</summary>
    private static async Task DeleteAsync(string folder)
    {
        for (var tries = 1; Directory.Exists(folder); tries++)
        {
            try
            {
                Directory.Delete(folder, recursive: true);
            }
            catch (IOException) when (tries < 20)
            {
                await Task.Delay(50);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        client.Dispose();
        await app.StopAsync();
        await app.DisposeAsync();
        if (ownsFolder)
            await DeleteAsync(Folder);
    }

    private async Task StartAsync()
    {
        app = await ServerApp.BuildAsync(options, clock, CancellationToken.None);
        await app.StartAsync();
        var addresses = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;
        (Address, OperatorAddress) = (addresses.First(), addresses.Last());
        for (var tries = 0; (await SendAsync("GET /health/ready")).Status != (int)HttpStatusCode.OK; tries++)
        {
            tries.ShouldBeLessThan(400, "the archive does not become ready");
            await Task.Delay(25);
        }
    }
}
