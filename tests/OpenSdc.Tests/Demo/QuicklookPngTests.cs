using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using OpenSdc.Cli.Demo;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Demo;

public sealed class QuicklookPngTests
{
    [Fact]
    public void A_picture_reads_back_pixel_by_pixel()
    {
        byte[] pixels = [0, 128, 255, 10, 20, 30];

        var chunks = Chunks(QuicklookPng.Draw(3, 2, pixels));

        chunks.Select(chunk => chunk.Type).ShouldBe(["IHDR", "IDAT", "IEND"]);
        chunks[0].Data.ShouldBe([0, 0, 0, 3, 0, 0, 0, 2, 8, 0, 0, 0, 0]);
        chunks[2].Data.ShouldBeEmpty();

        // The library checks header and Adler sum.
        using var unzip = new ZLibStream(new MemoryStream(chunks[1].Data), CompressionMode.Decompress);
        var rows = new MemoryStream();
        unzip.CopyTo(rows);
        rows.ToArray().ShouldBe([0, 0, 128, 255, 0, 10, 20, 30]);
    }

    [Fact]
    public void The_end_chunk_is_the_one_of_every_png() =>
        Convert.ToHexString(QuicklookPng.Draw(1, 1, [7]).AsSpan()[^12..]).ShouldBe("0000000049454E44AE426082");

    [Fact]
    public void Every_demo_picture_is_one()
    {
        var files = DemoFiles.Generate(400).Where(file => file.Name.EndsWith(".png", StringComparison.Ordinal)).ToList();
        files.ShouldNotBeEmpty();
        foreach (var file in files)
            Chunks(file.Content.ToArray()).Count.ShouldBe(3);
    }

    private static List<(string Type, byte[] Data)> Chunks(byte[] file)
    {
        file.AsSpan(0, 8).ToArray().ShouldBe([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]);
        var chunks = new List<(string, byte[])>();
        for (var at = 8; at < file.Length;)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(file.AsSpan(at));
            chunks.Add((Encoding.ASCII.GetString(file, at + 4, 4), file[(at + 8)..(at + 8 + length)]));
            BinaryPrimitives.ReadUInt32BigEndian(file.AsSpan(at + 8 + length)).ShouldBe(Crc(file.AsSpan(at + 4, 4 + length)));
            at += 12 + length;
        }

        return chunks;
    }

    /// <summary>Bit by bit as the standard defines it, not by the table that is tested.</summary>
    private static uint Crc(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var value in bytes)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++)
                crc = (crc >> 1) ^ (0xEDB88320 & (uint)-(int)(crc & 1));
        }

        return ~crc;
    }
}
