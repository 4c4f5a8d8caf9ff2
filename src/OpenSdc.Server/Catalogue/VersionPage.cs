using System.Data.Common;
using System.Runtime.InteropServices;
using OpenSdc.Contract;
using OpenSdc.Contract.Naming;

namespace OpenSdc.Server.Catalogue;

/// <summary>
/// A page in the order of versions: which versions there are, and how many files have each, is known, so that it is the files of some versions that it has in whole or to their end, and then
/// the first few of one that many files have. Without it all files would be read to be put in order, of which one version may be a third.
/// </summary>
internal static class VersionPage
{
    // Of a version that so many times as many files have as a page takes, the page is found soon by looking through all files in their order.
    private const int Share = 8;

    // More would be a longer text than what they spare.
    private const int MostVersions = 50;

    // So many files that came after the state that is asked about are counted one by one.
    private const long MostNew = 20_000;

    /// <summary>Whether a query is such a page.</summary>
    public static bool IsWorth(FileQuery query, Family? family) =>
        family is not null && query is { Sort: [{ Column: "version" }, ..], Limit: not null } && LeadChoice.ByNames(query) == Lead.Names && !QueryPlan.IsOneProduct(query, family);

    /// <summary>
    /// The same page as one or two queries; null where nothing is gained, or where it is not known how many files each version finds. Each query may look through all files once, as the page
    /// would: of versions with few files they are not asked one by one.
    /// </summary>
    public static async ValueTask<IReadOnlyList<FileQuery>?> QueriesAsync(Func<SqlStatement, DbCommand> command, FileQuery query, long head, CancellationToken cancel)
    {
        if (!CoveragePlan.IsKept(query with { Versions = [], MajorVersions = [], MinorVersions = [], AsOf = null }) || (query.StartDate ?? query.EndDate) is not null
            || head - query.AsOf > MostNew)
            return null;
        var touched = Touched(await VersionsAsync(command, query, cancel), query.Offset, query.Limit!.Value);
        // Files without a version cannot be asked for by it.
        if (touched.Count == 0 || touched.Sum(each => each.Versions.Count) > MostVersions || touched.Exists(each => each.Versions.Contains("")))
            return touched.Count == 0 ? [] : null;
        var last = touched[^1];
        var isPrefix = (last.Skip + last.Take) * Share <= last.Files;
        var before = isPrefix ? touched[..^1] : touched;
        IReadOnlyList<SortField> rest = [.. query.Sort.Skip(1)];
        // Both queries may look through all files where the second has an order of its own.
        if (before.Count > 0 && isPrefix && rest.Count > 0)
            return null;
        var queries = new List<FileQuery>();
        if (before.Count > 0)
            queries.Add(Of(before, query.Sort));
        if (isPrefix)
            queries.Add(Of([last], rest.Count > 0 ? rest : [new SortField("file_path", Descending: false)]));
        return queries;

        FileQuery Of(List<Part> parts, IReadOnlyList<SortField> sort) => query with
        {
            Versions = [.. parts.SelectMany(part => part.Versions)],
            MajorVersions = [],
            MinorVersions = [],
            Sort = sort,
            Offset = (int)parts[0].Skip,
            Limit = (int)parts.Sum(part => part.Take),
        };
    }

    /// <summary>The versions that a page has files of: how many of each are before it, and how many on it.</summary>
    private static List<Part> Touched(IEnumerable<(List<string> Versions, long Files)> versions, long skip, long left)
    {
        var touched = new List<Part>();
        foreach (var (names, files) in versions)
        {
            if (left == 0)
                break;
            if (files > skip)
            {
                touched.Add(new Part(names, files, skip, Math.Min(left, files - skip)));
                left -= touched[^1].Take;
            }

            skip = Math.Max(0, skip - files);
        }

        return touched;
    }

    /// <summary>The versions in the order of the page, those that are equal together however their names write them.</summary>
    private static async ValueTask<IEnumerable<(List<string> Versions, long Files)>> VersionsAsync(Func<SqlStatement, DbCommand> command, FileQuery query, CancellationToken cancel)
    {
        var filters = new Filters();
        CoveragePlan.AddSeries(filters, query);
        CoveragePlan.AddVersions(filters, query);
        var counts = new Dictionary<(long Major, long Minor, string Version), long>();
        await AddAsync(new($"SELECT s.major_version, s.minor_version, s.version, CAST(SUM(s.files) AS BIGINT) FROM versions AS s{filters.Where} GROUP BY 1, 2, 3", filters.Values), 1);
        if (query.AsOf is { } asOf)
        {
            var later = QueryPlan.Unordered(
                query with { SinceSeq = asOf, AsOf = null }, "COALESCE(major_version, -1) AS major, COALESCE(minor_version, -1) AS minor, COALESCE(version, '') AS version", Lead.Number);
            await AddAsync(later with { Text = $"SELECT major, minor, version, COUNT(*) FROM ({later.Text}) AS later GROUP BY 1, 2, 3" }, -1);
        }

        var versions = counts.GroupBy(each => (each.Key.Major, each.Key.Minor), (numbers, all) => (Numbers: numbers, Versions: all.Select(each => each.Key.Version).ToList(), Files: all.Sum(each => each.Value)));
        return (query.Sort[0].Descending ? versions.OrderByDescending(each => each.Numbers) : versions.OrderBy(each => each.Numbers)).Select(each => (each.Versions, each.Files));

        async ValueTask AddAsync(SqlStatement statement, int sign)
        {
            await using var reader = await command(statement).ExecuteReaderAsync(cancel);
            while (await reader.ReadAsync(cancel))
            {
                ref var count = ref CollectionsMarshal.GetValueRefOrAddDefault(counts, (reader.GetInt64(0), reader.GetInt64(1), reader.GetString(2)), out _);
                count += sign * reader.GetInt64(3);
            }
        }
    }

    private readonly record struct Part(List<string> Versions, long Files, long Skip, long Take);
}
