using OpenSdc.Contract;
using OpenSdc.Contract.Naming;

namespace OpenSdc.Server.Catalogue;

/// <summary>
/// The cells of coverage that can hold what a query means: its series, of these their years, of these their months, and of these their days, each length looked at only within what the
/// one before has left. Each length is a table by itself, <c>c0</c> to <c>c3</c>, so that no planner, which takes such cells for fewer than they are, changes the order.
/// </summary>
/// <param name="query">Its products, extensions and start dates are asked of each cell, and between when its files came.</param>
/// <param name="family">What it asks for.</param>
internal sealed class CellChain(FileQuery query, Family family)
{
    private const string Series = "c.family, c.instrument, c.data_level, c.descriptor, c.extension, c.start_date";

    /// <summary>How many digits of a start date are the period of a cell, length after length.</summary>
    public static readonly int[] Lengths = [0, 4, 6, 8];

    private static readonly string[] Parts = ["instrument", "data_level", "descriptor"];

    /// <summary>Whether the files of a cell of a family are one range of the index by product, and each is in a cell of each length.</summary>
    public static bool IsWorth(Family? family) =>
        family is { KeyOrder.FollowsStart: true } && family.FieldsOfAll.Contains("start_date")
        && Parts.All(part => !family.Fields.Contains(part) || family.FieldsOfAll.Contains(part));

    /// <summary>The tables, WITH before them.</summary>
    /// <param name="all">Whose values the statement has.</param>
    /// <param name="last">The last length.</param>
    /// <param name="columns">What they select beside the series and the period, at a length.</param>
    /// <param name="reach">Adds what else is asked of a cell, at a length.</param>
    /// <param name="open">What is asked of a row of the table before, <c>wider</c>, for its parts to be looked at.</param>
    public string Tables(Filters all, int last, Func<int, string> columns, Action<Filters, int>? reach = null, string open = "")
    {
        var tables = new List<string>();
        for (var level = 0; level <= last; level++)
        {
            var digits = Lengths[level];
            var filters = all.Beside().And($"c.digits = {digits}");
            if (level == 0)
            {
                CoveragePlan.AddSeries(filters, query, "c");
            }
            else
            {
                filters.And(CoveragePlan.IsOf("c", "wider"));
                if (open.Length > 0)
                    filters.And(open);
                if (level > 1)
                    filters.And("c.start_date >= wider.start_date").And("c.start_date < wider.start_date || '~'");
                filters.Compare("c.start_date >=", query.StartDate?[..digits]).Compare("c.start_date <=", query.EndDate?[..digits]);
            }

            // Nothing is meant of what came all before, or all after.
            filters.Compare("c.last_seq >", query.SinceSeq).Compare("c.first_seq <=", query.AsOf)
                .Compare("c.last_ingestion >=", query.IngestionStartDate).Compare("c.first_ingestion <=", Filters.EndOfDay(query.IngestionEndDate));
            reach?.Invoke(filters, level);
            tables.Add($"c{level} AS MATERIALIZED (SELECT {Series}{columns(level)} FROM {(level > 0 ? $"c{level - 1} AS wider CROSS JOIN " : "")}coverage AS c{filters.Where})");
        }

        return $"WITH {string.Join(", ", tables)}";
    }

    /// <summary>The condition on files that they lie in the days that are left.</summary>
    /// <param name="tables">The <see cref="Tables"/> of all lengths.</param>
    /// <param name="open">What is asked of a day, <c>c</c>.</param>
    public string Files(string tables, string open = "")
    {
        var parts = Parts.Select(part => family.Fields.Contains(part) ? $"f.{part} = c.{part}" : $"f.{part} IS NULL");
        return $"""
            seq IN (
              {tables}
              SELECT f.seq FROM c{Lengths.Length - 1} AS c CROSS JOIN files AS f
              WHERE f.family = c.family AND {string.Join(" AND ", parts)} AND f.start_date = c.start_date AND f.extension = c.extension{(open.Length > 0 ? " AND " + open : "")}
            )
            """;
    }
}
