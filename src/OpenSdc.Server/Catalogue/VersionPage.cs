using System.Data.Common;
using System.Runtime.InteropServices;
using OpenSdc.Contract;
using OpenSdc.Contract.Naming;

namespace OpenSdc.Server.Catalogue;

/// <summary>
/// A page in the order of versions: which versions there are, and how many files have each, is known, so that it is a page of one version, or the rest of one and the beginning of the
/// next. Without it all files would be read to be put in order, of which one version may be a third.
/// </summary>
internal static class VersionPage
{
    // More statements than these cost as much as they spare.
    private const int MostVersions = 20;

    // So many files that came after the state that is asked about are counted one by one.
    private const long MostNew = 20_000;

    /// <summary>Whether a query is such a page.</summary>
    public static bool IsWorth(FileQuery query, Family? family) =>
        family is not null && query is { Sort: [{ Column: "version" }, ..], Limit: not null } && LeadChoice.ByNames(query) == Lead.Names && !QueryPlan.IsOneProduct(query, family);

    /// <summary>The same page as queries for one version each; null where these would be many, or where it is not known how many files each finds.</summary>
    public static async ValueTask<IReadOnlyList<FileQuery>?> QueriesAsync(Func<SqlStatement, DbCommand> command, FileQuery query, long head, CancellationToken cancel)
    {
        if (!CoveragePlan.IsKept(query with { Versions = [], MajorVersions = [], MinorVersions = [], AsOf = null }) || (query.StartDate ?? query.EndDate) is not null
            || head - query.AsOf > MostNew)
            return null;
        var queries = new List<FileQuery>();
        var (skip, left) = ((long)query.Offset, (long)query.Limit!.Value);
        foreach (var (versions, files) in await VersionsAsync(command, query, cancel))
        {
            if (left == 0)
                break;
            if (files <= skip)
            {
                skip -= files;
                continue;
            }

            // Files without a version cannot be asked for by it.
            if (queries.Count == MostVersions || versions.Contains(""))
                return null;
            var taken = Math.Min(left, files - skip);
            IReadOnlyList<SortField> rest = [.. query.Sort.Skip(1).Where(field => field.Column != "version")];
            queries.Add(query with
            {
                Versions = versions,
                MajorVersions = [],
                MinorVersions = [],
                Sort = rest.Count > 0 ? rest : [new SortField("file_path", Descending: false)],
                Offset = (int)skip,
                Limit = (int)taken,
            });
            (skip, left) = (0, left - taken);
        }

        return queries;
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
}
