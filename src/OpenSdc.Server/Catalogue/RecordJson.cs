using System.Text;
using System.Text.Json;
using OpenSdc.Contract;
using OpenSdc.Contract.Naming;

namespace OpenSdc.Server.Catalogue;

/// <summary>
/// A record as <c>/query</c> answers it. Names that may have an end date, such as those of ancillary files,
/// always have the member, null where a name has none; names that cannot have one leave it out. Installed
/// clients tell the two kinds of file apart by it.
/// </summary>
internal static class RecordJson
{
    // Quotes inside a text are escaped, so that this can only be the member.
    private const string AfterEnd = ",\"repointing\":";

    private const string Integrity = ",\"integrity\":";

    /// <summary>
    /// A record as it was written, with what is known of its file's bytes now: <c>lost</c>, <c>damaged</c>,
    /// or null where nothing is.
    /// </summary>
    public static string WithIntegrity(string json, string? integrity)
    {
        var end = json.IndexOf(Integrity, StringComparison.Ordinal);
        var rest = end < 0 ? json[..^1] : json[..end];
        return integrity is null ? rest + "}" : $"{rest}{Integrity}\"{integrity}\"}}";
    }

    /// <summary>
    /// The record of a file; after its other members stand the times of the name and the fields of the
    /// mission's own, in the order of <see cref="MembersOf"/>.
    /// </summary>
    public static string Of(FileRecord record, FileName name)
    {
        var json = JsonSerializer.Serialize(record, ContractJson.Default.FileRecord);
        if (name.MayEnd && record.EndDate is null)
            json = json.Insert(json.IndexOf(AfterEnd, StringComparison.Ordinal), ",\"end_date\":null");
        if (name.StartTime is null && name.EndTime is null && name.Own.Count == 0)
            return json;
        var text = new StringBuilder(json, 0, json.Length - 1, json.Length + 100);
        Add("start_time", name.StartTime);
        Add("end_time", name.EndTime);
        foreach (var (field, value) in name.Own)
        {
            if (!field.InRecord)
                continue;
            if (field.Kind == OwnFieldKind.Number)
                text.Append(",\"").Append(field.Name).Append("\":").Append(value);
            else
                Add(field.Name, value);
        }

        return text.Append('}').ToString();

        void Add(string member, string? value)
        {
            if (value is not null)
                text.Append(",\"").Append(member).Append("\":").Append(Representation.Quoted(value));
        }
    }

    /// <summary>All members that records of these families may have, in their order.</summary>
    public static IReadOnlyList<string> MembersOf(IReadOnlyList<Family> families)
    {
        string[] own =
        [
            .. ((string[])["start_time", "end_time"]).Where(name => families.Any(each => each.Fields.Contains(name))),
            .. families
                .SelectMany(each => each.OwnFields)
                .Where(each => each.InRecord)
                .Select(each => each.Name)
                .Distinct(StringComparer.Ordinal)
                .Order(StringComparer.Ordinal),
        ];
        return own.Length == 0
            ? Files.QueryRequest.AllFields
            : [.. Files.QueryRequest.AllFields.SkipLast(1), .. own, Files.QueryRequest.AllFields[^1]];
    }
}
