namespace OpenSdc.Server.Upkeep;

/// <summary>How far a check is. Written by its readers, read by whoever shows it.</summary>
internal sealed class FsckProgress
{
    private long records;
    private long objects;
    private long objectBytes;
    private long filesRead;
    private long bytesRead;

    /// <summary>Records compared.</summary>
    public long Records => Interlocked.Read(ref records);

    /// <summary>Things listed in the store.</summary>
    public long Objects => Interlocked.Read(ref objects);

    /// <summary>Bytes of the things listed.</summary>
    public long ObjectBytes => Interlocked.Read(ref objectBytes);

    /// <summary>Objects read to their end.</summary>
    public long FilesRead => Interlocked.Read(ref filesRead);

    /// <summary>Bytes read.</summary>
    public long BytesRead => Interlocked.Read(ref bytesRead);

    public void Compared() => Interlocked.Increment(ref records);

    public void Listed(long length)
    {
        Interlocked.Increment(ref objects);
        Interlocked.Add(ref objectBytes, length);
    }

    public void Read(long bytes) => Interlocked.Add(ref bytesRead, bytes);

    public void ReadToEnd() => Interlocked.Increment(ref filesRead);
}
