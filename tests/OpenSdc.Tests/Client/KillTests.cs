using System.Net;
using System.Net.Sockets;
using OpenSdc.Client;
using OpenSdc.Tests.Cli;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Client;

/// <summary>A server that is killed in mid-transfer and started again: downloads and uploads go on and end whole.</summary>
public sealed class KillTests : IDisposable
{
    private readonly Folder folder = new();
    private readonly int port = FreePort();

    [Fact]
    public async Task A_download_and_an_upload_go_on_after_kill_and_restart()
    {
        var bytes = ClientFixture.Of(21, 24 << 20);
        var name = ArchiveFixture.NewName("cdf");
        var server = await StartAsync();
        try
        {
            using var client = ClientFixture.ClientOf(
                new Uri($"http://127.0.0.1:{port}"),
                options =>
                    options with
                    {
                        MaxRetries = 60,
                        RetryDelay = TimeSpan.FromMilliseconds(100),
                        MaxRetryDelay = TimeSpan.FromMilliseconds(500),
                    }
            );
            var (sent, fetched) = (new Killer(this), new Killer(this));

            var upload = await client.UploadAsync(folder.Write(name, bytes), new Told(each => server = sent.Tell(each, server)));
            var record = (await client.FindAsync(name)).ShouldNotBeNull();
            var download = await client.DownloadAsync(
                record,
                System.IO.Path.Combine(folder.Path, "in"),
                progress: new Told(each => server = fetched.Tell(each, server))
            );

            sent.Kills.ShouldBe(1);
            fetched.Kills.ShouldBe(1);
            upload.Sha256.ShouldBe(ClientFixture.Sha256(bytes));
            File.ReadAllBytes(download.Path).ShouldBe(bytes);
            (await client.QueryAsync(new SdcQuery { FileName = name }).ToListAsync()).ShouldHaveSingleItem();
            (await client.UploadAsync(folder.Write(name, bytes))).Outcome.ShouldBe(UploadOutcome.AlreadyThere);
        }
        finally
        {
            await server.DisposeAsync();
        }
    }

    public void Dispose() => folder.Dispose();

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private async Task<SdcProcess> StartAsync()
    {
        var process = SdcProcess.Start(folder.Path, $"serve --urls http://127.0.0.1:{port} --data data");
        await process.AddressAsync();
        return process;
    }

    /// <summary>Kills the server once some of the bytes have moved, and starts it again before the transfer goes on.</summary>
    private sealed class Killer(KillTests tests)
    {
        public int Kills { get; private set; }

        public SdcProcess Tell(TransferProgress progress, SdcProcess server)
        {
            if (Kills > 0 || progress.Step != TransferStep.Moved || progress.Bytes < 4 << 20 || progress.Bytes > 20 << 20)
                return server;
            Kills++;
            server.DisposeAsync().AsTask().GetAwaiter().GetResult();
            return Task.Run(tests.StartAsync).GetAwaiter().GetResult();
        }
    }
}
