using OpenSdc.Contract.Naming;

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

    /// <summary>
    /// Minor versions that count as versions: files that have one of them are meant as those of <see
    /// cref="Versions"/> are, where the convention of their names lists by default only the highest major.
    /// </summary>
    public IReadOnlyList<int> MinorOfVersions { get; init; } = [];

    /// <summary>
    /// Of each series only the files of the highest major version, among what the other filters leave, of
    /// names whose convention says so.
    /// </summary>
    public bool DefaultVersions { get; init; }

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

    /// <summary>Filters on fields of the mission's own.</summary>
    public IReadOnlyList<OwnFilter> Own { get; init; } = [];

    /// <summary>Keys of single files.</summary>
    public IReadOnlyList<string> FilePaths { get; init; } = [];

    /// <summary>Digests of single files, 64 lower-case hexadecimal digits.</summary>
    public IReadOnlyList<string> Sha256s { get; init; } = [];

    /// <summary>What is known of the bytes: <c>intact</c>, <c>lost</c>, <c>damaged</c>; empty for all.</summary>
    public IReadOnlyList<string> Integrity { get; init; } = [];

    /// <summary>Only files that are released, or only those that are not; null for both.</summary>
    public bool? Released { get; init; }

    /// <summary>Identifiers of composite releases.</summary>
    public IReadOnlyList<string> Crids { get; init; } = [];

    /// <summary>Of each series only the newest version, among what the other filters leave.</summary>
    public bool Latest { get; init; }

    /// <summary>
    /// Only files of which their series has no newer version, whatever else is asked for; false for only
    /// those of which it has one; null for all.
    /// </summary>
    public bool? Current { get; init; }

    /// <summary>Only files that the caller saw after this change; null for those that it sees now.</summary>
    public long? AsOf { get; init; }

    /// <summary>
    /// Only files that the caller sees since a later change than this: published after it, or released or
    /// restored; null for all.
    /// </summary>
    public long? SinceSeq { get; init; }

    /// <summary>
    /// Only files whose days, first to last, meet these, <c>YYYYMMDD</c>; a file without a last day has its
    /// first one only.
    /// </summary>
    public (string From, string To)? Overlaps { get; init; }

    /// <summary>
    /// The order of the answer, most significant first; equals go by their number, in the direction of the
    /// last field. Empty for the order of paths.
    /// </summary>
    public IReadOnlyList<SortField> Sort { get; init; } = [];

    /// <summary>Only files that come after this place of the order; null for all.</summary>
    public PageEnd? After { get; init; }

    /// <summary>At most this many; null for all.</summary>
    public int? Limit { get; init; }

    /// <summary>Whether no file can be found: none has the identifier of a composite release.</summary>
    public bool FindsNone => Crids.Count > 0;

    /// <summary>Whether a filter may take some files of a series and leave others.</summary>
    public bool SplitsSeries =>
        Versions.Count
            + MinorOfVersions.Count
            + MajorVersions.Count
            + MinorVersions.Count
            + FilePaths.Count
            + Sha256s.Count
            + Integrity.Count
            > 0
        || Own.Any(each => !each.Field.InProduct)
        || this
            is not { IngestionStartDate: null, IngestionEndDate: null, SinceSeq: null, Overlaps: null, Current: not false, Released: null };

    /// <summary>The path of the one file that is asked for, and of which nothing else is asked; null in any other query.</summary>
    public string? OnlyPath =>
        FilePaths is [var path]
        && Instruments.Count
            + DataLevels.Count
            + Descriptors.Count
            + Extensions.Count
            + Versions.Count
            + MinorOfVersions.Count
            + Repointings.Count
            + Crs.Count
            + MajorVersions.Count
            + MinorVersions.Count
            + Sha256s.Count
            + Integrity.Count
            + Own.Count
            == 0
        && !FindsNone
        && this
            is {
                Family: null,
                StartDate: null,
                EndDate: null,
                IngestionStartDate: null,
                IngestionEndDate: null,
                Latest: false,
                DefaultVersions: false,
                Current: null,
                AsOf: null,
                SinceSeq: null,
                Overlaps: null,
                After: null,
                Released: null,
            }
            ? path
            : null;
}

/// <summary>
/// The values that a field of the mission's own may have; of words they may hold <c>*</c>, all others are
/// compared as they are recorded.
/// </summary>
public sealed record OwnFilter(OwnField Field, IReadOnlyList<string> Values);

/// <summary>Where a page ended: what the last row has in each column of the order.</summary>
public sealed record PageEnd(IReadOnlyList<string> Keys);

/// <summary>One part of an order: a column of the record, and its direction.</summary>
/// <param name="Column">start_date, ingestion_date, version, size, file_path or seq.</param>
/// <param name="Descending">Greatest first.</param>
public readonly record struct SortField(string Column, bool Descending);
