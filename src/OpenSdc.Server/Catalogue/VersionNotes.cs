using System.Data.Common;

namespace OpenSdc.Server.Catalogue;

/// <summary>
/// Notes at publication which files are the newest of their series, and which have its highest major version:
/// each row says since which change it is that no more, or nothing. A version that comes late is superseded
/// from its first moment on. The notes are the only columns of a row that are written later: they follow from
/// the other rows, and <see cref="DerivedData"/> makes them again.
/// </summary>
internal sealed class VersionNotes(Session session, DbTransaction transaction)
{
    private const string NewestSql = "SELECT seq, version_order FROM files WHERE series = @p0 ORDER BY version_order DESC, seq DESC LIMIT 1";
    private const string MajorSql = "SELECT MAX(counted_major) FROM files WHERE series = @p0";
    private const string SupersedeSql = "UPDATE files SET superseded_by = @p0 WHERE seq = @p1";
    private const string OutdateSql = "UPDATE files SET outdated_by = @p0 WHERE series = @p1 AND counted_major < @p2 AND outdated_by IS NULL";

    private readonly Dictionary<string, VersionSeries> known = new(StringComparer.Ordinal);

    /// <summary>
    /// Notes a row that is about to be inserted: it says of itself that there is a newer version already, or
    /// the one before it is told so.
    /// </summary>
    /// <returns>Whether it is the first of its series.</returns>
    public async ValueTask<bool> NoteAsync(NewRow row, CancellationToken cancel)
    {
        if (!known.TryGetValue(row.Series, out var series))
            known.Add(row.Series, series = await FindAsync(row.Series, cancel));
        var isFirst = series.Newest == 0;
        var seq = row.Record.Seq;
        if (!isFirst && string.CompareOrdinal(row.VersionOrder, series.NewestOrder) < 0)
        {
            row.SupersededBy = seq;
        }
        else
        {
            if (series.NewestRow is { } before)
                before.SupersededBy = seq;
            else if (!isFirst)
                await session.Statement(SupersedeSql, [seq, series.Newest], transaction).ExecuteNonQueryAsync(cancel);
            (series.Newest, series.NewestOrder, series.NewestRow) = (seq, row.VersionOrder, row);
        }

        await NoteMajorAsync(series, row, cancel);
        series.Rows.Add(row);
        return isFirst;
    }

    private async ValueTask NoteMajorAsync(VersionSeries series, NewRow row, CancellationToken cancel)
    {
        if (row.CountedMajor is not { } major)
            return;
        if (major < series.Major)
        {
            row.OutdatedBy = row.Record.Seq;
            return;
        }

        if (series.Major is { } lower && lower < major)
        {
            foreach (var earlier in series.Rows.Where(each => each.CountedMajor < major))
                earlier.OutdatedBy ??= row.Record.Seq;
            await session.Statement(OutdateSql, [row.Record.Seq, row.Series, (long)major], transaction).ExecuteNonQueryAsync(cancel);
        }

        series.Major = major;
    }

    private async ValueTask<VersionSeries> FindAsync(string name, CancellationToken cancel)
    {
        var series = new VersionSeries();
        await using (var reader = await session.Statement(NewestSql, [name], transaction).ExecuteReaderAsync(cancel))
        {
            if (!await reader.ReadAsync(cancel))
                return series;
            (series.Newest, series.NewestOrder) = (reader.GetInt64(0), reader.GetString(1));
        }

        series.Major = await session.Statement(MajorSql, [name], transaction).ExecuteScalarAsync(cancel) is long major ? (int)major : null;
        return series;
    }

    /// <summary>What is known of a series, with the rows of this transaction, which are not inserted yet.</summary>
    private sealed class VersionSeries
    {
        /// <summary>The number of the newest file; 0 where there is none.</summary>
        public long Newest { get; set; }

        public string NewestOrder { get; set; } = "";

        public NewRow? NewestRow { get; set; }

        /// <summary>The highest major version of those that count.</summary>
        public int? Major { get; set; }

        public List<NewRow> Rows { get; } = [];
    }
}
