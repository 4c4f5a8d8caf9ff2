using System.Buffers.Binary;
using System.IO.Hashing;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace OpenSdc.Server.Uploads;

/// <summary>A digest or checksum that a request can promise for its body.</summary>
internal enum BodyAlgorithm
{
    Md5,
    Sha1,
    Sha256,
    Sha512,
    Crc32,
    Crc32C,
    Crc64Nvme,
}

/// <summary>One of them, computed while the bytes come. Checksums are given as requests write them: most significant byte first.</summary>
internal sealed class BodyHash(BodyAlgorithm algorithm) : IDisposable
{
    private static readonly ulong[][] Nvme = NvmeTables();

    private readonly IncrementalHash? hash = HashOf(algorithm) is { } name ? IncrementalHash.CreateHash(name) : null;
    private readonly Crc32? crc32 = algorithm == BodyAlgorithm.Crc32 ? new Crc32() : null;
    private uint crc32C = uint.MaxValue;
    private ulong crc64 = ulong.MaxValue;
    private byte[]? value;

    public BodyAlgorithm Algorithm => algorithm;

    /// <summary>The digest. Ends the appending.</summary>
    public byte[] Value => value ??= algorithm switch
    {
        BodyAlgorithm.Crc32 => BigEndian(crc32!.GetCurrentHashAsUInt32()),
        BodyAlgorithm.Crc32C => BigEndian(~crc32C),
        BodyAlgorithm.Crc64Nvme => BigEndian(~crc64),
        _ => hash!.GetHashAndReset(),
    };

    /// <summary>Bytes of its value.</summary>
    public static int SizeOf(BodyAlgorithm algorithm) => algorithm switch
    {
        BodyAlgorithm.Md5 => 16,
        BodyAlgorithm.Sha1 => 20,
        BodyAlgorithm.Sha256 => 32,
        BodyAlgorithm.Sha512 => 64,
        BodyAlgorithm.Crc64Nvme => 8,
        _ => 4,
    };

    /// <summary>What it is called in sentences.</summary>
    public static string NameOf(BodyAlgorithm algorithm) => algorithm switch
    {
        BodyAlgorithm.Crc32 => "CRC-32",
        BodyAlgorithm.Crc32C => "CRC-32C",
        BodyAlgorithm.Crc64Nvme => "CRC-64/NVME",
        _ => HashOf(algorithm)!.Value.Name!,
    };

    public void Append(ReadOnlySpan<byte> bytes)
    {
        switch (algorithm)
        {
            case BodyAlgorithm.Crc32:
                crc32!.Append(bytes);
                break;
            case BodyAlgorithm.Crc32C:
                AppendCrc32C(bytes);
                break;
            case BodyAlgorithm.Crc64Nvme:
                AppendCrc64(bytes);
                break;
            default:
                hash!.AppendData(bytes);
                break;
        }
    }

    public void Dispose() => hash?.Dispose();

    private static HashAlgorithmName? HashOf(BodyAlgorithm algorithm) => algorithm switch
    {
        BodyAlgorithm.Md5 => HashAlgorithmName.MD5,
        BodyAlgorithm.Sha1 => HashAlgorithmName.SHA1,
        BodyAlgorithm.Sha256 => HashAlgorithmName.SHA256,
        BodyAlgorithm.Sha512 => HashAlgorithmName.SHA512,
        _ => null,
    };

    // One processor instruction for eight bytes.
    private void AppendCrc32C(ReadOnlySpan<byte> bytes)
    {
        var words = MemoryMarshal.Cast<byte, ulong>(bytes);
        foreach (var word in words)
            crc32C = BitOperations.Crc32C(crc32C, BitConverter.IsLittleEndian ? word : BinaryPrimitives.ReverseEndianness(word));
        foreach (var one in bytes[(words.Length * sizeof(ulong))..])
            crc32C = BitOperations.Crc32C(crc32C, one);
    }

    // System.IO.Hashing has CRC-64 of ECMA-182 alone. Eight bytes at once, each by a table of its own.
    private void AppendCrc64(ReadOnlySpan<byte> bytes)
    {
        var tables = Nvme;
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..])
        {
            var word = crc64 ^ BinaryPrimitives.ReadUInt64LittleEndian(bytes);
            crc64 =
                tables[7][(byte)word]
                ^ tables[6][(byte)(word >> 8)]
                ^ tables[5][(byte)(word >> 16)]
                ^ tables[4][(byte)(word >> 24)]
                ^ tables[3][(byte)(word >> 32)]
                ^ tables[2][(byte)(word >> 40)]
                ^ tables[1][(byte)(word >> 48)]
                ^ tables[0][(byte)(word >> 56)];
        }

        foreach (var one in bytes)
            crc64 = (crc64 >> 8) ^ tables[0][(byte)(crc64 ^ one)];
    }

    private static ulong[][] NvmeTables()
    {
        const ulong Reflected = 0x9A6C9329AC4BC9B5; // the polynomial AD93D23594C93659, bits reversed
        var tables = new ulong[sizeof(ulong)][];
        for (var table = 0; table < tables.Length; table++)
        {
            tables[table] = new ulong[256];
            for (var i = 0; i < 256; i++)
            {
                var crc = table == 0 ? (ulong)i : tables[table - 1][i];
                if (table == 0)
                {
                    for (var bit = 0; bit < 8; bit++)
                        crc = (crc >> 1) ^ ((crc & 1) * Reflected);
                }
                else
                {
                    crc = (crc >> 8) ^ tables[0][(byte)crc];
                }

                tables[table][i] = crc;
            }
        }

        return tables;
    }

    private static byte[] BigEndian(uint value)
    {
        var bytes = new byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        return bytes;
    }

    private static byte[] BigEndian(ulong value)
    {
        var bytes = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, value);
        return bytes;
    }
}
