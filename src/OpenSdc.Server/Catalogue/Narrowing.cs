using System.Data.Common;
using System.Globalization;
using OpenSdc.Contract;
using OpenSdc.Contract.Naming;

namespace OpenSdc.Server.Catalogue;

/// <summary>
/// What there is of what a query asks for. A pattern, or a version, says nothing of where its files are, and with few or none of them all rows would be looked through. The sums
/// of all time and the known versions are small and say it: the query is then asked for the instruments, levels and descriptors that there are, or not at all.
/// </summary>
internal static class Narrowing
{
    // More would be a longer text than what they spare.
    private const int MostValues = 50;

    // Of more products than this an order is better read from the whole table, row by row, than through an index.
    private const int FewProducts = 4;

    /// <summary>Whether a query says anything by which it might be narrowed and which its plan does not go by.</summary>
    public static bool IsWorth(FileQuery query, Family? family) =>
        family is not null && query.FilePaths.Count == 0 && LeadChoice.ByNames(query) == Lead.Names && !QueryPlan.IsOneProduct(query, family)
        && (CoveragePlan.HasVersion(query) || query.Descriptors.Count > 0 || (query.Extensions.Count > 0 && query.Instruments.Count == 0)
            || query.Instruments.Concat(query.DataLevels).Any(each => each.Contains('*', StringComparison.Ordinal)));

    /// <summary>The same query in other words, or null where no file can be found. What is read must be of the same state as the files then are, or of an earlier one than they.</summary>
    public static async ValueTask<FileQuery?> NarrowAsync(Func<SqlStatement, DbCommand> command, FileQuery query, Family? family, CancellationToken cancel)
    {
        var products = ProductsOf(query);
        SortedSet<string>[] there = [new(StringComparer.Ordinal), new(StringComparer.Ordinal), new(StringComparer.Ordinal)];
        var count = 0;
        await using (var reader = await command(products).ExecuteReaderAsync(cancel))
        {
            for (; await reader.ReadAsync(cancel); count++)
            {
                for (var i = 0; i < there.Length; i++)
                    there[i].Add(reader.GetString(i));
            }
        }

        if (count == 0)
            return null;
        if (count > FewProducts && (query.Sort.Count > 0 || LatestPlan.MustRank(query, family)))
            return query;
        return query with
        {
            Instruments = Narrowed(query.Instruments, there[0]),
            DataLevels = Narrowed(query.DataLevels, there[1]),
            Descriptors = query.Descriptors.Count > 0 || there[2].Count == 1 ? Narrowed(query.Descriptors, there[2]) : [],
        };

        // Files without an instrument or a level have none that could be asked for.
        static IReadOnlyList<string> Narrowed(IReadOnlyList<string> asked, SortedSet<string> there) =>
            there.Count > MostValues || there.Any(each => each.Length == 0 || each.Contains('*', StringComparison.Ordinal)) ? asked : [.. there];
    }

    private static SqlStatement ProductsOf(FileQuery query)
    {
        var filters = new Filters();
        if (!CoveragePlan.HasVersion(query))
            filters.And("s.digits = 0");
        CoveragePlan.AddSeries(filters, query);
        CoveragePlan.AddVersions(filters, query);
        return new($"SELECT DISTINCT s.instrument, s.data_level, s.descriptor FROM {(CoveragePlan.HasVersion(query) ? "versions" : "coverage")} AS s{filters.Where}", filters.Values);
    }
}
