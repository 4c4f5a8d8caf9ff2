using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using OpenSdc.Server;
using OpenSdc.Server.Objects;
using Shouldly;

namespace OpenSdc.Tests;

/// <summary>
/// An S3 store of the tests' own, a real Ceph, started when the first of them needs it and ended with the
/// run; each archive has a bucket of its own.
/// </summary>
internal static class CephServer
{
    public const string AccessKey = "opensdc", Secret = "opensdc-secret", GuestKey = "guest", GuestSecret = "guest-secret";

    private const int PortsOfOne = 100;

    private static readonly Lazy<Uri> Running = new(() => StartOwn("ceph").Address);
    private static int buckets;

    public static Uri Address => Running.Value;

    /// <summary>A bucket that no other test uses; the first archive to open it makes it.</summary>
    public static string NewBucket() => string.Create(CultureInfo.InvariantCulture, $"archive-{Interlocked.Increment(ref buckets)}");

    /// <summary>The settings of an archive whose objects lie in a new bucket, below a prefix.</summary>
    public static ServerOptions Use(ServerOptions options) =>
        options with
        {
            Objects = $"s3://{NewBucket()}/mission/a",
            S3Endpoint = Address,
        };

    /// <summary>The same where clients send to the store themselves; the bucket has the policy that this needs.</summary>
    public static ServerOptions UseDirect(ServerOptions options) => AllowDirect(Use(options));

    /// <summary>Sets the policy that direct transfers need on the bucket of some settings.</summary>
    public static ServerOptions AllowDirect(ServerOptions options)
    {
        var direct = options with { Transfers = Transfers.Direct };
        Task.Run(async () =>
        {
            using var bucket = await S3Opening.OpenAsync(S3Location.Of(direct)!, TimeProvider.System, CancellationToken.None);
            await StagingPolicy.ApplyAsync(bucket, CancellationToken.None);
        }).GetAwaiter().GetResult();
        return direct;
    }

    /// <summary>A store in a new bucket.</summary>
    public static async Task<S3Bucket> OpenBucketAsync(string prefix = "mission/a/") =>
        await S3Opening.OpenAsync(
            new S3Location(NewBucket(), prefix) { Endpoint = Address, PathStyle = true },
            TimeProvider.System,
            CancellationToken.None
        );

    /// <summary>Another one, for a test that stops it.</summary>
    public static OwnCeph StartOwn(string name)
    {
        // As any program that uses S3 finds its credentials; also those that the tests start.
        Environment.SetEnvironmentVariable("AWS_ACCESS_KEY_ID", AccessKey);
        Environment.SetEnvironmentVariable("AWS_SECRET_ACCESS_KEY", Secret);
        Environment.SetEnvironmentVariable("AWS_EC2_METADATA_DISABLED", "true");
        var folder = Path.Combine(
            Path.GetTempPath(),
            string.Create(CultureInfo.InvariantCulture, $"opensdc-{name}-{Environment.ProcessId}")
        );
        OwnServers.AtEnd(() =>
        {
            if (!Directory.Exists(folder))
                return;
            Script("kill", folder);
            Directory.Delete(folder, recursive: true);
        });
        return new OwnCeph(folder, new Uri(Script("up", folder, FreePorts().ToString(CultureInfo.InvariantCulture))));
    }

    internal static string Script(params string[] arguments)
    {
        var start = new ProcessStartInfo(Path.Combine(SharedData.RepositoryRoot, "eng", "ceph.sh"), arguments)
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        start.Environment["OPENSDC_UNTIL"] = Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        using var process = Process.Start(start)!;
        var line = process.StandardOutput.ReadLine();
        process.WaitForExit();
        process.ExitCode.ShouldBe(0, $"eng/ceph.sh {string.Join(' ', arguments)}");
        return line?.Trim() ?? "";
    }

    /// <summary>The first of a hundred ports that nobody listens on now; below those that the system gives away by itself.</summary>
    private static int FreePorts()
    {
        for (var tries = 0; ; tries++)
        {
            var first = Random.Shared.Next(200, 320) * PortsOfOne;
            try
            {
                foreach (var port in Enumerable.Range(first, 14))
                {
                    using var listener = new TcpListener(IPAddress.Loopback, port);
                    listener.Start();
                }

                return first;
            }
            catch (SocketException) when (tries < 50)
            {
                // Somebody's; another hundred.
            }
        }
    }
}

/// <summary>A running Ceph of one test.</summary>
internal sealed class OwnCeph(string folder, Uri address)
{
    public Uri Address => address;

    public void KillGateway() => CephServer.Script("kill", folder, "rgw");

    public void StartGateway() => CephServer.Script("start", folder, "rgw");

    /// <summary>Ends all of it and removes its folder.</summary>
    public void End()
    {
        CephServer.Script("kill", folder);
        Directory.Delete(folder, recursive: true);
    }
}
