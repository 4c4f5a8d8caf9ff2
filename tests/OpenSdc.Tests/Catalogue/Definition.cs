using System.Text.RegularExpressions;
using OpenSdc.Contract;

namespace OpenSdc.Tests.Catalogue;

/// <summary>The contract's section "Query" in its own order, over rows in memory: what the catalogue's statements are compared with. It judges queries as the catalogue takes them, on both databases, with
/// filters that no parameter can say; <see cref="Truth.Truth"/> judges what a caller sends and gets, and
/// knows nothing of the catalogue.</summary>
internal static class Definition
{
    public static IReadOnlyList<FileRecord> Answer(
        FileQuery query,
        IReadOnlyCollection<(string Family, FileRecord Record)> rows,
        int skip = 0
    )
    {
        var left = rows.Where(row => query.Family is null || row.Family == query.Family)
            .Where(row => IsMeant(query, row.Record) && HasVersion(query, row));
        if (query.Current is { } current)
        {
            var newest = Newest(rows.Where(row => query.AsOf is null || row.Record.Seq <= query.AsOf))
                .Select(row => row.Record.Seq)
                .ToHashSet();
            left = left.Where(row => newest.Contains(row.Record.Seq) == current);
        }

        // Of what the filters leave, the newest of each series, or those of its highest major version.
        if (query.Latest)
            left = Newest(left);
        if (query.DefaultVersions)
        {
            left = left.GroupBy(Series).SelectMany(series => series.Where(row =>
                CountedMajor(row) is not { } major || series.All(other => CountedMajor(other) is not { } higher || higher <= major)));
        }

        var ordered = left.Select(row => row.Record).OrderBy(_ => 0);
        foreach (var field in query.Sort)
            ordered = field.Descending ? ordered.ThenByDescending(Key(field.Column), Order) : ordered.ThenBy(Key(field.Column), Order);
        ordered = query.Sort.Count == 0 ? ordered.ThenBy(Key("file_path"), Order)
            : query.Sort[^1].Descending ? ordered.ThenByDescending(record => record.Seq) : ordered.ThenBy(record => record.Seq);
        return [.. ordered.Skip(skip).Take(query.Limit ?? int.MaxValue)];
    }

    /// <summary>
    /// The major version that lists show only the highest of: of names of science in the conventions with one
    /// or two numbers after a v.
    /// </summary>
    private static int? CountedMajor((string Family, FileRecord Record) row) =>
        row.Family == "science" && Regex.IsMatch(row.Record.Version ?? "", "^v[0-9]{3}(\\.[0-9]{4})?$")
            ? row.Record.MajorVersion ?? 1
            : null;

    private static IEnumerable<(string Family, FileRecord Record)> Newest(IEnumerable<(string Family, FileRecord Record)> rows) => rows
        .GroupBy(Series)
        .Select(series => series.MaxBy(row => (Version(row.Record), row.Record.Seq)));

    private static object Series((string Family, FileRecord Record) row) =>
        (
            row.Family,
            row.Record.Instrument,
            row.Record.DataLevel,
            row.Record.Descriptor,
            row.Record.StartDate,
            row.Record.Repointing,
            row.Record.Cr,
            row.Record.Extension
        );

    private static bool IsMeant(FileQuery query, FileRecord r) =>
        AnyOf(query.Instruments, r.Instrument) && AnyOf(query.DataLevels, r.DataLevel) && AnyOf(query.Descriptors, r.Descriptor)
        && AnyOf(query.Extensions, r.Extension)
        && AnyNumber(query.Repointings, r.Repointing) && AnyNumber(query.Crs, r.Cr)
        && AnyNumber(query.MajorVersions, r.MajorVersion) && AnyNumber(query.MinorVersions, r.MinorVersion)
        && (query.FilePaths.Count == 0 || query.FilePaths.Contains(r.FilePath))
        && NotBefore(r.StartDate, query.StartDate) && NotAfter(r.StartDate, query.EndDate)
        && NotBefore(r.IngestionDate[..8], query.IngestionStartDate) && NotAfter(r.IngestionDate[..8], query.IngestionEndDate)
        && (query.Overlaps is not { } days || (NotBefore(r.EndDate ?? r.StartDate, days.From) && NotAfter(r.StartDate, days.To)))
        && (query.AsOf is null || r.Seq <= query.AsOf) && (query.SinceSeq is null || r.Seq > query.SinceSeq);

    private static bool HasVersion(FileQuery query, (string Family, FileRecord Record) row) =>
        query.Versions.Count + query.MinorOfVersions.Count == 0
        || (query.Versions.Count > 0 && AnyOf(query.Versions, row.Record.Version))
        || (CountedMajor(row) is not null && query.MinorOfVersions.Contains(row.Record.MinorVersion ?? -1));

    private static bool AnyOf(IReadOnlyList<string> any, string? value) =>
        any.Count == 0 || (value is not null && any.Any(each => Regex.IsMatch(value, $"^{Regex.Escape(each).Replace("\\*", ".*")}$")));

    private static bool AnyNumber(IReadOnlyList<int> any, int? value) => any.Count == 0 || (value is { } number && any.Contains(number));

    private static bool NotBefore(string? day, string? first) =>
        first is null || (day is not null && string.CompareOrdinal(day, first) >= 0);

    private static bool NotAfter(string? day, string? last) => last is null || (day is not null && string.CompareOrdinal(day, last) <= 0);

    /// <summary>Major before minor; a version without a major sorts below one with.</summary>
    private static (int Major, int Minor) Version(FileRecord record) => (record.MajorVersion ?? -1, record.MinorVersion ?? -1);

    private static Func<FileRecord, object> Key(string column) => column switch
    {
        "start_date" => record => record.StartDate ?? "",
        "ingestion_date" => record => record.IngestionDate,
        "version" => record => Version(record),
        "size" => record => record.Size,
        "seq" => record => record.Seq,
        _ => record => record.FilePath,
    };

    private static Comparer<object> Order { get; } = Comparer<object>.Create((a, b) =>
        a is string text ? string.CompareOrdinal(text, (string)b) : Comparer<object>.Default.Compare(a, b));
}
