namespace OpenSdc.Contract;

/// <summary>
/// What a caller asks of the catalogue. Text filters may hold <c>*</c> for any run of characters; several values of one filter
/// mean any of them; different filters must all hold. An empty list or null does not filter.
/// </summary>
public sealed record FileQuery
{
    /// <summary>The family of files, e.g. <c>science</c>; null for all of them.</summary>
    public string? Family { get; init; } = "science";

    public IReadOnlyList<string> Instruments { get; init; } = [];
    public IReadOnlyList<string> DataLevels { get; init; } = [];
    public IReadOnlyList<string> Descriptors { get; init; } = [];
    public IReadOnlyList<string> Extensions { get; init; } = [];

    /// <summary>Versions as names write them.</summary>
    public IReadOnlyList<string> Versions { get; init; } = [];

    /// <summary>Least start date, <c>YYYYMMDD</c>.</summary>
    public string? StartDate { get; init; }

    /// <summary>Greatest <em>start</em> date, <c>YYYYMMDD</c>.</summary>
    public string? EndDate { get; init; }

    /// <summary>First day of ingestion, UTC, <c>YYYYMMDD</c>.</summary>
    public string? IngestionStartDate { get; init; }

    /// <summary>Last day of ingestion, UTC, whole, <c>YYYYMMDD</c>.</summary>
    public string? IngestionEndDate { get; init; }

    public IReadOnlyList<int> Repointings { get; init; } = [];
    public IReadOnlyList<int> Crs { get; init; } = [];
    public IReadOnlyList<int> MajorVersions { get; init; } = [];
    public IReadOnlyList<int> MinorVersions { get; init; } = [];

    /// <summary>Keys of single files.</summary>
    public IReadOnlyList<string> FilePaths { get; init; } = [];

    /// <summary>Of each series only the newest version, among what the other filters leave.</summary>
    public bool Latest { get; init; }

    /// <summary>Only publications up to this number; null for all.</summary>
    public long? AsOf { get; init; }

    /// <summary>Only files whose path sorts after this one; null for all.</summary>
    public string? After { get; init; }

    /// <summary>At most this many; null for all.</summary>
    public int? Limit { get; init; }
}
