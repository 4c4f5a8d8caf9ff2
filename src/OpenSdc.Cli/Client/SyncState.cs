using System.Text.Json;
using System.Text.Json.Serialization;
using OpenSdc.Client;
using OpenSdc.Server;

namespace OpenSdc.Cli.Client;

/// <summary>
/// How far a folder mirrors which queries of which archives: the file <c>.opensdc-sync.json</c> in it.
/// </summary>
internal sealed class SyncState
{
    private const string Name = ".opensdc-sync.json";

    private readonly string path;
    private readonly Dictionary<string, ArchiveState> done;

    private SyncState(string path, Dictionary<string, ArchiveState> done) => (this.path, this.done) = (path, done);

    /// <summary>Reads it; where there is none, nothing has been mirrored.</summary>
    /// <exception cref="SettingException">It cannot be read.</exception>
    public static SyncState Read(string folder)
    {
        var file = Path.Combine(folder, Name);
        if (!File.Exists(file))
            return new SyncState(file, new(StringComparer.Ordinal));
        try
        {
            return new SyncState(file,
                new(JsonSerializer.Deserialize(File.ReadAllText(file), SyncJson.Default.DictionaryStringArchiveState) ?? [],
                StringComparer.Ordinal));
        }
        catch (JsonException fault)
        {
            throw new SettingException($"The file {file} cannot be read; remove it, and the next sync compares all files: {fault.Message}",
                fault);
        }
    }

    /// <summary>How far a query is mirrored; null where it is not, or not of this history.</summary>
    public ArchiveState? Of(string query, string history) => done.TryGetValue(query, out var state) && state.History == history ? state
        : null;

    /// <summary>
    /// Notes how far it is now. The file is replaced in one moment, so that a stop leaves the old one or the new
    /// one.
    /// </summary>
    public async Task NoteAsync(string query, ArchiveState state, CancellationToken cancel)
    {
        done[query] = state;
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var fresh = path + ".new";
        await File.WriteAllTextAsync(fresh, JsonSerializer.Serialize(done, SyncJson.Default.DictionaryStringArchiveState), cancel);
        // Not durable: an older one only costs a comparison.
        if (File.Exists(path))
            File.Replace(fresh, path, destinationBackupFileName: null);
        else
            File.Move(fresh, path);
    }
}

/// <summary>JSON of the state, made at compile time.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(Dictionary<string, ArchiveState>))]
internal sealed partial class SyncJson : JsonSerializerContext;
