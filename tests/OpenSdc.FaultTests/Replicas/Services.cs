using System.Globalization;
using System.Net;
using Amazon.S3;
using Amazon.S3.Model;
using Npgsql;
using Xunit;

namespace OpenSdc.FaultTests.Replicas;

/// <summary>
/// One PostgreSQL and one Ceph with its objects in memory, for tests in which only servers fail: started
/// once. Each archive has a database and a bucket of its own.
/// </summary>
public sealed class Services : IAsyncLifetime
{
    private readonly TemporaryFolder folder = new();
    private readonly int databasePort = Cluster.FreePorts(1);
    private readonly int storePort = Cluster.FreePorts(100);
    private int places;

    public async ValueTask InitializeAsync()
    {
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(folder.Path, File.GetUnixFileMode(folder.Path) | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        Environment.SetEnvironmentVariable("AWS_ACCESS_KEY_ID", "opensdc");
        Environment.SetEnvironmentVariable("AWS_SECRET_ACCESS_KEY", "opensdc-secret");
        Environment.SetEnvironmentVariable("AWS_EC2_METADATA_DISABLED", "true");
        await Task.WhenAll(
            Cluster.ScriptAsync(
                "postgres.sh",
                ["up", Path.Combine(folder.Path, "postgres"), databasePort.ToString(CultureInfo.InvariantCulture)]
            ),
            Cluster.ScriptAsync("ceph.sh", ["up", Path.Combine(folder.Path, "ceph"), storePort.ToString(CultureInfo.InvariantCulture)])
        );
    }

    public async ValueTask DisposeAsync()
    {
        await Cluster.ScriptAsync("ceph.sh", ["kill", Path.Combine(folder.Path, "ceph")]);
        await Cluster.ScriptAsync("postgres.sh", ["kill", Path.Combine(folder.Path, "postgres")]);
        folder.Dispose();
    }

    /// <summary>An archive that nobody has opened yet.</summary>
    internal async Task<Place> NewPlaceAsync()
    {
        var name = $"archive{Interlocked.Increment(ref places).ToString(CultureInfo.InvariantCulture)}";
        await using var connection = new NpgsqlConnection(ConnectionTo("sdc", databasePort));
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand($"CREATE DATABASE {name}", connection);
        await command.ExecuteNonQueryAsync();
        return new Place(name, databasePort, storePort, Path.Combine(folder.Path, name));
    }

    internal static string ConnectionTo(string database, int port) =>
        $"Host=127.0.0.1;Port={port.ToString(CultureInfo.InvariantCulture)};Username=sdc;Database={database};SSL Mode=Disable";
}

/// <summary>Where one archive of a test has its records and its objects.</summary>
internal sealed record Place(string Name, int DatabasePort, int StorePort, string Folder)
{
    private const string Prefix = "mission/";

    public string Bucket => Name;

    public string Connection => Services.ConnectionTo(Name, DatabasePort);

    /// <summary>The settings of a server, or of a command, that works on it.</summary>
    public string[] Settings => SettingsBy(DatabasePort, StorePort);

    /// <summary>The same by way of proxies. Statements come with their text each time.</summary>
    public string[] SettingsBy(DatabaseProxy database, StoreProxy store) =>
        [.. SettingsBy(database.Port, store.Port, ";Max Auto Prepare=0"), "--scrub-rate", "0"];

    /// <summary>Starts a server on it.</summary>
    public Task<Archive> StartAsync(params string[] settings) => Archive.StartAsync(Folder, shim: null, settings);

    /// <summary>What lies in staging, and the multipart uploads that are neither completed nor aborted.</summary>
    public async Task<IReadOnlyList<string>> LeftOversAsync()
    {
        using var store = Client();
        var staged = await store.ListObjectsV2Async(new ListObjectsV2Request { BucketName = Bucket, Prefix = Prefix + ".staging/" });
        var begun = await store.ListMultipartUploadsAsync(new ListMultipartUploadsRequest { BucketName = Bucket });
        return
        [
            .. (staged.S3Objects ?? []).Select(each => each.Key),
            .. (begun.MultipartUploads ?? []).Select(each => $"multipart {each.Key}"),
        ];
    }

    /// <summary>The objects at keys, without any help of the archive.</summary>
    public async Task<IReadOnlyList<string>> ObjectsAsync()
    {
        using var store = Client();
        var listed = await store
            .Paginators.ListObjectsV2(new ListObjectsV2Request { BucketName = Bucket, Prefix = Prefix })
            .S3Objects.Select(each => each.Key[Prefix.Length..])
            .ToListAsync();
        return [.. listed.Where(key => !key.StartsWith('.'))];
    }

    /// <summary>Runs one statement in the archive's database.</summary>
    public async Task ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(Connection + ";Pooling=False");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private AmazonS3Client Client() => new(new AmazonS3Config
    {
        ServiceURL = $"http://{IPAddress.Loopback}:{StorePort.ToString(CultureInfo.InvariantCulture)}",
        ForcePathStyle = true,
        AuthenticationRegion = "us-east-1",
    });

    private string[] SettingsBy(int database, int store, string more = "") =>
    [
        "--catalogue", Services.ConnectionTo(Name, database) + more, "--objects", $"s3://{Bucket}/{Prefix.TrimEnd('/')}",
        "--s3-endpoint", $"http://127.0.0.1:{store.ToString(CultureInfo.InvariantCulture)}",
    ];
}

/// <summary>The tests that share one PostgreSQL and one Ceph.</summary>
[CollectionDefinition(Name)]
public sealed class TestsOfServices : ICollectionFixture<Services>
{
    public const string Name = "services";
}
