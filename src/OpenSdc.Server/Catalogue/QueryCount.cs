using System.Data.Common;
using System.Globalization;
using OpenSdc.Contract;
using OpenSdc.Contract.Naming;

namespace OpenSdc.Server.Catalogue;

/// <summary>How many files a query finds, its page aside: by the kept sums where these say it, by their cells where most are meant in whole, else by counting what is read.</summary>
internal static class QueryCount
{
    public static async ValueTask<long> OfAsync(Func<SqlStatement, DbCommand> command, FileQuery query, Family? family, long head, Lead lead, CancellationToken cancel)
    {
        if (!CoveragePlan.IsCounted(query) && CellCount.IsWorth(query, family) && !LeadChoice.IsFew(query, head) && await CellCount.CountAsync(command, query, family!, cancel) is { } counted)
            return counted;
        var found = 0L;
        foreach (var statement in QueryPlan.CountOf(query, family, lead))
            found += Convert.ToInt64(await command(statement).ExecuteScalarAsync(cancel), CultureInfo.InvariantCulture);
        return found;
    }
}
