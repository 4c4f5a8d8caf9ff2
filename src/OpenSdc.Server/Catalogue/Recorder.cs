using System.Data.Common;
using OpenSdc.Contract;

namespace OpenSdc.Server.Catalogue;

/// <summary>
/// Records files inside one transaction that has the ledger's turn: a row and an event for each, the note of which is the newest of its series, and the sums of
/// what the archive covers. Since nobody else writes meanwhile, what is not there at the beginning is new, and the notes and sums of one transaction are made in memory.
/// </summary>
internal sealed class Recorder(Session session, DbTransaction transaction, int rowsAtOnce, long head, DateTimeOffset now)
{
    // What is looked for at once; where there are fewer the rest is null, which finds nothing.
    private const int PathsAtOnce = 50;

    // Fewer are rendered sooner than other processors are called.
    private const int WorthSharing = 1000;

    private const string FindSql = "SELECT file_path, size, sha256, seq, ingestion_date FROM files WHERE file_path IN ";

    private const string EventsSql =
        "INSERT INTO events (seq, kind, at) SELECT seq, @p0, @p1 FROM files WHERE seq >= @p2 AND seq <= @p3 ORDER BY seq";

    private const string AdvanceSql = "UPDATE ledger SET seq = @p0 WHERE id = 1";

    private static readonly string FindOneSql = FindSql + "(@p0)";
    private static readonly string FindSomeSql = FindSql + $"({Several.List(PathsAtOnce)})";

    private static readonly InsertMany Rows = new(
        "INSERT INTO files (seq, file_path, family, instrument, data_level, descriptor, start_date, end_date, repointing, cr, version, major_version, "
        + "minor_version, extension, ingestion_date, size, sha256, superseded_by, item)", columns: 19);

    private readonly Newest newest = new(session, transaction);
    private readonly Coverage coverage = new();
    private readonly VersionCounts versions = new();

    /// <summary>Records those that have no record yet, with the numbers after the head; where a key has one, also from earlier in the list, it stands and is given back.</summary>
    /// <returns>One answer for each publication, in order.</returns>
    public async Task<Recorded[]> RecordAsync(IReadOnlyList<Publication> publications, CancellationToken cancel)
    {
        var receipts = await FindAsync([.. publications.Select(each => each.Name.Key)], cancel);
        var recorded = new Recorded[publications.Count];
        var rows = new List<NewRow>(recorded.Length);
        for (var i = 0; i < recorded.Length; i++)
        {
            var publication = publications[i];
            if (receipts.TryGetValue(publication.Name.Key, out var receipt))
            {
                recorded[i] = new(receipt, IsNew: false);
                continue;
            }

            var row = new NewRow(publication.Record(head + rows.Count + 1, now), publication.Name.Family, publication.Event) { MayEnd = publication.Name.MayEnd };
            coverage.Add(row.Record, row.Family, isFirst: await newest.PlaceAsync(row, cancel));
            versions.Add(row.Record, row.Family);
            rows.Add(row);
            var r = row.Record;
            recorded[i] = new(new(r.FilePath, r.Size, r.Sha256, r.Seq, r.IngestionDate), IsNew: true);
            receipts.Add(r.FilePath, recorded[i].Receipt);
        }

        if (rows.Count == 0)
            return recorded;
        Render(rows);
        await Rows.RunAsync(session, transaction, rowsAtOnce, rows, Write, cancel);
        await AddEventsAsync(rows, cancel);
        await coverage.SaveAsync(session, transaction, rowsAtOnce, cancel);
        await versions.SaveAsync(session, transaction, rowsAtOnce, cancel);
        await session.Statement(AdvanceSql, [head + rows.Count], transaction).ExecuteNonQueryAsync(cancel);
        return recorded;
    }

    private static void Render(List<NewRow> rows)
    {
        if (rows.Count < WorthSharing)
            rows.ForEach(Render);
        else
            Parallel.ForEach(rows, Render);

        static void Render(NewRow row) => row.Item = RecordJson.Of(row.Record, row.MayEnd);
    }

    private static void Write(NewRow row, Span<object?> values)
    {
        var r = row.Record;
        ReadOnlySpan<object?> all =
        [
            r.Seq, r.FilePath, row.Family, r.Instrument, r.DataLevel, r.Descriptor, r.StartDate, r.EndDate, r.Repointing, r.Cr, r.Version, r.MajorVersion,
            r.MinorVersion, r.Extension, r.IngestionDate, r.Size, r.Sha256, row.SupersededBy, row.Item,
        ];
        all.CopyTo(values);
    }

    private async Task<Dictionary<string, UploadReceipt>> FindAsync(string[] keys, CancellationToken cancel)
    {
        var receipts = new Dictionary<string, UploadReceipt>(keys.Length, StringComparer.Ordinal);
        var values = new object?[keys.Length == 1 ? 1 : PathsAtOnce];
        foreach (var some in keys.Chunk(values.Length))
        {
            Array.Clear(values);
            some.CopyTo(values, 0);
            await using var reader = await session.Statement(values.Length == 1 ? FindOneSql : FindSomeSql, values, transaction).ExecuteReaderAsync(cancel);
            while (await reader.ReadAsync(cancel))
                receipts.Add(reader.GetString(0), new UploadReceipt(reader.GetString(0), reader.GetInt64(1), reader.GetString(2), reader.GetInt64(3), reader.GetString(4)));
        }

        return receipts;
    }

    /// <summary>One event for each row, in the order of their numbers; rows of one kind that follow each other share a statement.</summary>
    private async Task AddEventsAsync(List<NewRow> rows, CancellationToken cancel)
    {
        for (int from = 0, next; from < rows.Count; from = next)
        {
            next = from + 1;
            while (next < rows.Count && rows[next].Event == rows[from].Event)
                next++;
            await session.Statement(EventsSql, [rows[from].Event, Catalogue.Text(now), rows[from].Record.Seq, rows[next - 1].Record.Seq], transaction)
                .ExecuteNonQueryAsync(cancel);
        }
    }
}

/// <summary>A row that is about to be inserted.</summary>
internal sealed record NewRow(FileRecord Record, string Family, string Event)
{
    /// <summary>Whether its name may have an end date.</summary>
    public bool MayEnd { get; init; }

    /// <summary>The number of the publication since which its series has a newer version; null while it is the newest.</summary>
    public long? SupersededBy { get; set; }

    /// <summary>The record as <c>/query</c> answers it.</summary>
    public string? Item { get; set; }
}
