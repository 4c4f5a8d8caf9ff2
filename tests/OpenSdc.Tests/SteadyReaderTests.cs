using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using OpenSdc.Contract.Naming;
using OpenSdc.Server.Catalogue;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests;

/// <summary>
/// With the settings as they are by default a client that reads 8 KiB/s is served for as long as it reads,
/// and one that reads 2 KiB/s is cut off: for objects and for listings, with the buffers that the system
/// gives a client by itself. The readers go side by side, since each takes longer than the archive waits.
/// </summary>
public sealed class SteadyReaderTests
{
    // Three times the 30 s of client-timeout.
    private const int Seconds = 95;

    [Fact]
    public async Task A_slow_reader_is_served_and_a_slower_one_is_cut_off()
    {
        await using var archive = await RunningArchive.StartAsync();
        var name = ArchiveFixture.NewName();
        await archive.UploadAsync(name, new byte[24 << 20]);
        await FillAsync(archive);
        var target = new Uri(await archive.DownloadUrlAsync(name)).PathAndQuery;
        string[] targets = [target, "/query", "/query?limit=10000", "/coverage?bin=day"];
        var readers = targets.SelectMany(each => (int[])[8, 2], (each, rate) => (Target: each, Rate: rate)).ToList();
        var ends = await Task.WhenAll(readers.Select(each => ReadAsync(archive, each.Target, each.Rate * 1024)));
        foreach (var (reader, wasCut) in readers.Zip(ends))
            wasCut.ShouldBe(reader.Rate == 2, $"{reader.Target} at {reader.Rate} KiB/s");
    }

    /// <summary>Reads at a steady rate; true where the server ended it before its time.</summary>
    private static async Task<bool> ReadAsync(RunningArchive archive, string target, int rate)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(archive.Endpoint.Host, archive.Endpoint.Port);
        await socket.SendAsync(Encoding.ASCII.GetBytes($"GET {target} HTTP/1.1\r\nHost: {archive.Endpoint.Authority}\r\n\r\n"));
        var buffer = new byte[rate / 4];
        var started = Stopwatch.GetTimestamp();
        long read = 0;
        try
        {
            while (Stopwatch.GetElapsedTime(started).TotalSeconds < Seconds)
            {
                // A slow client's time, whatever the machine does: it never reads faster than its rate, and catches up with it.
                if (read > Stopwatch.GetElapsedTime(started).TotalSeconds * rate)
                    await Task.Delay(50);
                else if (await socket.ReceiveAsync(buffer) is var count and > 0)
                    read += count;
                else
                    return true;
            }
        }
        catch (SocketException)
        {
            return true;
        }

        // What was cut off may still lie in this client's own buffer: then nothing comes behind it.
        return !await GoesOnAsync(socket);
    }

    private static async Task<bool> GoesOnAsync(Socket socket)
    {
        var buffer = new byte[64 * 1024];
        long more = 0;
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        try
        {
            while (more < 1 << 20)
            {
                if (await socket.ReceiveAsync(buffer, deadline.Token) is not (var count and > 0))
                    return false;
                more += count;
            }

            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>Records without objects: enough for answers of several megabytes.</summary>
    private static async Task FillAsync(RunningArchive archive)
    {
        var catalogue = archive.Services.GetRequiredService<Server.Catalogue.Catalogue>();
        foreach (var numbers in Enumerable.Range(1, 30_000).Chunk(1000))
        {
            await catalogue.PublishAsync(
                [
                    .. numbers.Select(i => new Publication(
                        FileName.Parse($"imap_swe_l1b_fill{i}_20260101_v001.pkts", Mission.Imap).Name!,
                        1,
                        new string('0', 64)
                    )),
                ],
                CancellationToken.None
            );
        }
    }
}
