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

    /// <summary>One round of publication: each product with each of its revisions, one behind the other.</summary>
    private static readonly (DemoProduct Product, int Index, int Revision)[] Round =
        [.. DemoProducts.All.SelectMany((product, index) =>
            Enumerable.Range(1, product.Revisions).Select(revision => (product, index, revision)))];

    /// <summary>The days of each product, in the order in which it takes them.</summary>
    private static readonly IReadOnlyList<int>[] DaysOf = [.. DemoProducts.All.Select(DemoCalendar.DaysOf)];

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
    /// What file number <paramref name="index"/> is. A product takes its next day every round; after all its
    /// days it begins them again with higher versions, as a reprocessing does. Product, day and version
    /// together determine the index, so no name repeats.
    /// </summary>
    public static DemoDescription Describe(int index)
    {
        var (round, slot) = Math.DivRem(index, Round.Length);
        var (product, position, revision) = Round[slot];
        var days = DaysOf[position];
        var (pass, turn) = Math.DivRem(round, days.Count);
        var dayIndex = days[turn];
        var day = DemoCalendar.FirstDay.AddDays(dayIndex);
        var name = product.Name(day, dayIndex, pass * product.Revisions + revision, serial: round * product.Revisions + revision - 1);
        return new DemoDescription(product, day, dayIndex, pass * product.Revisions + revision, name, (ulong)index)
        {
            Arrival = DemoCalendar.ArrivalOf(product, dayIndex, pass, revision, (ulong)index),
        };
    }
}

/// <summary>What one file is, before it has bytes.</summary>
/// <param name="Product">The kind of file.</param>
/// <param name="Day">The day that its data begin.</param>
/// <param name="DayIndex">The same, counted from the first day of the archive.</param>
/// <param name="Version">From 1 up.</param>
/// <param name="Name">Its name.</param>
/// <param name="Seed">Where its noise begins: no two files have the same.</param>
internal sealed record DemoDescription(DemoProduct Product, DateOnly Day, int DayIndex, int Version, string Name, ulong Seed)
{
    /// <summary>When it reaches the archive: days after its data, some of them late.</summary>
    public required DateTimeOffset Arrival { get; init; }
}
