namespace OpenSdc.Contract.Naming;

/// <summary>A mission's conventions.</summary>
public sealed class Mission
{
    public static Mission Imap { get; } = new();
    public string Name { get; } = "imap";
    public IReadOnlyList<Family> Families { get; } = [];
    public static Mission Load(Stream json) => new();
}

/// <summary>One kind of file, with what a query over it may name.</summary>
public sealed class Family
{
    public required string Name { get; init; }
    public required IReadOnlyList<string> Fields { get; init; }
    public required IReadOnlyList<string> Instruments { get; init; }
    public required IReadOnlyList<string> DataLevels { get; init; }
    public required IReadOnlyList<string> Extensions { get; init; }
}
