using System.Text.Json.Nodes;
using OpenSdc.Contract.Naming;
using OpenSdc.Server.Files;

namespace OpenSdc.Server.Description;

/// <summary>
/// Adds what a mission's names have beyond the standard fields to its document: members of records,
/// parameters of queries, facets.
/// </summary>
internal static class OwnFieldWords
{
    private static readonly string[] Asked = ["/query", "/coverage", "/facets"];

    public static void AddTo(JsonObject document, Mission mission)
    {
        var schemas = document["components"]!["schemas"]!;
        var members = schemas["FileRecord"]!["properties"]!.AsObject();
        if (mission.Families.Any(family => family.Fields.Contains("start_time")))
            members["start_time"] = Text("When the first data is of, ISO 8601 in UTC; absent where the name has no time.");
        if (mission.Families.Any(family => family.Fields.Contains("end_time")))
            members["end_time"] = Text("When the last data is of, ISO 8601 in UTC; absent where the name has no time.");
        foreach (var field in mission.OwnFields.Where(each => each.InRecord))
            members[field.Name] = Member(field);
        foreach (var field in mission.OwnFields.Where(each => each.InProduct))
        {
            var facets = schemas["Facets"]!["properties"]!["facets"]!["properties"]!.AsObject();
            facets[field.Name] = facets["instrument"]!.DeepClone();
        }

        foreach (var (path, methods) in document["paths"]!.AsObject().Where(each => Asked.Contains(each.Key)))
        {
            foreach (var (_, operation) in methods!.AsObject())
                AddParameters(operation!.AsObject(), mission);
        }
    }

    private static void AddParameters(JsonObject operation, Mission mission)
    {
        if (operation["parameters"] is JsonArray parameters)
        {
            foreach (var field in mission.OwnFields)
                parameters.Add(
                    (JsonNode)
                        new JsonObject
                        {
                            ["name"] = field.Name,
                            ["in"] = "query",
                            ["description"] = Description(field),
                            ["schema"] = Several(field),
                        }
                );
            foreach (var parameter in parameters)
                Mend(parameter!["name"]!.GetValue<string>(), parameter["schema"], parameter.AsObject(), mission);
        }

        foreach (var (_, content) in operation["requestBody"]?["content"]?.AsObject() ?? [])
        {
            if (content?["schema"]?["properties"] is not JsonObject properties)
                continue;
            foreach (var field in mission.OwnFields)
                properties[field.Name] = Several(field);
            foreach (var (name, schema) in properties)
                Mend(name, schema, null, mission);
        }
    }

    /// <summary>
    /// What the words of a standard parameter say of another mission: which table is asked for by default,
    /// and which members records have.
    /// </summary>
    private static void Mend(string name, JsonNode? schema, JsonObject? parameter, Mission mission)
    {
        if (name == "table" && schema is JsonObject table)
        {
            table["default"] = QueryParameters.DefaultTable(mission);
            if (parameter?["examples"]?["default"] is JsonObject example)
                example["value"] = QueryParameters.DefaultTable(mission);
        }

        if (name == "fields" && schema?["items"] is JsonObject item)
            item["enum"] = new JsonArray([
                .. Catalogue.RecordJson.MembersOf(mission.Families).Select(member => (JsonNode)JsonValue.Create(member)),
            ]);
    }

    private static JsonObject Several(OwnField field)
    {
        var item = new JsonObject { ["type"] = "string" };
        if (field.Kind == OwnFieldKind.Number)
            item["pattern"] = "^[0-9]+$";
        return new JsonObject { ["type"] = "array", ["minItems"] = 1, ["items"] = item };
    }

    private static JsonObject Member(OwnField field)
    {
        var member = Text($"As the name says, in the mission's field `{field.Name}`; absent where it has none.");
        if (field.Kind == OwnFieldKind.Number)
            member["type"] = "integer";
        return member;
    }

    private static string Description(OwnField field) =>
        field.Kind switch
        {
            OwnFieldKind.Word =>
                $"The mission's field `{field.Name}`: {string.Join(", ", field.Words.Take(20))}{(field.Words.Count > 20 ? ", …" : "")}. `*` stands for any run of characters. Several values, repeated or between commas, mean any of them.",
            OwnFieldKind.Number =>
                $"The mission's field `{field.Name}`, a whole number. Several values, repeated or between commas, mean any of them.",
            OwnFieldKind.Day =>
                $"The mission's field `{field.Name}`, a day, `YYYYMMDD`. Several values, repeated or between commas, mean any of them.",
            OwnFieldKind.Time =>
                $"The mission's field `{field.Name}`, a time of day, `HH:MM:SS`. Several values, repeated or between commas, mean any of them.",
            _ => $"The mission's field `{field.Name}`, compared whole. Several values, repeated or between commas, mean any of them.",
        };

    private static JsonObject Text(string description) => new() { ["type"] = "string", ["description"] = description };
}
