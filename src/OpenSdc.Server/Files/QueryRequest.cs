using OpenSdc.Contract;
using OpenSdc.Contract.Naming;

namespace OpenSdc.Server.Files;

/// <summary>A query and how its answer is wanted.</summary>
/// <param name="Query">The filters, the order and the page.</param>
/// <param name="Family">The family that it asks for; null where single files of any family are.</param>
/// <param name="Format">The format that the parameter names, one of <see
/// cref="Formats.ListingFormats.Names"/>; null where the Accept header decides.</param>
/// <param name="Fields">The members of each record that are wanted, in this order; empty for all.</param>
/// <param name="Count">Whether the number of files is wanted as well.</param>
internal sealed record QueryRequest(FileQuery Query, Family? Family, string? Format, IReadOnlyList<string> Fields, bool Count)
{
    /// <summary>The history that the caller's numbers are of; null where it does not say.</summary>
    public string? History { get; init; }

    /// <summary>Where the page before ended; null for a first page.</summary>
    public Cursor? Cursor { get; init; }

    /// <summary>All members that the records may have, in their order.</summary>
    public IReadOnlyList<string> Members { get; init; } = AllFields;

    /// <summary>The members of every mission's records, in the order of the plain representation.</summary>
    public static IReadOnlyList<string> AllFields { get; } =
    [
        "file_path", "instrument", "data_level", "descriptor", "start_date", "end_date", "repointing", "cr", "version", "major_version",
        "minor_version", "extension", "ingestion_date", "size", "sha256", "seq", "released", "crid", "integrity",
    ];
}
