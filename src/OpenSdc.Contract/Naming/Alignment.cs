using System.Buffers;

namespace OpenSdc.Contract.Naming;

/// <summary>
/// Lays a name that fits nothing along one way through a template, so that as little as possible is wrong: the pieces of
/// the way get adjoining slices of the name, and each slice that does not fit costs. Slices end only where a name can be
/// cut (before <c>_</c>, before a mark that the template has next, at a field's width), so the table stays small.
/// </summary>
internal ref struct Alignment(Variant variant, ReadOnlySpan<char> name, Span<ushort> cost, Span<byte> next)
{
    /// <summary>What a slice costs: a misspelled field less than one that is not there.</summary>
    public const int Unreal = 1, Wrong = 2, Missing = 3, Leftover = 4;

    private static readonly SearchValues<char> DateMarks = SearchValues.Create("0123456789_");
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

    /// <summary>What one slice costs for one piece.</summary>
    public static int Fit(Node piece, ReadOnlySpan<char> text, bool ignoreCase) => piece switch
    {
        Literal literal => text.SequenceEqual(literal.Text) || (ignoreCase && text.Equals(literal.Text, StringComparison.OrdinalIgnoreCase)) ? 0
            : text.Equals(literal.Text, StringComparison.OrdinalIgnoreCase) ? Unreal : Missing,
        _ when text.IsEmpty => Missing,
        Slot slot => Fit(slot.Field, text, ignoreCase),
        Group group => Fit(group, text, ignoreCase),
        _ => Wrong,
    };

    private static int Fit(Field field, ReadOnlySpan<char> text, bool ignoreCase)
    {
        switch (field.Kind)
        {
            case FieldKind.OneOf:
                if (field.Find(text, ignoreCase) is not null) return 0;
                if (field.Find(text, ignoreCase: true) is not null) return Unreal;

                // A dot too many is sooner the version's than the extension's.
                return field.Role == Role.Extension && text.Contains('.') ? Missing : Wrong;
            case FieldKind.Text or FieldKind.Words:
                foreach (var c in text)
                    if (!field.Takes(c)) return Wrong;
                return 0;
            case FieldKind.Digits:
                if (text.ContainsAnyExceptInRange('0', '9') || (field.Width > 0 && text.Length != field.Width)) return Wrong;
                return DayText.Numbers(text, out _) ? 0 : Unreal;
            default:
                if (DayText.TryRead(field.Kind, text, out _)) return 0;
                if (text.Length == field.Length && !text.ContainsAnyExcept(DateMarks)) return Unreal;

                // A word in a date's place, or half of a date, is no date misspelled: it belongs to another part, and the date is not there.
                return char.IsAsciiDigit(text[0]) && text.Length * 2 > field.Length ? Wrong : Missing;
        }
    }

    private static int Fit(Group group, ReadOnlySpan<char> text, bool ignoreCase)
    {
        var worst = 0;
        foreach (var part in group.Parts)
        {
            var length = part switch
            {
                Literal literal => literal.Text.Length,
                Slot { Field.Length: > 0 } slot => slot.Field.Length,
                _ => text.IndexOfAnyExceptInRange('0', '9') is var end and >= 0 ? end : text.Length,
            };
            if (length > text.Length || Fit(part, text[..length], ignoreCase) is var fit && fit > Unreal) return Wrong;
            worst = Math.Max(worst, fit);
            text = text[length..];
        }

        return text.IsEmpty ? worst : Wrong;
    }

    private int Cost(int piece, int at)
    {
        Work++;
        if (piece == _pieces.Length) return at == _name.Length ? 0 : Leftover;
        var place = (piece * _width) + at;
        if (_cost[place] != Unknown) return _cost[place] - 1;

        var best = int.MaxValue;
        var bestEnd = at;
        Span<int> ends = stackalloc int[Cuts + 4];
        var count = _pieces[piece] is Literal literal ? EndsOf(literal, at, ends) : EndsOfField(piece, at, ends);
        foreach (var end in ends[..count])
        {
            var here = Fit(_pieces[piece], _name[at..end], variant.Convention.IgnoreCase);
            if (here >= best) continue;
            var total = here + Cost(piece + 1, end);
            if (total >= best) continue;
            (best, bestEnd) = (total, end);
        }

        // A field that is not there takes one mark beside it along, at no further cost.
        if (at > 0 && IsFieldWithMark(piece) && Missing + Cost(piece + 2, at) is var without && without < best) (best, bestEnd) = (without, Both);

        _cost[place] = (ushort)(best + 1);
        _next[place] = (byte)bestEnd;
        return best;
    }

    private readonly bool IsFieldWithMark(int piece) => piece + 1 < _pieces.Length && (_pieces[piece], _pieces[piece + 1]) switch
    {
        (Literal mark, not Literal) => mark.IsMark,
        (not Literal, Literal mark) => mark.IsMark,
        _ => false,
    };

    private readonly int EndsOf(Literal literal, int at, Span<int> ends)
    {
        var rest = _name[at..];
        if (rest.StartsWith(literal.Text, StringComparison.OrdinalIgnoreCase))
        {
            ends[0] = at + literal.Text.Length;
            return 1;
        }

        // Another word in its place, or nothing.
        var count = 0;
        if (!literal.IsMark && !rest.IsEmpty)
        {
            var stop = rest.IndexOfAny('_', '.');
            ends[count++] = stop < 0 ? _name.Length : at + stop + (literal.Text[^1] == rest[stop] ? 1 : 0);
        }

        ends[count++] = at;
        return count;
    }

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
        var underscores = field.Kind switch { FieldKind.DayOfYear => 2, FieldKind.Words when field.Role != Role.Version => Cuts, _ => 1 };
        if (field.Length > 0 && at + field.Length <= _name.Length) ends[count++] = at + field.Length;
        for (var i = at; i < _name.Length && underscores > 0 && count < Cuts; i++)
        {
            if (_name[i] != '_' && _name[i] != mark) continue;
            if (i > at) ends[count++] = i;
            if (_name[i] == '_') underscores--;
        }

        // A dot in the version, or in an extension of two parts, must not hide the last dot, nor a mark in the version the first.
        if (mark == '.' && _name.LastIndexOf('.') is var dot && dot > at)
        {
            ends[count++] = dot;
            if (_name[at..].IndexOf('.') is var first and > 0 && at + first < dot) ends[count++] = at + first;
        }

        if (_name.Length > at) ends[count++] = _name.Length;
        ends[count++] = at;
        return count;
    }
}
