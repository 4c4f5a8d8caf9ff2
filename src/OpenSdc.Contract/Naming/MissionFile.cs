using System.Text.Json;

namespace OpenSdc.Contract.Naming;

/// <summary>A mission file as it is written; docs/mission-file.md explains each member.</summary>
/// <remarks>
/// Read member by member from the document: at the start of a process that costs a few milliseconds, a serializer's
/// machinery ten times that. Nothing is found by reflection.
/// </remarks>
internal sealed record MissionEntry(
    string Mission,
    string Root,
    Dictionary<string, string>? OlderRoots,
    Dictionary<string, string[]>? Lists,
    Dictionary<string, string[]>? Fields,
    FamilyEntry[] Families,
    KernelsEntry? Kernels,
    string[] OutsideSeries,
    string[] OutsideRecords
)
{
    public static MissionEntry Read(JsonElement json)
    {
        var file = new Entry(
            json,
            "The mission file",
            ["$schema", "mission", "root", "older_roots", "outside_series", "outside_records", "lists", "fields", "families", "kernels"]
        );
        return new(
            file.Needed("mission"),
            file.Needed("root"),
            file.Map("older_roots", Entry.Text),
            file.Map("lists", Entry.Words),
            file.Map("fields", Entry.Words),
            file.All("families", FamilyEntry.Read) ?? throw file.Lacks("families"),
            file.One("kernels", KernelsEntry.Read),
            file.All("outside_series", Entry.Text) ?? [],
            file.All("outside_records", Entry.Text) ?? []
        );
    }
}

internal sealed record FamilyEntry(string Name, string? Like, string? Key, bool IgnoreCase, bool Released,
    Dictionary<string, string[]>? Fields, string[]? YieldsTo, ConventionEntry[]? Conventions)
{
    public static FamilyEntry Read(JsonElement json, string owner)
    {
        var family = new Entry(
            json,
            "A family",
            ["name", "like", "key", "ignore_case", "fields", "yields_to", "released", "conventions"],
            "The family"
        );
        return new(
            family.Needed("name"),
            family.Optional("like"),
            family.Optional("key"),
            family.Flag("ignore_case") ?? false,
            family.Flag("released") ?? true,
            family.Map("fields", Entry.Words),
            family.All("yields_to", Entry.Text),
            family.All("conventions", (element, _) => ConventionEntry.Read(element, family.Name))
        );
    }
}

internal sealed record ConventionEntry(string Name, string Template, string? Key, bool? IgnoreCase, bool Ordered,
    Dictionary<string, string[]>? Fields, Dictionary<string, string>? Values, Dictionary<string, Dictionary<string, string>>? RecordedAs,
    RuleEntry[]? Rules, string? Example, bool HighestMajorByDefault)
{
    /// <summary>Whether files of its family are released when they are published.</summary>
    public bool Released { get; init; } = true;

    // "in_use" is for readers of the file; nothing depends on it, because old names stay valid.
    private static readonly string[] Members =
    [
        "name",
        "in_use",
        "template",
        "key",
        "ignore_case",
        "ordered",
        "fields",
        "values",
        "recorded_as",
        "rules",
        "example",
        "highest_major_by_default",
    ];

    public static ConventionEntry Read(JsonElement json, string family)
    {
        var entry = new Entry(json, $"A convention of the family '{family}'", Members, $"The convention {family}/");
        return new(
            entry.Needed("name"),
            entry.Needed("template"),
            entry.Optional("key"),
            entry.Flag("ignore_case"),
            entry.Flag("ordered") ?? false,
            entry.Map("fields", Entry.Words),
            entry.Map("values", Entry.Text),
            entry.Map("recorded_as", (words, owner) => new Entry(words, owner, null).Map(null, Entry.Text)!),
            entry.All("rules", RuleEntry.Read), entry.Optional("example"), entry.Flag("highest_major_by_default") ?? false);
    }
}

internal sealed record RuleEntry(Dictionary<string, string[]> If, Dictionary<string, string[]>? Then, Dictionary<string, string[]>? Else)
{
    public static RuleEntry Read(JsonElement json, string owner)
    {
        var rule = new Entry(json, $"A rule in {owner}", ["if", "then", "else"]);
        return new(rule.Map("if", Entry.Words) ?? throw rule.Lacks("if"), rule.Map("then", Entry.Words), rule.Map("else", Entry.Words));
    }
}

