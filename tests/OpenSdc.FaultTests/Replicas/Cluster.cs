using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace OpenSdc.FaultTests.Replicas;

/// <summary>
/// Two replicas on a PostgreSQL that waits for its disk and on a Ceph whose three object stores hold each
/// object three times: all of them real processes that can be ended at once and started again.
/// </summary>
internal sealed class Cluster : IAsyncDisposable
{
    public const int Replicas = 2;

    private static readonly string[] Packages = ["postgresql", "ceph-mon", "ceph-osd", "radosgw", "ceph-common"];

    private readonly string folder;
    private readonly int databasePort = FreePorts(1);
    private readonly int storePort = FreePorts(100);
    private readonly Archive[] replicas = new Archive[Replicas];

    private readonly string transfers;

    private Cluster(string folder, string transfers) => (this.folder, this.transfers) = (folder, transfers);

    /// <summary>What a client can address now; one that is down refuses the connection.</summary>
    public Archive this[int replica] => replicas[replica];

    /// <summary>The two settings that make it a replica.</summary>
    public string[] Settings { get; private set; } = [];

    /// <summary>The parts that a fault can hit.</summary>
    public static IReadOnlyList<string> Parts { get; } = ["replica 0", "replica 1", "PostgreSQL", "osd.0", "osd.1", "osd.2", "rgw"];

    public static async Task<Cluster> StartAsync(string folder, string transfers)
    {
        // The daemons are users of their own where the test is root.
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(folder, File.GetUnixFileMode(folder) | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        var cluster = new Cluster(folder, transfers);
        try
        {
            var connection = await cluster.DatabaseAsync("up");
            var endpoint = await cluster.StoreAsync("up", cluster.storePort.ToString(), "bluestore", "3");
            Environment.SetEnvironmentVariable("AWS_ACCESS_KEY_ID", "opensdc");
            Environment.SetEnvironmentVariable("AWS_SECRET_ACCESS_KEY", "opensdc-secret");
            cluster.Settings = ["--catalogue", connection, "--objects", "s3://faults/mission", "--s3-endpoint", endpoint];
            if (transfers == "direct")
                await Inspection.RunAsync("bucket-policy", "--apply", "--objects", "s3://faults/mission", "--s3-endpoint", endpoint);
            for (var i = 0; i < Replicas; i++)
                cluster.replicas[i] = await cluster.StartReplicaAsync(i);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>SIGKILL to one part, with all its processes.</summary>
    public Task KillAsync(string part) => part switch
    {
        "PostgreSQL" => DatabaseAsync("kill"),
        _ when part.StartsWith("replica", StringComparison.Ordinal) => replicas[Number(part)].KillAsync(),
        _ => StoreAsync("kill", part),
    };

    /// <summary>Starts what was killed, and returns when it runs; of a replica also when it is ready.</summary>
    public async Task MendAsync(string part)
    {
        if (part == "PostgreSQL")
        {
            await DatabaseAsync("up");
        }
        else if (part.StartsWith("replica", StringComparison.Ordinal))
        {
            await replicas[Number(part)].DisposeAsync();
            replicas[Number(part)] = await StartReplicaAsync(Number(part));
        }
        else
        {
            await StoreAsync("start", part);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var replica in replicas.Where(each => each is not null))
            await replica.DisposeAsync();
        await StoreAsync("kill");
        await DatabaseAsync("kill");
    }

    private static int Number(string part) => part[^1] - '0';

    private Task<Archive> StartReplicaAsync(int number) =>
        Archive.StartAsync(
            Path.Combine(folder, $"nothing-{number}"),
            shim: null,
            [.. Settings, "--transfers", transfers, "--upload-poll", "100"]
        );

    private Task<string> DatabaseAsync(string what) =>
        ScriptAsync(
            "postgres.sh",
            what == "up"
                ? [what, Path.Combine(folder, "postgres"), databasePort.ToString(), "durable"]
                : [what, Path.Combine(folder, "postgres")]
        );

    private Task<string> StoreAsync(string what, params string[] more) =>
        ScriptAsync("ceph.sh", [what, Path.Combine(folder, "ceph"), .. more]);

    /// <summary>Runs a script of <c>eng/</c>, whose services end with this process; gives the last line of what it says.</summary>
    internal static async Task<string> ScriptAsync(string script, string[] arguments)
    {
        // Its output goes to a file: daemons keep what they inherit open, and a pipe would never end.
        var output = Path.GetTempFileName();
        try
        {
            var start = new ProcessStartInfo("sh", ["-c", "exec \"$@\" > \"$0\" 2>&1 < /dev/null", output, Script(script), .. arguments])
            {
                UseShellExecute = false,
            };
            start.Environment["OPENSDC_UNTIL"] = Environment.ProcessId.ToString();
            using var process = Process.Start(start)!;
            await process.WaitForExitAsync(new CancellationTokenSource(TimeSpan.FromMinutes(2)).Token);
            var said = (await File.ReadAllTextAsync(output)).Trim();
            return process.ExitCode == 0
                ? said.Split('\n')[^1]
                : throw new InvalidOperationException(
                    $"eng/{script} {string.Join(' ', arguments)}: {said} (it needs Debian's {string.Join(", ", Packages)})"
                );
        }
        finally
        {
            File.Delete(output);
        }
    }

    private static string Script(string name)
    {
        var at = new DirectoryInfo(AppContext.BaseDirectory);
        while (at is not null && !File.Exists(Path.Combine(at.FullName, "OpenSdc.slnx")))
            at = at.Parent;
        return Path.Combine(
            at?.FullName ?? throw new DirectoryNotFoundException("The tests do not run from a clone of the repository."),
            "eng",
            name
        );
    }

    /// <summary>The first of so many ports in a row that nobody listens on now.</summary>
    internal static int FreePorts(int count)
    {
        while (true)
        {
            var first = Random.Shared.Next(15_000, 30_000);
            var listeners = new List<TcpListener>();
            try
            {
                for (var port = first; port < first + count; port++)
                {
                    listeners.Add(new TcpListener(IPAddress.Loopback, port));
                    listeners[^1].Start();
                }

                return first;
            }
            catch (SocketException)
            {
                // One is taken: another range.
            }
            finally
            {
                foreach (var listener in listeners)
                    listener.Dispose();
            }
        }
    }
}
