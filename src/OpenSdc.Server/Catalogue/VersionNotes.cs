using System.Data.Common;

namespace OpenSdc.Server.Catalogue;

/// <summary>What is noted of a file for an audience. Both follow from the other files of its series that the audience sees.</summary>
internal sealed class VersionNote
{
    /// <summary>The change since which the series has a newer version; null while it is the newest.</summary>
    public long? SupersededBy { get; set; }

    /// <summary>The change since which the series has a higher major version; null while it has the highest.</summary>
    public long? OutdatedBy { get; set; }
}

/// <summary>
/// Notes at publication which files are the newest of their series, and which have its highest major version,
/// for the team and, of released files, for the public: each row says since which change it is that no more,
/// or nothing. A version that comes late is superseded from its first moment on. <see cref="Visibility"/>
/// notes it where files are released, withdrawn or restored, and <see cref="DerivedData"/> makes all notes
/// again.
/// </summary>
internal sealed class VersionNotes(Session session, DbTransaction transaction)
{
    private readonly Dictionary<string, SeriesPair> known = new(StringComparer.Ordinal);

    /// <summary>
    /// Notes a row that is about to be inserted: it says of itself that there is a newer version already, or
    /// the one before it is told so.
    /// </summary>
    /// <returns>Whether it is the first of its series that the team sees, and that the public sees.</returns>
    public async ValueTask<(bool ForTeam, bool ForPublic)> NoteAsync(NewRow row, CancellationToken cancel)
    {
        if (!known.TryGetValue(row.Series, out var pair))
            known.Add(row.Series, pair = new SeriesPair { Team = await FindAsync(row, Audience.Team, cancel) });
        var forTeam = await NoteAsync(Audience.Team, pair.Team, row, row.Team, cancel);
        if (row.Public is not { } note)
            return (forTeam, false);
        // Of what the team sees the public sees a part: where that has nothing, nothing else need be asked.
        pair.Public ??= pair.Team.Found is { Seq: 0 } ? new VersionSeries() : await FindAsync(row, Audience.Public, cancel);
        return (forTeam, await NoteAsync(Audience.Public, pair.Public, row, note, cancel));
    }

    private async ValueTask<bool> NoteAsync(Audience audience, VersionSeries series, NewRow row, VersionNote note, CancellationToken cancel)
    {
        var isFirst = series.Newest == 0;
        var seq = row.Record.Seq;
        if (!isFirst && string.CompareOrdinal(row.VersionOrder, series.NewestOrder) < 0)
        {
            note.SupersededBy = seq;
        }
        else
        {
            if (series.NewestNote is { } before)
                before.SupersededBy = seq;
            else if (!isFirst)
                await session.Statement(Sql.Of(audience).Supersede, [seq, series.Newest], transaction).ExecuteNonQueryAsync(cancel);
            (series.Newest, series.NewestOrder, series.NewestNote) = (seq, row.VersionOrder, note);
        }

        await NoteMajorAsync(audience, series, row, note, cancel);
        series.Rows.Add((row, note));
        return isFirst;
    }

    private async ValueTask NoteMajorAsync(Audience audience, VersionSeries series, NewRow row, VersionNote note, CancellationToken cancel)
    {
        if (row.CountedMajor is not { } major)
            return;
        if (major < series.Major)
        {
            note.OutdatedBy = row.Record.Seq;
            return;
        }

        if (series.Major is { } lower && lower < major)
        {
            foreach (var (_, earlier) in series.Rows.Where(each => each.Row.CountedMajor < major))
                earlier.OutdatedBy ??= row.Record.Seq;
            await session
                .Statement(Sql.Of(audience).Outdate, [row.Record.Seq, row.Series, (long)major], transaction)
                .ExecuteNonQueryAsync(cancel);
        }

        series.Major = major;
    }

    private async ValueTask<VersionSeries> FindAsync(NewRow row, Audience audience, CancellationToken cancel)
    {
        var (series, sql) = (new VersionSeries(), Sql.Of(audience));
        await using (var reader = await session.Statement(sql.Newest, [row.Series], transaction).ExecuteReaderAsync(cancel))
        {
            if (!await reader.ReadAsync(cancel))
                return series;
            series.Found = (reader.GetInt64(0), reader.GetString(1));
        }

        (series.Newest, series.NewestOrder) = series.Found;
        series.Major = await session.Statement(sql.Major, [row.Series], transaction).ExecuteScalarAsync(cancel) is long major
            ? (int)major
            : null;
        return series;
    }

    /// <summary>The statements for an audience.</summary>
    private sealed record Sql(string Newest, string Major, string Supersede, string Outdate)
    {
        private static readonly Sql Team = Make(Audience.Team);
        private static readonly Sql Public = Make(Audience.Public);

        public static Sql Of(Audience audience) => audience == Audience.Public ? Public : Team;

        private static Sql Make(Audience audience)
        {
            var (columns, isSeen) = (VisibilityColumns.Of(audience), VisibilityColumns.IsSeen(audience));
            return new(
                $"SELECT seq, version_order FROM files WHERE series = @p0 AND {isSeen} ORDER BY version_order DESC, seq DESC LIMIT 1",
                $"SELECT MAX(counted_major) FROM files WHERE series = @p0 AND {isSeen}",
                $"UPDATE files SET {columns.SupersededBy} = @p0 WHERE seq = @p1",
                $"UPDATE files SET {columns.OutdatedBy} = @p0 WHERE series = @p1 AND counted_major < @p2 AND {columns.OutdatedBy} IS NULL AND {isSeen}"
            );
        }
    }

    private sealed class SeriesPair
    {
        public required VersionSeries Team { get; init; }

        /// <summary>Null until a released file is noted.</summary>
        public VersionSeries? Public { get; set; }
    }

    /// <summary>What is known of a series, with the rows of this transaction, which are not inserted yet.</summary>
    private sealed class VersionSeries
    {
        /// <summary>The newest file that was recorded before this transaction.</summary>
        public (long Seq, string Order) Found { get; set; } = (0, "");

        /// <summary>The number of the newest file; 0 where there is none.</summary>
        public long Newest { get; set; }

        public string NewestOrder { get; set; } = "";

        /// <summary>The note of the newest file, where it is of this transaction.</summary>
        public VersionNote? NewestNote { get; set; }

        /// <summary>The highest major version of those that count.</summary>
        public int? Major { get; set; }

        public List<(NewRow Row, VersionNote Note)> Rows { get; } = [];
    }
}
