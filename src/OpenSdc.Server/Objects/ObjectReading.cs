using System.Security.Cryptography;

namespace OpenSdc.Server.Objects;

/// <summary>
/// One object that is read in order and hashed on the way: the only place that hashes stored bytes piece by piece.
/// The verdict is there with the last piece, before the caller passes that piece on.
/// </summary>
internal sealed class ObjectReading : IDisposable
{
    private readonly StoredObject stored;
    private readonly ObjectRecord record;
    private readonly IncrementalHash? hash;
    private readonly long end;

    /// <summary>Reads the whole object.</summary>
    public ObjectReading(StoredObject stored, ObjectRecord record) : this(stored, record, 0, record.Size) =>
        hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    private ObjectReading(StoredObject stored, ObjectRecord record, long from, long length) =>
        (this.stored, this.record, Offset, end) = (stored, record, from, from + length);

    /// <summary>Where the next piece begins.</summary>
    public long Offset { get; private set; }

    /// <summary>Known as soon as the last byte was read, or can be read no more; null before.</summary>
    public ObjectVerdict? Verdict { get; private set; }

    /// <summary>SHA-256 of the bytes, once all of them were read; null where they were not hashed.</summary>
    public string? Sha256 { get; private set; }

    /// <summary>Reads a range and does not hash it: the verdict tells only whether its bytes are there.</summary>
    public static ObjectReading Unhashed(StoredObject stored, ObjectRecord record, long from, long length) =>
        new(stored, record, from, length);

    /// <summary>
    /// Reads the next piece; 0 where there is none. An exception means that the store refused; a failure of the
    /// medium is a verdict.
    /// </summary>
    public async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancel)
    {
        if (Verdict is not null)
            return 0;
        var read = 0;
        try
        {
            if (end - Offset is > 0 and var left)
                read = await stored.ReadAsync(Offset, buffer[..(int)Math.Min(left, buffer.Length)], cancel);
        }
        catch (IOException failure) when (Disk.IsReadError(failure))
        {
            Verdict = ObjectVerdict.OfFailure(failure);
            return 0;
        }

        hash?.AppendData(buffer.Span[..read]);
        Offset += read;
        if (Offset == end)
            Verdict = AtEnd();
        else if (read == 0)
            Verdict = ObjectVerdict.OfLength(record.Size, Offset);
        return read;
    }

    public void Dispose() => hash?.Dispose();

    private ObjectVerdict AtEnd()
    {
        if (hash is null)
            return ObjectVerdict.Intact;
        Sha256 = Convert.ToHexStringLower(hash.GetHashAndReset());
        // It may have grown since it was opened.
        var byLength = ObjectVerdict.OfLength(record.Size, stored.Length);
        return byLength.IsIntact ? ObjectVerdict.OfDigest(record.Sha256, Sha256) : byLength;
    }
}
