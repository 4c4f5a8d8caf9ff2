using System.Globalization;
using System.Text;

namespace OpenSdc.Server.Catalogue;

/// <summary>
/// Statements about several rows at once: one round trip to the database instead of one a row. They exist in few lengths, so that few statements are
/// prepared; what is missing to the next length is filled by naming the last row again, which changes nothing.
/// </summary>
internal static class Several
{
    /// <summary>The most rows of one statement.</summary>
    public const int Most = 64;

    private static readonly int[] Lengths = [1, 8, Most];

    /// <summary>The rows in groups, each filled up to one of the lengths.</summary>
    public static IEnumerable<T[]> Groups<T>(IReadOnlyCollection<T> rows)
    {
        foreach (var group in rows.Chunk(Most))
        {
            var length = Lengths.First(each => each >= group.Length);
            yield return [.. group, .. Enumerable.Repeat(group[^1], length - group.Length)];
        }
    }

    /// <summary>The list <c>@p1, @p2, …</c> for a statement over so many rows, after <paramref name="before"/> parameters of its own.</summary>
    public static string List(int rows, int before = 0) => Write(rows, 1, before, "", "");

    /// <summary>The rows <c>(@p1, @p2), (@p3, @p4), …</c>, each with so many values.</summary>
    public static string Rows(int rows, int columns, int before = 0) => Write(rows, columns, before, "(", ")");

    private static string Write(int rows, int columns, int before, string open, string close)
    {
        var text = new StringBuilder();
        for (var row = 0; row < rows; row++)
        {
            text.Append(row == 0 ? open : ", " + open);
            for (var column = 0; column < columns; column++)
                text.Append(CultureInfo.InvariantCulture, $"{(column == 0 ? "" : ", ")}@p{before + row * columns + column}");
            text.Append(close);
        }

        return text.ToString();
    }
}
