using System.Data.Common;
using System.Runtime.InteropServices;
using OpenSdc.Contract;

namespace OpenSdc.Server.Catalogue;

/// <summary>
/// What the archive covers: for each product and extension, by day, by month, by year and over all, the number of files, their bytes, the newest version,
/// and when the first and the last of them came. Kept by every publication in its own transaction, so that no question about it reads the files.
/// </summary>
internal sealed class Coverage
{
    // A version is newer by its numbers, and of equal ones the later publication is: the same order in which latest=true ranks files.
    private static readonly InsertMany Sums = new(
        """
        INSERT INTO coverage (digits, family, instrument, data_level, descriptor, extension, start_date,
                              files, series, bytes, version, major_version, minor_version, newest, first_ingestion, last_ingestion,
                              min_size, max_size, max_days, first_seq, last_seq)
        """,
        columns: 21,
        """
        ON CONFLICT (digits, family, instrument, data_level, descriptor, extension, start_date) DO UPDATE SET
          files = coverage.files + excluded.files,
          series = coverage.series + excluded.series,
          bytes = coverage.bytes + excluded.bytes,
          version = CASE WHEN (excluded.major_version, excluded.minor_version, excluded.newest) > (coverage.major_version, coverage.minor_version, coverage.newest) THEN excluded.version ELSE coverage.version END,
          major_version = CASE WHEN (excluded.major_version, excluded.minor_version, excluded.newest) > (coverage.major_version, coverage.minor_version, coverage.newest) THEN excluded.major_version ELSE coverage.major_version END,
          minor_version = CASE WHEN (excluded.major_version, excluded.minor_version, excluded.newest) > (coverage.major_version, coverage.minor_version, coverage.newest) THEN excluded.minor_version ELSE coverage.minor_version END,
          newest = CASE WHEN (excluded.major_version, excluded.minor_version, excluded.newest) > (coverage.major_version, coverage.minor_version, coverage.newest) THEN excluded.newest ELSE coverage.newest END,
          first_ingestion = CASE WHEN excluded.first_ingestion < coverage.first_ingestion THEN excluded.first_ingestion ELSE coverage.first_ingestion END,
          last_ingestion = CASE WHEN excluded.last_ingestion > coverage.last_ingestion THEN excluded.last_ingestion ELSE coverage.last_ingestion END,
          min_size = CASE WHEN excluded.min_size < coverage.min_size THEN excluded.min_size ELSE coverage.min_size END,
          max_size = CASE WHEN excluded.max_size > coverage.max_size THEN excluded.max_size ELSE coverage.max_size END,
          max_days = CASE WHEN excluded.max_days > coverage.max_days THEN excluded.max_days ELSE coverage.max_days END,
          last_seq = excluded.last_seq
        """);

    private readonly Dictionary<(Series Series, string Period), CoverageSum> days = [];

    /// <summary>Notes a record that was just inserted, the first of its series or a further one.</summary>
    public void Add(FileRecord record, string family, bool isFirst)
    {
        Add(days, Series.Of(record, family), record.StartDate ?? "", new CoverageSum(
            1, record.Size, record.Version, (record.MajorVersion ?? -1, record.MinorVersion ?? -1, record.Seq), record.IngestionDate, record.IngestionDate)
        {
            Series = isFirst ? 1 : 0,
            Sizes = (record.Size, record.Size),
            MostDays = Days(record),
            Seqs = (record.Seq, record.Seq),
        });
    }

    /// <summary>Writes what was noted, inside the transaction that inserted the records.</summary>
    public async Task SaveAsync(Session session, DbTransaction transaction, int rowsAtOnce, CancellationToken cancel)
    {
        await WriteAsync(8, days);
        // Each period is made from the shorter ones: a large batch has many files in a day, and many days in a month.
        var sums = days;
        foreach (var digits in (int[])[6, 4, 0])
        {
            var longer = new Dictionary<(Series Series, string Period), CoverageSum>();
            foreach (var ((series, period), sum) in sums)
                Add(longer, series, CoverageCells.Period(period, digits), sum);
            await WriteAsync(digits, longer);
            sums = longer;
        }

        Task WriteAsync(int digits, Dictionary<(Series Series, string Period), CoverageSum> all) => Sums.RunAsync(session, transaction, rowsAtOnce, [.. all], (each, values) =>
        {
            var ((s, period), sum) = each;
            ReadOnlySpan<object?> row =
            [
                digits, s.Family, s.Instrument, s.DataLevel, s.Descriptor, s.Extension, period, sum.Files, sum.Series, sum.Bytes,
                sum.Version, sum.Newest.Major, sum.Newest.Minor, sum.Newest.Seq, sum.First, sum.Last,
                sum.Sizes.Least, sum.Sizes.Greatest, sum.MostDays, sum.Seqs.First, sum.Seqs.Last,
            ];
            row.CopyTo(values);
        }, cancel);
    }

    /// <summary>How many days a file goes on after its first.</summary>
    private static long Days(FileRecord record) =>
        record is { StartDate: { } first, EndDate: { } last } && string.CompareOrdinal(first, last) < 0 ? Day.Of(last).DayNumber - Day.Of(first).DayNumber : 0;

    private static void Add(Dictionary<(Series, string), CoverageSum> sums, Series series, string period, CoverageSum more)
    {
        ref var sum = ref CollectionsMarshal.GetValueRefOrAddDefault(sums, (series, period), out var known);
        sum = known ? sum.Plus(more) : more;
    }
}
