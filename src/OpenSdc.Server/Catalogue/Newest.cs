using System.Data.Common;
using System.Text;
using OpenSdc.Contract;

namespace OpenSdc.Server.Catalogue;

/// <summary>
/// Which file is the newest of its series, noted at publication: each row says by whose publication it stopped being that, or nothing. It was the newest
/// in the state of number n where it was published up to n and nothing newer was. A version that comes late is superseded from its first moment on.
/// The note is the one column of a row that is written later: it follows from the other rows, and could be made again from them.
/// </summary>
internal sealed class Newest(Session session, DbTransaction transaction)
{
    private const string SupersedeSql = "UPDATE files SET superseded_by = @p0 WHERE seq = @p1";

    private static readonly string[] SeriesColumns = ["family", "instrument", "data_level", "descriptor", "start_date", "repointing", "cr", "extension"];

    private readonly Dictionary<Series, Holder> holders = [];

    /// <summary>Notes a row that is about to be inserted: it says of itself that there is a newer version already, or the one before it is told so.</summary>
    /// <returns>Whether it is the first of its series.</returns>
    public async ValueTask<bool> PlaceAsync(NewRow row, CancellationToken cancel)
    {
        var series = SeriesOf(row.Record, row.Family);
        if (!holders.TryGetValue(series, out var holder))
            holder = await FindAsync(series, cancel);
        var (major, minor) = (row.Record.MajorVersion ?? -1, row.Record.MinorVersion ?? -1);
        if (holder.Seq > 0 && (major, minor).CompareTo((holder.Major, holder.Minor)) < 0)
        {
            holders[series] = holder;
            row.SupersededBy = row.Record.Seq;
            return false;
        }

        holders[series] = new Holder(row.Record.Seq, major, minor, row);
        if (holder.Row is not null)
            holder.Row.SupersededBy = row.Record.Seq;
        else if (holder.Seq > 0)
            await session.Statement(SupersedeSql, [row.Record.Seq, holder.Seq], transaction).ExecuteNonQueryAsync(cancel);
        return holder.Seq == 0;
    }

    private async Task<Holder> FindAsync(Series series, CancellationToken cancel)
    {
        // Null is not equal to null, so that the text depends on which fields there are; the few texts are prepared once each.
        object?[] values = [series.Family, series.Instrument, series.DataLevel, series.Descriptor, series.StartDate, series.Repointing, series.Cr, series.Extension];
        var text = new StringBuilder("SELECT seq, COALESCE(major_version, -1), COALESCE(minor_version, -1) FROM files WHERE superseded_by IS NULL");
        var given = new List<object?>();
        for (var i = 0; i < values.Length; i++)
        {
            text.Append(" AND ");
            if (values[i] is null)
            {
                text.Append(SeriesColumns[i]).Append(" IS NULL");
                continue;
            }

            // The index by product leads, never the one by repointing or rotation.
            text.Append(SeriesColumns[i] is "repointing" or "cr" ? Filters.UnindexedNumber(SeriesColumns[i]) : SeriesColumns[i]).Append(" = @p").Append(given.Count);
            given.Add(values[i]);
        }

        await using var reader = await session.Statement(text.ToString(), given.ToArray(), transaction).ExecuteReaderAsync(cancel);
        return await reader.ReadAsync(cancel) ? new Holder(reader.GetInt64(0), (int)reader.GetInt64(1), (int)reader.GetInt64(2), null) : default;
    }

    private static Series SeriesOf(FileRecord r, string family) =>
        new(family, r.Instrument, r.DataLevel, r.Descriptor, r.StartDate, r.Repointing, r.Cr, r.Extension);

    private readonly record struct Series(
        string Family, string? Instrument, string? DataLevel, string? Descriptor, string? StartDate, int? Repointing, int? Cr, string Extension);

    /// <summary>The newest file of a series, and its row where that is not inserted yet; of number 0 where there is none.</summary>
    private readonly record struct Holder(long Seq, int Major, int Minor, NewRow? Row);
}
