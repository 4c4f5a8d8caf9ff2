using System.Text.Json;
using OpenSdc.Contract;

namespace OpenSdc.Server.Catalogue;

/// <summary>
/// A record as <c>/query</c> answers it. Names that may have an end date, such as those of ancillary files, always have the member, null where a name has none; names that cannot
/// have one leave it out. Installed clients tell the two kinds of file apart by it.
/// </summary>
internal static class RecordJson
{
    // Quotes inside a text are escaped, so that this can only be the member.
    private const string AfterEnd = ",\"repointing\":";

    private const string Integrity = ",\"integrity\":";

    /// <summary>A record as it was written, with what is known of its file's bytes now: <c>lost</c>, <c>damaged</c>, or null where nothing is.</summary>
    public static string WithIntegrity(string json, string? integrity)
    {
        var end = json.IndexOf(Integrity, StringComparison.Ordinal);
        var rest = end < 0 ? json[..^1] : json[..end];
        return integrity is null ? rest + "}" : $"{rest}{Integrity}\"{integrity}\"}}";
    }

    public static string Of(FileRecord record, bool mayEnd)
    {
        var json = JsonSerializer.Serialize(record, ContractJson.Default.FileRecord);
        return mayEnd && record.EndDate is null ? json.Insert(json.IndexOf(AfterEnd, StringComparison.Ordinal), ",\"end_date\":null") : json;
    }
}
