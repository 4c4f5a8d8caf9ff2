using System.Data.Common;
using System.Globalization;
using OpenSdc.Contract;
using OpenSdc.Contract.Naming;

namespace OpenSdc.Server.Catalogue;

/// <summary>What leads to the rows of a query; everything else that it asks is then held against each of them.</summary>
internal enum Lead
{
    /// <summary>Paths, or the index by product.</summary>
    Names,

    /// <summary>Numbers of publications.</summary>
    Number,

    /// <summary>Days of ingestion.</summary>
    Ingestion,

    /// <summary>Repointings: few files have the same one.</summary>
    Repointing,

    /// <summary>Carrington rotations.</summary>
    Rotation,

    /// <summary>Digests: few files have the same one.</summary>
    Digest,
}

/// <summary>
/// Whether a query is better led by when its files came than by their names: where that is few of what the names lead to. Those rows must be sorted, and give nothing before their
/// end; by names they come in their order, with the others passed over. The kept sums say what there is by names.
/// </summary>
internal static class LeadChoice
{
    private const string FirstOfDaySql = "SELECT seq FROM files WHERE ingestion_date >= @p0 ORDER BY ingestion_date, seq LIMIT 1";
    private const string LastOfDaySql = "SELECT seq FROM files WHERE ingestion_date <= @p0 ORDER BY ingestion_date DESC, seq DESC LIMIT 1";

    /// <summary>So few that nothing is asked first.</summary>
    private const long Few = 1000;

    /// <summary>A later state than this is never read by number. Every page asks for a state, mostly for the newest, and what that is then need not be read once more.</summary>
    private const long LatestState = 50_000;

    private const int MostPeriods = 100;

    /// <summary>Whether a query says anything of when its files came that might lead to them.</summary>
    public static bool IsBounded(FileQuery query) =>
        query.FilePaths.Count + query.Sha256s.Count == 0 && (query.SinceSeq is not null || query.IngestionStartDate is not null || query.IngestionEndDate is not null || query.AsOf <= LatestState);

    /// <summary>Whether what came is so few files that nothing is better than to read them.</summary>
    public static bool IsFew(FileQuery query, long head) => (query.AsOf ?? head) - (query.SinceSeq ?? 0) <= Few;

    /// <summary>What leads to the files where nothing is known of the archive: what came since, else names.</summary>
    public static Lead Of(FileQuery query) =>
        query.FilePaths.Count > 0 ? Lead.Names : query.Sha256s.Count > 0 ? Lead.Digest : query.SinceSeq is not null ? Lead.Number : query.IngestionStartDate is not null ? Lead.Ingestion : Lead.Names;

    /// <summary>What leads to the files of a query that does not go by when they came.</summary>
    public static Lead ByNames(FileQuery query) =>
        query.FilePaths.Count > 0 ? Lead.Names
        : query.Sha256s.Count > 0 ? Lead.Digest
        : query.Repointings.Count is > 0 and <= MostPeriods ? Lead.Repointing
        : query.Crs.Count is > 0 and <= MostPeriods ? Lead.Rotation
        : Lead.Names;

    /// <summary>What leads to the files of a query that <see cref="IsBounded"/>. By days it is an estimate: an object that was found without a record may have come earlier than its number says.</summary>
    public static async ValueTask<Lead> ChooseAsync(Session session, DbTransaction? snapshot, FileQuery query, Family? family, long head, CancellationToken cancel)
    {
        var (lead, came) = (Lead.Number, (query.AsOf ?? head) - (query.SinceSeq ?? 0));
        if ((query.IngestionStartDate ?? query.IngestionEndDate) is not null && await CameInAsync(session, snapshot, query, head, cancel) is var inDays && inDays < came)
            (lead, came) = (Lead.Ingestion, inDays);
        // A page of the order of paths ends early by names.
        var share = query.Limit is null || query.Sort.Count > 0 ? 4 : 16;
        if (came > head / share)
            return Lead.Names;
        if (came <= Few)
            return lead;
        return ByNames(query) == Lead.Names && came <= await NamedAsync(session, snapshot, query, family, head, cancel) / share ? lead : Lead.Names;
    }

    private static async ValueTask<long> CameInAsync(Session session, DbTransaction? snapshot, FileQuery query, long head, CancellationToken cancel)
    {
        var first = query.IngestionStartDate is { } from ? await SeqAsync(FirstOfDaySql, from) : 1;
        var last = query.IngestionEndDate is { } to ? await SeqAsync(LastOfDaySql, Filters.EndOfDay(to)) : head;
        return first is null || last is null ? 0 : Math.Max(0, last.Value - first.Value + 1);

        async ValueTask<long?> SeqAsync(string sql, object? day) =>
            await session.Statement(sql, [day], snapshot).ExecuteScalarAsync(cancel) is { } seq ? Convert.ToInt64(seq, CultureInfo.InvariantCulture) : null;
    }

    /// <summary>How many files the ranges of names hold that a query would be answered by. A pattern of instruments or levels is no range.</summary>
    private static async ValueTask<long> NamedAsync(Session session, DbTransaction? snapshot, FileQuery query, Family? family, long head, CancellationToken cancel)
    {
        if (family is null)
            return head;
        var byProduct = QueryPlan.ByProduct(query, family);
        var ranges = new FileQuery { Family = family.Name };
        if (byProduct || !query.Instruments.Concat(query.DataLevels).Any(each => each.Contains('*', StringComparison.Ordinal)))
            ranges = ranges with { Instruments = query.Instruments, DataLevels = query.DataLevels, StartDate = query.StartDate, EndDate = query.EndDate };
        if (byProduct)
            ranges = ranges with { Descriptors = query.Descriptors };
        var count = CoveragePlan.CountOf(ranges);
        return Convert.ToInt64(await session.Statement(count, snapshot).ExecuteScalarAsync(cancel), CultureInfo.InvariantCulture);
    }
}
