namespace OpenSdc.Server.Catalogue;

/// <summary>For whom files are read. The numbers of <see cref="Team"/> and <see cref="Public"/> are stored, so they never change.</summary>
internal enum Audience
{
    /// <summary>The archive's own work: every record, also of a file that was withdrawn.</summary>
    All = -1,

    /// <summary>Who may see every file that was not withdrawn.</summary>
    Team = 0,

    /// <summary>Who may see the released files.</summary>
    Public = 1,
}

/// <summary>The columns of <c>files</c> that say what an audience sees.</summary>
/// <param name="From">The change since which it sees the file, for the last time.</param>
/// <param name="To">The change since which it does not any more; null while it does.</param>
/// <param name="SupersededBy">The change since which it sees a newer version.</param>
/// <param name="OutdatedBy">The change since which it sees a higher major version.</param>
internal sealed record VisibilityColumns(string From, string To, string SupersededBy, string OutdatedBy)
{
    private static readonly VisibilityColumns Team = new("team_from", "team_to", "superseded_by", "outdated_by");
    private static readonly VisibilityColumns Public = new("public_from", "public_to", "public_superseded_by", "public_outdated_by");

    public static VisibilityColumns Of(Audience audience) => audience == Audience.Public ? Public : Team;

    /// <summary>The condition that the audience sees a row now.</summary>
    public static string IsSeen(Audience audience, string files = "files") =>
        audience == Audience.Public ? $"{files}.is_public = 1" : $"{files}.team_to IS NULL";
}
