using System.Text;

namespace OpenSdc.Contract.Naming;

/// <summary>Makes a key, the path of a file in the archive, from the fields of its name.</summary>
internal sealed class KeyTemplate
{
    private enum Piece { Text, Field, Name, Year, Month, Day }

    private readonly (Piece Piece, string Text, Field? Field)[] _pieces;

    private KeyTemplate((Piece, string, Field?)[] pieces) => _pieces = pieces;

    /// <summary>
    /// Reads e.g. <c>imap/{instrument}/{start:yyyy}/{name}</c>; it ends in <c>/{name}</c>, and uses only
    /// fields that every name has.
    /// </summary>
    /// <param name="text">The template.</param>
    /// <param name="owner">How a sentence calls the convention.</param>
    /// <param name="always">The fields that every name of the convention has, by their names.</param>
    public static KeyTemplate Parse(string text, string owner, IReadOnlyDictionary<string, Field> always)
    {
        if (!text.EndsWith("/{name}", StringComparison.Ordinal) || text.StartsWith('/'))
            throw new MissionFileException($"The key of {owner} must be a path that ends in '/{{name}}': '{text}'.");

        List<(Piece, string, Field?)> pieces = [];
        var at = 0;
        while (at < text.Length)
        {
            var open = text.IndexOf('{', at);
            if (open < 0) open = text.Length;
            if (open > at) pieces.Add((Piece.Text, text[at..open], null));
            if (open == text.Length) break;
            var close = text.IndexOf('}', open);
            if (close < 0) throw new MissionFileException($"The key of {owner} lacks a '}}': '{text}'.");
            pieces.Add(Named(text[(open + 1)..close], text, owner, always));
            at = close + 1;
        }

        return new KeyTemplate([.. pieces]);
    }

    /// <summary>Writes the key; one string is allocated where no folder is a number or day of the mission's own.</summary>
    public string Write(in KeyParts parts)
    {
        Span<char> buffer = stackalloc char[512];
        var length = 0;
        foreach (var (piece, text, field) in _pieces)
        {
            if (Text(piece, text, field, parts) is { } part)
            {
                if (part.Length > buffer.Length - length) return WriteLong(parts);
                part.CopyTo(buffer[length..]);
                length += part.Length;
                continue;
            }

            var (number, digits) = Number(piece, parts.Start!.Value);
            if (digits > buffer.Length - length) return WriteLong(parts);
            for (var i = digits - 1; i >= 0; i--, number /= 10) buffer[length + i] = (char)('0' + (number % 10));
            length += digits;
        }

        return new string(buffer[..length]);
    }

    /// <summary>The fixed text that every key begins with.</summary>
    public string Root => _pieces[0].Piece == Piece.Text ? _pieces[0].Text : "";

    public bool IsSameAs(KeyTemplate other) =>
        _pieces.Length == other._pieces.Length
        && _pieces
            .Zip(other._pieces)
            .All(pair =>
                pair.First.Piece == pair.Second.Piece
                && pair.First.Text == pair.Second.Text
                && pair.First.Field?.Name == pair.Second.Field?.Name
            );

    /// <summary>
    /// What a key begins with, as far as the fields are known. A month without its year before it, or a day
    /// without its month, says nothing of the order of keys.
    /// </summary>
    public string Start(string? instrument, string? level, DateOnly? start)
    {
        var text = new StringBuilder();
        var next = Piece.Year;
        foreach (var (piece, fixedText, field) in _pieces)
        {
            var part = piece switch
            {
                Piece.Text => fixedText,
                Piece.Field => field!.Role switch { Role.Instrument => instrument, Role.Level => level, _ => null },
                Piece.Name => null,
                _ when start is not { } day || piece != next => null,
                _ => DateText(piece, start.Value),
            };
            if (part is null)
                break;
            if (piece == next)
                next++;
            text.Append(part);
        }

        return text.ToString();
    }

    private static string? Text(Piece piece, string text, Field? field, in KeyParts parts) => piece switch
    {
        Piece.Text => text,
        Piece.Name => parts.Name,
        Piece.Field => field!.Role switch
        {
            Role.Instrument => parts.Instrument,
            Role.Level => parts.Level,
            Role.Descriptor => parts.Descriptor,
            _ => OwnText.AsWritten(field, parts.Own[field.Name]!),
        },
        _ => null,
    };

    private static (int Number, int Digits) Number(Piece piece, DateOnly day) =>
        piece switch { Piece.Year => (day.Year, 4), Piece.Month => (day.Month, 2), _ => (day.Day, 2) };

    private static string DateText(Piece piece, DateOnly day)
    {
        var (number, digits) = Number(piece, day);
        return number.ToString($"D{digits}");
    }

    /// <summary>For a mission whose folders are longer than anyone's; the buffer above is for all others.</summary>
    private string WriteLong(KeyParts parts) =>
        string.Concat(_pieces.Select(p => Text(p.Piece, p.Text, p.Field, parts) ?? DateText(p.Piece, parts.Start!.Value)));

    private static (Piece, string, Field?) Named(string what, string text, string owner, IReadOnlyDictionary<string, Field> always)
    {
        if (what == "name") return (Piece.Name, "", null);
        var (piece, field) = what switch
        {
            "start:yyyy" => (Piece.Year, "start"),
            "start:MM" => (Piece.Month, "start"),
            "start:dd" => (Piece.Day, "start"),
            "instrument" or "level" or "descriptor" => (Piece.Field, what),
            _ when Roles.Of(what) == Role.None && always.TryGetValue(what, out var own) && !own.InVersion => (Piece.Field, what),
            _ => throw new MissionFileException(
                $"The key of {owner} uses '{{{what}}}', which is not one of {{instrument}}, {{level}}, {{descriptor}}, {{start:yyyy}}, {{start:MM}}, "
                    + $"{{start:dd}}, {{name}}, nor a field of its own that every name of it has: '{text}'."
            ),
        };
        return always.TryGetValue(field, out var found)
            ? (piece, "", found)
            : throw new MissionFileException($"The key of {owner} uses '{{{what}}}', which not every name of it has: '{text}'.");
    }
}

/// <summary>What a key is made of.</summary>
internal readonly record struct KeyParts(
    string Name,
    string? Instrument,
    string? Level,
    string? Descriptor,
    DateOnly? Start,
    OwnValues Own
);
