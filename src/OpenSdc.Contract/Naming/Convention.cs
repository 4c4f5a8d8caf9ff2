using System.Text;

namespace OpenSdc.Contract.Naming;

/// <summary>A condition on two fields: where <see cref="If"/> holds, <see cref="Then"/> does too; elsewhere <see cref="Else"/>.</summary>
internal sealed record NameRule(
    IReadOnlyDictionary<Role, string[]> If, IReadOnlyDictionary<Role, string[]> Then, IReadOnlyDictionary<Role, string[]> Else);

/// <summary>One convention: matches a name, reads it into a record, and writes a record back.</summary>
internal sealed class Convention
{
    private readonly Field?[] _fields = new Field?[Roles.Count];
    private readonly Dictionary<Role, Dictionary<string, string>> _recordedAs;
    private readonly bool _rebuilds;

    // The size of the matcher's memory of places that failed; 0 where the template has so few ways that it needs none.
    private readonly int _places;
    private Variant[]? _variants;

    public Convention(string family, ConventionEntry entry, Node[] nodes, KeyTemplate key, IReadOnlyList<NameRule> rules,
        bool ignoreCase, Dictionary<Role, Dictionary<string, string>> recordedAs)
    {
        Family = family;
        Name = entry.Name;
        Entry = entry;
        Nodes = nodes;
        Key = key;
        Rules = rules;
        IgnoreCase = ignoreCase;
        _recordedAs = recordedAs;
        Constant = entry.Values?.GetValueOrDefault("descriptor");
        Steps = StepCompiler.Compile(nodes);
        _places = StepCompiler.IsForked(Steps) ? ((Steps.Length << 8) + 63) >> 6 : 0;

        // A record says everything that the name says unless case is ignored, a field is not recorded, or a list's word is
        // recorded as another; then writing gives back the name that the record keeps.
        _rebuilds = Collect(nodes) && !ignoreCase && recordedAs.Count == 0;
    }

    public string Family { get; }
    public string Name { get; }
    public string FullName => $"{Family}/{Name}";
    public ConventionEntry Entry { get; }
    public Node[] Nodes { get; }
    public KeyTemplate Key { get; }
    public IReadOnlyList<NameRule> Rules { get; }
    public bool IgnoreCase { get; }
    public string? Constant { get; }
    public Step[] Steps { get; }
    public bool Ordered => Entry.Ordered;

    /// <summary>The template without its choices, made when a name is first explained.</summary>
    public Variant[] Variants => _variants ??= Variant.Expand(this);

    public Field? this[Role role] => role == Role.None ? null : _fields[(int)role];

    /// <summary>What a field's word is recorded as.</summary>
    public IEnumerable<string> RecordedValues(Role role) =>
        role == Role.Descriptor && Constant is not null ? [Constant]
        : this[role] is { Kind: FieldKind.OneOf } field ? field.Values.Select(v => Recorded(role, v))
        : [];

    /// <summary>The record of a plain name (<see cref="NameText.IsPlain"/>), or null; on the science families nothing but the record is allocated.</summary>
    public FileName? Read(string name, ref int work)
    {
        CaptureSet captured = default;
        Span<int> captures = captured;
        captures.Fill(-1);
        Span<ulong> failed = _places == 0 ? [] : new ulong[_places];
        var matcher = new Matcher(Steps, name, IgnoreCase, captures, failed);
        var matched = matcher.Run();
        work += matcher.Steps;
        return matched ? Fill(name, captures) : null;
    }

    /// <summary>The name that a record of this convention has, from its fields.</summary>
    public string Write(FileName record)
    {
        if (!_rebuilds) return record.Name;
        var text = new StringBuilder();
        Write(Nodes, record, text);
        return text.ToString();
    }

    private FileName? Fill(string name, ReadOnlySpan<int> captures)
    {
        DateOnly? start = null, end = null;
        if (!Day(Role.Start, name, captures, ref start) || !Day(Role.End, name, captures, ref end)) return null;
        if (Ordered && end < start) return null;

        int? repointing = null, cr = null, major = null, minor = null;
        if (!Number(Role.Repointing, name, captures, ref repointing) || !Number(Role.Cr, name, captures, ref cr)
            || !Number(Role.Major, name, captures, ref major) || !Number(Role.Minor, name, captures, ref minor)) return null;

        var instrument = Word(Role.Instrument, name, captures);
        var level = Word(Role.Level, name, captures);
        var descriptor = Constant ?? Word(Role.Descriptor, name, captures);
        var extension = Word(Role.Extension, name, captures)!;
        foreach (var rule in Rules)
            if (!Holds(rule, instrument, level, descriptor, extension)) return null;

        return new FileName
        {
            Family = Family,
            Convention = Name,
            Name = name,
            Key = Key.Write(name, instrument, level, start),
            Instrument = instrument,
            DataLevel = level,
            Descriptor = descriptor,
            StartDate = start,
            EndDate = end,
            MayEnd = _fields[(int)Role.End] is not null,
            Repointing = repointing,
            Cr = cr,
            Version = Slice(Role.Version, name, captures) is { Length: > 0 } version ? new string(version) : null,
            MajorVersion = major,
            MinorVersion = minor,
            CountedMajor = Entry.HighestMajorByDefault ? major ?? 1 : null,
            Extension = extension,
        };
    }

