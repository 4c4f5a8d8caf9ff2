namespace OpenSdc.Server.Upkeep;

/// <summary>How far a command of upkeep is. Written by its readers of objects, read at any moment by what shows it.</summary>
internal sealed class UpkeepProgress
{
    private long files;
    private long bytes;

    /// <summary>What is being done, as a word for the operator; empty before anything was begun.</summary>
    public string Doing { get; private set; } = "";

    /// <summary>Files, or whatever is being done, that are done.</summary>
    public long Files => Interlocked.Read(ref files);

    /// <summary>Bytes read of them.</summary>
    public long Bytes => Interlocked.Read(ref bytes);

    /// <summary>How many there are to do; 0 where it is not known.</summary>
    public long Total { get; private set; }

    /// <summary>Goes on to the next thing to do.</summary>
    public void Begin(string doing, long total = 0)
    {
        (Doing, Total) = (doing, total);
        Interlocked.Exchange(ref files, 0);
        Interlocked.Exchange(ref bytes, 0);
    }

    /// <summary>So many of so many are done.</summary>
    public void At(int total, int done)
    {
        Total = total;
        Interlocked.Exchange(ref files, done);
    }

    /// <summary>One more is done.</summary>
    public void Did() => Interlocked.Increment(ref files);

    /// <summary>So many bytes more were read.</summary>
    public void Read(int count) => Interlocked.Add(ref bytes, count);
}
