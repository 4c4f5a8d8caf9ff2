using System.Data.Common;
using OpenSdc.Contract;
using OpenSdc.Contract.Naming;

namespace OpenSdc.Server.Catalogue;

/// <summary>
/// Records files inside one transaction that has the ledger's turn: a row and a change for each, the notes of
/// which are the newest of their series, and the coverage. Since nobody else writes meanwhile, what is not
/// there at the beginning is new, and the notes and coverage of one transaction are made in memory.
/// </summary>
/// <param name="session">Where they are recorded.</param>
/// <param name="transaction">The transaction that has the turn.</param>
/// <param name="rowsAtOnce">See <see cref="SqlDialect.RowsAtOnce"/>.</param>
/// <param name="turn">What the ledger says.</param>
/// <param name="products">All products that it counts.</param>
/// <param name="releasesAll">Whether every file is released from its first moment on, whatever its
/// family.</param>
/// <param name="now">The present moment.</param>
internal sealed class Recorder(
    Session session,
    DbTransaction transaction,
    int rowsAtOnce,
    LedgerTurn turn,
    ProductTable products,
    bool releasesAll,
    DateTimeOffset now
)
{
    // What is looked for at once; where there are fewer the rest is null, which finds nothing.
    private const int PathsAtOnce = 50;

    // Fewer are rendered sooner than other processors are called.
    private const int WorthSharing = 1000;

    private const string FindSql = "SELECT file_path, size, sha256, seq, ingestion_date FROM files WHERE file_path IN ";

    private const string ChangesSql =
        "INSERT INTO changes (seq, kind, file, at, who) SELECT seq, @p0, seq, CASE WHEN @p5 = 1 THEN ingestion_date ELSE @p1 END, CAST(@p4 AS TEXT) FROM files WHERE seq >= @p2 AND seq <= @p3 ORDER BY seq";

    private const string AdvanceSql =
        "UPDATE ledger SET seq = @p0, products = @p1, ingested = @p2, public_seq = CASE WHEN @p3 > public_seq THEN @p3 ELSE public_seq END WHERE id = 1";

    private const string LongestSql = "UPDATE products SET max_days = @p0 WHERE id = @p1 AND max_days < @p0";

    private static readonly string FindOneSql = FindSql + "(@p0)";
    private static readonly string FindSomeSql = FindSql + $"({SqlBatch.List(PathsAtOnce)})";

    private static readonly BatchInsert Rows = new(
        "INSERT INTO files (seq, product, file_path, start_date, end_date, repointing, cr, series, version, major_version, minor_version, version_order, counted_major, "
            + "ingestion_date, size, sha256, superseded_by, outdated_by, team_from, is_public, public_from, public_superseded_by, public_outdated_by, item)",
        columns: 24
    );

    private static readonly BatchInsert NewProducts = new(
        "INSERT INTO products (id, family, instrument, data_level, descriptor, extension, own)", columns: 7);

    private readonly VersionNotes notes = new(session, transaction);
    private readonly Coverage coverage = new(Audience.Team);
    private readonly Coverage publicCoverage = new(Audience.Public);
    private readonly Dictionary<Product, long> added = [];
    private readonly Dictionary<long, long> longest = [];

    // Never runs backwards: days of ingestion are ranges of numbers.
    private string ingested = turn.Ingested;

    /// <summary>
    /// Records those that have no record yet, with the numbers after the head; where a key has one, also from
    /// earlier in the list, it stands and is given back.
    /// </summary>
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

            var at = Catalogue.Text(publication.IngestedAt ?? now);
            ingested = string.CompareOrdinal(at, ingested) > 0 ? at : ingested;
            var r = publication.Record(turn.Seq + rows.Count + 1, ingested);
            var row = new NewRow(
                r,
                publication.Name,
                ProductOf(publication.Name),
                publication.Change,
                releasesAll || publication.Name.StartsReleased,
                publication.Audit?.Caller
            );
            var isFirst = await notes.NoteAsync(row, cancel);
            coverage.Add(row, isFirst.ForTeam);
            if (row.IsPublic)
                publicCoverage.Add(row, isFirst.ForPublic);
            if (row.Days > longest.GetValueOrDefault(row.Product))
                longest[row.Product] = row.Days;
            rows.Add(row);
            recorded[i] = new(new(r.FilePath, r.Size, r.Sha256, r.Seq, r.IngestionDate), IsNew: true);
            receipts.Add(r.FilePath, recorded[i].Receipt);
        }

        if (rows.Count == 0)
            return recorded;
        Render(rows);
        await NewProducts.RunAsync(session, transaction, rowsAtOnce, [.. added], WriteProduct, cancel);
        await Rows.RunAsync(session, transaction, rowsAtOnce, rows, Write, cancel);
        await OwnValueTable.AddAsync(session, transaction, rowsAtOnce, rows.Select(row => (row.Record.Seq, row.Name)), cancel);
        await AddChangesAsync(rows, cancel);
        await coverage.SaveAsync(session, transaction, rowsAtOnce, cancel);
        await publicCoverage.SaveAsync(session, transaction, rowsAtOnce, cancel);
        foreach (var (product, days) in longest)
            await session.Statement(LongestSql, [days, product], transaction).ExecuteNonQueryAsync(cancel);
        await session
            .Statement(
                AdvanceSql,
                [turn.Seq + rows.Count, turn.Products + added.Count, ingested, rows.FindLast(each => each.IsPublic)?.Record.Seq ?? 0],
                transaction
            )
            .ExecuteNonQueryAsync(cancel);
        return recorded;
    }

    private long ProductOf(FileName name)
    {
        var words = ProductTable.WordsOf(name);
        if (products.Find(words) is var id and > 0)
            return id;
        if (!added.TryGetValue(words, out id))
            added.Add(words, id = turn.Products + added.Count + 1);
        return id;
    }

    private static void Render(List<NewRow> rows)
    {
        if (rows.Count < WorthSharing)
            rows.ForEach(Render);
        else
            Parallel.ForEach(rows, Render);

        static void Render(NewRow row) => row.Item = RecordJson.Of(row.Record, row.Name);
    }

    private static void Write(NewRow row, Span<object?> values)
    {
        var r = row.Record;
        ReadOnlySpan<object?> all =
        [
            r.Seq,
            row.Product,
            r.FilePath,
            r.StartDate ?? "",
            r.EndDate,
            r.Repointing,
            r.Cr,
            row.Series,
            r.Version,
            r.MajorVersion,
            r.MinorVersion,
            row.VersionOrder,
            row.CountedMajor,
            r.IngestionDate,
            r.Size,
            r.Sha256,
            row.Team.SupersededBy,
            row.Team.OutdatedBy,
            r.Seq,
            row.IsPublic ? 1 : 0,
            row.IsPublic ? r.Seq : null,
            row.Public?.SupersededBy,
            row.Public?.OutdatedBy,
            row.Item,
        ];
        all.CopyTo(values);
    }

    private static void WriteProduct(KeyValuePair<Product, long> product, Span<object?> values)
    {
        var (words, id) = product;
        ReadOnlySpan<object?> all = [id, words.Family, words.Instrument, words.DataLevel, words.Descriptor, words.Extension, words.Own];
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
            await using var reader = await session
                .Statement(values.Length == 1 ? FindOneSql : FindSomeSql, values, transaction)
                .ExecuteReaderAsync(cancel);
            while (await reader.ReadAsync(cancel))
                receipts.Add(
                    reader.GetString(0),
                    new UploadReceipt(reader.GetString(0), reader.GetInt64(1), reader.GetString(2), reader.GetInt64(3), reader.GetString(4))
                );
        }

        return receipts;
    }

    /// <summary>
    /// One change for each row, in the order of their numbers; rows of one kind and uploader that follow each
    /// other share a statement. A file is published when it is ingested; one that is adopted was ingested
    /// before.
    /// </summary>
    private async Task AddChangesAsync(List<NewRow> rows, CancellationToken cancel)
    {
        for (int from = 0, next; from < rows.Count; from = next)
        {
            next = from + 1;
            while (next < rows.Count && (rows[next].Change, rows[next].Who) == (rows[from].Change, rows[from].Who))
                next++;
            await session
                .Statement(
                    ChangesSql,
                    [
                        rows[from].Change,
                        Catalogue.Text(now),
                        rows[from].Record.Seq,
                        rows[next - 1].Record.Seq,
                        rows[from].Who,
                        rows[from].Change == ChangeKind.Published ? 1L : 0L,
                    ],
                    transaction
                )
                .ExecuteNonQueryAsync(cancel);
        }
    }
}

/// <summary>What the ledger says to the transaction that has its turn.</summary>
/// <param name="Seq">The number of the newest change.</param>
/// <param name="Products">How many products there are.</param>
/// <param name="Ingested">The newest date of ingestion.</param>
internal readonly record struct LedgerTurn(long Seq, long Products, string Ingested)
{
    // Taking the row also takes the turn: a second writer waits here until this transaction ends.
    private const string TakeSql = "UPDATE ledger SET seq = seq WHERE id = 1 RETURNING seq, products, ingested";

    public static async Task<LedgerTurn> TakeAsync(Session session, DbTransaction transaction, CancellationToken cancel)
    {
        await using var reader = await session.Statement(TakeSql, [], transaction).ExecuteReaderAsync(cancel);
        await reader.ReadAsync(cancel);
        return new(reader.GetInt64(0), reader.GetInt64(1), reader.GetString(2));
    }
}
