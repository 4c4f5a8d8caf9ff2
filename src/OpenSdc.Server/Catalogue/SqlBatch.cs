using System.Globalization;

namespace OpenSdc.Server.Catalogue;

/// <summary>
/// Statements about several rows at once: one round trip to the database instead of one a row. They exist in
/// few lengths, so that few statements are prepared; what is missing to the next length is filled by naming
/// the last row again, which changes nothing.
/// </summary>
internal static class SqlBatch
{
    /// <summary>The most rows of one statement.</summary>
    public const int Most = 64;

    private static readonly int[] Lengths = [1, 8, 16, Most];

    // Most statements have few parameters; the name of each is then made once.
    private static readonly string[] Names = [.. Enumerable.Range(0, 32).Select(MakeName)];

    /// <summary>The name of a statement's parameter: <c>@p0</c>, <c>@p1</c>, …</summary>
    public static string Name(int place) => place < Names.Length ? Names[place] : MakeName(place);

    /// <summary>The rows in groups, each filled up to one of the lengths.</summary>
    public static IEnumerable<T[]> Groups<T>(IReadOnlyCollection<T> rows)
    {
        foreach (var group in rows.Chunk(Most))
        {
            var length = Lengths.First(each => each >= group.Length);
            yield return [.. group, .. Enumerable.Repeat(group[^1], length - group.Length)];
        }
    }

    /// <summary>
    /// The list <c>@p1, @p2, …</c> for a statement over so many rows, after <paramref name="before"/>
    /// parameters of its own.
    /// </summary>
    public static string List(int rows, int before = 0) => string.Join(", ", Enumerable.Range(before, rows).Select(Name));

    /// <summary>The rows <c>(@p1, @p2), (@p3, @p4), …</c>.</summary>
    /// <param name="rows">How many.</param>
    /// <param name="columns">Each value of a row, <c>{0}</c> where its parameter stands: one that no column
    /// gives its type must say it.</param>
    /// <param name="before">Parameters of the statement's own, before these.</param>
    public static string Rows(int rows, string[] columns, int before = 0) =>
        string.Join(
            ", ",
            Enumerable
                .Range(0, rows)
                .Select(row =>
                    $"({string.Join(", ", columns.Select((column, i) => string.Format(CultureInfo.InvariantCulture, column, Name(before + row * columns.Length + i))))})"
                )
        );

    private static string MakeName(int place) => string.Create(CultureInfo.InvariantCulture, $"@p{place}");
}
