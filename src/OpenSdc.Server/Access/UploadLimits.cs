using OpenSdc.Contract.Naming;

namespace OpenSdc.Server.Access;

/// <summary>Which files a caller may upload: a list of allowed values for each limited field. A name that lacks a limited field is not allowed.</summary>
/// <param name="Fields">The allowed values by field: <c>instrument</c>, <c>data_level</c>, <c>family</c>, or a field of the mission's own.</param>
internal sealed record UploadLimits(IReadOnlyDictionary<string, IReadOnlyList<string>> Fields)
{
    public const string Instrument = "instrument";
    public const string DataLevel = "data_level";
    public const string Family = "family";

    /// <summary>Every file.</summary>
    public static UploadLimits None { get; } = new(new Dictionary<string, IReadOnlyList<string>>());

    public bool Allow(FileName name) => Fields.All(limit => ValueOf(name, limit.Key) is { } value && limit.Value.Contains(value, StringComparer.Ordinal));

    private static string? ValueOf(FileName name, string field) => field switch
    {
        Instrument => name.Instrument,
        DataLevel => name.DataLevel,
        Family => name.Family,
        _ => name.Own[field],
    };
}
