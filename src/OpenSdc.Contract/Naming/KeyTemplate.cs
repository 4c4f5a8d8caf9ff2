namespace OpenSdc.Contract.Naming;

/// <summary>Makes a key, the path of a file in the archive, from the fields of its name.</summary>
internal sealed class KeyTemplate
{
    private enum Piece { Text, Field, Name, Year, Month }

    private readonly (Piece Piece, string Text, Role Role)[] _pieces;

    private KeyTemplate((Piece, string, Role)[] pieces) => _pieces = pieces;

    /// <summary>Reads e.g. <c>imap/{instrument}/{start:yyyy}/{name}</c>; it ends in <c>/{name}</c>, and uses only fields that every name has.</summary>
    public static KeyTemplate Parse(string text, string owner, IReadOnlySet<Role> always)
    {
        if (!text.EndsWith("/{name}", StringComparison.Ordinal) || text.StartsWith('/'))
            throw new MissionFileException($"The key of {owner} must be a path that ends in '/{{name}}': '{text}'.");

        List<(Piece, string, Role)> pieces = [];
        var at = 0;
        while (at < text.Length)
        {
            var open = text.IndexOf('{', at);
            if (open < 0) open = text.Length;
            if (open > at) pieces.Add((Piece.Text, text[at..open], Role.None));
            if (open == text.Length) break;
            var close = text.IndexOf('}', open);
            if (close < 0) throw new MissionFileException($"The key of {owner} lacks a '}}': '{text}'.");
            pieces.Add(Named(text[(open + 1)..close], text, owner, always));
            at = close + 1;
        }

        return new KeyTemplate([.. pieces]);
    }

    /// <summary>Writes the key; one string is allocated.</summary>
    public string Write(string name, string? instrument, string? level, DateOnly? start)
    {
        Span<char> buffer = stackalloc char[512];
        var length = 0;
        foreach (var (piece, text, role) in _pieces)
        {
            var part = piece switch
            {
                Piece.Text => text,
                Piece.Name => name,
                Piece.Field => role == Role.Instrument ? instrument : level,
                _ => null,
            };
            if (part is not null)
            {
                if (part.Length > buffer.Length - length) return WriteLong(name, instrument, level, start);
                part.CopyTo(buffer[length..]);
                length += part.Length;
                continue;
            }

            var number = piece == Piece.Year ? start!.Value.Year : start!.Value.Month;
            var digits = piece == Piece.Year ? 4 : 2;
            if (digits > buffer.Length - length) return WriteLong(name, instrument, level, start);
            for (var i = digits - 1; i >= 0; i--, number /= 10) buffer[length + i] = (char)('0' + (number % 10));
            length += digits;
        }

        return new string(buffer[..length]);
    }

    /// <summary>The fixed text that every key begins with.</summary>
    public string Root => _pieces[0].Piece == Piece.Text ? _pieces[0].Text : "";

    public bool IsSameAs(KeyTemplate other) => _pieces.AsSpan().SequenceEqual(other._pieces);

    /// <summary>What a key begins with, as far as the fields are known.</summary>
    public string Start(string? instrument, string? level, DateOnly? start)
    {
        var text = new System.Text.StringBuilder();
        foreach (var (piece, fixedText, role) in _pieces)
        {
            var part = piece switch
            {
                Piece.Text => fixedText,
                Piece.Field => role == Role.Instrument ? instrument : level,
                Piece.Year => start?.ToString("yyyy", System.Globalization.CultureInfo.InvariantCulture),
                Piece.Month => start?.ToString("MM", System.Globalization.CultureInfo.InvariantCulture),
                _ => null,
            };
            if (part is null)
                break;
            text.Append(part);
        }

        return text.ToString();
    }

    /// <summary>For a mission whose folders are longer than anyone's; the buffer above is for all others.</summary>
    private string WriteLong(string name, string? instrument, string? level, DateOnly? start) =>
        string.Concat(_pieces.Select(p => p.Piece switch
        {
            Piece.Text => p.Text,
            Piece.Name => name,
            Piece.Field => p.Role == Role.Instrument ? instrument : level,
            Piece.Year => start!.Value.ToString("yyyy"),
            _ => start!.Value.ToString("MM"),
        }));

    private static (Piece, string, Role) Named(string what, string text, string owner, IReadOnlySet<Role> always)
    {
        var (piece, role) = what switch
        {
            "name" => (Piece.Name, Role.None),
            "instrument" => (Piece.Field, Role.Instrument),
            "level" => (Piece.Field, Role.Level),
            "start:yyyy" => (Piece.Year, Role.Start),
            "start:MM" => (Piece.Month, Role.Start),
            _ => throw new MissionFileException(
                $"The key of {owner} uses '{{{what}}}', which is not one of {{instrument}}, {{level}}, {{start:yyyy}}, {{start:MM}}, {{name}}: '{text}'."),
        };
        return role == Role.None || always.Contains(role)
            ? (piece, "", role)
            : throw new MissionFileException($"The key of {owner} uses '{{{what}}}', which not every name of it has: '{text}'.");
    }
}
