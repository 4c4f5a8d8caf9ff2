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

    // Of the archive, as a divisor.
    private const int Much = 16;

    // Where a filter is none that sums are kept by, so many times as many files are expected to hold a page; where they do not, the most.
    private const int Margin = 8;

    private readonly FileQuery query;
    private readonly CellChain chain;
    private readonly bool isDescending;
    private readonly string? extreme;

    private SortedPage(FileQuery query, Family family)
    {
        this.query = query;
        chain = new CellChain(query, family);
        isDescending = query.Sort[0].Descending;
        extreme = (query.Sort[0].Column, isDescending) switch
        {
            ("size", true) => "max_size",
            ("size", false) => "min_size",
            ("ingestion_date", true) => "last_ingestion",
            ("ingestion_date", false) => "first_ingestion",
            ("start_date", _) => "start_date",
            _ => null,
        };
    }

    /// <summary>Whether a query is such a page, or one of some days.</summary>
    public static bool IsWorth(FileQuery query, Family? family) =>
        query.Sort.Count > 0 && query.FilePaths.Count == 0 && LeadChoice.ByNames(query) == Lead.Names
        && (query.Limit is not null || (query.StartDate ?? query.EndDate) is not null)
        && CellChain.IsWorth(family);

    /// <summary>The statement that reads only the files in the cells that are left; null where these may be too many.</summary>
    public static async ValueTask<SqlStatement?> StatementAsync(
        Func<SqlStatement, DbCommand> command, FileQuery query, Family family, long head, string columns, CancellationToken cancel)
    {
        var page = new SortedPage(query, family);
        if (page.extreme is not null && query.Limit is { } limit && (query.AsOf is not { } asOf || head - asOf <= MostFiles))
        {
            var wanted = limit + (long)query.Offset;
            foreach (var files in page.IsSure ? [wanted] : (long[])[wanted * Margin, MostFiles])
            {
                if (files <= MostFiles && await ReachAsync(wanted, files) is { } reaching)
                    return reaching;
            }
        }

        // Of few days their files are read, whatever the order.
        return (query.StartDate ?? query.EndDate) is not null && !await IsMuchAsync() ? page.Read(columns, null) : null;

        async ValueTask<SqlStatement?> ReachAsync(long wanted, long files)
        {
            object? worst = null;
            for (var level = page.extreme == "start_date" ? 1 : 0; level < CellChain.Lengths.Length; level++)
            {
                var found = await command(page.WorstOf(level, worst, files)).ExecuteScalarAsync(cancel);
                worst = found ?? worst;
                // Of much of the archive the first files that came, or the last, are read one after the other; many can have come in one second, and all cells then reach as far.
                if (page.IsSure && found is not null && level == 0 && query.Sort[0].Column == "ingestion_date" && await IsMuchAsync())
                    return QueryPlan.Among(query, columns, filters => $"ingestion_date {(page.isDescending ? ">=" : "<=")} {filters.Add(worst)}", inOrder: true);
            }

            if (worst is null)
                return null;
            // All files that reach as far are in these cells, among others: if enough of those that do are meant, the page is theirs.
            if (!page.IsSure && await NumberAsync(QueryPlan.CountUpTo(wanted, page.ReadAsFar(worst))) < wanted)
                return null;
            return page.Read(columns, worst);
        }

        async ValueTask<bool> IsMuchAsync() => await NumberAsync(CoveragePlan.CountOf(new FileQuery
        {
            Family = query.Family,
            Instruments = query.Instruments,
            DataLevels = query.DataLevels,
            Descriptors = query.Descriptors,
            Extensions = query.Extensions,
            StartDate = query.StartDate,
            EndDate = query.EndDate,
        })) > head / Much;

        async ValueTask<long> NumberAsync(SqlStatement statement) => Convert.ToInt64(await command(statement).ExecuteScalarAsync(cancel), CultureInfo.InvariantCulture);
    }

    /// <summary>Whether each cell has a file that the query means, so that as many cells as it asks for files are enough.</summary>
    private bool IsSure =>
        CoveragePlan.IsKept(query with { Latest = false, Current = null, AsOf = null })
        // The newest of a series has the start date of all of its versions.
        && ((!query.Latest && query.Current is null) || (query.Current != false && extreme == "start_date"));

    private SqlStatement WorstOf(int level, object? worst, long files)
    {
        var filters = new Filters();
        var cells = Cells(filters, level, worst);
        // Only a cell whose days are all asked for is sure to have a file that is, and only one to which nothing came since the state that is asked about is sure to have reached so far then.
        var whole = filters.Beside().Compare("last_seq <=", query.AsOf);
        if (CellChain.Lengths[level] < 8)
            whole.Compare("start_date >", query.StartDate?[..CellChain.Lengths[level]]).Compare("start_date <", query.EndDate?[..CellChain.Lengths[level]]);
        return new($"{cells} SELECT {extreme} FROM c{level}{whole.Where} ORDER BY {extreme}{(isDescending ? " DESC" : "")} LIMIT 1 OFFSET {filters.Add(files - 1)}", filters.Values);
    }

    /// <summary>Reads those of the files in the cells that reach as far as this which a query means.</summary>
    private SqlStatement Read(string columns, object? worst) => QueryPlan.Among(query, columns, filters => Among(filters, worst), inOrder: false);

    /// <summary>Reads those of them, on whatever page, that reach as far themselves.</summary>
    private SqlStatement ReadAsFar(object worst)
    {
        var column = extreme switch { "max_size" or "min_size" => "size", _ => Filters.Unindexed(query.Sort[0].Column) };
        // A year's or a month's text is before those of its days.
        var (comparison, reached) = isDescending ? (">=", worst) : ("<=", extreme == "start_date" ? worst + "~" : worst);
        return QueryPlan.Among(
            query with { Limit = null, Offset = 0 }, "1",
            filters => $"{Among(filters, worst)} AND {column} {comparison} {filters.Add(reached)}", inOrder: false);
    }

    private string Among(Filters all, object? worst) => chain.Files(Cells(all, CellChain.Lengths.Length - 1, worst));

    /// <summary>The cells that reach as far as this.</summary>
    private string Cells(Filters all, int last, object? worst)
    {
        var value = (extreme is null or "start_date" ? "" : ", c." + extreme) + (query.AsOf is null ? "" : ", c.last_seq");
        return chain.Tables(all, last, _ => value, (filters, level) =>
        {
            var digits = CellChain.Lengths[level];
            if (worst is not null && extreme != "start_date")
                filters.Compare($"c.{extreme} {(isDescending ? ">=" : "<=")}", worst);
            else if (digits > 0 && worst is string day)
                filters.Compare("c.start_date " + (isDescending ? ">=" : "<="), day[..Math.Min(day.Length, digits)] + (isDescending ? "" : "~"));
        });
    }
}
