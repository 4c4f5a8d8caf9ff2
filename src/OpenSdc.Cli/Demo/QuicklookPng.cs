using System.Buffers.Binary;

namespace OpenSdc.Cli.Demo;

/// <summary>
/// A small greyscale picture as PNG (ISO/IEC 15948): signature, IHDR, IDAT, IEND. The pixels go into a stored, not a compressed, zlib
/// block: compressed bytes differ between builds of zlib, and the demo promises the same bytes everywhere.
/// </summary>
internal static class QuicklookPng
{
    private const int SignatureLength = 8;
    private const int ChunkOverhead = 12;
    private const int HeaderLength = 13;
    private const int StoredOverhead = 2 + 5 + 4;

    private static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    private static readonly uint[] CrcTable = MakeCrcTable();

    /// <summary>Draws <paramref name="pixels"/>, one byte each, row by row; at most 65 535 bytes with one more for every row.</summary>
    public static byte[] Draw(int width, int height, ReadOnlySpan<byte> pixels)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(pixels.Length, width * height, nameof(pixels));

        var raw = checked((ushort)((width + 1) * height));
        var file = new byte[SignatureLength + 3 * ChunkOverhead + HeaderLength + StoredOverhead + raw];
        Signature.CopyTo(file);

        Span<byte> header = stackalloc byte[HeaderLength];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header[4..], height);
        header[8] = 8; // bits a sample; colour type, compression, filter, interlace stay 0: greyscale, deflate, adaptive, none

        var at = Chunk(file, SignatureLength, "IHDR"u8, header);
        var body = file.AsSpan(at + 8, StoredOverhead + raw);
        Store(body, width, height, pixels);
        at = Chunk(file, at, "IDAT"u8, body);
        Chunk(file, at, "IEND"u8, []);
        return file;
    }

    /// <summary>A zlib stream (RFC 1950) of one stored block (RFC 1951); every row begins with its filter, 0 for none.</summary>
    private static void Store(Span<byte> target, int width, int height, ReadOnlySpan<byte> pixels)
    {
        var raw = (ushort)((width + 1) * height);
        target[0] = 0x78; // deflate, 32 KiB window
        target[1] = 0x01; // makes the two bytes a multiple of 31
        target[2] = 1; // the last block, stored
        BinaryPrimitives.WriteUInt16LittleEndian(target[3..], raw);
        BinaryPrimitives.WriteUInt16LittleEndian(target[5..], (ushort)~raw);

        var rows = target.Slice(7, raw);
        for (var y = 0; y < height; y++)
            pixels.Slice(y * width, width).CopyTo(rows[(y * (width + 1) + 1)..]);

        uint a = 1, b = 0;
        foreach (var value in rows)
        {
            a = (a + value) % 65521;
            b = (b + a) % 65521;
        }

        BinaryPrimitives.WriteUInt32BigEndian(target[(7 + raw)..], (b << 16) | a);
    }

    /// <summary>Writes length, type, data and the check sum over type and data; answers where the next chunk begins.</summary>
    private static int Chunk(Span<byte> file, int at, ReadOnlySpan<byte> type, ReadOnlySpan<byte> data)
    {
        BinaryPrimitives.WriteInt32BigEndian(file[at..], data.Length);
        type.CopyTo(file[(at + 4)..]);
        data.CopyTo(file[(at + 8)..]);

        var crc = uint.MaxValue;
        foreach (var value in file.Slice(at + 4, 4 + data.Length))
            crc = CrcTable[(byte)(crc ^ value)] ^ (crc >> 8);

        BinaryPrimitives.WriteUInt32BigEndian(file[(at + 8 + data.Length)..], ~crc);
        return at + ChunkOverhead + data.Length;
    }

    private static uint[] MakeCrcTable()
    {
        var table = new uint[256];
        for (uint n = 0; n < table.Length; n++)
        {
            var c = n;
            for (var bit = 0; bit < 8; bit++)
                c = (c & 1) != 0 ? 0xEDB88320 ^ (c >> 1) : c >> 1;
            table[n] = c;
        }

        return table;
    }
}
