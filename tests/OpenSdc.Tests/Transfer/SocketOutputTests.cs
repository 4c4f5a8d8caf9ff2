using System.Buffers;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using OpenSdc.Server.Transfer;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Transfer;

/// <summary>What is written to a connection comes out of it in that order, memory and files alike.</summary>
public sealed class SocketOutputTests : IDisposable
{
    private const int FileSize = 3_000_000;

    private readonly byte[] bytes = RandomNumberGenerator.GetBytes(FileSize);
    private readonly string path = Path.GetTempFileName();
    private readonly SafeFileHandle file;
    private readonly SendQueue queue = new();

    public SocketOutputTests()
    {
        File.WriteAllBytes(path, bytes);
        file = File.OpenHandle(path);
    }

    public void Dispose()
    {
        file.Dispose();
        File.Delete(path);
    }

    [Theory]
    [InlineData(0)] // the reader keeps up
    [InlineData(20)] // the socket is full most of the time
    public async Task Memory_and_parts_of_files_come_out_in_order(int readerWaits)
    {
        var (sending, receiving) = await PairAsync();
        using var output = new SocketOutput(sending, queue);
        var received = ReadToEndAsync(receiving, readerWaits);
        var expected = new MemoryStream();
        for (var round = 0; round < 3; round++)
        {
            foreach (var size in (int[])[1, 4096, 5000, 200_000])
            {
                await WriteAsync(size, flush: false);
                await WriteFileAsync(1000 * round, FilePart.Most);
            }

            await WriteAsync(100_000, flush: true);
            await WriteAsync(100, flush: true);
            await WriteAsync(200, flush: true);
            await WriteFileAsync(FileSize - 7, 7);
            (await output.FlushAsync()).IsCompleted.ShouldBeFalse();
        }

        (await output.SendAllAsync(CancellationToken.None)).IsCompleted.ShouldBeFalse();
        output.Sent.ShouldBe(expected.Length);
        sending.Shutdown(SocketShutdown.Send);
        (await received).AsSpan().SequenceEqual(expected.ToArray()).ShouldBeTrue();

        async Task WriteAsync(int size, bool flush)
        {
            var some = RandomNumberGenerator.GetBytes(size);
            expected.Write(some);
            some.CopyTo(output.GetMemory(size));
            output.Advance(size);
            output.UnflushedBytes.ShouldBeGreaterThanOrEqualTo(size);
            if (flush)
                await output.FlushAsync();
        }

        Task WriteFileAsync(int at, int size)
        {
            expected.Write(bytes, at, size);
            output.TryWriteFile(output, new FilePart(file, at, size)).ShouldBeTrue();
            return Task.CompletedTask;
        }
    }

    [Fact]
    public async Task A_file_that_ends_early_breaks_the_output_and_says_why()
    {
        var (sending, receiving) = await PairAsync();
        using var output = new SocketOutput(sending, queue);
        var received = ReadToEndAsync(receiving, 0);
        var part = new FilePart(file, FileSize - 100, 101);
        output.TryWriteFile(output, part).ShouldBeTrue();
        (await output.FlushAsync()).IsCompleted.ShouldBeTrue();
        part.ReadFailure.ShouldNotBeNull();
        output.IsBroken.ShouldBeTrue();
        output.Write("what comes after it must not go out"u8);
        (await output.FlushAsync()).IsCompleted.ShouldBeTrue();
        sending.Shutdown(SocketShutdown.Send);
        (await received).Length.ShouldBe(100);
    }

    [Fact]
    public async Task A_client_that_is_gone_is_no_fault_of_the_file()
    {
        var (sending, receiving) = await PairAsync();
        using var output = new SocketOutput(sending, queue);
        receiving.Close(0);
        FilePart part;
        do
        {
            part = new FilePart(file, 0, FilePart.Most);
            output.TryWriteFile(output, part).ShouldBeTrue();
        }
        while (!(await output.FlushAsync()).IsCompleted);
        part.ReadFailure.ShouldBeNull();
    }

    [Fact]
    public async Task Where_what_is_written_goes_elsewhere_first_no_file_is_taken()
    {
        var (sending, _) = await PairAsync();
        using var output = new SocketOutput(sending, queue);
        var elsewhere = System.IO.Pipelines.PipeWriter.Create(new MemoryStream());
        output.TryWriteFile(elsewhere, new FilePart(file, 0, 10)).ShouldBeFalse();
        output.UnflushedBytes.ShouldBe(0);
    }

    private static async Task<byte[]> ReadToEndAsync(Socket socket, int wait)
    {
        var all = new MemoryStream();
        var buffer = new byte[100_000];
        while (await socket.ReceiveAsync(buffer) is var count and > 0)
        {
            all.Write(buffer, 0, count);
            if (wait > 0)
                await Task.Delay(wait);
        }

        return all.ToArray();
    }

    private static async Task<(Socket Sending, Socket Receiving)> PairAsync()
    {
        using var listener = new Socket(SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        var sending = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, SendBufferSize = 64 * 1024 };
        await sending.ConnectAsync(listener.LocalEndPoint!);
        return (sending, await listener.AcceptAsync());
    }
}
