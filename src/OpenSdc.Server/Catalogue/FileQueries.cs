using System.Data.Common;
using System.Globalization;
using OpenSdc.Contract;
using OpenSdc.Contract.Naming;

namespace OpenSdc.Server.Catalogue;

/// <summary>
/// Reads what a query needs to know of the archive before its statement is written: which products it means,
/// and which numbers its dates of ingestion are.
/// </summary>
/// <param name="session">Where it is read.</param>
/// <param name="snapshot">The state that the rows will be of; null for one statement alone.</param>
/// <param name="state">What the ledger says of that state.</param>
/// <param name="products">The products of the archive.</param>
internal sealed class FileQueries(Session session, DbTransaction? snapshot, ArchiveState state, ProductTable products)
{
    private const string FirstFromSql = "SELECT seq, ingestion_date FROM files WHERE seq >= @p0 ORDER BY seq LIMIT 1";

    /// <summary>The query with what its statement is written from; null where it means no file.</summary>
    public async ValueTask<ReadyQuery?> PrepareAsync(FileQuery query, ReadScope scope, Family? family, CancellationToken cancel)
    {
        // The newest state is the one that coverage is kept of, and a snapshot stays it.
        if (scope.AsOf == state.Seq)
            scope = scope with { AsOf = null };
        scope = scope with { Revised = state.Revised, PublicRevised = state.PublicRevised };
        if (scope.Audience == Audience.Public && query.Released is { } released)
        {
            // The public sees released files only.
            if (!released)
                return null;
            query = query with { Released = null };
        }

        var all = await products.ReadAsync(session, snapshot, state.Products, cancel);
        var selected = ProductTable.Select(all, query);
        var meant = selected ?? all;
        if (meant.Count == 0 || query.FindsNone)
            return null;
        if (query.Overlaps is { } days)
            query = await BoundAsync(query, days, meant, cancel);
        // Nearly always nothing was seen later than it was published; then what an audience sees since a
        // change is what was published after it.
        var hasLate = query.SinceSeq is { } since && (scope.IsPast || await HasLateAsync(scope, since, cancel));
        if (!hasLate)
            scope = scope with { Since = null };
        var (first, last) = (hasLate ? 0 : query.SinceSeq + 1 ?? 0, long.MaxValue);
        if (query.IngestionStartDate is { } from)
            first = Math.Max(first, await FirstOfDayAsync(from, cancel));
        if (query.IngestionEndDate is { } until)
            last = await FirstOfDayAsync(Day.Text(Day.Of(until).AddDays(1)), cancel) - 1;
        var ready = new ReadyQuery(query, scope, meant, IsAll: selected is null)
        {
            Family = family,
            FirstSeq = first,
            LastSeq = last,
            Head = state.Seq,
        };
        return ready.IsDated && NeedsDates(query, meant.Count)
            ? ready with
            {
                Dated = await NumberAsync(
                    CoverageStatements.CountOf(
                        session.Dialect,
                        ready with
                        {
                            Scope = ReadScope.Team,
                            Query = query with { DefaultVersions = false },
                        },
                        "files"
                    ),
                    cancel
                ),
            }
            : ready;
    }

    /// <summary>How many files a query finds, whatever page it asks for.</summary>
    public async ValueTask<long> CountAsync(ReadyQuery ready, CancellationToken cancel)
    {
        if (CoverageStatements.Counted(ready) is { } counted)
            return await NumberAsync(CoverageStatements.CountOf(session.Dialect, ready, counted), cancel);
        var all = new FileStatements(session.Dialect, ready).All("1");
        return await NumberAsync(all with { Text = $"SELECT COUNT(*) FROM ({all.Text}) AS found" }, cancel);
    }

    /// <summary>Only where the order, or the number of products, keeps the dates from leading.</summary>
    private bool NeedsDates(FileQuery query, int meant) =>
        meant > (query.Limit is null ? session.Dialect.MostArms : session.Dialect.MostProducts)
        || SortOrder.Of(query.Sort).First is not ("file_path" or "start_date");

    /// <summary>
    /// The days on which a file that overlaps the asked ones may begin: no earlier than the longest of these
    /// products goes on.
    /// </summary>
    private async ValueTask<FileQuery> BoundAsync(
        FileQuery query,
        (string From, string To) days,
        IReadOnlyList<Product> meant,
        CancellationToken cancel
    )
    {
        var filters = new Filters(session.Dialect).AnyOf("id", [.. meant.Select(product => product.Id)]);
        var longest = await NumberAsync(new($"SELECT COALESCE(MAX(max_days), 0) FROM products{filters.Where}", filters.Values), cancel);
        var first = Day.Text(DateOnly.FromDayNumber((int)Math.Max(0, Day.Of(days.From).DayNumber - longest)));
        return query with
        {
            StartDate = string.CompareOrdinal(query.StartDate, first) > 0 ? query.StartDate : first,
            EndDate = query.EndDate is { } end && string.CompareOrdinal(end, days.To) < 0 ? end : days.To,
        };
    }

    /// <summary>Whether the audience sees a file since a later change than this that was published before.</summary>
    private async ValueTask<bool> HasLateAsync(ReadScope scope, long since, CancellationToken cancel)
    {
        var from = scope.Columns.From;
        return scope.Audience != Audience.All
            && await session
                .Statement($"SELECT seq FROM files WHERE {from} <> seq AND {from} > @p0 LIMIT 1", [since], snapshot)
                .ExecuteScalarAsync(cancel)
                is not null;
    }

    /// <summary>
    /// The number of the first record of a day or a later one; beyond all numbers where there is none. Dates
    /// of ingestion never run backwards, so it is found by halves.
    /// </summary>
    private async ValueTask<long> FirstOfDayAsync(string day, CancellationToken cancel)
    {
        var (low, high) = (1L, state.Seq + 1);
        while (low < high)
        {
            var middle = low + ((high - low) / 2);
            await using var reader = await session.Statement(FirstFromSql, [middle], snapshot).ExecuteReaderAsync(cancel);
            if (await reader.ReadAsync(cancel) && reader.GetInt64(0) < high && string.CompareOrdinal(reader.GetString(1), day) < 0)
                low = reader.GetInt64(0) + 1;
            else
                high = middle;
        }

        return low;
    }

    private async ValueTask<long> NumberAsync(SqlStatement statement, CancellationToken cancel) =>
        Convert.ToInt64(await session.Statement(statement, snapshot).ExecuteScalarAsync(cancel), CultureInfo.InvariantCulture);
}
