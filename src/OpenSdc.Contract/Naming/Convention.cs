namespace OpenSdc.Contract.Naming;

/// <summary>A condition on two fields: where <see cref="If"/> holds, <see cref="Then"/> does too; elsewhere <see cref="Else"/>.</summary>
internal sealed record NameRule(
    IReadOnlyDictionary<Role, string[]> If, IReadOnlyDictionary<Role, string[]> Then, IReadOnlyDictionary<Role, string[]> Else);

/// <summary>One convention: matches a name, reads it into a record, and writes a record back.</summary>
internal sealed class Convention
{
    private readonly Field?[] _fields = new Field?[Roles.Count];
    private readonly List<Field> _own = [];
    private readonly List<Field> _versionPieces = [];
    private readonly IReadOnlySet<string> _outside;
    private readonly Dictionary<Role, Dictionary<string, string>> _recordedAs;
    private readonly bool _rebuilds;

    // The size of the matcher's memory of places that failed; 0 where the template has so few ways that it needs none.
    private readonly int _places;
    private Variant[]? _variants;

    public Convention(string family, ConventionEntry entry, Node[] nodes, KeyTemplate key, IReadOnlyList<NameRule> rules,
        bool ignoreCase, Dictionary<Role, Dictionary<string, string>> recordedAs, IReadOnlySet<string> outside)
    {
        Family = family;
        Name = entry.Name;
        Entry = entry;
        Nodes = nodes;
        Key = key;
        Rules = rules;
        IgnoreCase = ignoreCase;
        _recordedAs = recordedAs;
        _outside = outside;
        Constant = entry.Values?.GetValueOrDefault("descriptor");
        Steps = StepCompiler.Compile(nodes);
        IsLowerCase = !Steps.Any(step =>
            step.Text.AsSpan().ContainsAnyInRange('A', 'Z')
            || (step.Field?.Values ?? []).Any(word => word.AsSpan().ContainsAnyInRange('A', 'Z'))
        );
        _places = StepCompiler.MemoryOf(Steps);

        // A record says everything that the name says unless case is ignored, a number has any number of
        // zeros before it, or a list's word is recorded as another; then writing gives back the name that the
        // record keeps.
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

    /// <summary>Whether all that its template fixes, its texts and words, is in lower case.</summary>
    public bool IsLowerCase { get; }

    /// <summary>The fields of the mission's own, as the template has them.</summary>
    public IReadOnlyList<Field> Own => _own;

    /// <summary>What the fields of the mission's own are for all of its conventions; set once the whole file is read.</summary>
    public IReadOnlyDictionary<string, OwnField> OwnFields { get; set; } = new Dictionary<string, OwnField>();

    public Field? this[Role role] => role == Role.None ? null : _fields[(int)role];

    /// <summary>What a field's word is recorded as.</summary>
    public IEnumerable<string> RecordedValues(Role role) =>
        role == Role.Descriptor && Constant is not null ? [Constant]
        : this[role] is { Kind: FieldKind.OneOf } field ? field.Values.Select(v => Recorded(role, v))
        : [];

    /// <summary>
    /// The record of a plain name (<see cref="NameText.IsPlain"/>), or null; on the science families nothing
    /// but the record is allocated.
    /// </summary>
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
    public string Write(FileName record) => _rebuilds ? NameWriter.Write(Nodes, record) : record.Name;

    private FileName? Fill(string name, ReadOnlySpan<int> captures)
    {
        DateOnly? start = null,
            end = null;
        if (!Day(Role.Start, name, captures, ref start) || !Day(Role.End, name, captures, ref end))
            return null;
        string? startTime = null,
            endTime = null;
        if (!Time(Role.StartTime, start, name, captures, ref startTime) || !Time(Role.EndTime, end, name, captures, ref endTime))
            return null;
        if (Ordered && IsReversed(start, startTime, end, endTime))
            return null;

        int? repointing = null, cr = null, major = null, minor = null;
        if (!Number(Role.Repointing, name, captures, ref repointing) || !Number(Role.Cr, name, captures, ref cr)
            || !Number(Role.Major, name, captures, ref major) || !Number(Role.Minor, name, captures, ref minor)) return null;

        var instrument = Word(Role.Instrument, name, captures);
        var level = Word(Role.Level, name, captures);
        var descriptor = Constant ?? Word(Role.Descriptor, name, captures);
        var extension = Word(Role.Extension, name, captures)!;
        foreach (var rule in Rules)
            if (!Holds(rule, instrument, level, descriptor, extension)) return null;

        var version = Slice(Role.Version, name, captures);
        if (version.Length > Naming.VersionOrder.LongestVersion) return null;
        var own = OwnValues.None;
        if (_own.Count > 0 && !TryOwn(name, captures, out own)) return null;

        return new FileName
        {
            Family = Family,
            Convention = Name,
            Name = name,
            Key = Key.Write(new KeyParts(name, instrument, level, descriptor, start, own)),
            Instrument = instrument,
            DataLevel = level,
            Descriptor = descriptor,
            StartDate = start,
            EndDate = end,
            MayEnd = _fields[(int)Role.End] is not null,
            StartTime = startTime,
            EndTime = endTime,
            Repointing = repointing,
            Cr = cr,
            Version = version.Length > 0 ? new string(version) : null,
            MajorVersion = major,
            MinorVersion = minor,
            CountedMajor = Entry.HighestMajorByDefault ? major ?? 1 : null,
            Extension = extension,
            StartsReleased = Entry.Released,
            Own = own,
            SeriesParts = SeriesParts(startTime, repointing, cr, own),
            VersionOrder = Naming.VersionOrder.Of(major, minor, _versionPieces.Count > 0 ? VersionPieces(name, captures) : []),
        };
    }

    /// <summary>Whether the end is before the start, where the name has both.</summary>
    public static bool IsReversed(DateOnly? start, string? startTime, DateOnly? end, string? endTime) =>
        end < start || (end == start && startTime is not null && endTime is not null && string.CompareOrdinal(endTime, startTime) < 0);

    private bool TryOwn(string name, ReadOnlySpan<int> captures, out OwnValues own)
    {
        own = OwnValues.None;
        List<OwnValue> values = [];
        foreach (var field in _own)
        {
            var text = Slice(field, name, captures);
            if (text.IsEmpty) continue;
            var recorded = field.Kind == FieldKind.OneOf ? field.Find(text, IgnoreCase) : OwnText.Recorded(field, text);
            if (recorded is null) return false;
            values.Add(new OwnValue(OwnFields[field.Name], recorded));
        }

        if (values.Count > 0) own = new OwnValues([.. values.OrderBy(value => value.Field.Name, StringComparer.Ordinal)]);
        return true;
    }

    /// <summary>
    /// The parts in the order of their names, whatever the template's, so that a new convention goes on with
    /// the series of an old one.
    /// </summary>
    private string SeriesParts(string? startTime, int? repointing, int? cr, OwnValues own)
    {
        if (startTime is null && repointing is null && cr is null && own.Count == 0) return "";
        List<(string Name, string Value)> parts = [];
        if (startTime is not null && !_outside.Contains("start_time")) parts.Add(("start_time", startTime));
        if (repointing is { } number && !_outside.Contains("repointing")) parts.Add(("repointing", $"{number}"));
        if (cr is { } rotation && !_outside.Contains("cr")) parts.Add(("cr", $"{rotation}"));
        foreach (var (field, text) in own)
            if (field is { InSeries: true, InProduct: false }) parts.Add((field.Name, text));
        return string.Concat(parts.OrderBy(part => part.Name, StringComparer.Ordinal).Select(part => $" {part.Name}={part.Value}"));
    }

    private string[] VersionPieces(string name, ReadOnlySpan<int> captures)
    {
        List<string> pieces = [];
        foreach (var field in _versionPieces)
        {
            var text = Slice(field, name, captures);
            if (text.IsEmpty) continue;
            pieces.Add(field.Kind == FieldKind.OneOf ? field.Find(text, IgnoreCase)!
                : field.IsDate && DayText.TryRead(field.Kind, text, out var day) ? DayText.Write(FieldKind.Date, day)
                : new string(text));
        }

        return [.. pieces];
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

    private static ReadOnlySpan<char> Slice(Role role, string name, ReadOnlySpan<int> captures) => Slice((int)role, name, captures);

    private static ReadOnlySpan<char> Slice(Field field, string name, ReadOnlySpan<int> captures) => Slice(field.Place, name, captures);

    private static ReadOnlySpan<char> Slice(int place, string name, ReadOnlySpan<int> captures)
    {
        var from = captures[place * 2];
        return from < 0 ? [] : name.AsSpan(from, captures[(place * 2) + 1] - from);
    }

    private bool Time(Role role, DateOnly? day, string name, ReadOnlySpan<int> captures, ref string? time)
    {
        var text = Slice(role, name, captures);
        if (text.IsEmpty) return true;
        if (!TimeText.TryRead(_fields[(int)role]!.Kind, text, day, out var read)) return false;
        time = $"{day:yyyy-MM-dd}T{read}Z";
        return true;
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

    /// <summary>What a record says where the name has this text in a field.</summary>
    public string RecordedWord(Field field, ReadOnlySpan<char> text) =>
        field.Kind == FieldKind.OneOf && field.Find(text, IgnoreCase) is { } word ? Recorded(field.Role, word) : new string(text);

    private string Recorded(Role role, string word) =>
        _recordedAs.Count > 0 && _recordedAs.TryGetValue(role, out var words) && words.TryGetValue(word, out var recorded)
            ? recorded
            : word;

    /// <summary>Notes the fields; false where a record does not say how one of them is written.</summary>
    private bool Collect(Node[] nodes)
    {
        var all = true;
        foreach (var node in nodes)
        {
            switch (node)
            {
                case Slot slot:
                    all &= Add(slot.Field);
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

    private bool Add(Field field)
    {
        if (field.Role != Role.None) _fields[(int)field.Role] = field;
        else _own.Add(field);

        // What is a number by itself has its place at the front of the order.
        if ((field.InVersion || field.Role == Role.Version) && field.Role is not (Role.Major or Role.Minor)) _versionPieces.Add(field);
        return field is not { Role: Role.None, Kind: FieldKind.Digits, Width: 0 };
    }
}
