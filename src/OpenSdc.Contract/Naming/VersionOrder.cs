namespace OpenSdc.Contract.Naming;

/// <summary>
/// Orders the versions of one series: by number, major before minor, then by the other pieces of the version
/// as the name has them. A version without a major sorts below every one with a major, whatever its minor; a
/// name without any version sorts below all.
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
        var text = new OrderText(stackalloc char[256]);
        text.Append(major);
        text.Append(minor);
        for (var i = 0; i < others.Length; i++)
        {
            // Below every character of a name, so that a piece sorts before one that begins with it.
            if (i > 0) text.Append(' ');
            text.AppendPiece(others[i]);
        }

        return text.ToString();
    }

    /// <summary>The text while it is made; it is short, since versions are.</summary>
    private ref struct OrderText(Span<char> buffer)
    {
        private readonly Span<char> _buffer = buffer;
        private int _length;

        public void Append(char c) => _buffer[_length++] = c;

        // A missing number sorts lowest.
        public void Append(int? number)
        {
            Span<char> digits = stackalloc char[10];
            if (number is { } value && value.TryFormat(digits, out var length)) AppendNumber(digits[..length]);
            else Append('-');
        }

        /// <summary>Digits count as a number, also beside letters: <c>b9</c> comes before <c>b10</c>.</summary>
        public void AppendPiece(scoped ReadOnlySpan<char> piece)
        {
            while (piece.Length > 0)
            {
                var digits = piece.IndexOfAnyExceptInRange('0', '9') is var end and >= 0 ? end : piece.Length;
                if (digits == 0) Append(piece[0]);
                else AppendNumber(piece[..digits]);
                piece = piece[Math.Max(1, digits)..];
            }
        }

        public override readonly string ToString() => new(_buffer[.._length]);

        /// <summary>Of two numbers the one with fewer digits is the smaller.</summary>
        private void AppendNumber(scoped ReadOnlySpan<char> digits)
        {
            digits = digits.TrimStart('0') is { Length: > 0 } rest ? rest : "0";
            if (digits.Length < 10)
            {
                Append((char)('0' + digits.Length));
            }
            else
            {
                Append(':');
                digits.Length.TryFormat(_buffer[_length..], out var written, "D3");
                _length += written;
            }

            digits.CopyTo(_buffer[_length..]);
            _length += digits.Length;
        }
    }
}
