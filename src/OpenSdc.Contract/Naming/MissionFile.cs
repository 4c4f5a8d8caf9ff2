using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenSdc.Contract.Naming;

/// <summary>A mission file as it is written; docs/mission-file.md explains each member.</summary>
internal sealed record MissionEntry
{
    public required string Mission { get; init; }
    public required string Root { get; init; }
    public Dictionary<string, string>? OlderRoots { get; init; }
    public Dictionary<string, string[]>? Lists { get; init; }
    public Dictionary<string, string[]>? Fields { get; init; }
    public required FamilyEntry[] Families { get; init; }
}

internal sealed record FamilyEntry
{
    public required string Name { get; init; }
    public string? Like { get; init; }
    public string? Key { get; init; }
    public bool IgnoreCase { get; init; }
    public Dictionary<string, string[]>? Fields { get; init; }
    public string[]? YieldsTo { get; init; }
    public ConventionEntry[]? Conventions { get; init; }
}

internal sealed record ConventionEntry
{
    public required string Name { get; init; }

    /// <summary>For readers of the file; nothing depends on it, because old names stay valid.</summary>
    public string? InUse { get; init; }

    public required string Template { get; init; }
    public string? Key { get; init; }
    public bool? IgnoreCase { get; init; }
    public bool Ordered { get; init; }
    public Dictionary<string, string[]>? Fields { get; init; }
    public Dictionary<string, string>? Values { get; init; }
    public Dictionary<string, Dictionary<string, string>>? RecordedAs { get; init; }
    public RuleEntry[]? Rules { get; init; }
    public string? Example { get; init; }
}

internal sealed record RuleEntry
{
    public required Dictionary<string, string[]> If { get; init; }
    public Dictionary<string, string[]>? Then { get; init; }
    public Dictionary<string, string[]>? Else { get; init; }
}

/// <summary>A member that is not known is refused: a mistyped word must not be passed over in silence.</summary>
[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Metadata,
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    ReadCommentHandling = JsonCommentHandling.Skip,
    AllowTrailingCommas = true,
    RespectNullableAnnotations = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(MissionEntry))]
internal sealed partial class MissionJson : JsonSerializerContext;
