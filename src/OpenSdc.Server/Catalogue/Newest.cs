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

    /// <summary>What a record that is about to be inserted must say of itself: null, or its own number where a newer version is there already.</summary>
    public async Task<long?> PlaceAsync(FileRecord record, string family, CancellationToken cancel)
    {
        var series = SeriesOf(record, family);
        if (!holders.TryGetValue(series, out var holder))
            holders.Add(series, holder = await FindAsync(series, cancel));
        return holder.Seq > 0 && VersionOf(record).CompareTo((holder.Major, holder.Minor)) < 0 ? record.Seq : null;
    }

    /// <summary>The record was inserted: where it is the newest now, the one before it is told so.</summary>
    public async Task TakeAsync(FileRecord record, string family, CancellationToken cancel)
    {
        var series = SeriesOf(record, family);
        var before = holders[series];
        var (major, minor) = VersionOf(record);
        holders[series] = new Holder(record.Seq, major, minor);
        if (before.Seq > 0)
            await session.Statement(SupersedeSql, [record.Seq, before.Seq], transaction).ExecuteNonQueryAsync(cancel);
    }

    private async Task<Holder> FindAsync(Series series, CancellationToken cancel)
    {
        // Null is not equal to null, so that the text depends on which fields there are; the few texts are prepared once each.
        object?[] values = [series.Family, series.Instrument, series.DataLevel, series.Descriptor, series.StartDate, series.Repointing, series.Cr, series.Extension];
        var text = new StringBuilder("SELECT seq, COALESCE(major_version, -1), COALESCE(minor_version, -1) FROM files WHERE superseded_by IS NULL");
        var given = new List<object?>();
        for (var i = 0; i < values.Length; i++)
        {
            text.Append(" AND ").Append(SeriesColumns[i]);
            if (values[i] is null)
                text.Append(" IS NULL");
            else
                text.Append(" = @p").Append(given.Count);
            if (values[i] is not null)
                given.Add(values[i]);
        }

        await using var reader = await session.Statement(text.ToString(), given.ToArray(), transaction).ExecuteReaderAsync(cancel);
        return await reader.ReadAsync(cancel) ? new Holder(reader.GetInt64(0), reader.GetInt32(1), reader.GetInt32(2)) : default;
    }

    private static (int Major, int Minor) VersionOf(FileRecord record) => (record.MajorVersion ?? -1, record.MinorVersion ?? -1);

    private static Series SeriesOf(FileRecord r, string family) =>
        new(family, r.Instrument, r.DataLevel, r.Descriptor, r.StartDate, r.Repointing, r.Cr, r.Extension);

    private readonly record struct Series(
        string Family, string? Instrument, string? DataLevel, string? Descriptor, string? StartDate, int? Repointing, int? Cr, string Extension);

    private readonly record struct Holder(long Seq, int Major, int Minor);
}
