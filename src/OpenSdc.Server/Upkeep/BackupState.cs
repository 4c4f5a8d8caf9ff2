using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenSdc.Server.Upkeep;

/// <summary>
/// What <c>backup.json</c> says of a backup: for people, for monitoring, and to tell whether its catalogue is
/// still the one that was written.
/// </summary>
internal sealed record BackupState
{
    public const string FileName = "backup.json";

    /// <summary>Layout of the backup; 1.</summary>
    public int Format { get; init; } = 1;

    /// <summary>When the catalogue was copied: the moment that a restore brings back.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>The newest publication in it, which is also how many there are.</summary>
    public required long Seq { get; init; }

    /// <summary>SHA-256 of <c>catalogue.sqlite</c>.</summary>
    public required string CatalogueSha256 { get; init; }

    /// <summary>Whether the objects are not in it, since they are backed up otherwise.</summary>
    public required bool CatalogueOnly { get; init; }

    /// <summary>Objects that this run added.</summary>
    public required long Copied { get; init; }

    /// <summary>Their bytes.</summary>
    public required long CopiedBytes { get; init; }

    /// <summary>
    /// Objects that are missing from the backup, since the archive did not give them right;
    /// <c>manifests/missing.txt</c> lists them.
    /// </summary>
    public required long Missing { get; init; }

    /// <summary>The newest entry of the audit in the catalogue, <c>NUMBER:HASH</c>: <c>sdc audit verify --head</c> takes it.</summary>
    public required string AuditHead { get; init; }

    /// <summary>
    /// The state that goes with the catalogue of a backup; null where its catalogue is not the one that was
    /// written.
    /// </summary>
    /// <remarks>
    /// The catalogue is renamed first and its state right after it. Where a crash came between, the state is
    /// whole in the partial file, since that was flushed before either.
    /// </remarks>
    public static BackupState? Of(string folder, string catalogueSha256) =>
        new[] { FileName, FileName + BackupFolder.Partial }
            .Select(name => Read(Path.Combine(folder, name)))
            .FirstOrDefault(state => state?.CatalogueSha256 == catalogueSha256);

    public static async Task<string> DigestAsync(string file, CancellationToken cancel)
    {
        using var stream = File.OpenRead(file);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancel));
    }

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, BackupJson.Default.BackupState);

    /// <summary>A state file; null where there is none, or only a part of one.</summary>
    public static BackupState? Read(string path)
    {
        if (!File.Exists(path))
            return null;
        try
        {
            using var stream = File.OpenRead(path);
            return JsonSerializer.Deserialize(stream, BackupJson.Default.BackupState);
        }
        catch (JsonException)
        {
            return null; // cut short by a crash: it goes with no catalogue
        }
    }
}

/// <summary>JSON of a backup's state.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(BackupState))]
internal sealed partial class BackupJson : JsonSerializerContext;
