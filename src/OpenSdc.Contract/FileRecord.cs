using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenSdc.Contract;

/// <summary>
/// One published file, as the catalogue keeps it and as <c>/query</c> answers it: row and wire are the same thing.
/// The order of the members is the order of the JSON members.
/// </summary>
public sealed record FileRecord
{
    /// <summary>The key: the file's path in the archive.</summary>
    public required string FilePath { get; init; }

    /// <summary>Instrument as the name writes it; null where the family has none (SPICE kernels).</summary>
    public string? Instrument { get; init; }

    /// <summary>Data level as the name writes it, e.g. <c>l1a</c>; null where the family has none.</summary>
    public string? DataLevel { get; init; }

    /// <summary>Descriptor of the product; for SPICE kernels their type, e.g. <c>leapseconds</c>.</summary>
    public string? Descriptor { get; init; }

    /// <summary>First day of the data, <c>YYYYMMDD</c>; null where the name has no date.</summary>
    public string? StartDate { get; init; }

    /// <summary>Last day of the data, <c>YYYYMMDD</c>; absent where the name has none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? EndDate { get; init; }

    /// <summary>Repointing number, or null.</summary>
    public int? Repointing { get; init; }

    /// <summary>Carrington rotation, or null.</summary>
    public int? Cr { get; init; }

    /// <summary>Version as the name writes it: <c>v01-01</c>, <c>v001</c>, <c>v001.0002</c>, or a kernel's digits.</summary>
    public string? Version { get; init; }

    /// <summary>Major version (software); null where the convention has only one number.</summary>
    public int? MajorVersion { get; init; }

    /// <summary>Minor version (data), or the only number there is.</summary>
    public int? MinorVersion { get; init; }

    /// <summary>Extension without the leading dot, e.g. <c>cdf</c>.</summary>
    public required string Extension { get; init; }

    /// <summary>When the file was published, UTC, <c>YYYYMMDD HH:MM:SS</c>.</summary>
    public required string IngestionDate { get; init; }

    /// <summary>Size in bytes.</summary>
    public required long Size { get; init; }

    /// <summary>SHA-256 of the bytes, 64 lower-case hexadecimal digits.</summary>
    public required string Sha256 { get; init; }

    /// <summary>
    /// The number of the change that published the file. Later files have greater numbers; changes of other
    /// kinds come between.
    /// </summary>
    public required long Seq { get; init; }

    /// <summary>Whether the file is released to everybody.</summary>
    public bool Released { get; init; } = true;

    /// <summary>Identifier of the composite release that the file belongs to; null, since names do not tell it.</summary>
    public string? Crid { get; init; }

    /// <summary>
    /// <c>lost</c> or <c>damaged</c> where the file's bytes are not there or not right, so that it cannot be
    /// fetched; absent where nothing is known against them.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Integrity { get; init; }

    /// <summary>
    /// Members that only some records have, by their names: the times of a name (<c>start_time</c>,
    /// <c>end_time</c>) and the fields of the mission's own. Null where there is none. A server writes them
    /// itself, after the others. It can be set, since the JSON reader fills it after the record is made.
    /// </summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? Other { get; set; }
}
