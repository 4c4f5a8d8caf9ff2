using System.Text.Json;

namespace OpenSdc.Server.Upkeep;

/// <summary>One line of a position file; each has one member.</summary>
/// <param name="Data">The archive that is checked; the first line.</param>
/// <param name="Position">Every object up to this key has been read.</param>
/// <param name="Bad">An object that was found wrong.</param>
internal sealed record FsckPositionLine(string? Data = null, string? Position = null, string? Bad = null);

/// <summary>
/// How far the reading of an archive has come, kept in a file so that another run can go on from there. Objects found wrong before are read
/// again by that run, so that its report is that of the whole archive.
/// </summary>
/// <remarks>Several objects are read at once and end in any order: the position is the last key before which all are done.</remarks>
internal sealed class FsckPosition : IDisposable
{
    private static readonly TimeSpan SaveEvery = TimeSpan.FromSeconds(5);

    private readonly TimeProvider clock;
    private readonly FileStream file;
    private readonly HashSet<string> bad = new(StringComparer.Ordinal);
    private readonly Lock change = new();
    private readonly Queue<string> reading = new();
    private readonly HashSet<string> ended = new(StringComparer.Ordinal);
    private readonly string resumedAt = "";
    private string position = "";
    private string saved = "";
    private long savedAt;

    /// <exception cref="SettingException">The file is that of another archive, or none of these files.</exception>
    public FsckPosition(string path, string archive, TimeProvider clock)
    {
        this.clock = clock;
        file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        foreach (var line in JsonLines.Read(file, FsckJson.Default.FsckPositionLine, path))
        {
            if (line.Data is not null && line.Data != archive)
                throw new SettingException(
                    $"The file {path} keeps the position of a check of {line.Data}, not of {archive}; give another file."
                );
            if (line.Bad is not null)
                bad.Add(line.Bad);
            resumedAt = line.Position ?? resumedAt;
        }

        file.SetLength(file.Position);
        position = saved = resumedAt;
        if (file.Length == 0)
            Write(new(Data: archive));
        savedAt = clock.GetTimestamp();
    }

    /// <summary>Whether an object is still to be read.</summary>
    public bool IsToRead(string key) => string.CompareOrdinal(key, resumedAt) > 0 || bad.Contains(key);

    /// <summary>An object is about to be read; called in the order of the keys.</summary>
    public void Begin(string key)
    {
        lock (change)
            reading.Enqueue(key);
    }

    /// <summary>It has been read.</summary>
    public void End(string key, bool isBad)
    {
        lock (change)
        {
            if (isBad)
                Write(new(Bad: key));
            ended.Add(key);
            while (reading.TryPeek(out var first) && ended.Remove(first))
                position = string.CompareOrdinal(reading.Dequeue(), position) > 0 ? first : position;
            if (clock.GetElapsedTime(savedAt) >= SaveEvery)
                Save();
        }
    }

    /// <summary>The archive has been read to its end: the next run begins anew.</summary>
    public void Finish() => File.Delete(file.Name);

    public void Dispose()
    {
        lock (change)
            Save();
        file.Dispose();
    }

    private void Save()
    {
        if (position != saved)
            Write(new(Position: position));
        (saved, savedAt) = (position, clock.GetTimestamp());
    }

    private void Write(FsckPositionLine line)
    {
        file.Write([.. JsonSerializer.SerializeToUtf8Bytes(line, FsckJson.Default.FsckPositionLine), (byte)'\n']);
        file.Flush();
    }
}