    private static bool Holds(NameRule rule, string? instrument, string? level, string? descriptor, string extension)
    {
        return All(rule.If) ? All(rule.Then) : All(rule.Else);

        bool All(IReadOnlyDictionary<Role, string[]> condition)
        {
            foreach (var (role, words) in condition)
            {
                var word = role switch
                {
                    Role.Instrument => instrument,
                    Role.Level => level,
                    Role.Descriptor => descriptor,
                    _ => extension,
                };
                if (!words.AsSpan().Contains(word)) return false;
            }

            return true;
        }
    }

    private static ReadOnlySpan<char> Slice(Role role, string name, ReadOnlySpan<int> captures)
    {
        var from = captures[(int)role * 2];
        return from < 0 ? [] : name.AsSpan(from, captures[((int)role * 2) + 1] - from);
    }

    private bool Day(Role role, string name, ReadOnlySpan<int> captures, ref DateOnly? day)
    {
        var text = Slice(role, name, captures);
        if (text.IsEmpty) return true;
        if (!DayText.TryRead(_fields[(int)role]!.Kind, text, out var read)) return false;
        day = read;
        return true;
    }

    private static bool Number(Role role, string name, ReadOnlySpan<int> captures, ref int? number)
    {
        var text = Slice(role, name, captures);
        if (text.IsEmpty) return true;
        if (!DayText.Numbers(text, out var read)) return false;
        number = read;
        return true;
    }

    private string? Word(Role role, string name, ReadOnlySpan<int> captures)
    {
        var text = Slice(role, name, captures);
        if (text.IsEmpty) return null;
        var field = _fields[(int)role]!;
        return field.Kind == FieldKind.OneOf ? Recorded(role, field.Find(text, IgnoreCase)!) : new string(text);
    }

    private string Recorded(Role role, string word) =>
        _recordedAs.Count > 0 && _recordedAs.TryGetValue(role, out var words) && words.TryGetValue(word, out var recorded) ? recorded : word;

    /// <summary>Notes the fields; false where one of them is not recorded.</summary>
    private bool Collect(Node[] nodes)
    {
        var all = true;
        foreach (var node in nodes)
        {
            switch (node)
            {
                case Slot { Field.Role: Role.None }:
                    all = false;
                    break;
                case Slot slot:
                    _fields[(int)slot.Field.Role] = slot.Field;
                    break;
                case Group group:
                    _fields[(int)group.Field.Role] = group.Field;
                    all &= Collect(group.Parts);
                    break;
                case Choice choice:
                    foreach (var branch in choice.Branches) all &= Collect(branch);
                    break;
            }
        }

        return all;
    }

    private static void Write(Node[] nodes, FileName record, StringBuilder text)
    {
        foreach (var node in nodes)
        {
            switch (node)
            {
                case Literal literal:
                    text.Append(literal.Text);
                    break;
                case Slot slot:
                    text.Append(Text(slot.Field, record) ?? throw new ArgumentException($"The record has no {slot.Field.Title}.", nameof(record)));
                    break;
                case Group group:
                    if (Array.TrueForAll(group.Parts, p => p is Literal or Slot { Field.Length: > 0 })) Write(group.Parts, record, text);
                    else text.Append(record.Version);
                    break;
                case Choice choice:
                    Write(Array.Find(choice.Branches, b => Has(b, record)) ?? [], record, text);
                    break;
            }
        }
    }

    /// <summary>Whether the record has what a branch writes: the first such branch is the one that was read.</summary>
    private static bool Has(Node[] nodes, FileName record) => Array.TrueForAll(nodes, n => n switch
    {
        Slot slot => Text(slot.Field, record) is not null,
        Group group => Has(group.Parts, record),
        Choice choice => Array.Exists(choice.Branches, b => Has(b, record)),
        _ => true,
    });

    private static string? Text(Field field, FileName record) => field.Role switch
    {
        Role.Instrument => record.Instrument,
        Role.Level => record.DataLevel,
        Role.Descriptor => record.Descriptor,
        Role.Start => record.StartDate is { } day ? DayText.Write(field.Kind, day) : null,
        Role.End => record.EndDate is { } day ? DayText.Write(field.Kind, day) : null,
        Role.Repointing => Padded(field, record.Repointing),
        Role.Cr => Padded(field, record.Cr),
        Role.Major => Padded(field, record.MajorVersion),
        Role.Minor => Padded(field, record.MinorVersion),
        Role.Version => record.Version,
        Role.Extension => record.Extension,
        _ => null,
    };

    private static string? Padded(Field field, int? number) => number?.ToString($"D{Math.Max(1, field.Width)}");
}
