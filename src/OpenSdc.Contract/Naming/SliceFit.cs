namespace OpenSdc.Contract.Naming;

/// <summary>
/// What a slice of a name costs for one piece of a template: 0 where it fits, more the less it can be meant
/// for the piece.
/// </summary>
internal static class SliceFit
{
    /// <summary>A misspelled field costs less than one that is not there; a field that runs over a mark costs more than that.</summary>
    public const int Unreal = 1, Wrong = 2, Missing = 3, Leftover = 4;

    // A word where a date belongs: the date is not there, and the word belongs nowhere.
    private const int Word = Missing + Wrong;

    public static int Of(Node piece, ReadOnlySpan<char> text, bool ignoreCase) => piece switch
    {
        Literal literal => Of(literal, text, ignoreCase),
        _ when text.IsEmpty => Missing,
        Slot slot => Of(slot.Field, text, ignoreCase),
        Group group => Of(group, text, ignoreCase),
        _ => Wrong,
    };

    /// <summary>Whether the text is the literal without the <c>_</c> that it begins or ends with.</summary>
    public static bool LacksMark(Literal literal, ReadOnlySpan<char> text) =>
        literal.Text.Length > 1 && text.Length == literal.Text.Length - 1
        && ((literal.Text[^1] == '_' && literal.Text.AsSpan(..^1).Equals(text, StringComparison.OrdinalIgnoreCase))
            || (literal.Text[0] == '_' && literal.Text.AsSpan(1).Equals(text, StringComparison.OrdinalIgnoreCase)));

    /// <summary>The characters at the front of the text that the pieces of a group take.</summary>
    public static int Taken(Group group, ReadOnlySpan<char> text)
    {
        var at = 0;
        foreach (var part in group.Parts)
        {
            var rest = text[at..];
            var (taken, whole) = part switch
            {
                Literal literal => (rest.CommonPrefixLength(literal.Text), literal.Text.Length),
                Slot { Field.Width: > 0 and var width } => (Math.Min(width, Digits(rest)), width),
                _ => (Digits(rest), 1),
            };
            at += taken;
            if (taken < whole) break;
        }

        return at;
    }

    private static int Of(Literal literal, ReadOnlySpan<char> text, bool ignoreCase)
    {
        if (text.SequenceEqual(literal.Text)) return 0;
        if (text.Equals(literal.Text, StringComparison.OrdinalIgnoreCase)) return ignoreCase ? 0 : Unreal;
        return LacksMark(literal, text) ? Unreal : Missing;
    }

    private static int Of(Field field, ReadOnlySpan<char> text, bool ignoreCase)
    {
        switch (field.Kind)
        {
            case FieldKind.OneOf:
                if (field.Find(text, ignoreCase) is not null) return 0;
                if (field.Find(text, ignoreCase: true) is not null) return Unreal;

                // A dot too many is sooner the version's than the extension's, and so are digits.
                return field.Role == Role.Extension && (text.Contains('.') || !text.ContainsAnyExceptInRange('0', '9')) ? Missing : Wrong;
            case FieldKind.Text or FieldKind.Words:
                var marks = 0;
                foreach (var c in text)
                {
                    if (field.Takes(c)) continue;
                    if (c != '_') return Wrong;
                    marks++;
                }

                return marks == 0 ? 0 : Missing + marks;
            case FieldKind.Digits:
                if (text.ContainsAnyExceptInRange('0', '9') || (field.Width > 0 && text.Length != field.Width))
                    return Wrong;
                return field.Role == Role.None
                    ? OwnText.Recorded(field, text) is null
                        ? Unreal
                        : 0
                    : DayText.Numbers(text, out _)
                        ? 0
                        : Unreal;
            default:
                return OfDate(field, text);
        }
    }

    private static int OfDate(Field field, ReadOnlySpan<char> text)
    {
        if (IsReal(field, text)) return 0;
        if (field.HasForm(text)) return Unreal;
        var marks = field.Form.Count(c => c == '_');
        if (!text.ContainsAnyInRange('0', '9') || !char.IsAsciiDigit(text[0])) return Word;
        if (text.Count('_') > marks) return Leftover;

        // Half of a date is no date misspelled: the date is not there.
        return text.Length * 2 > field.Length ? Wrong : Missing;
    }

    // Whether a second 60 is one depends on the day, which is looked at when the record is made.
    private static bool IsReal(Field field, ReadOnlySpan<char> text) =>
        field.IsTime ? TimeText.TryRead(field.Kind, text, new DateOnly(2016, 12, 31), out _) : DayText.TryRead(field.Kind, text, out _);

    private static int Of(Group group, ReadOnlySpan<char> text, bool ignoreCase)
    {
        CaptureSet captured = default;
        Span<int> captures = captured;
        captures.Fill(-1);
        if (group.Matches(text, ignoreCase, captures)) return AreReal(group, text, captures) ? 0 : Unreal;
        return !ignoreCase && group.Matches(text, ignoreCase: true, captures) ? Unreal : OfOther(group, text);
    }

    /// <summary>Whether the numbers, days and times of a group that fits by its characters are real ones.</summary>
    private static bool AreReal(Group group, ReadOnlySpan<char> text, ReadOnlySpan<int> captures)
    {
        foreach (var slot in group.Parts.OfType<Slot>())
        {
            var slice = text[captures[slot.Field.Place * 2]..captures[(slot.Field.Place * 2) + 1]];
            if (slot.Field.Kind != FieldKind.OneOf && Of(slot.Field, slice, ignoreCase: true) != 0) return false;
        }

        return true;
    }

    // What does not begin as the group does, or has no digit at all, is another part of the name; so is what runs over a mark.
    private static int OfOther(Group group, ReadOnlySpan<char> text)
    {
        if (text.Contains('_')) return Leftover;
        var begins = group.Parts[0] is not Literal first || text.StartsWith(first.Text, StringComparison.OrdinalIgnoreCase);
        return begins && text.ContainsAnyInRange('0', '9') ? Wrong : Missing;
    }

    private static int Digits(ReadOnlySpan<char> text) => text.IndexOfAnyExceptInRange('0', '9') is var end and >= 0 ? end : text.Length;
}
