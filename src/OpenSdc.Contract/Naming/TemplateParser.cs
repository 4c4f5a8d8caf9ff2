using System.Globalization;

namespace OpenSdc.Contract.Naming;

/// <summary>
/// Reads the template language of a mission file: text; <c>{field}</c> and <c>{field:kind}</c>; <c>{field=…}</c>, a field
/// made of pieces; <c>[…|…]</c>, at most one of; <c>(…|…)</c>, exactly one of. A fault in a template stops the load.
/// </summary>
internal sealed class TemplateParser(string template, string owner, IReadOnlyDictionary<string, string[]> lists)
{
    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);
    private int _at;
    private int _own;
    private bool _inVersion;

    public Node[] Parse()
    {
        var nodes = Sequence(0);
        if (_at < template.Length) throw Wrong($"has an unexpected '{template[_at]}' at character {_at + 1}");
        return nodes;
    }

    private Node[] Sequence(int depth)
    {
        // Deeper nesting says nothing that a convention of its own would not say better.
        if (depth > 4) throw Wrong("is nested more than four deep");
        List<Node> nodes = [];
        while (_at < template.Length)
        {
            switch (template[_at])
            {
                case '{':
                    _at++;
                    nodes.Add(FieldOrGroup(depth));
                    break;
                case '[':
                    nodes.Add(Branches(']', depth, optional: true));
                    break;
                case '(':
                    nodes.Add(Branches(')', depth, optional: false));
                    break;
                case '|' or ']' or ')' or '}':
                    return [.. nodes];
                default:
                    nodes.Add(Text());
                    break;
            }
        }

        return [.. nodes];
    }

    private Literal Text()
    {
        var start = _at;
        while (_at < template.Length && !"{}[]()|".Contains(template[_at], StringComparison.Ordinal))
        {
            if (template[_at] is <= ' ' or >= '\x7f' or '/' or '\\') throw Wrong($"has a character that a name cannot have, at {_at + 1}");
            _at++;
        }

        return new Literal(template[start.._at]);
    }

    private Choice Branches(char close, int depth, bool optional)
    {
        List<Node[]> branches = [];
        do
        {
            _at++;
            branches.Add(Sequence(depth + 1));
        }
        while (_at < template.Length && template[_at] == '|');

        Expect(close);
        if (optional) branches.Add([]);
        // What only its text tells apart would be lost: the names would be taken for versions of one file.
        if (branches.Count(branch => !HasField(branch)) > 1)
            throw Wrong("has a choice between texts without a field; name what differs with a field that has a list of words");
        return new Choice([.. branches]);
    }

    /// <summary>Whether every way through has a field.</summary>
    private static bool HasField(Node[] nodes) =>
        Array.Exists(nodes, node => node is Slot or Group || (node is Choice choice && Array.TrueForAll(choice.Branches, HasField)));

    private Node FieldOrGroup(int depth)
    {
        var start = _at;
        while (_at < template.Length && (char.IsAsciiLetterOrDigit(template[_at]) || template[_at] == '_')) _at++;
        var name = template[start.._at];
        if (name.Length == 0) throw Wrong($"has a field without a name at character {start + 1}");
        if (!_seen.Add(name)) throw Wrong($"has the field '{name}' twice");

        var role = Roles.Of(name);
        if (_at < template.Length && template[_at] == '=')
        {
            _at++;
            _inVersion = true;
            var parts = Sequence(depth + 1);
            _inVersion = false;
            Expect('}');
            if (role != Role.Version)
                throw Wrong($"makes '{name}' of pieces, which only 'version' can be");
            if (!Array.TrueForAll(parts, p => p is Literal or Slot))
                throw Wrong($"has a choice inside '{name}'; make the choice between whole fields");
            return new Group(new Field(name, role, FieldKind.Words, 0, []), parts);
        }

        var kind = "";
        if (_at < template.Length && template[_at] == ':')
        {
            var from = ++_at;
            while (_at < template.Length && template[_at] != '}') _at++;
            kind = template[from.._at];
        }

        Expect('}');
        var field = Make(name, role, kind) with { InVersion = _inVersion };
        if (role == Role.None) field = field with { Place = Roles.Count + _own++ };
        if (_own > Roles.MostOwn) throw Wrong($"has more than {Roles.MostOwn} fields of its own");
        Check(field);
        return new Slot(field);
    }

    private Field Make(string name, Role role, string kind)
    {
        if (kind.Length == 0)
        {
            return lists.TryGetValue(name, out var values)
                ? new Field(name, role, FieldKind.OneOf, 0, values)
                : throw Wrong($"has the field '{name}', for which neither a kind nor a list under 'fields' is given");
        }

        if (
            kind.StartsWith("digits(", StringComparison.Ordinal)
            && kind.EndsWith(')')
            && int.TryParse(kind.AsSpan(7, kind.Length - 8), NumberStyles.None, null, out var width)
            && width > 0
            && width <= (role == Role.None ? OwnText.MostDigits : 9)
        )
            return new Field(name, role, FieldKind.Digits, width, []);

        var simple = kind switch
        {
            "digits" => FieldKind.Digits,
            "text" => FieldKind.Text,
            "words" => FieldKind.Words,
            "date" => FieldKind.Date,
            "doy" => FieldKind.DayOfYear,
            "yymmdd" => FieldKind.ShortDate,
            "year" => FieldKind.Year,
            "yyyyddd" => FieldKind.CompactDayOfYear,
            "isodate" => FieldKind.IsoDate,
            "hhmmss" => FieldKind.Seconds,
            "hhmm" => FieldKind.Minutes,
            "hhmmsst" => FieldKind.Tenths,
            _ => throw Wrong(
                $"gives the field '{name}' the kind '{kind}', which is not one of digits, digits(1) to digits({(role == Role.None ? OwnText.MostDigits : 9)}), "
                    + "text, words, date, doy, yymmdd, year, yyyyddd, isodate, hhmmss, hhmm, hhmmsst"
            ),
        };
        return new Field(name, role, simple, 0, []);
    }

    /// <summary>A field that is recorded as a day or a number must be read as one.</summary>
    private void Check(Field field)
    {
        var fits = field.Role switch
        {
            Role.Start or Role.End => field.IsDate,
            Role.StartTime or Role.EndTime => field.IsTime,
            Role.Repointing or Role.Cr or Role.Major or Role.Minor => field.Kind == FieldKind.Digits,
            Role.Instrument or Role.Level or Role.Extension => field.Kind == FieldKind.OneOf,
            Role.Descriptor => field.Kind is FieldKind.OneOf or FieldKind.Text or FieldKind.Words,
            _ => true,
        };
        if (!fits) throw Wrong($"gives the field '{field.Name}' a kind that it cannot have");
    }

    private void Expect(char c)
    {
        if (_at >= template.Length || template[_at] != c) throw Wrong($"lacks a '{c}' at character {_at + 1}");
        _at++;
    }

    private MissionFileException Wrong(string what) => new($"The template of {owner} {what}: '{template}'.");
}
