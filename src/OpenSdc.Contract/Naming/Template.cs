namespace OpenSdc.Contract.Naming;

/// <summary>The members of <see cref="FileName"/> that a template can fill, in the order in which they are reported.</summary>
internal enum Role
{
    Instrument, Level, Descriptor, Start, End, StartTime, EndTime, Repointing, Cr, Version, Major, Minor, Extension,

    /// <summary>A field of the mission's own, see <see cref="OwnField"/>.</summary>
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

    /// <summary>A real day of a year without a mark, <c>YYYYDDD</c>.</summary>
    CompactDayOfYear,

    /// <summary>A real day, <c>YYYY-MM-DD</c>.</summary>
    IsoDate,

    /// <summary>A time of day, <c>HHMMSS</c>.</summary>
    Seconds,

    /// <summary>A time of day, <c>HHMM</c>.</summary>
    Minutes,

    /// <summary>A time of day with tenths of a second, <c>HHMMSST</c>.</summary>
    Tenths,
}

/// <summary>One field of one convention.</summary>
internal sealed record Field(string Name, Role Role, FieldKind Kind, int Width, string[] Values)
{
    /// <summary>How a message calls the field.</summary>
    public string Title => Roles.Title(Role, Name);

    /// <summary>Where the matcher keeps what the field takes: its role, or a place after all roles for one of the mission's own.</summary>
    public int Place { get; init; } = (int)Role;

    /// <summary>Whether it is a piece of the version.</summary>
    public bool InVersion { get; init; }

    /// <summary>The characters, where their number is fixed: 0 for any digit, and marks; empty otherwise.</summary>
    public string Form { get; } = Kind switch
    {
        FieldKind.Digits => new string('0', Width),
        FieldKind.Date => "00000000",
        FieldKind.DayOfYear => "0000_000",
        FieldKind.ShortDate or FieldKind.Seconds => "000000",
        FieldKind.Year or FieldKind.Minutes => "0000",
        FieldKind.CompactDayOfYear or FieldKind.Tenths => "0000000",
        FieldKind.IsoDate => "0000-00-00",
        _ => "",
    };

    /// <summary>The number of characters, where it is fixed; otherwise 0.</summary>
    public int Length => Form.Length;

    public bool IsDate =>
        Kind
            is FieldKind.Date
                or FieldKind.DayOfYear
                or FieldKind.ShortDate
                or FieldKind.Year
                or FieldKind.CompactDayOfYear
                or FieldKind.IsoDate;

    public bool IsTime => Kind is FieldKind.Seconds or FieldKind.Minutes or FieldKind.Tenths;

    /// <summary>Whether a text has the digits and marks of the form.</summary>
    public bool HasForm(ReadOnlySpan<char> text)
    {
        if (text.Length != Form.Length) return false;
        for (var i = 0; i < text.Length; i++)
            if (Form[i] == '0' ? !char.IsAsciiDigit(text[i]) : text[i] != Form[i]) return false;
        return true;
    }

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
internal sealed record Group(Field Field, Node[] Parts) : Node
{
    private Step[]? _steps;

    /// <summary>Whether a text is one of the field's by its characters, and where its pieces lie in it.</summary>
    public bool Matches(ReadOnlySpan<char> text, bool ignoreCase, Span<int> captures)
    {
        _steps ??= StepCompiler.Compile(Parts);
        Span<ulong> failed = new ulong[StepCompiler.MemoryOf(_steps)];
        return new Matcher(_steps, text, ignoreCase, captures, failed).Run();
    }
}

/// <summary>The names of the recorded fields: in a template, in a query, in a message.</summary>
internal static class Roles
{
    public const int Count = (int)Role.None;

    /// <summary>The most fields of its own that a convention has.</summary>
    public const int MostOwn = 12;

    private static readonly string[] InTemplate =
    [
        "instrument",
        "level",
        "descriptor",
        "start",
        "end",
        "start_time",
        "end_time",
        "repointing",
        "cr",
        "version",
        "major",
        "minor",
        "extension",
    ];

    private static readonly string[] InQuery =
    [
        "instrument", "data_level", "descriptor", "start_date", "end_date", "start_time", "end_time", "repointing", "cr",
        "version", "major_version", "minor_version", "extension",
    ];

    private static readonly string[] InMessage =
    [
        "instrument", "data level", "descriptor", "start date", "end date", "start time", "end time", "repointing", "Carrington rotation",
        "version", "major version", "minor version", "extension",
    ];

    /// <summary>The role of a template's field; any other is one of the mission's own.</summary>
    public static Role Of(string name) => Array.IndexOf(InTemplate, name) is var i and >= 0 ? (Role)i : Role.None;

    public static string Query(Role role) => InQuery[(int)role];

    public static string Title(Role role, string name) => role == Role.None ? name.Replace('_', ' ') : InMessage[(int)role];
}
