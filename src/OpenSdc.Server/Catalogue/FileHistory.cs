using System.Globalization;

namespace OpenSdc.Server.Catalogue;

/// <summary>One change of a file.</summary>
/// <param name="Seq">Its number.</param>
/// <param name="Kind">One of <see cref="ChangeKind"/>, or <see cref="Superseded"/>.</param>
/// <param name="At">When, UTC.</param>
/// <param name="FilePath">The file.</param>
/// <param name="Reason">Why it was withdrawn; null for other changes.</param>
/// <param name="SupersededBy">The file that stands for it: the newer version, or the one that a withdrawal
/// names, where the caller may see that one.</param>
internal sealed record FileChange(long Seq, string Kind, string At, string FilePath, string? Reason, string? SupersededBy)
{
    /// <summary>The series got a newer version: a change of another file, which the ledger has as such.</summary>
    public const string Superseded = "superseded";
}

/// <summary>
/// What happened to one file, as the ledger has it. The team is told everything, also of a file that was
/// withdrawn. The public is told of files that it sees, and of those whose tombstone it sees: the
/// publication, whose number and date are in the record, and the changes while it saw the file, from the one
/// that showed the file to the one that hid it. Nobody is told who made a change: that is the audit's.
/// </summary>
internal sealed class FileHistory(Catalogue catalogue)
{
    private static readonly string Team = Sql(Audience.Team);
    private static readonly string Public = Sql(Audience.Public);

    /// <summary>
    /// The changes of the file at a path in their order, none where the audience sees no such file; and the
    /// state of the archive, no newer than they are.
    /// </summary>
    public ValueTask<(ArchiveState State, List<FileChange> Changes)> OfAsync(string key, ReadScope scope, CancellationToken cancel) =>
        catalogue.ReadAsync(
            async session =>
            {
                var state = ArchiveState.Parse(
                    (string)(await session.Statement(ArchiveState.Sql, []).ExecuteScalarAsync(cancel))!,
                    scope.Audience
                );
                var changes = new List<FileChange>();
                await using var reader = await session
                    .Statement(scope.Audience == Audience.Public ? Public : Team, [key])
                    .ExecuteReaderAsync(cancel);
                while (await reader.ReadAsync(cancel))
                {
                    changes.Add(
                        new(
                            reader.GetInt64(0),
                            reader.GetString(1),
                            reader.GetString(2),
                            key,
                            reader.IsDBNull(3) ? null : reader.GetString(3),
                            reader.IsDBNull(4) ? null : reader.GetString(4)
                        )
                    );
                }

        return (state, changes);
    }, cancel);

    /// <summary>The publication; the changes after it; and the newer version.</summary>
    private static string Sql(Audience audience)
    {
        var (columns, isPublic) = (VisibilityColumns.Of(audience), audience == Audience.Public);
        var isKnown = isPublic
            ? $" AND ({VisibilityColumns.IsSeen(audience)} OR EXISTS (SELECT 1 FROM withdrawals WHERE withdrawals.file = files.seq AND withdrawals.seq = files.{columns.To}))"
            : "";
        var isSeen = isPublic
            ? string.Create(CultureInfo.InvariantCulture, $"""
                 AND ((changes.seq >= files.{columns.From} AND (files.{columns.To} IS NULL OR changes.seq <= files.{columns.To}))
                  OR EXISTS (SELECT 1 FROM earlier_intervals AS earlier WHERE earlier.file = files.seq AND earlier.audience = {(int)audience} AND changes.seq BETWEEN earlier.from_seq AND earlier.to_seq))
                """)
            : "";
        var isAt = FileStatements.IsAt(["@p0"]);
        return $"""
            SELECT changes.seq, changes.kind, changes.at, CAST(NULL AS TEXT), CAST(NULL AS TEXT) FROM files JOIN changes ON changes.seq = files.seq WHERE {isAt}{isKnown}
            UNION ALL
            SELECT changes.seq, changes.kind, changes.at, CASE WHEN changes.kind = '{ChangeKind.Withdrawn}' THEN changes.detail END, successor.file_path
            FROM files JOIN changes ON changes.file = files.seq AND changes.seq <> changes.file
            LEFT JOIN withdrawals ON withdrawals.file = files.seq AND withdrawals.seq = changes.seq
            LEFT JOIN files AS successor ON successor.file_path = withdrawals.successor AND {VisibilityColumns.IsSeen(audience, "successor")}
            WHERE {isAt}{isKnown}{isSeen}
            UNION ALL
            SELECT changes.seq, '{FileChange.Superseded}', changes.at, CAST(NULL AS TEXT), newer.file_path
            FROM files JOIN changes ON changes.seq = files.{columns.SupersededBy} JOIN files AS newer ON newer.seq = changes.file
            WHERE {isAt} AND newer.seq <> files.seq AND {VisibilityColumns.IsSeen(audience)}
            ORDER BY 1
            """;
    }
}
