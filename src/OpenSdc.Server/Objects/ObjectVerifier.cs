using System.Buffers;
using System.Security.Cryptography;

namespace OpenSdc.Server.Objects;

/// <summary>Opens an object by its key; null where there is none.</summary>
internal delegate ValueTask<StoredObject?> OpenObject(string key, CancellationToken cancel);

/// <summary>
/// Answers "does this object match its record?" for all that ask: scrub, fsck, backup, restore, rebuild, downloads
/// and uploads of what is there already. Nothing else compares stored bytes with a record.
/// </summary>
internal sealed class ObjectVerifier
{
    // At the scrub's default rate a piece is read every 31 ms: a disk's other readers wait for no more than one.
    private const int PieceSize = 128 * 1024;

    /// <summary>Reads as fast as it goes, also from the page cache.</summary>
    public static ObjectVerifier Unthrottled { get; } = new();

    public ReadThrottle Throttle { get; init; } = ReadThrottle.None;

    /// <summary>Told the number of bytes after each piece.</summary>
    public Action<int>? OnRead { get; init; }

    /// <summary>Whether the store's own bytes are read and not a cache's, and without pushing out of it what readers ask for.</summary>
    public bool BypassesCache { get; init; }

    /// <summary>
    /// Opens an object and compares its length with the record's. Where that matches, the caller gets the object and
    /// disposes it.
    /// </summary>
    public static async ValueTask<(StoredObject? Stored, ObjectVerdict Verdict)> OpenAsync(
        OpenObject open,
        ObjectRecord record,
        CancellationToken cancel
    )
    {
        StoredObject? stored;
        try
        {
            stored = await open(record.Key, cancel);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return (null, ObjectVerdict.OfFailure(failure));
        }

        if (stored is null)
            return (null, ObjectVerdict.Missing);
        var verdict = ObjectVerdict.OfLength(record.Size, stored.Length);
        if (verdict.IsIntact)
            return (stored, verdict);
        stored.Dispose();
        return (null, verdict);
    }

    /// <summary>Compares the length only.</summary>
    public static async ValueTask<ObjectVerdict> VerifyLengthAsync(OpenObject open, ObjectRecord record, CancellationToken cancel)
    {
        var (stored, verdict) = await OpenAsync(open, record, cancel);
        stored?.Dispose();
        return verdict;
    }

    /// <summary>
    /// Reads a small object into memory that has its size, and compares it with the record. An exception means that
    /// the store refused.
    /// </summary>
    public static async ValueTask<ObjectVerdict> FillAsync(
        StoredObject stored,
        ObjectRecord record,
        Memory<byte> whole,
        CancellationToken cancel
    )
    {
        try
        {
            var filled = 0;
            while (filled < whole.Length && await stored.ReadAsync(filled, whole[filled..], cancel) is var read and > 0)
                filled += read;
            return filled == whole.Length
                ? ObjectVerdict.OfDigest(record.Sha256, Convert.ToHexStringLower(SHA256.HashData(whole.Span)))
                : ObjectVerdict.OfLength(record.Size, filled);
        }
        catch (IOException failure) when (Disk.IsReadError(failure))
        {
            return ObjectVerdict.OfFailure(failure);
        }
    }

    /// <summary>Opens an object, reads every byte, and compares it with the record.</summary>
    /// <param name="open">Opens the object.</param>
    /// <param name="record">What it should be.</param>
    /// <param name="cancel">Ends the reading.</param>
    /// <param name="copy">Is given each piece, where the object is copied on the way. Its exceptions pass: they are
    /// none of the object's.</param>
    public async ValueTask<ObjectVerdict> VerifyAsync(
        OpenObject open,
        ObjectRecord record,
        CancellationToken cancel,
        Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask>? copy = null
    )
    {
        var (stored, verdict) = await OpenAsync(open, record, cancel);
        using (stored)
        {
            if (stored is not null)
                verdict = await VerifyAsync(stored, record, cancel, copy);
            await Throttle.EndObjectAsync(cancel);
            return verdict;
        }
    }

    /// <summary>Reads every byte of an object that is open, and compares it with the record.</summary>
    public async ValueTask<ObjectVerdict> VerifyAsync(
        StoredObject stored,
        ObjectRecord record,
        CancellationToken cancel,
        Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask>? copy = null
    )
    {
        using var reading = new ObjectReading(stored, record);
        return await ReadAsync(stored, reading, copy, cancel);
    }

    /// <summary>SHA-256 of an object that has no record yet. Throws where it cannot be read, or changes its length meanwhile.</summary>
    public async ValueTask<string> DigestAsync(StoredObject stored, CancellationToken cancel)
    {
        using var reading = new ObjectReading(stored, new ObjectRecord("", stored.Length, Sha256: null));
        var verdict = await ReadAsync(stored, reading, copy: null, cancel);
        return verdict.ThrowIfUnreadable().IsIntact
            ? reading.Sha256!
            : throw new IOException("The object changed its length while it was read.");
    }

    private async ValueTask<ObjectVerdict> ReadAsync(
        StoredObject stored,
        ObjectReading reading,
        Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask>? copy,
        CancellationToken cancel
    )
    {
        if (BypassesCache)
            stored.DropCache();
        var buffer = ArrayPool<byte>.Shared.Rent(PieceSize);
        try
        {
            while (true)
            {
                cancel.ThrowIfCancellationRequested();
                int read;
                try
                {
                    read = await reading.ReadAsync(buffer.AsMemory(0, PieceSize), cancel);
                }
                catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
                {
                    return ObjectVerdict.OfFailure(failure);
                }

                OnRead?.Invoke(read);
                if (copy is not null && read > 0)
                    await copy(buffer.AsMemory(0, read), cancel);
                await Throttle.TookAsync(read, cancel);
                if (reading.Verdict is { } verdict)
                    return verdict;
                // A disk's reads do not give the thread back by themselves, and requests wait for it.
                await Task.Yield();
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
            if (BypassesCache)
                stored.DropCache();
        }
    }
}
