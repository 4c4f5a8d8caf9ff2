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

    /// <summary>Digests of single files, 64 lower-case hexadecimal digits.</summary>
    public IReadOnlyList<string> Sha256s { get; init; } = [];

    /// <summary>What is known of the bytes: <c>intact</c>, <c>lost</c>, <c>damaged</c>; empty for all.</summary>
    public IReadOnlyList<string> Integrity { get; init; } = [];

    /// <summary>Of each series only the newest version, among what the other filters leave.</summary>
    public bool Latest { get; init; }

    /// <summary>Only files of which their series has no newer version, whatever else is asked for; false for only those of which it has one; null for all.</summary>
    public bool? Current { get; init; }

    /// <summary>Only publications up to this number; null for all.</summary>
    public long? AsOf { get; init; }

    /// <summary>Only publications after this number; null for all.</summary>
    public long? SinceSeq { get; init; }

    /// <summary>Only files whose days, first to last, meet these, <c>YYYYMMDD</c>; a file without a last day has its first one only.</summary>
    public (string From, string To)? Overlaps { get; init; }

    /// <summary>The order of the answer, most significant first, then by path; empty for the order of paths.</summary>
    public IReadOnlyList<SortField> Sort { get; init; } = [];

    /// <summary>Only files whose path sorts after this one; null for all.</summary>
    public string? After { get; init; }

    /// <summary>Rows to pass over first; only in another order than that of paths.</summary>
    public int Offset { get; init; }

    /// <summary>At most this many; null for all.</summary>
    public int? Limit { get; init; }
}

/// <summary>One part of an order: a column of the record, and its direction.</summary>
/// <param name="Column">start_date, ingestion_date, version, size or file_path.</param>
/// <param name="Descending">Greatest first.</param>
public readonly record struct SortField(string Column, bool Descending);
