namespace OpenSdc.Contract.Naming;

/// <summary>The members of <see cref="FileName"/> that a template can fill, in the order in which they are reported.</summary>
internal enum Role
{
    Instrument, Level, Descriptor, Start, End, Repointing, Cr, Version, Major, Minor, Extension,

    /// <summary>Read and checked, but not recorded: the name itself keeps it.</summary>
    None,
}

/// <summary>What text a field takes.</summary>
internal enum FieldKind
{
    /// <summary>One of a list of words.</summary>
    OneOf,

    /// <summary>Digits: exactly <see cref="Field.Width"/> of them, or one or more where that is 0.</summary>
    Digits,

    /// <summary>Visible ASCII without <c>_</c>, <c>/</c> and <c>\</c>; not empty.</summary>
    Text,

    /// <summary>The same with <c>_</c>.</summary>
    Words,

    /// <summary>A real day, <c>YYYYMMDD</c>.</summary>
    Date,

    /// <summary>A real day of a year, <c>YYYY_DOY</c>.</summary>
    DayOfYear,

    /// <summary>A real day of this century, <c>YYMMDD</c>.</summary>
    ShortDate,

    /// <summary>A year, <c>YYYY</c>; recorded as its first day.</summary>
    Year,
}

/// <summary>One field of one convention.</summary>
internal sealed record Field(string Name, Role Role, FieldKind Kind, int Width, string[] Values)
{
    /// <summary>How a message calls the field.</summary>
    public string Title => Roles.Title(Role, Name);

    /// <summary>The number of characters, where it is fixed; otherwise 0.</summary>
    public int Length => Kind switch
    {
        FieldKind.Digits => Width,
        FieldKind.Date or FieldKind.DayOfYear => 8,
        FieldKind.ShortDate => 6,
        FieldKind.Year => 4,
        _ => 0,
    };

    public bool IsDate => Kind is FieldKind.Date or FieldKind.DayOfYear or FieldKind.ShortDate or FieldKind.Year;

    /// <summary>The word of the list that the text is; the list's own string, so that names share it.</summary>
    public string? Find(ReadOnlySpan<char> text, bool ignoreCase)
    {
        foreach (var value in Values)
            if (value.Length == text.Length
                && (ignoreCase ? text.Equals(value, StringComparison.OrdinalIgnoreCase) : text.SequenceEqual(value)))
                return value;
        return null;
    }

    /// <summary>Whether one character may stand in the field; for the kinds whose length varies.</summary>
    public bool Takes(char c) => Kind switch
    {
        FieldKind.Digits => char.IsAsciiDigit(c),
        FieldKind.Text => c is > ' ' and < '\x7f' and not ('_' or '/' or '\\'),
        _ => c is > ' ' and < '\x7f' and not ('/' or '\\'),
    };
}

/// <summary>A piece of a template.</summary>
internal abstract record Node;

/// <summary>Text that stands as it is.</summary>
internal sealed record Literal(string Text) : Node
{
    /// <summary>Whether it only parts its neighbours.</summary>
    public bool IsMark => !Text.AsSpan().ContainsAnyExcept("_.-");
}

/// <summary>A field.</summary>
internal sealed record Slot(Field Field) : Node;

/// <summary>One of several branches, tried in order; an optional piece has an empty branch at the end.</summary>
internal sealed record Choice(Node[][] Branches) : Node;

/// <summary>A field made of pieces, e.g. a version of two numbers.</summary>
internal sealed record Group(Field Field, Node[] Parts) : Node;

/// <summary>The names of the recorded fields: in a template, in a query, in a message.</summary>
internal static class Roles
{
    public const int Count = (int)Role.None;

    private static readonly string[] InTemplate =
        ["instrument", "level", "descriptor", "start", "end", "repointing", "cr", "version", "major", "minor", "extension"];

    private static readonly string[] InQuery =
    [
        "instrument", "data_level", "descriptor", "start_date", "end_date", "repointing", "cr",
        "version", "major_version", "minor_version", "extension",
    ];

    private static readonly string[] InMessage =
    [
        "instrument", "data level", "descriptor", "start date", "end date", "repointing", "Carrington rotation",
        "version", "major version", "minor version", "extension",
    ];

    /// <summary>The role of a template's field; a name that is not a member of the record has none.</summary>
    public static Role Of(string name) => Array.IndexOf(InTemplate, name) is var i and >= 0 ? (Role)i : Role.None;

    public static string Query(Role role) => InQuery[(int)role];

    public static string Title(Role role, string name) => role == Role.None ? name.Replace('_', ' ') : InMessage[(int)role];
}
