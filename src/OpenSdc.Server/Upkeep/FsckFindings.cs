using System.Runtime.CompilerServices;
using System.Text.Json;

namespace OpenSdc.Server.Upkeep;

/// <summary>
/// The findings of a check, one JSON object a line in a temporary file that goes with this object: an archive
/// that lost its catalogue has as many findings as files, and they are wanted more than once.
/// </summary>
internal sealed class FsckFindings : IDisposable
{
    private readonly string path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
    private readonly FileStream file;
    private readonly Lock adding = new();
    private readonly Dictionary<string, long> counts = FsckKind.All.ToDictionary(kind => kind, _ => 0L, StringComparer.Ordinal);

    public FsckFindings() => file = new FileStream(path, new FileStreamOptions
    {
        Mode = FileMode.CreateNew,
        Access = FileAccess.Write,
        Share = FileShare.ReadWrite | FileShare.Delete,
        BufferSize = 64 * 1024,
        Options = FileOptions.DeleteOnClose,
    });

    /// <summary>How many there are of each kind; every kind is there.</summary>
    public IReadOnlyDictionary<string, long> Counts => counts;

    /// <summary>How many ask for a change.</summary>
    public long Changes { get; private set; }

    /// <summary>How many were changed by a repair.</summary>
    public long Done { get; private set; }

    public long Total => counts.Values.Sum();

    public void Add(FsckFinding finding)
    {
        var line = JsonSerializer.SerializeToUtf8Bytes(finding, FsckJson.Default.FsckFinding);
        lock (adding)
        {
            file.Write(line);
            file.WriteByte((byte)'\n');
            counts[finding.Kind]++;
            Changes += finding.IsChange ? 1 : 0;
            Done += finding.Outcome == "done" ? 1 : 0;
        }
    }

    /// <summary>All of them, in the order in which they were added.</summary>
    public async IAsyncEnumerable<FsckFinding> ReadAsync([EnumeratorCancellation] CancellationToken cancel = default)
    {
        lock (adding)
            file.Flush();
        using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
        while (await reader.ReadLineAsync(cancel) is { } line)
            yield return JsonSerializer.Deserialize(line, FsckJson.Default.FsckFinding)!;
    }

    public void Dispose() => file.Dispose();
}
