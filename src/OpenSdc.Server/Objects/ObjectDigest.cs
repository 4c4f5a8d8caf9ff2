using System.Buffers;
using System.Security.Cryptography;

namespace OpenSdc.Server.Objects;

/// <summary>SHA-256 of a stored object, read once from end to end in constant memory.</summary>
internal static class ObjectDigest
{
    private const int BufferSize = 256 * 1024;

    public static async Task<string> OfAsync(StoredObject stored, CancellationToken cancel)
    {
        using var sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            long offset = 0;
            while (await stored.ReadAsync(offset, buffer, cancel) is var read and > 0)
            {
                sha256.AppendData(buffer, 0, read);
                offset += read;
            }

            return Convert.ToHexStringLower(sha256.GetHashAndReset());
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
