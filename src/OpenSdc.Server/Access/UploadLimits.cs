using OpenSdc.Contract.Naming;

namespace OpenSdc.Server.Access;

/// <summary>
/// Which files a caller may upload: the allowed values of each limited field. A name without a value in a
/// limited field is not allowed.
/// </summary>
/// <param name="Fields">The allowed values by field: <c>instrument</c>, <c>data_level</c>, <c>family</c>, or
/// a field of the mission's own.</param>
internal sealed record UploadLimits(IReadOnlyDictionary<string, IReadOnlyList<string>> Fields)
{
    public const string Instrument = "instrument";
    public const string DataLevel = "data_level";
    public const string Family = "family";

    /// <summary>Every file.</summary>
    public static UploadLimits None { get; } = new(new Dictionary<string, IReadOnlyList<string>>());

    /// <summary>The fields that a mission's names can be limited by.</summary>
    public static IReadOnlyList<string> FieldsOf(Mission mission) =>
        [Instrument, DataLevel, Family, .. mission.OwnFields.Select(field => field.Name)];

    /// <summary>The values that a field may have in a mission's names; empty where it may have any.</summary>
    public static IReadOnlyList<string> WordsOf(Mission mission, string field) => field switch
    {
        Instrument => Distinct(mission.Families.SelectMany(family => family.Instruments)),
        DataLevel => Distinct(mission.Families.SelectMany(family => family.DataLevels)),
        Family => [.. mission.Families.Select(family => family.Name)],
        _ => mission.OwnFields.FirstOrDefault(own => own.Name == field)?.Words ?? [],
    };

    /// <summary>What is wrong with the limits for a mission, whose names have other fields or values; null where nothing is.</summary>
    public string? Fault(Mission mission)
    {
        var fields = FieldsOf(mission);
        foreach (var (field, values) in Fields)
        {
            if (!fields.Contains(field, StringComparer.Ordinal))
                return $"The limit is of '{ShownText.Of(field)}'; allowed: {string.Join(", ", fields)}.";
            if (
                WordsOf(mission, field) is { Count: > 0 } words
                && values.FirstOrDefault(value => !words.Contains(value, StringComparer.Ordinal)) is { } unknown
            )
                return $"The limit of {field} is '{ShownText.Of(unknown)}'; allowed: {string.Join(", ", words)}.";
        }

        return null;
    }

    public bool Allow(FileName name) =>
        Fields.All(limit => ValueOf(name, limit.Key) is { } value && limit.Value.Contains(value, StringComparer.Ordinal));

    private static IReadOnlyList<string> Distinct(IEnumerable<string> words) =>
        [.. words.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    private static string? ValueOf(FileName name, string field) => field switch
    {
        Instrument => name.Instrument,
        DataLevel => name.DataLevel,
        Family => name.Family,
        _ => name.Own[field],
    };
}
