using System.Data.Common;
using System.Globalization;
using OpenSdc.Contract;
using OpenSdc.Contract.Naming;

namespace OpenSdc.Server.Catalogue;

/// <summary>
/// How far a page by size, start date or time of ingestion reaches. It is the first few of all that the filters leave, and without knowing more all of these would be read and the first kept.
/// The kept sums say how far the files of each product reach in a year, a month and a day. Of a hundred cells that reach farthest each has a file no worse than the worst of them reaches, so that no
/// other cell has one of the first hundred. What is left of the years is looked at by months, and of these by days: in the end it is few files, however many there are.
/// </summary>
internal sealed class SortedPage
{
    private const int MostFiles = 2000;

    private static readonly int[] Lengths = [0, 4, 6, 8];

    private readonly FileQuery query;
    private readonly Family family;
    private readonly bool isDescending;
    private readonly string extreme;
    private readonly long files;

    private SortedPage(FileQuery query, Family family, long head)
    {
        this.query = query;
        this.family = family;
        isDescending = query.Sort[0].Descending;
        extreme = (query.Sort[0].Column, isDescending) switch
        {
            ("size", true) => "max_size",
            ("size", false) => "min_size",
            ("ingestion_date", true) => "last_ingestion",
            ("ingestion_date", false) => "first_ingestion",
            _ => "start_date",
        };
        // What came after the state that is asked about is in the sums, and each of it may be what made a cell reach so far.
        files = (query.Limit ?? MostFiles) + (long)query.Offset + (query.AsOf is { } asOf ? Math.Max(0, head - asOf) : 0);
    }

    /// <summary>Whether a query is such a page, of files of which the sums say how far they reach.</summary>
    public static bool IsWorth(FileQuery query, Family? family) =>
        query is { Limit: not null, Current: not false } && query.Sort.Count > 0
        && (query.Sort[0].Column == "start_date" || (query.Sort[0].Column is "size" or "ingestion_date" && !query.Latest && query.Current is null))
        // The newest of a series has the start date of all of its versions.
        && CoveragePlan.IsKept(query with { Latest = false, Current = null, AsOf = null })
        && family is { KeyOrder.FollowsStart: true } && Parts.All(part => !family.Fields.Contains(part) || family.FieldsOfAll.Contains(part));

    /// <summary>The condition that only the files in the cells that are left meet; null where too many may be.</summary>
    public static async ValueTask<Func<Filters, string>?> AmongAsync(Func<SqlStatement, DbCommand> command, FileQuery query, Family family, long head, CancellationToken cancel)
    {
        var page = new SortedPage(query, family, head);
        if (page.files > MostFiles)
            return null;
        object? worst = null;
        for (var level = page.extreme == "start_date" ? 1 : 0; level < Lengths.Length; level++)
        {
            if (await command(page.WorstOf(level, worst)).ExecuteScalarAsync(cancel) is { } found and not DBNull)
                worst = found;
        }

        return worst is null ? null : filters => page.Among(filters, worst);
    }

    private static IReadOnlyList<string> Parts { get; } = ["instrument", "data_level", "descriptor"];

    private SqlStatement WorstOf(int level, object? worst)
    {
        var filters = new Filters();
        var cells = Cells(filters, level, worst);
        var cell = level == 0 ? "s" : $"c{level}";
        // Only a cell whose days are all asked for is sure to have a file that is.
        if (Lengths[level] < 8)
            filters.Compare($"{cell}.start_date >", query.StartDate?[..Lengths[level]]).Compare($"{cell}.start_date <", query.EndDate?[..Lengths[level]]);
        var limit = $" LIMIT 1 OFFSET {filters.Add(files - 1)}";
        return new($"SELECT {cell}.{extreme} FROM {cells}{filters.Where} ORDER BY {cell}.{extreme}{(isDescending ? " DESC" : "")}{limit}", filters.Values);
    }

    private string Among(Filters all, object worst)
    {
        var filters = all.Beside();
        var cells = Cells(filters, Lengths.Length - 1, worst);
        filters.And("f.family = c3.family");
        foreach (var part in Parts)
            filters.And(family.Fields.Contains(part) ? $"f.{part} = c3.{part}" : $"f.{part} IS NULL");
        filters.And("f.start_date = c3.start_date").And("f.extension = c3.extension");
        return $"seq IN (SELECT f.seq FROM {cells} CROSS JOIN files AS f{filters.Where})";
    }

    /// <summary>The cells of one length after the other, each within the one before it, that reach as far as this; the first are the series.</summary>
    private string Cells(Filters filters, int last, object? worst)
    {
        filters.And("s.digits = 0");
        CoveragePlan.AddSeries(filters, query);
        Reach("s", 0);
        var from = "coverage AS s";
        for (var level = 1; level <= last; level++)
        {
            var cell = $"c{level}";
            from += $" CROSS JOIN coverage AS {cell}";
            filters.And($"{cell}.digits = {Lengths[level]}");
            foreach (var key in (string[])["family", .. Parts, "extension"])
                filters.And($"{cell}.{key} = s.{key}");
            if (level > 1)
                filters.And($"{cell}.start_date >= c{level - 1}.start_date").And($"{cell}.start_date < c{level - 1}.start_date || '~'");
            var day = level > 1 ? Filters.Unindexed(cell + ".start_date") : cell + ".start_date";
            filters.Compare(day + " >=", query.StartDate?[..Lengths[level]]).Compare(day + " <=", query.EndDate?[..Lengths[level]]);
            Reach(cell, Lengths[level]);
        }

        return from;

        void Reach(string cell, int digits)
        {
            if (worst is null)
                return;
            if (extreme != "start_date")
                filters.Compare($"{cell}.{extreme} {(isDescending ? ">=" : "<=")}", worst);
            else if (digits > 0 && Convert.ToString(worst, CultureInfo.InvariantCulture) is { } day)
                filters.Compare(Filters.Unindexed($"{cell}.start_date") + (isDescending ? " >=" : " <="), day[..Math.Min(day.Length, digits)] + (isDescending ? "" : "~"));
        }
    }
}
