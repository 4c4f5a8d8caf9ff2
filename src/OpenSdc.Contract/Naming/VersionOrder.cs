using System.Text;

namespace OpenSdc.Contract.Naming;

/// <summary>
/// Orders the versions of one series: by number, major before minor, then by the other pieces of the version as the name has them. A version without a major sorts below every one
/// with a major, whatever its minor; a name without any version sorts below all.
/// </summary>
public sealed class VersionOrder : IComparer<FileName>
{
    /// <summary>The longest version that a name may have. Its order then has at most 100 characters.</summary>
    internal const int LongestVersion = 48;

    /// <summary>The one instance.</summary>
    public static VersionOrder Instance { get; } = new();

    private VersionOrder() { }

    /// <inheritdoc />
    public int Compare(FileName? x, FileName? y) =>
        x is null || y is null
            ? (x is not null).CompareTo(y is not null)
            : string.CompareOrdinal(x.VersionOrder, y.VersionOrder);

    /// <summary>A text that sorts as the versions do, by its bytes.</summary>
    /// <param name="major">The major version.</param>
    /// <param name="minor">The minor version.</param>
    /// <param name="others">The other pieces, in the order of the name.</param>
    internal static string Of(int? major, int? minor, ReadOnlySpan<string> others)
    {
        var text = new StringBuilder();
        Append(text, major);
        Append(text, minor);
        for (var i = 0; i < others.Length; i++)
        {
            // Below every character of a name, so that a piece sorts before one that begins with it.
            if (i > 0) text.Append(' ');
            AppendPiece(text, others[i]);
        }

        return text.ToString();
    }

    // A missing number sorts lowest.
    private static void Append(StringBuilder text, int? number)
    {
        if (number is { } value) AppendNumber(text, value.ToString("D"));
        else text.Append('-');
    }

    /// <summary>Digits count as a number, also beside letters: <c>b9</c> comes before <c>b10</c>.</summary>
    private static void AppendPiece(StringBuilder text, ReadOnlySpan<char> piece)
    {
        while (piece.Length > 0)
        {
            var digits = piece.IndexOfAnyExceptInRange('0', '9') is var end and >= 0 ? end : piece.Length;
            if (digits == 0)
            {
                text.Append(piece[0]);
                piece = piece[1..];
                continue;
            }

            AppendNumber(text, piece[..digits]);
            piece = piece[digits..];
        }
    }

    /// <summary>Of two numbers the one with fewer digits is the smaller.</summary>
    private static void AppendNumber(StringBuilder text, ReadOnlySpan<char> digits)
    {
        digits = digits.TrimStart('0') is { Length: > 0 } rest ? rest : "0";
        if (digits.Length < 10) text.Append((char)('0' + digits.Length));
        else text.Append(':').Append($"{digits.Length:D3}");
        text.Append(digits);
    }
}
