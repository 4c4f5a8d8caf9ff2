namespace OpenSdc.Contract.Naming;

/// <summary>What a file's name says, read by the mission's conventions.</summary>
public sealed record FileName
{
    public required string Family { get; init; }
    public required string Convention { get; init; }
    public required string Name { get; init; }
    public required string Key { get; init; }
    public string? Instrument { get; init; }
    public string? DataLevel { get; init; }
    public string? Descriptor { get; init; }
    public DateOnly? StartDate { get; init; }
    public DateOnly? EndDate { get; init; }
    public int? Repointing { get; init; }
    public int? Cr { get; init; }
    public string? Version { get; init; }
    public int? MajorVersion { get; init; }
    public int? MinorVersion { get; init; }
    public required string Extension { get; init; }

    public static ParsedName Parse(string name, Mission mission) => new() { Faults = [new NameFault("name", name, "Not yet.")] };

    public FormattedName Format(Mission mission) => new(Name, Key);
}

/// <summary>A name and the key under which its file lies.</summary>
public readonly record struct FormattedName(string Name, string Key);
