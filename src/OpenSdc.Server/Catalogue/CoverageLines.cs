using System.Text;

namespace OpenSdc.Server.Catalogue;

/// <summary>Cells of one series in the order of their periods, all in one text, each as <see cref="CoverageLine"/> says.</summary>
internal readonly record struct CoverageLines(Series Series, ReadOnlyMemory<byte> Text);

/// <summary>
/// A cell as the database writes it: <c>period/files/bytes/version/first/last</c>, and a slash before the next one. No part of a file's name has a slash in it.
/// </summary>
internal readonly ref struct CoverageLine
{
    private const byte End = (byte)'/';

    public required ReadOnlySpan<byte> Period { get; init; }

    public required ReadOnlySpan<byte> Files { get; init; }

    public required ReadOnlySpan<byte> Bytes { get; init; }

    /// <summary>Empty where the names have none.</summary>
    public required ReadOnlySpan<byte> Version { get; init; }

    public required ReadOnlySpan<byte> First { get; init; }

    public required ReadOnlySpan<byte> Last { get; init; }

    /// <summary>The first of the lines, which are then those after it.</summary>
    public static CoverageLine Take(ref ReadOnlySpan<byte> lines) => new()
    {
        Period = Part(ref lines), Files = Part(ref lines), Bytes = Part(ref lines), Version = Part(ref lines), First = Part(ref lines), Last = Part(ref lines),
    };

    public static byte[] Of(in CoverageCell cell) => Encoding.UTF8.GetBytes(
        FormattableString.Invariant($"{cell.Period}/{cell.Sum.Files}/{cell.Sum.Bytes}/{cell.Sum.Version}/{cell.Sum.First}/{cell.Sum.Last}"));

    private static ReadOnlySpan<byte> Part(ref ReadOnlySpan<byte> lines)
    {
        var length = lines.IndexOf(End);
        var part = length < 0 ? lines : lines[..length];
        lines = length < 0 ? [] : lines[(length + 1)..];
        return part;
    }
}

/// <summary>
/// The open answer to what some files cover, for who only hands it on: as text of a year of a series at a time where the database can write that, and otherwise
/// of a cell. Dispose it also when it is left half read.
/// </summary>
internal sealed class CoverageText : IAsyncDisposable
{
    private readonly Rows? years;
    private readonly CoverageCells? cells;

    /// <param name="years">Rows of <see cref="CoveragePlan.YearsOf"/>.</param>
    public CoverageText(Rows years) => (this.years, State) = (years, years.State);

    public CoverageText(CoverageCells cells) => (this.cells, State) = (cells, cells.State);

    /// <summary>The state of the archive that they are of.</summary>
    public ArchiveState State { get; }

    /// <summary>The next lines, at least one, or null after the last.</summary>
    public async ValueTask<CoverageLines?> NextAsync(CancellationToken cancel)
    {
        if (cells is not null)
            return await cells.NextAsync(cancel) is { } cell ? new CoverageLines(cell.Series, CoverageLine.Of(cell)) : null;
        while (await years!.ReadAsync(cancel))
        {
            // A year may have files, and none of them in the days that are asked for.
            if (!years.Columns.IsDBNull(0))
                return new CoverageLines(CoverageCells.SeriesOf(years.Columns, 1), years.Columns.GetFieldValue<byte[]>(0));
        }

        return null;
    }

    public ValueTask DisposeAsync() => cells?.DisposeAsync() ?? years!.DisposeAsync();
}
