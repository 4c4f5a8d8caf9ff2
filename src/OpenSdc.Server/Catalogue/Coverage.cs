using System.Data.Common;
using System.Runtime.InteropServices;
using OpenSdc.Contract;

namespace OpenSdc.Server.Catalogue;

/// <summary>
/// What the archive covers: for each product, by day, month and year, the number of files and of series,
/// their bytes, the newest version, and when the first and the last of them came. Kept by every publication
/// in its own transaction; <see cref="DerivedData"/> compares it with the rows.
/// </summary>
/// <param name="audience">Whose: it counts the files that the audience sees.</param>
internal sealed class Coverage(Audience audience)
{
    private const string IsNewer = "(excluded.version_order, excluded.newest) > (coverage.version_order, coverage.newest)";

    private static readonly BatchInsert Buckets = new(
        "INSERT INTO coverage (audience, product, digits, period, files, latest, bytes, version, version_order, newest, first_ingestion, last_ingestion)",
        columns: 12,
        $"""
        ON CONFLICT (audience, product, digits, period) DO UPDATE SET
          files = coverage.files + excluded.files,
          latest = coverage.latest + excluded.latest,
          bytes = coverage.bytes + excluded.bytes,
          version = CASE WHEN {IsNewer} THEN excluded.version ELSE coverage.version END,
          version_order = CASE WHEN {IsNewer} THEN excluded.version_order ELSE coverage.version_order END,
          newest = CASE WHEN {IsNewer} THEN excluded.newest ELSE coverage.newest END,
          last_ingestion = excluded.last_ingestion
        """);

    private readonly Dictionary<(long Product, string Period), Bucket> days = [];

    /// <summary>The lengths of periods that are kept, in digits of a date: days, months and years.</summary>
    public static IReadOnlyList<int> Digits { get; } = [8, 6, 4];

    /// <summary>Notes a row that is about to be inserted, the first of its series or a further one.</summary>
    public void Add(NewRow row, bool isFirst)
    {
        var r = row.Record;
        Add(
            days,
            row.Product,
            r.StartDate ?? "",
            new Bucket(1, isFirst ? 1 : 0, r.Size, r.Version, row.VersionOrder, r.Seq, r.IngestionDate, r.IngestionDate)
        );
    }

    /// <summary>Writes what was noted, inside the transaction that inserts the rows.</summary>
    public async Task SaveAsync(Session session, DbTransaction transaction, int rowsAtOnce, CancellationToken cancel)
    {
        // Each period is made from the shorter ones: a large batch has many files in a day, and many days in a month.
        var buckets = days;
        foreach (var digits in Digits)
        {
            var longer = new Dictionary<(long Product, string Period), Bucket>();
            foreach (var ((product, period), bucket) in buckets)
                Add(longer, product, period.Length > digits ? period[..digits] : period, bucket);
            buckets = longer;
            await Buckets.RunAsync(
                session,
                transaction,
                rowsAtOnce,
                [.. buckets],
                (each, values) =>
                {
                    var ((product, period), b) = each;
                    ReadOnlySpan<object?> row =
                    [
                        (int)audience,
                        product,
                        digits,
                        period,
                        b.Files,
                        b.Latest,
                        b.Bytes,
                        b.Version,
                        b.VersionOrder,
                        b.Newest,
                        b.First,
                        b.Last,
                    ];
                    row.CopyTo(values);
                },
                cancel
            );
        }
    }

    private static void Add(Dictionary<(long, string), Bucket> buckets, long product, string period, Bucket more)
    {
        ref var bucket = ref CollectionsMarshal.GetValueRefOrAddDefault(buckets, (product, period), out var isKnown);
        bucket = isKnown ? bucket.Plus(more) : more;
    }

    /// <summary>
    /// What is known of the files of a product in a period. Dates of ingestion never run backwards, so that
    /// the first and the last are those of the least and greatest number.
    /// </summary>
    private readonly record struct Bucket(
        long Files,
        long Latest,
        long Bytes,
        string? Version,
        string VersionOrder,
        long Newest,
        string First,
        string Last
    )
    {
        public Bucket Plus(in Bucket more)
        {
            var isNewer =
                string.CompareOrdinal(more.VersionOrder, VersionOrder) is var order && (order == 0 ? more.Newest > Newest : order > 0);
            var newest = isNewer ? more : this;
            return new(
                Files + more.Files,
                Latest + more.Latest,
                Bytes + more.Bytes,
                newest.Version,
                newest.VersionOrder,
                newest.Newest,
                string.CompareOrdinal(more.First, First) < 0 ? more.First : First,
                string.CompareOrdinal(more.Last, Last) > 0 ? more.Last : Last
            );
        }
    }
}
