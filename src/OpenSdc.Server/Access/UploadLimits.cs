using OpenSdc.Contract.Naming;

namespace OpenSdc.Server.Access;

/// <summary>Which files a caller may upload: the allowed values of each limited field. A name without a value in a limited field is not allowed.</summary>
/// <param name="Fields">The allowed values by field: <c>instrument</c>, <c>data_level</c>, <c>family</c>, or a field of the mission's own.</param>
internal sealed record UploadLimits(IReadOnlyDictionary<string, IReadOnlyList<string>> Fields)
{
    public const string Instrument = "instrument";
    public const string DataLevel = "data_level";
    public const string Family = "family";

    /// <summary>Every file.</summary>
    public static UploadLimits None { get; } = new(new Dictionary<string, IReadOnlyList<string>>());

    /// <summary>The fields that a mission's names can be limited by.</summary>
    public static IReadOnlyList<string> FieldsOf(Mission mission) => [Instrument, DataLevel, Family, .. mission.OwnFields.Select(field => field.Name)];

    public bool Allow(FileName name) => Fields.All(limit => ValueOf(name, limit.Key) is { } value && limit.Value.Contains(value, StringComparer.Ordinal));

    private static string? ValueOf(FileName name, string field) => field switch
    {
        Instrument => name.Instrument,
        DataLevel => name.DataLevel,
        Family => name.Family,
        _ => name.Own[field],
    };
}
