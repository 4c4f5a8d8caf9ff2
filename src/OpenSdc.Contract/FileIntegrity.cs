namespace OpenSdc.Contract;

/// <summary>What an archive knows of a file's bytes, as records and queries say it.</summary>
public static class FileIntegrity
{
    /// <summary>Nothing is known against them.</summary>
    public const string Intact = "intact";

    /// <summary>They are not there.</summary>
    public const string Lost = "lost";

    /// <summary>They are not those that were published.</summary>
    public const string Damaged = "damaged";

    /// <summary>All of these words.</summary>
    public static IReadOnlyList<string> All { get; } = [Intact, Lost, Damaged];
}
