namespace OpenSdc.Contract.Naming;

/// <summary>
/// What every name that matches a pattern with <c>*</c> and <c>?</c> says of its file, so that a server can
/// leave out the others: the fields before the first wildcard, as the conventions of the mission read them.
/// </summary>
/// <param name="Instrument">Instrument, or null where the pattern does not fix it.</param>
/// <param name="DataLevel">Data level, or null.</param>
/// <param name="Descriptor">Descriptor, or null.</param>
public sealed record NamePattern(string? Instrument, string? DataLevel, string? Descriptor)
{
    /// <summary>Nothing is known of the files.</summary>
    public static NamePattern Unknown { get; } = new(null, null, null);

    /// <summary>Reads a pattern of bare names.</summary>
    /// <param name="pattern">The pattern, e.g. <c>imap_mag_l1a_norm_2026*</c>.</param>
    /// <param name="mission">Whose names they are.</param>
    /// <param name="family">The family that is asked for; null for the first one of the mission, which a
    /// query without a family is about.</param>
    public static NamePattern Read(string pattern, Mission mission, string? family = null)
    {
        var asked = family is null ? mission.Families[0] : mission.FindFamily(family);
        var end = pattern.AsSpan().IndexOfAny('*', '?');
        if (asked is null || end < 1)
            return Unknown;
        NamePattern? all = null;
        foreach (var convention in asked.Conventions)
        {
            if (convention.IgnoreCase)
                return Unknown;
            if (Read(convention, pattern.AsSpan(0, end)) is { } one)
                all = all is null
                    ? one
                    : new(Same(all.Instrument, one.Instrument), Same(all.DataLevel, one.DataLevel), Same(all.Descriptor, one.Descriptor));
        }

        return all ?? Unknown;

        static string? Same(string? one, string? other) => one == other ? one : null;
    }

    /// <summary>The fields of a beginning of names; null where the convention has no name that begins so.</summary>
    private static NamePattern? Read(Convention convention, ReadOnlySpan<char> text)
    {
        var found = Unknown;
        var nodes = convention.Nodes;
        for (var i = 0; i < nodes.Length; i++)
        {
            if (nodes[i] is Literal literal)
            {
                if (!text.StartsWith(literal.Text, StringComparison.Ordinal))
                    return literal.Text.AsSpan().StartsWith(text, StringComparison.Ordinal) ? found : null;
                text = text[literal.Text.Length..];
                continue;
            }

            // A field ends at the text behind it; where that is not reached, a wildcard may go on with it.
            if (nodes[i] is not Slot { Field: var field } || i + 1 == nodes.Length || nodes[i + 1] is not Literal { Text: var after }
                || field.Kind is not (FieldKind.OneOf or FieldKind.Text))
                return found;
            var length = field.Kind == FieldKind.OneOf ? LengthOf(field, text, after[0]) : after[0] == '_' ? text.IndexOf('_') : -1;
            if (length < 1)
                return field.Kind == FieldKind.OneOf && IsNone(field, text, after) ? null : found;
            var word = convention.RecordedWord(field, text[..length]);
            found = field.Role switch
            {
                Role.Instrument => found with { Instrument = word },
                Role.Level => found with { DataLevel = word },
                Role.Descriptor => found with { Descriptor = word },
                _ => found,
            };
            text = text[length..];
        }

        return found;
    }

    /// <summary>Whether no word of the list can begin the text, so that it is of another convention.</summary>
    private static bool IsNone(Field field, ReadOnlySpan<char> text, string after)
    {
        foreach (var word in field.Values)
        {
            var whole = word + after;
            if (text.StartsWith(whole, StringComparison.Ordinal) || whole.AsSpan().StartsWith(text, StringComparison.Ordinal))
                return false;
        }

        return true;
    }

    /// <summary>Length of the one word of the list with which the text begins, and which ends there; otherwise -1.</summary>
    private static int LengthOf(Field field, ReadOnlySpan<char> text, char after)
    {
        var length = -1;
        foreach (var word in field.Values)
        {
            if (!text.StartsWith(word, StringComparison.Ordinal) || text.Length == word.Length || text[word.Length] != after)
                continue;
            if (length >= 0 && length != word.Length)
                return -1;
            length = word.Length;
        }

        return length;
    }
}