internal sealed record KernelsEntry(
    string Family, string Clock, string[] EndsOnly, Dictionary<string, string> Tables, string[][] LoadOrder)
{
    public static KernelsEntry Read(JsonElement json, string owner)
    {
        var kernels = new Entry(json, "The kernels", ["family", "clock", "ends_only", "tables", "load_order"]);
        return new(
            kernels.Needed("family"),
            kernels.Needed("clock"),
            kernels.All("ends_only", Entry.Text) ?? [],
            kernels.Map("tables", Entry.Text) ?? [],
            kernels.All("load_order", Entry.Words) ?? throw kernels.Lacks("load_order")
        );
    }
}

/// <summary>
/// One object of the file. A member that is not known is refused: a mistyped word must not be passed over in silence.
/// </summary>
internal sealed class Entry
{
    private readonly JsonElement _json;
    private readonly string _owner;

    /// <param name="json">The element, which must be an object.</param>
    /// <param name="owner">How a sentence calls it while its name is not known.</param>
    /// <param name="members">The members that it may have; null: any.</param>
    /// <param name="named">How a sentence calls it before its name.</param>
    public Entry(JsonElement json, string owner, string[]? members, string? named = null)
    {
        (_json, _owner) = (json, owner);
        if (json.ValueKind != JsonValueKind.Object) throw new MissionFileException($"{owner} must be an object, and is {Kind(json)}.");
        if (named is not null && json.TryGetProperty("name", out var name) && name.ValueKind == JsonValueKind.String)
        {
            Name = name.GetString()!;
            _owner = named.EndsWith('/') ? named + Name : $"{named} '{Name}'";
        }

        foreach (var member in json.EnumerateObject())
            if (members is not null && !members.AsSpan().Contains(member.Name))
                throw new MissionFileException(
                    $"{_owner} has the member '{member.Name}', which is not one of {string.Join(", ", members)}."
                );
    }

    public string Name { get; } = "";

    public MissionFileException Lacks(string member) => new($"{_owner} lacks the member '{member}'.");

    public string Needed(string member) => Optional(member) is { Length: > 0 } text ? text : throw Lacks(member);

    public string? Optional(string member) => _json.TryGetProperty(member, out var value) ? Text(value, Place(member)) : null;

    public bool? Flag(string member) => !_json.TryGetProperty(member, out var value) ? null
        : value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean()
        : throw new MissionFileException($"{Place(member)} must be true or false, and is {Kind(value)}.");

    public T? One<T>(string member, Func<JsonElement, string, T> read)
        where T : class =>
        _json.TryGetProperty(member, out var value) ? read(value, Place(member)) : null;

    public T[]? All<T>(string member, Func<JsonElement, string, T> read)
        where T : class
    {
        if (!_json.TryGetProperty(member, out var value))
            return null;
        if (value.ValueKind != JsonValueKind.Array)
            throw new MissionFileException($"{Place(member)} must be a list, and is {Kind(value)}.");
        var all = new List<T>(value.GetArrayLength());
        foreach (var element in value.EnumerateArray()) all.Add(read(element, Place(member)));
        return [.. all];
    }

    /// <param name="member">The member; null: this object itself.</param>
    /// <param name="read">Reads one value.</param>
    public Dictionary<string, T>? Map<T>(string? member, Func<JsonElement, string, T> read)
        where T : class
    {
        var value = _json;
        if (member is not null && !_json.TryGetProperty(member, out value)) return null;
        var place = member is null ? _owner : Place(member);
        if (value.ValueKind != JsonValueKind.Object) throw new MissionFileException($"{place} must be an object, and is {Kind(value)}.");
        Dictionary<string, T> map = new(StringComparer.Ordinal);
        foreach (var property in value.EnumerateObject())
            if (!map.TryAdd(property.Name, read(property.Value, place)))
                throw new MissionFileException($"{place} has '{property.Name}' twice.");
        return map;
    }

    public static string Text(JsonElement value, string place) =>
        value.ValueKind == JsonValueKind.String
            ? value.GetString()!
            : throw new MissionFileException($"{place} must hold text, and holds {Kind(value)}.");

    public static string[] Words(JsonElement value, string place)
    {
        if (value.ValueKind != JsonValueKind.Array)
            throw new MissionFileException($"{place} must hold lists of words, and holds {Kind(value)}.");
        var words = new List<string>(value.GetArrayLength());
        foreach (var word in value.EnumerateArray()) words.Add(Text(word, place));
        return [.. words];
    }

    private string Place(string member) => $"{_owner}, under '{member}',";

    private static string Kind(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        JsonValueKind.String => "text",
        JsonValueKind.Number => "a number",
        JsonValueKind.Null => "null",
        _ => "true or false",
    };
}
