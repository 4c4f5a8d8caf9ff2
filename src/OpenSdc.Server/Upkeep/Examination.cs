using System.Buffers;
using System.Security.Cryptography;
using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Objects;

namespace OpenSdc.Server.Upkeep;

/// <summary>What reading an object has shown: a kind of event, or null where it could not be read for a reason that says nothing of its bytes.</summary>
internal readonly record struct Finding(string? Kind, string Detail)
{
    public static Finding Sound { get; } = new(ChangeKind.Sound, "");
}

/// <summary>Reads one object from end to end, from the store and not from a cache, at a pace, and compares it with its record.</summary>
internal static class Examination
{
    // At the default rate one piece is read every 31 ms: a disk's other readers wait for no more than one.
    private const int PieceSize = 128 * 1024;

    // A small object is a seek and a row as well. So 200 of them a second at most, whatever the rate.
    private static readonly TimeSpan LeastTime = TimeSpan.FromMilliseconds(5);

    public static async ValueTask<Finding> OfAsync(KeptFile file, IObjectStore store, Pace pace, Telemetry telemetry, CancellationToken cancel)
    {
        try
        {
            using var stored = await store.OpenAsync(file.Key, cancel);
            if (stored is null)
                return new(ChangeKind.Lost, "there is no object at its key");
            if (stored.Length != file.Size)
                return new(ChangeKind.Damaged, $"the object has {stored.Length} bytes, the record says {file.Size}");
            return await ReadAsync(file, stored, pace, telemetry, cancel);
        }
        catch (IOException failure) when (Disk.IsReadError(failure))
        {
            return new(ChangeKind.Damaged, $"the object cannot be read: {failure.Message}");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return new(null, failure.Message);
        }
        finally
        {
            await pace.TookAsync(0, LeastTime, cancel);
        }
    }

    private static async ValueTask<Finding> ReadAsync(KeptFile file, StoredObject stored, Pace pace, Telemetry telemetry, CancellationToken cancel)
    {
        using var sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = ArrayPool<byte>.Shared.Rent(PieceSize);
        try
        {
            stored.DropCache();
            long offset = 0;
            while (await stored.ReadAsync(offset, buffer.AsMemory(0, PieceSize), cancel) is var read and > 0)
            {
                sha256.AppendData(buffer, 0, read);
                offset += read;
                telemetry.Scrubbed(read);
                await pace.TookAsync(read, TimeSpan.Zero, cancel);
            }

            stored.DropCache();
            var digest = Convert.ToHexStringLower(sha256.GetHashAndReset());
            return digest == file.Sha256
                ? Finding.Sound
                : new(ChangeKind.Damaged, $"the object's {offset} bytes have the SHA-256 {digest}, the record says {file.Sha256}");
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
