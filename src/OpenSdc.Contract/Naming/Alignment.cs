namespace OpenSdc.Contract.Naming;

/// <summary>
/// Lays a name that fits nothing along one way through a template, so that as little as possible is wrong: the pieces of
/// the way get adjoining slices of the name, and each slice that does not fit costs. Slices end only where a name can be
/// cut (before <c>_</c>, before a mark that the template has next, at a field's width), so the table stays small.
/// </summary>
internal ref struct Alignment(Variant variant, ReadOnlySpan<char> name, Span<ushort> cost, Span<byte> next)
{
    private const ushort Unknown = 0;
    private const int Cuts = 8;

    // In the place of an end, and before any slice that it can stand for: this piece and the next are not there.
    private const int Both = 0;
    private readonly Node[] _pieces = variant.Pieces;
    private readonly ReadOnlySpan<char> _name = name;
    private readonly Span<ushort> _cost = cost;
    private readonly Span<byte> _next = next;
    private readonly int _width = name.Length + 1;

    public int Work { get; private set; }

    /// <summary>The room that the table needs.</summary>
    public static int Room(Variant variant, int length) => (variant.Pieces.Length + 1) * (length + 1);

    /// <summary>The least that the name costs along this way.</summary>
    public int Cost() => Cost(0, 0);

    /// <summary>Where the slice of each piece ends, once the cost is known.</summary>
    public readonly int[] Ends()
    {
        var ends = new int[_pieces.Length];
        var at = 0;
        for (var piece = 0; piece < ends.Length; piece++)
        {
            var end = _next[(piece * _width) + at];
            if (end < at) ends[piece++] = at;
            else at = end;
            ends[piece] = at;
        }

        return ends;
    }

    private int Cost(int piece, int at)
    {
        Work++;
        if (piece == _pieces.Length) return at == _name.Length ? 0 : SliceFit.Leftover;
        var place = (piece * _width) + at;
        if (_cost[place] != Unknown) return _cost[place] - 1;

        var best = int.MaxValue;
        var bestEnd = at;
        Span<int> ends = stackalloc int[Cuts + 4];
        var count = _pieces[piece] is Literal literal ? EndsOf(piece, literal, at, ends) : EndsOfField(piece, at, ends);
        foreach (var end in ends[..count])
        {
            var here = Of(piece, at, end);
            if (here >= best) continue;
            var total = here + Cost(piece + 1, end);
            if (total >= best) continue;
            (best, bestEnd) = (total, end);
        }

        // A field that is not there takes one mark beside it along, at no further cost.
        if (at > 0 && IsFieldWithMark(piece) && SliceFit.Missing + Cost(piece + 2, at) is var without && without < best)
            (best, bestEnd) = (without, Both);

        _cost[place] = (ushort)(best + 1);
        _next[place] = (byte)bestEnd;
        return best;
    }

    private readonly int Of(int piece, int at, int end)
    {
        var text = _name[at..end];
        var fit = SliceFit.Of(_pieces[piece], text, variant.Convention.IgnoreCase);
        return _pieces[piece] switch
        {
            // The end of a literal that is not there goes with the field after it, where nothing is left that could be that field.
            Literal literal when SliceFit.LacksMark(literal, text) && (end == _name.Length || _name[end] is '_' or '.') => 0,

            // Digits in the place of text are sooner the date or the version, and the text is not there.
            Slot { Field.Kind: FieldKind.Text or FieldKind.Words } when fit == 0 && !text.ContainsAnyExceptInRange('0', '9') =>
                SliceFit.Unreal,
            _ => fit,
        };
    }

    private readonly bool IsFieldWithMark(int piece) => piece + 1 < _pieces.Length && (_pieces[piece], _pieces[piece + 1]) switch
    {
        (Literal mark, not Literal) => mark.IsMark,
        (not Literal, Literal mark) => mark.IsMark,
        _ => false,
    };

    private readonly int EndsOf(int piece, Literal literal, int at, Span<int> ends)
    {
        var rest = _name[at..];
        var text = literal.Text;
        var count = 0;
        var isThere = rest.StartsWith(text, StringComparison.OrdinalIgnoreCase);
        if (isThere) ends[count++] = at + text.Length;
        else ends[count++] = at;
        if (literal.IsMark || rest.IsEmpty) return count;

        if (!isThere && text.Length > 1)
        {
            // Another character at its front, or without the mark at its front or at its end.
            if (rest[1..].StartsWith(text.AsSpan(1), StringComparison.OrdinalIgnoreCase)) ends[count++] = at + text.Length;
            var shorter = text.Length - 1;
            if (rest.Length >= shorter && SliceFit.LacksMark(literal, rest[..shorter])) ends[count++] = at + shorter;
        }

        if (!isThere)
        {
            var stop = rest.IndexOfAny('_', '.');
            ends[count++] = stop < 0 ? _name.Length : at + stop + (text[^1] == rest[stop] ? 1 : 0);
        }

        // Other words, up to where the digits of the next piece begin.
        if (BeginsWithDigit(piece + 1) && rest.IndexOfAnyInRange('0', '9') is var digit and > 0) ends[count++] = at + digit;
        return count;
    }

    private readonly bool BeginsWithDigit(int piece) => piece < _pieces.Length && _pieces[piece] switch
    {
        Slot { Field: { IsDate: true } or { IsTime: true } or { Kind: FieldKind.Digits } } => true,
        Group { Parts: [Slot { Field.Kind: FieldKind.Digits }, ..] } => true,
        _ => false,
    };

    private readonly int EndsOfField(int piece, int at, Span<int> ends)
    {
        var field = _pieces[piece] is Slot slot ? slot.Field : ((Group)_pieces[piece]).Field;
        var count = 0;
        if (piece == _pieces.Length - 1)
        {
            ends[count++] = _name.Length;
            return count;
        }

        var mark = _pieces[piece + 1] is Literal literal ? literal.Text[0] : '_';
        var underscores = field.Kind switch
        {
            FieldKind.DayOfYear => 2,
            FieldKind.Text => 3,
            FieldKind.Words when field.Role != Role.Version => Cuts,
            _ => 1,
        };
        if (field.Length > 0 && at + field.Length <= _name.Length) ends[count++] = at + field.Length;

        // Between two fields without a mark only a word itself tells where it ends; a wrong one ends where all of the list do.
        if (field.Kind == FieldKind.OneOf && _pieces[piece + 1] is not Literal)
        {
            var isOfOneLength = Array.TrueForAll(field.Values, word => word.Length == field.Values[0].Length);
            foreach (var word in field.Values)
            {
                if (
                    count < 3
                    && at + word.Length <= _name.Length
                    && !ends[..count].Contains(at + word.Length)
                    && (isOfOneLength || _name[at..].StartsWith(word, StringComparison.OrdinalIgnoreCase))
                )
                    ends[count++] = at + word.Length;
            }
        }

        for (var i = at; i < _name.Length && underscores > 0 && count < Cuts; i++)
        {
            if (_name[i] != '_' && _name[i] != mark) continue;
            if (i > at) ends[count++] = i;
            if (_name[i] == '_') underscores--;
        }

        // A dot in the version, or in an extension of two parts, must not hide the last dot, nor a mark in the version the first. What
        // stands before the last dot may be any field, where those between are not there.
        if (_name.LastIndexOf('.') is var dot && dot > at)
        {
            ends[count++] = dot;
            if (mark == '.' && _name[at..].IndexOf('.') is var first and > 0 && at + first < dot) ends[count++] = at + first;
        }

        if (_name.Length > at) ends[count++] = _name.Length;
        ends[count++] = at;
        return count;
    }
}
