using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace OpenSdc.Tests.Deploy;

/// <summary>
/// A real nginx in front of an archive. It runs <c>deploy/nginx/opensdc.conf</c>, where only ports and
/// certificate are other ones, or a site below a prefix.
/// </summary>
internal sealed class NginxSite : IAsyncDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("opensdc-nginx-");
    private readonly Process nginx;

    private NginxSite(string site)
    {
        var main = Path.Combine(folder.FullName, "nginx.conf");
        // What Debian's nginx.conf says around a site, with every path in the test's own folder.
        File.WriteAllText(main, $$"""
            daemon off;
            worker_processes 1;
            pid {{folder.FullName}}/pid;
            error_log {{folder.FullName}}/error.log;
            events { }
            http {
                access_log off;
                client_body_temp_path {{folder.FullName}}/body;
                proxy_temp_path {{folder.FullName}}/proxy;
                fastcgi_temp_path {{folder.FullName}}/fastcgi;
                uwsgi_temp_path {{folder.FullName}}/uwsgi;
                scgi_temp_path {{folder.FullName}}/scgi;
                {{site.Replace("/etc/nginx/tls/sdc.example.org", Path.Combine(folder.FullName, "site"), StringComparison.Ordinal)}}
            }
            """);
        WriteCertificate();
        nginx = Process.Start(
            new ProcessStartInfo("nginx", ["-e", Path.Combine(folder.FullName, "error.log"), "-c", main]) { UseShellExecute = false }
        )!;
    }

    public int Port { get; private init; }

    public int PlainPort { get; private init; }

    /// <summary>Starts the shipped site in front of an archive, and waits until it listens.</summary>
    public static async Task<NginxSite> StartAsync(Uri archive)
    {
        var (tls, plain) = (FreePort(), FreePort());
        var site = (await File.ReadAllTextAsync(Path.Combine(SharedData.RepositoryRoot, "deploy", "nginx", "opensdc.conf")))
            .Replace("127.0.0.1:8080", archive.Authority, StringComparison.Ordinal)
            .Replace(
                "listen [::]:443 ssl",
                string.Create(CultureInfo.InvariantCulture, $"listen [::1]:{tls} ssl"),
                StringComparison.Ordinal
            )
            .Replace("listen [::]:80", string.Create(CultureInfo.InvariantCulture, $"listen [::1]:{plain}"), StringComparison.Ordinal)
            .Replace("listen 443 ssl", string.Create(CultureInfo.InvariantCulture, $"listen 127.0.0.1:{tls} ssl"), StringComparison.Ordinal)
            .Replace("listen 80", string.Create(CultureInfo.InvariantCulture, $"listen 127.0.0.1:{plain}"), StringComparison.Ordinal);
        return await StartAsync(site, tls, plain);
    }

    /// <summary>Starts a site that has the archive below a prefix, without TLS.</summary>
    public static Task<NginxSite> StartBelowAsync(Uri archive, string prefix, int port) => StartAsync(
        $$"""
        server {
            listen 127.0.0.1:{{port}};
            location {{prefix}}/ {
                proxy_pass {{archive.Scheme}}://{{archive.Authority}}/;
                proxy_set_header Host $http_host;
            }
        }
        """,
        port, port);

    private static async Task<NginxSite> StartAsync(string site, int port, int plain)
    {
        if (!Path.Exists("/usr/sbin/nginx"))
            SharedData.SkipOrFail("nginx is not installed (Debian: nginx-light).");
        var started = new NginxSite(site) { Port = port, PlainPort = plain };
        for (var tries = 0; !await ListensAsync(port); tries++)
        {
            if (tries == 200 || started.nginx.HasExited)
            {
                var errors = await File.ReadAllTextAsync(Path.Combine(started.folder.FullName, "error.log"));
                await started.DisposeAsync();
                throw new InvalidOperationException($"nginx does not listen: {errors}");
            }

            await Task.Delay(25);
        }

        return started;
    }

    /// <summary>A client that takes the site's own certificate, from an address of this machine.</summary>
    public static HttpClient Client(string from = "127.0.0.1") =>
        new(
            new SocketsHttpHandler
            {
                AllowAutoRedirect = false,
                SslOptions =
                {
                    RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate?.Subject == "CN=sdc.example.org",
                },
                ConnectCallback = async (context, cancel) =>
                {
                    var own = IPAddress.Parse(from);
                    var socket = new Socket(own.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                    socket.Bind(new IPEndPoint(own, 0));
                    await socket.ConnectAsync(
                        new IPEndPoint(
                            own.AddressFamily == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Loopback : IPAddress.Loopback,
                            context.DnsEndPoint.Port
                        ),
                        cancel
                    );
                    return new NetworkStream(socket, ownsSocket: true);
                },
            }
        );

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public async ValueTask DisposeAsync()
    {
        if (!nginx.HasExited)
            nginx.Kill(entireProcessTree: true);
        await nginx.WaitForExitAsync();
        nginx.Dispose();
        folder.Delete(recursive: true);
    }

    private void WriteCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=sdc.example.org", key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(
            TimeProvider.System.GetUtcNow().AddDays(-1),
            TimeProvider.System.GetUtcNow().AddDays(1)
        );
        File.WriteAllText(Path.Combine(folder.FullName, "site.crt"), certificate.ExportCertificatePem());
        File.WriteAllText(Path.Combine(folder.FullName, "site.key"), key.ExportPkcs8PrivateKeyPem());
    }

    private static async Task<bool> ListensAsync(int port)
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
