using System.Buffers.Text;

namespace OpenSdc.Server.Catalogue;

/// <summary>Buckets of one product in the order of their periods, all in one text, each as <see cref="CoverageLine"/> says.</summary>
internal readonly record struct CoverageLines(Product Product, ReadOnlyMemory<byte> Text);

/// <summary>
/// A bucket as the database writes it: <c>period/files/bytes/version/first/last</c>, and a slash before the
/// next one. No part of a file's name has a slash in it.
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
    public static CoverageLine Take(ref ReadOnlySpan<byte> lines) =>
        new()
        {
            Period = Part(ref lines),
            Files = Part(ref lines),
            Bytes = Part(ref lines),
            Version = Part(ref lines),
            First = Part(ref lines),
            Last = Part(ref lines),
        };

    /// <summary>A number of the line.</summary>
    public static long Number(ReadOnlySpan<byte> digits) =>
        Utf8Parser.TryParse(digits, out long number, out _)
            ? number
            : throw new FormatException("A line of coverage has no number where one must be.");

    private static ReadOnlySpan<byte> Part(ref ReadOnlySpan<byte> lines)
    {
        var length = lines.IndexOf(End);
        var part = length < 0 ? lines : lines[..length];
        lines = length < 0 ? [] : lines[(length + 1)..];
        return part;
    }
}

/// <summary>The open answer to what some files cover. Dispose it also when it is left half read.</summary>
internal sealed class CoverageRows(Rows rows, IReadOnlyList<Product> products) : IAsyncDisposable
{
    private readonly Dictionary<long, Product> byId = products.ToDictionary(product => product.Id);

    /// <summary>The state of the archive that they are of.</summary>
    public ArchiveState State => rows.State;

    /// <summary>The next lines, at least one, or null after the last.</summary>
    public async ValueTask<CoverageLines?> NextAsync(CancellationToken cancel)
    {
        while (await rows.ReadAsync(cancel))
        {
            // A product may have files, and none of them in the days that are asked for.
            if (!rows.Columns.IsDBNull(1))
                return new CoverageLines(byId[rows.Columns.GetInt64(0)], rows.Columns.GetFieldValue<byte[]>(1));
        }

        return null;
    }

    public ValueTask DisposeAsync() => rows.DisposeAsync();
}
