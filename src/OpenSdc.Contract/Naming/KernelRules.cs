namespace OpenSdc.Contract.Naming;

/// <summary>What a mission file says of its SPICE kernels, for the routes that deal with them.</summary>
/// <param name="Family">The family that holds them.</param>
/// <param name="Types">Every type that its conventions give.</param>
/// <param name="LoadOrder">Groups of types in the order in which a metakernel loads them; the types of a
/// group stand in for one another.</param>
/// <param name="Tables">Types that are tables rather than kernels, by the route that lists each.</param>
/// <param name="Clock">The type of the spacecraft clock's kernels.</param>
/// <param name="EndsOnly">Types whose names have one day, which is their end.</param>
public sealed record KernelRules(
    string Family,
    IReadOnlyList<string> Types,
    IReadOnlyList<IReadOnlyList<string>> LoadOrder,
    IReadOnlyDictionary<string, string> Tables,
    string Clock,
    IReadOnlyList<string> EndsOnly
)
{
    /// <summary>Whether files of a type are rows of a table rather than kernels.</summary>
    public bool IsTable(string type) => Tables.Values.Contains(type, StringComparer.Ordinal);
}
