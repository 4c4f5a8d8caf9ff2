namespace OpenSdc.Server.Catalogue;

/// <summary>For whom files are read.</summary>
internal enum Audience
{
    /// <summary>Who may see every file.</summary>
    Team,

    /// <summary>Who sees released files only.</summary>
    Public,
}

/// <summary>
/// Who reads, and as of which change. Every statement that reads files, products or coverage for a caller takes one, so that what a caller may see is decided here and
/// nowhere else.
/// </summary>
/// <param name="Audience">For whom files are read.</param>
/// <param name="AsOf">The newest change that is seen; null for all of them.</param>
internal readonly record struct ReadScope(Audience Audience, long? AsOf = null)
{
    /// <summary>All files, as they are now: for the archive's own work. What a caller asks is read in the scope that <c>ReadScope.Of(query, caller)</c> gives.</summary>
    public static ReadScope Team => new(Audience.Team);

    /// <summary>Whether what is kept beside the rows (coverage) is of this scope: it is kept of the newest state.</summary>
    public bool IsNow => AsOf is null;

    /// <summary>Adds the condition on rows of <c>files</c> that the scope includes them.</summary>
    /// <param name="filters">The conditions of the statement.</param>
    /// <param name="files">The name of the table in the statement.</param>
    /// <param name="leads">Whether the access path is by seq, so that the condition may use it.</param>
    public Filters AddTo(Filters filters, string files = "files", bool leads = false) =>
        filters.Compare(leads ? $"{files}.seq <=" : Filters.Unindexed($"{files}.seq", isNumber: true) + " <=", AsOf);

    /// <summary>Adds a condition on one of the notes of a row: the change since which it does not count any more had not come.</summary>
    public Filters AddNote(Filters filters, string note, bool isSet) => (isSet, AsOf) switch
    {
        (false, null) => filters.And($"{note} IS NULL"),
        (false, { } asOf) => filters.And($"({note} IS NULL OR {note} > {filters.Add(asOf)})"),
        (true, null) => filters.And($"{note} IS NOT NULL"),
        (true, { } asOf) => filters.And($"{note} <= {filters.Add(asOf)}"),
    };
}
