using System.Data.Common;
using OpenSdc.Contract;
using OpenSdc.Contract.Naming;

namespace OpenSdc.Server.Catalogue;

/// <summary>
/// From a query to its statements, and to the number of its files, by what the kept sums say of the archive. <see cref="QueryPlan"/> knows what names mean; this knows how many
/// files there are of what.
/// </summary>
/// <param name="session">Where it is read.</param>
/// <param name="snapshot">The state that the rows will be of; null where nothing is read but what came when.</param>
/// <param name="family">The family that the query names; null for all of them.</param>
/// <param name="head">The number of the newest publication; null where nothing goes by it.</param>
/// <param name="cancel">Gives up.</param>
internal sealed class Planning(Session session, DbTransaction? snapshot, Family? family, long? head, CancellationToken cancel)
{
    /// <summary>Whether the sums are read for a query: they must then be of the state that its rows are of.</summary>
    public static bool ReadsSums(FileQuery query, Family? family) =>
        query.Overlaps is not null || Narrowing.IsWorth(query, family) || SortedPage.IsWorth(query, family) || VersionPage.IsWorth(query, family);

    /// <param name="query">The filters, the order and the page.</param>
    /// <param name="columns">What to select.</param>
    /// <param name="count">Whether to count the files of the filters.</param>
    public async ValueTask<(IReadOnlyList<SqlStatement> Statements, long? Count)> OfAsync(FileQuery query, string columns, bool count)
    {
        // The newest state is the one that sums are kept of, and a snapshot stays it.
        if (snapshot is not null && query.AsOf == head)
            query = query with { AsOf = null };
        query = await Bounds.BeginAsync(Command, query, cancel);
        if (count || ReadsSums(query, family))
            query = await Bounds.DropAsync(Command, query, family, cancel);
        if (await NarrowedAsync(query) is not { } narrowed)
            return ([], count ? 0 : null);
        var lead = LeadChoice.IsBounded(narrowed) ? await LeadChoice.ChooseAsync(session, snapshot, narrowed, family, head!.Value, cancel) : Lead.Names;
        var statements = await StatementsAsync(narrowed, columns, lead);
        return (statements, count ? await QueryCount.OfAsync(Command, narrowed, family, head!.Value, lead, cancel) : null);
    }

    private async ValueTask<IReadOnlyList<SqlStatement>> StatementsAsync(FileQuery query, string columns, Lead lead)
    {
        if (lead != Lead.Names)
            return QueryPlan.Of(query, family, columns, lead);
        if (!VersionPage.IsWorth(query, family) || await VersionPage.QueriesAsync(Command, query, head!.Value, cancel) is not { } versions)
            return await OneAsync(query);
        var statements = new List<SqlStatement>();
        foreach (var version in versions)
        {
            if (await NarrowedAsync(version) is { } narrowed)
                statements.AddRange(await OneAsync(narrowed));
        }

        return statements;

        async ValueTask<IReadOnlyList<SqlStatement>> OneAsync(FileQuery one) =>
            SortedPage.IsWorth(one, family) && await SortedPage.StatementAsync(Command, one, family!, head!.Value, columns, cancel) is { } page
                ? [page]
                : QueryPlan.Of(one, family, columns, lead);
    }

    private async ValueTask<FileQuery?> NarrowedAsync(FileQuery query) =>
        Narrowing.IsWorth(query, family) ? await Narrowing.NarrowAsync(Command, query, family, cancel) : query;

    private DbCommand Command(SqlStatement statement) => session.Statement(statement, snapshot);
}
