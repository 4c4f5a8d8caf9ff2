using System.Globalization;
using OpenSdc.Contract;

namespace OpenSdc.Server.Catalogue;

/// <summary>
/// Who reads, and as of which change. Every statement that reads files, products or coverage for a caller
/// takes one, so that what a caller may see is decided here and nowhere else.
/// </summary>
/// <param name="Audience">For whom files are read.</param>
/// <param name="AsOf">The newest change that is seen; null for all of them.</param>
internal readonly record struct ReadScope(Audience Audience, long? AsOf = null)
{
    private const string Released = "\"released\":true";

    /// <summary>All records, for the archive's own work: also of files that were withdrawn.</summary>
    public static ReadScope All => new(Audience.All);

    /// <summary>All files that were not withdrawn, as they are now.</summary>
    public static ReadScope Team => new(Audience.Team);

    /// <summary>The scope of what an audience asks; of a caller's, <c>ReadScope.Of(query, caller)</c> makes it.</summary>
    public static ReadScope Of(FileQuery query, Audience audience) => new(audience, query.AsOf) { Since = query.SinceSeq };

    /// <summary>Only files that the audience sees since a later change than this; null for all.</summary>
    public long? Since { get; init; }

    /// <summary>
    /// The newest change that hid a file which the audience had seen: 0 where there is none, null where
    /// nobody has looked.
    /// </summary>
    public long? Revised { get; init; }

    /// <summary>The same for the public, whoever reads: a record says whether it was released.</summary>
    public long PublicRevised { get; init; }

    /// <summary>Whether what is kept beside the rows (coverage) is of this scope: it is kept of the newest state.</summary>
    public bool IsNow => AsOf is null;

    /// <summary>
    /// Whether a file was hidden after the state that is seen, so that the notes and the last interval of the
    /// rows may not say what was seen in it.
    /// </summary>
    public bool IsPast => AsOf < Revised;

    /// <summary>The columns of the audience.</summary>
    public VisibilityColumns Columns => VisibilityColumns.Of(Audience);

    /// <summary>Adds the condition on rows of <c>files</c> that the scope includes them.</summary>
    /// <param name="filters">The conditions of the statement.</param>
    /// <param name="files">The name of the table in the statement.</param>
    /// <param name="leads">Whether the access path is by seq, so that the condition may use it.</param>
    public Filters AddTo(Filters filters, string files = "files", bool leads = false)
    {
        // No file is seen before it was published.
        filters.Compare(leads ? $"{files}.seq <=" : Filters.Unindexed($"{files}.seq", isNumber: true) + " <=", AsOf);
        if (Audience == Audience.All)
            return filters;
        var from = Filters.Unindexed($"{files}.{Columns.From}", isNumber: true);
        if (IsPast)
            return filters.And(SeenInPast(filters, files));
        // Where nothing was ever hidden, the team sees every row from its publication on.
        if (Audience == Audience.Team && Revised == 0)
            return filters;
        filters.And(VisibilityColumns.IsSeen(Audience, files));
        return filters.Compare($"{from} <=", AsOf).Compare($"{from} >", Since);
    }

    /// <summary>
    /// Adds a condition on one of the notes of a row: the change since which it does not count any more had
    /// not come. Not for <see cref="IsPast"/>.
    /// </summary>
    public Filters AddNote(Filters filters, string note, bool isSet) => (isSet, AsOf) switch
    {
        (false, null) => filters.And($"{note} IS NULL"),
        (false, { } asOf) => filters.And($"({note} IS NULL OR {note} > {filters.Add(asOf)})"),
        (true, null) => filters.And($"{note} IS NOT NULL"),
        (true, { } asOf) => filters.And($"{note} <= {filters.Add(asOf)}"),
    };

    /// <summary>Adds the condition that the public saw the rows of this scope, or did not: what their records say.</summary>
    public Filters AddReleased(Filters filters, bool isReleased, string files = "files") =>
        Audience == Audience.Public ? filters : filters.And(isReleased ? IsReleased(filters, files) : $"NOT {IsReleased(filters, files)}");

    /// <summary>The columns of a row as the caller sees them: the record says whether the file was released.</summary>
    public string Select(Filters filters, string columns)
    {
        if (Audience == Audience.Public || !columns.StartsWith("item", StringComparison.Ordinal))
            return columns;
        return $"CASE WHEN {IsReleased(filters, "files")} THEN item ELSE replace(item, '{Released}', '\"released\":false') END AS item{columns["item".Length..]}";
    }

    private string IsReleased(Filters filters, string files)
    {
        if (AsOf is not { } asOf)
            return $"{files}.is_public = 1";
        var scope = new ReadScope(Audience.Public, asOf) { Revised = PublicRevised };
        return scope.IsPast ? scope.SeenInPast(filters, files) : $"({files}.is_public = 1 AND {files}.public_from <= {filters.Add(asOf)})";
    }

    private string SeenInPast(Filters filters, string files)
    {
        var (asOf, from, to) = (filters.Add(AsOf), $"{files}.{Columns.From}", $"{files}.{Columns.To}");
        var since = Since is null ? null : filters.Add(Since);
        var last = $"({from} <= {asOf}{(since is null ? "" : $" AND {from} > {since}")} AND ({to} IS NULL OR {to} > {asOf}))";
        var earlier = string.Create(
            CultureInfo.InvariantCulture,
            $"SELECT 1 FROM earlier_intervals AS earlier WHERE earlier.file = {files}.seq AND earlier.audience = {(int)Audience} AND earlier.from_seq <= {asOf}{(since is null ? "" : $" AND earlier.from_seq > {since}")} AND earlier.to_seq > {asOf}"
        );
        // A file that was never seen has no change to compare with, which is neither true nor false.
        return $"(COALESCE({last}, {Never}) OR EXISTS ({earlier}))";
    }

    private const string Never = "1 = 0";
}
