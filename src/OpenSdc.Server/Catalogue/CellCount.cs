using System.Data.Common;
using System.Globalization;
using OpenSdc.Contract;
using OpenSdc.Contract.Naming;

namespace OpenSdc.Server.Catalogue;

/// <summary>
/// How many files came since a publication, until one, between days, or overlap some: files are numbered and come in an order much like that of their days, so that most cells of
/// coverage are meant in whole or not at all, and of what the others sum up the shorter ones are asked. Only days of which some files are meant and some are not are read.
/// </summary>
internal sealed class CellCount
{
    // Of more days than these all files that came are read sooner.
    private const int MostDaysRead = 1000;

    private readonly FileQuery query;
    private readonly CellChain chain;

    private CellCount(FileQuery query, Family family)
    {
        this.query = query with { Limit = null, Offset = 0, After = null, Sort = [] };
        chain = new CellChain(query, family);
    }

    /// <summary>Whether a query asks for nothing that cells do not tell.</summary>
    public static bool IsWorth(FileQuery query, Family? family) =>
        CellChain.IsWorth(family) && CoveragePlan.IsKept(query with { IngestionStartDate = null, IngestionEndDate = null, Overlaps = null, AsOf = null, SinceSeq = null });

    /// <summary>The number of files; null where too many days would be read.</summary>
    public static async ValueTask<long?> CountAsync(Func<SqlStatement, DbCommand> command, FileQuery query, Family family, CancellationToken cancel)
    {
        var count = new CellCount(query, family);
        long files, days;
        await using (var reader = await command(count.Whole()).ExecuteReaderAsync(cancel))
        {
            await reader.ReadAsync(cancel);
            (files, days) = (Number(reader.GetValue(0)), Number(reader.GetValue(1)));
        }

        return days == 0 ? files
            : days <= MostDaysRead ? files + Number(await command(count.Parts()).ExecuteScalarAsync(cancel))
            : null;

        static long Number(object? value) => Convert.ToInt64(value, CultureInfo.InvariantCulture);
    }

    /// <summary>The files of the cells that are meant in whole, and how many days are not.</summary>
    private SqlStatement Whole()
    {
        var filters = new Filters();
        var tables = Tables(filters);
        var last = CellChain.Lengths.Length - 1;
        var sums = Enumerable.Range(0, CellChain.Lengths.Length).Select(level => $"(SELECT COALESCE(SUM(files), 0) FROM c{level} WHERE is_whole = 1)");
        return new($"{tables} SELECT {string.Join(" + ", sums)}, (SELECT COUNT(*) FROM c{last} WHERE is_whole = 0)", filters.Values);
    }

    /// <summary>The files that are meant of the days that are not in whole.</summary>
    private SqlStatement Parts()
    {
        var found = QueryPlan.Among(query, "1", filters => chain.Files(Tables(filters), "c.is_whole = 0"), inOrder: false);
        return found with { Text = $"SELECT COUNT(*) FROM ({QueryPlan.WithoutOrder(found)}) AS found" };
    }

    private string Tables(Filters all) => chain.Tables(all, CellChain.Lengths.Length - 1, level => $", c.files AS files, CASE WHEN {Whole(all, level)} THEN 1 ELSE 0 END AS is_whole", open: "wider.is_whole = 0");

    /// <summary>That all files of a cell are meant. Of a period in which the days that are asked for begin or end the shorter ones are asked, also where it is all of them.</summary>
    private string Whole(Filters all, int level)
    {
        var digits = CellChain.Lengths[level];
        var whole = all.Beside().And("1 = 1")
            .Compare("c.first_seq >", query.SinceSeq).Compare("c.last_seq <=", query.AsOf)
            .Compare("c.first_ingestion >=", query.IngestionStartDate).Compare("c.last_ingestion <=", Filters.EndOfDay(query.IngestionEndDate));
        var orDay = digits == 8 ? "=" : "";
        foreach (var from in (string?[])[query.StartDate, query.Overlaps?.From])
            whole.Compare($"c.start_date >{orDay}", from?[..digits]);
        foreach (var to in (string?[])[query.EndDate, query.Overlaps?.To])
            whole.Compare($"c.start_date <{orDay}", to?[..digits]);
        return whole.Conditions;
    }
}
