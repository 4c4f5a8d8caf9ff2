using System.Data.Common;
using OpenSdc.Contract;

namespace OpenSdc.Server.Catalogue;

/// <summary>
/// What the archive covers: for each product, extension and day the number of files, their bytes, the newest version, and when the first and the last of them came.
/// Kept by every publication in its own transaction, so that no question about it reads the files.
/// </summary>
internal sealed class Coverage
{
    private const string UpsertSql = """
        INSERT INTO coverage (family, instrument, start_date, data_level, descriptor, extension,
                              files, bytes, version, major_version, minor_version, first_ingestion, last_ingestion)
        VALUES (@p0, @p1, @p2, @p3, @p4, @p5, @p6, @p7, @p8, @p9, @p10, @p11, @p12)
        ON CONFLICT (family, instrument, start_date, data_level, descriptor, extension) DO UPDATE SET
          files = coverage.files + excluded.files,
          bytes = coverage.bytes + excluded.bytes,
          version = CASE WHEN (excluded.major_version, excluded.minor_version) >= (coverage.major_version, coverage.minor_version) THEN excluded.version ELSE coverage.version END,
          minor_version = CASE WHEN (excluded.major_version, excluded.minor_version) >= (coverage.major_version, coverage.minor_version) THEN excluded.minor_version ELSE coverage.minor_version END,
          major_version = CASE WHEN excluded.major_version > coverage.major_version THEN excluded.major_version ELSE coverage.major_version END,
          first_ingestion = CASE WHEN excluded.first_ingestion < coverage.first_ingestion THEN excluded.first_ingestion ELSE coverage.first_ingestion END,
          last_ingestion = CASE WHEN excluded.last_ingestion > coverage.last_ingestion THEN excluded.last_ingestion ELSE coverage.last_ingestion END
        """;

    private readonly Dictionary<Cell, Sum> sums = [];

    /// <summary>Whether the kept sums can answer a query: it filters by nothing but what they are kept by.</summary>
    public static bool Knows(FileQuery query) =>
        !query.Latest && query.Versions.Count + query.Repointings.Count + query.Crs.Count + query.MajorVersions.Count + query.MinorVersions.Count + query.FilePaths.Count == 0
        && query is { IngestionStartDate: null, IngestionEndDate: null, Overlaps: null, AsOf: null, SinceSeq: null };

    /// <summary>The number of files of a query that it <see cref="Knows"/>.</summary>
    public static SqlStatement CountOf(FileQuery query)
    {
        var filters = FiltersOf(query);
        return new($"SELECT COALESCE(SUM(files), 0) FROM coverage{filters.Where}", filters.Values);
    }

    /// <summary>The conditions of a query that it <see cref="Knows"/>, on the table of sums.</summary>
    public static Filters FiltersOf(FileQuery query) => new Filters()
        .AnyOf("family", query.Family is { } family ? [family] : Array.Empty<string>())
        .AnyOf("instrument", query.Instruments)
        .Compare("start_date >=", query.StartDate).Compare("start_date <=", query.EndDate)
        .And(query.StartDate is null && query.EndDate is not null ? "start_date <> ''" : "1 = 1")
        .AnyOf("data_level", query.DataLevels).AnyOf("descriptor", query.Descriptors).AnyOf("extension", query.Extensions);

    /// <summary>Notes a record that was just inserted.</summary>
    public void Add(FileRecord record, string family)
    {
        // What a name does not have is the empty text here: a key column has no null.
        var cell = new Cell(family, record.Instrument ?? "", record.StartDate ?? "", record.DataLevel ?? "", record.Descriptor ?? "", record.Extension);
        ref var sum = ref System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(sums, cell, out var known);
        var (major, minor) = (record.MajorVersion ?? -1, record.MinorVersion ?? -1);
        if (!known || (major, minor).CompareTo((sum.Major, sum.Minor)) >= 0)
            (sum.Version, sum.Major, sum.Minor) = (record.Version, major, minor);
        sum.Files++;
        sum.Bytes += record.Size;
        if (!known || string.CompareOrdinal(record.IngestionDate, sum.First) < 0)
            sum.First = record.IngestionDate;
        if (!known || string.CompareOrdinal(record.IngestionDate, sum.Last) > 0)
            sum.Last = record.IngestionDate;
    }

    /// <summary>Writes what was noted, inside the transaction that inserted the records.</summary>
    public async Task SaveAsync(Session session, DbTransaction transaction, CancellationToken cancel)
    {
        foreach (var (c, s) in sums)
        {
            await session.Statement(UpsertSql,
                [c.Family, c.Instrument, c.StartDate, c.DataLevel, c.Descriptor, c.Extension, s.Files, s.Bytes, s.Version, s.Major, s.Minor, s.First, s.Last],
                transaction).ExecuteNonQueryAsync(cancel);
        }
    }

    private readonly record struct Cell(string Family, string Instrument, string StartDate, string DataLevel, string Descriptor, string Extension);

    private struct Sum
    {
        public long Files, Bytes;
        public string? Version;
        public int Major, Minor;
        public string First, Last;
    }
}
