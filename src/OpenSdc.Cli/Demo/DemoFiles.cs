namespace OpenSdc.Cli.Demo;

/// <summary>One synthetic file: its name and all its bytes, which are a few kilobytes.</summary>
internal sealed record DemoFile(string Name, ReadOnlyMemory<byte> Content);

/// <summary>
/// Fills an empty archive with something to look at. The files are synthetic and say so, but each is well-formed in its own format.
/// </summary>
/// <remarks>
/// File <c>i</c> is a function of <c>i</c> alone: no clock, no state. So the same count gives the same files with the same digests on
/// every machine, a larger count begins with the files of a smaller one, and a demo that was stopped can be started again.
/// </remarks>
internal static class DemoFiles
{
    /// <summary>Above this the versions would need more digits than their names have.</summary>
    public const int MaxCount = 5_000_000;

    private const int Days = 365;

    /// <summary>Products start on different days, so that few files already spread over many.</summary>
    private const int DaysBetweenProducts = 37;

    private static readonly DateOnly FirstDay = new(2025, 10, 1);

    /// <summary>One round of publication: each product with each of its revisions, one behind the other.</summary>
    private static readonly (DemoProduct Product, int Index, int Revision)[] Round =
        [.. DemoProducts.All.SelectMany((product, index) =>
            Enumerable.Range(1, product.Revisions).Select(revision => (product, index, revision)))];

    /// <summary>The first <paramref name="count"/> files, made one at a time as they are asked for.</summary>
    public static IEnumerable<DemoFile> Generate(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, MaxCount);
        return Enumerable.Range(0, count).Select(At);
    }

    /// <summary>File number <paramref name="index"/>, from 0.</summary>
    public static DemoFile At(int index)
    {
        var file = Describe(index);
        return new DemoFile(file.Name, DemoContent.Of(file));
    }

    /// <summary>
    /// What file number <paramref name="index"/> is. A product takes a new day every round; after a year of rounds it begins the year
    /// again with higher versions, as a reprocessing does. Product, day and version together determine the index, so no name repeats.
    /// </summary>
    public static DemoDescription Describe(int index)
    {
        var (round, slot) = Math.DivRem(index, Round.Length);
        var (product, position, revision) = Round[slot];
        var dayIndex = (round + position * DaysBetweenProducts) % Days;
        var version = round / Days * product.Revisions + revision;
        var day = FirstDay.AddDays(dayIndex);
        var name = product.Name(day, dayIndex, version, serial: round * product.Revisions + revision - 1);
        return new DemoDescription(product, day, dayIndex, version, name, (ulong)index);
    }
}

/// <summary>What one file is, before it has bytes.</summary>
/// <param name="Product">The kind of file.</param>
/// <param name="Day">The day that its data begin.</param>
/// <param name="DayIndex">The same, counted from the first day of the archive.</param>
/// <param name="Version">From 1 up.</param>
/// <param name="Name">Its name.</param>
/// <param name="Seed">Where its noise begins: no two files have the same.</param>
internal sealed record DemoDescription(DemoProduct Product, DateOnly Day, int DayIndex, int Version, string Name, ulong Seed);
