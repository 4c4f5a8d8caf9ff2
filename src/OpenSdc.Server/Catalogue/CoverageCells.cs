using System.Data.Common;
using OpenSdc.Contract;

namespace OpenSdc.Server.Catalogue;

/// <summary>What the files of one product and extension share; the empty text for what their names do not have.</summary>
internal sealed record Series(string Family, string Instrument, string DataLevel, string Descriptor, string Extension)
{
    /// <summary>That of a record. What a name does not have is the empty text here: a key column has no null.</summary>
    public static Series Of(FileRecord record, string family) =>
        new(family, record.Instrument ?? "", record.DataLevel ?? "", record.Descriptor ?? "", record.Extension);
}

/// <summary>What is known of some files together.</summary>
/// <param name="Files">How many there are.</param>
/// <param name="Bytes">Their bytes.</param>
/// <param name="Version">The newest version, as its name writes it.</param>
/// <param name="Newest">What makes it the newest: its numbers, -1 for one that it does not have, and of equal ones the later publication.</param>
/// <param name="First">When the first of them was published.</param>
/// <param name="Last">When the last of them was. The first need not have the least number: an adopted file has its object's time, and clocks go back.</param>
internal readonly record struct CoverageSum(
    long Files, long Bytes, string? Version, (int Major, int Minor, long Seq) Newest, string First, string Last)
{
    /// <summary>How many series they are versions of. All versions of one are in one period, and none ever goes.</summary>
    public long Series { get; init; }

    /// <summary>The sizes of the smallest and of the largest of them.</summary>
    public (long Least, long Greatest) Sizes { get; init; }

    /// <summary>How many days the longest of them goes on after its first.</summary>
    public long MostDays { get; init; }

    /// <summary>The numbers of the first and the last of them.</summary>
    public (long First, long Last) Seqs { get; init; }

    public CoverageSum Plus(in CoverageSum more)
    {
        var isNewer = more.Newest.CompareTo(Newest) > 0;
        return new CoverageSum(
            Files + more.Files,
            Bytes + more.Bytes,
            isNewer ? more.Version : Version,
            isNewer ? more.Newest : Newest,
            string.CompareOrdinal(more.First, First) < 0 ? more.First : First,
            string.CompareOrdinal(more.Last, Last) > 0 ? more.Last : Last)
        {
            Series = Series + more.Series,
            Sizes = (Math.Min(Sizes.Least, more.Sizes.Least), Math.Max(Sizes.Greatest, more.Sizes.Greatest)),
            MostDays = Math.Max(MostDays, more.MostDays),
            Seqs = (Math.Min(Seqs.First, more.Seqs.First), Math.Max(Seqs.Last, more.Seqs.Last)),
        };
    }
}

/// <summary>A series in one period: <c>20260131</c>, <c>202601</c> or <c>2026</c>, or the empty text for files without a start date.</summary>
internal readonly record struct CoverageCell(Series Series, string Period, CoverageSum Sum);

/// <summary>
/// The open answer to what some files cover, one cell after the other in the order of their members. Rows of shorter periods, as they stand at the ends of
/// a range that begins or ends within a month or year, are put together on the way. Dispose it also when it is left half read.
/// </summary>
/// <param name="rows">The cells.</param>
/// <param name="digits">How many digits of a start date are one period.</param>
/// <param name="all">The series by their numbers; null where each row says its own, and has what tells which of two of one period is the newer.</param>
internal sealed class CoverageCells(Rows rows, int digits, IReadOnlyDictionary<long, Series>? all) : IAsyncDisposable
{
    private CoverageCell? next;
    private bool hasBegun;
    private Series? series;
    private long seriesId;

    /// <summary>The state of the archive that they are of.</summary>
    public ArchiveState State => rows.State;

    public static string Period(string date, int digits) => date.Length > digits ? date[..digits] : date;

    /// <summary>The next cell, or null after the last.</summary>
    public async ValueTask<CoverageCell?> NextAsync(CancellationToken cancel)
    {
        if (!hasBegun)
            next = await ReadAsync(cancel);
        hasBegun = true;
        if (next is not { } cell)
            return null;
        while ((next = await ReadAsync(cancel)) is { } more && more.Period == cell.Period && more.Series == cell.Series)
            cell = cell with { Sum = cell.Sum.Plus(more.Sum) };
        return cell;
    }

    /// <summary>The series that a row names, from a column on.</summary>
    public static Series SeriesOf(DbDataReader row, int from) =>
        new(row.GetString(from), row.GetString(from + 1), row.GetString(from + 2), row.GetString(from + 3), row.GetString(from + 4));

    public ValueTask DisposeAsync() => rows.DisposeAsync();

    private async ValueTask<CoverageCell?> ReadAsync(CancellationToken cancel)
    {
        if (!await rows.ReadAsync(cancel))
            return null;
        var row = rows.Columns;
        // Thousands of cells of one series follow each other, and five texts a row would cost more than all the rest.
        var id = row.GetInt64(0);
        if (series is null || id != seriesId)
            (series, seriesId) = (all is null ? SeriesOf(row, 10) : all[id], id);
        var newest = all is not null ? default : ((int)row.GetInt64(7), (int)row.GetInt64(8), row.GetInt64(9));
        return new CoverageCell(series, Period(row.GetString(1), digits), new CoverageSum(
            row.GetInt64(2), row.GetInt64(3), row.IsDBNull(4) ? null : row.GetString(4),
            newest, row.GetString(5), row.GetString(6)));
    }
}
