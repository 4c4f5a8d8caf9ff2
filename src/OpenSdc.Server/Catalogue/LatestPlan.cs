using OpenSdc.Contract;
using OpenSdc.Contract.Naming;

namespace OpenSdc.Server.Catalogue;

/// <summary>
/// How a query finds the newest of each series. Mostly it reads the note that every publication leaves (<see cref="Newest"/>). Where a filter takes files of one
/// series apart, such as one by version, the newest is among those that are left: then each row is held against its series.
/// </summary>
internal static class LatestPlan
{
    private const string Series = "family, instrument, data_level, descriptor, start_date, repointing, cr, extension";
    private const string NewestFirst = "COALESCE(major_version, -1) DESC, COALESCE(minor_version, -1) DESC, seq DESC";

    // The first five are what the index by product begins with.
    private const string IsNewer = """
        newer.family = files.family AND newer.instrument = files.instrument AND newer.data_level IS NOT DISTINCT FROM files.data_level
        AND newer.descriptor = files.descriptor AND newer.start_date = files.start_date AND newer.extension = files.extension
        AND newer.repointing IS NOT DISTINCT FROM files.repointing AND newer.cr IS NOT DISTINCT FROM files.cr
        AND (COALESCE(newer.major_version, -1), COALESCE(newer.minor_version, -1), newer.seq)
          > (COALESCE(files.major_version, -1), COALESCE(files.minor_version, -1), files.seq)
        """;

    /// <summary>Whether the rows must be ranked all together: single files, since a look at the others would bind all their paths again, and kernels, which may lack what the look goes by.</summary>
    public static bool MustRank(FileQuery query, Family? family) =>
        !IsKept(query) && (query.FilePaths.Count + query.Sha256s.Count > 0 || family is not { KeyOrder.FollowsStart: true });

    /// <summary>Adds the condition on each row of files: it is the newest of its series, or of what the filters leave of that.</summary>
    public static Filters AddTo(Filters filters, FileQuery query)
    {
        if (IsKept(query))
            return filters.AddCurrent(query with { Current = true });

        // Those filters that a series passes or fails as a whole are not asked again. A bare name is the newer one's.
        var newer = filters.Beside()
            .AnyOf("version", query.Versions).AnyOf("major_version", query.MajorVersions).AnyOf("minor_version", query.MinorVersions)
            .Compare(Filters.Unindexed("ingestion_date") + " <=", Filters.EndOfDay(query.IngestionEndDate))
            .Compare(Filters.UnindexedNumber("seq") + " <=", query.AsOf).AddCurrent(query).AddIntegrity(query);
        QueryPlan.AddRecent(newer, query);
        if (query.Overlaps is { } days)
            newer.Compare("COALESCE(end_date, start_date) >=", days.From);
        return filters.And($"NOT EXISTS (SELECT 1 FROM files AS newer WHERE {IsNewer}{(newer.IsEmpty ? "" : " AND " + newer.Conditions)})");
    }

    /// <summary>Ranks all that the filters leave.</summary>
    public static SqlStatement Ranked(FileQuery query, string columns, Lead lead)
    {
        var inner = QueryPlan.Sorted(
            query with { Latest = false, Sort = [], Limit = null, Offset = 0, After = null }, $"files.*, ROW_NUMBER() OVER (PARTITION BY {Series} ORDER BY {NewestFirst}) AS place", lead);
        var filters = new Filters();
        foreach (var value in inner.Values)
            filters.Add(value);
        filters.And("place = 1").Compare("file_path >", query.After);
        var outer = query.Sort.Count > 0 ? QueryPlan.Sorted(new FileQuery { Family = null, Sort = query.Sort }, "1").Text.Split(" ORDER BY ")[1] : "file_path";
        var limit = QueryPlan.Limit(filters, query);
        return new($"SELECT {columns} FROM ({QueryPlan.WithoutOrder(inner)}) AS ranked{filters.Where} ORDER BY {outer}{limit}", filters.Values);
    }

    /// <summary>
    /// Whether the newest of each series is the same with these filters as without them, so that what publication notes can be used: they take whole
    /// series, or, by number, a state of the catalogue.
    /// </summary>
    private static bool IsKept(FileQuery query) =>
        query.Versions.Count + query.MajorVersions.Count + query.MinorVersions.Count + query.FilePaths.Count + query.Sha256s.Count + query.Integrity.Count == 0
        && query is { IngestionStartDate: null, IngestionEndDate: null, SinceSeq: null, Overlaps: null, Current: not false };
}
