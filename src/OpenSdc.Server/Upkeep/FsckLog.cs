using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using OpenSdc.Server.Objects;

namespace OpenSdc.Server.Upkeep;

/// <summary>One line of a log: something that is about to be done, or what became of it.</summary>
internal sealed record FsckLogLine
{
    /// <summary>When.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>
    /// <c>start</c> once; then for each action <c>intent</c>, and <c>done</c> or <c>not-done</c>. An intent
    /// alone means that the process ended in between.
    /// </summary>
    public required string Step { get; init; }

    /// <summary><c>repair</c> or <c>undo</c> at the start; then <c>adopt</c>, <c>mark</c>, <c>quarantine</c> or <c>return</c>.</summary>
    public required string Action { get; init; }

    /// <summary>Number of the action: the same in its intent and its end.</summary>
    public long Number { get; init; }

    /// <summary>The key of the file; at the start the archive: its data folder, or its bucket and prefix.</summary>
    public required string Key { get; init; }

    /// <summary>Where in the quarantine it lies, of <c>quarantine</c> and <c>return</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Place { get; init; }

    /// <summary>Number of the record, of <c>mark</c> and of an adoption that is done.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Seq { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Size { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Sha256 { get; init; }

    /// <summary>The mark before, of <c>mark</c>: <c>lost</c>, <c>damaged</c> or <c>sound</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? From { get; init; }

    /// <summary>The mark after.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? To { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Detail { get; init; }
}

/// <summary>
/// What a repair or an undo does, line by line on the disk before it is done: <c>DATA/fsck/TIME.log</c>, from
/// which it can be undone. Whoever holds a log also holds the folder, so that no two repairs run at once.
/// </summary>
internal sealed class FsckLog : IDisposable
{
    private readonly FolderLock turn;
    private readonly FileStream file;
    private readonly TimeProvider clock;
    private long number;

    /// <exception cref="SettingException">Another repair is running.</exception>
    public FsckLog(OpenArchive archive, string purpose, TimeProvider clock)
    {
        this.clock = clock;
        var logs = Directory.CreateDirectory(Path.Combine(archive.WorkFolder, "fsck")).FullName;
        turn = FolderLock.Take(logs) ?? throw new SettingException($"Another repair of this archive is running: it holds {logs}.");
        var time = clock.GetUtcNow().ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
        var name = time;
        for (var again = 1; File.Exists(Path.Combine(logs, name + ".log")); again++)
            name = string.Create(CultureInfo.InvariantCulture, $"{time}-{again}");
        file = new FileStream(Path.Combine(logs, name + ".log"), FileMode.CreateNew, FileAccess.Write, FileShare.Read);
        Append([new() { Step = "start", Action = purpose, Key = archive.Name }]);
        Posix.FlushFolder(logs);
        Posix.FlushFolder(archive.WorkFolder);
    }

    /// <summary>Where it lies.</summary>
    public string Name => file.Name;

    public long NextNumber() => ++number;

    /// <summary>Adds lines; they are on the disk when it returns.</summary>
    public void Append(IEnumerable<FsckLogLine> lines)
    {
        foreach (var line in lines)
            file.Write([
                .. JsonSerializer.SerializeToUtf8Bytes(line with { At = clock.GetUtcNow() }, FsckJson.Default.FsckLogLine),
                (byte)'\n',
            ]);
        file.Flush();
        Posix.Flush(file.SafeFileHandle, file.Name);
    }

    /// <summary>The lines of a log, from the first.</summary>
    /// <exception cref="SettingException">The file is no log.</exception>
    public static IEnumerable<FsckLogLine> Read(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        foreach (var line in JsonLines.Read(stream, FsckJson.Default.FsckLogLine, path))
            yield return line;
    }

    /// <summary>The same from the last.</summary>
    public static IEnumerable<FsckLogLine> ReadBackwards(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        foreach (var line in JsonLines.ReadBackwards(stream, FsckJson.Default.FsckLogLine, path))
            yield return line;
    }

    public void Dispose()
    {
        file.Dispose();
        turn.Dispose();
    }
}
