using System.Data.Common;
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

    /// <summary>Whether a query is such a page.</summary>
    public static bool IsWorth(FileQuery query, Family? family) =>
        family is not null && query is { Sort: [{ Column: "version" }, ..], Limit: not null } && LeadChoice.ByNames(query) == Lead.Names && !QueryPlan.IsOneProduct(query, family);

    /// <summary>The same page as queries for one version each; null where these would be many, or where it is not known how many files each finds.</summary>
    public static async ValueTask<IReadOnlyList<FileQuery>?> QueriesAsync(Func<SqlStatement, DbCommand> command, FileQuery query, CancellationToken cancel)
    {
        if (!CoveragePlan.IsKept(query with { Versions = [], MajorVersions = [], MinorVersions = [] }) || (query.StartDate ?? query.EndDate) is not null)
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
    private static async ValueTask<List<(List<string> Versions, long Files)>> VersionsAsync(Func<SqlStatement, DbCommand> command, FileQuery query, CancellationToken cancel)
    {
        var filters = new Filters();
        CoveragePlan.AddSeries(filters, query);
        CoveragePlan.AddVersions(filters, query);
        var direction = query.Sort[0].Descending ? " DESC" : "";
        await using var reader = await command(new(
            $"""
            SELECT s.major_version, s.minor_version, s.version, CAST(SUM(s.files) AS BIGINT) FROM versions AS s{filters.Where}
            GROUP BY s.major_version, s.minor_version, s.version ORDER BY s.major_version{direction}, s.minor_version{direction}
            """, filters.Values)).ExecuteReaderAsync(cancel);
        var all = new List<(List<string> Versions, long Files)>();
        for (var last = (-2L, -2L); await reader.ReadAsync(cancel);)
        {
            var numbers = (reader.GetInt64(0), reader.GetInt64(1));
            if (numbers != last)
                all.Add(([], 0));
            all[^1].Versions.Add(reader.GetString(2));
            all[^1] = (all[^1].Versions, all[^1].Files + reader.GetInt64(3));
            last = numbers;
        }

        return all;
    }
}
