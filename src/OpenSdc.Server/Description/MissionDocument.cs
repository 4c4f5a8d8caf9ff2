using System.Text.Json;
using System.Text.Json.Nodes;
using OpenSdc.Contract;
using OpenSdc.Contract.Naming;

namespace OpenSdc.Server.Description;

/// <summary>
/// The document of a mission other than IMAP. The words are written once, with one IMAP file as the sample;
/// here that file gives way to the first example of the mission's own file, or to a made-up path where the
/// mission file has no example.
/// </summary>
internal sealed class MissionDocument
{
    private readonly Mission described;
    private readonly FileRecord file;
    private readonly string record;
    private readonly string family;
    private readonly (string Of, string By)[] texts;

    private MissionDocument(Mission mission)
    {
        described = mission;
        var sample = mission
            .Families.SelectMany(each => each.Examples)
            .Select(example => FileName.Parse(example, mission).Name)
            .FirstOrDefault(name => name is not null);
        family = sample?.Family ?? mission.Families[0].Name;
        file = sample is not null ? Samples.RecordOf(sample) : Samples.File with
        {
            FilePath = mission.Root + "folder/example.file",
            Instrument = null,
            DataLevel = null,
            Descriptor = null,
            Extension = "file",
        };
        record = sample is null ? Samples.JsonOf(file) : Catalogue.RecordJson.Of(file, sample);
        var members = Catalogue.RecordJson.MembersOf([mission.FindFamily(family)!]);
        var name = NameOf(file);
        texts =
        [
            // The longer texts first: they hold the shorter ones.
            (Samples.Record, record),
            (string.Join(',', Files.QueryRequest.AllFields), string.Join(',', members)),
            (Samples.CsvLineOf(Samples.File), CsvLine(members)),
            (Samples.TupleOf(Samples.File), Samples.TupleOf(file)),
            (Samples.Key, file.FilePath),
            (Samples.Key[Mission.Imap.Root.Length..], file.FilePath[mission.Root.Length..]),
            (Samples.FileName, name),
            (Samples.Cursor, new Files.Cursor(Samples.History, Samples.Published.Seq, new PageEnd([file.FilePath])).Write()),
            ($"={Samples.File.Instrument}", $"={file.Instrument ?? "*"}"),
            (Mission.Imap.Root, mission.Root),
            (Mission.Imap.Name + "_", mission.Name + "_"),
        ];
    }

    public static void Map(WebApplication app, Caching caching)
    {
        var route = app.MapOpenApi("/openapi/{documentName}.json")
            .WithMetadata(new HttpMethodMetadata(["GET", "HEAD"]), HeldConditions.None, caching);
        var mission = app.Services.GetRequiredService<Mission>();
        if (mission.Name == Mission.Imap.Name)
            return;
        var document = new MissionDocument(mission);
        route.Add(endpoint =>
        {
            var next = endpoint.RequestDelegate!;
            endpoint.RequestDelegate = context => document.RewriteAsync(context, next);
        });
    }

    private string CsvLine(IReadOnlyList<string> members)
    {
        var values = JsonNode.Parse(record)!;
        return string.Join(',', members.Select(member => values[member]?.ToString() ?? ""));
    }

    private static string NameOf(FileRecord file) => file.FilePath[(file.FilePath.LastIndexOf('/') + 1)..];

    private async Task RewriteAsync(HttpContext context, RequestDelegate next)
    {
        var body = context.Response.Body;
        using var written = new MemoryStream();
        context.Response.Body = written;
        try
        {
            await next(context);
        }
        finally
        {
            context.Response.Body = body;
        }

        var bytes = written.ToArray();
        // Another document's name is a 404, which is no document.
        if (context.Response.StatusCode == StatusCodes.Status200OK)
        {
            using var rewritten = new MemoryStream();
            using (var json = new Utf8JsonWriter(rewritten, new JsonWriterOptions { Indented = true }))
            {
                var document = Rewrite(JsonNode.Parse(bytes))!.AsObject();
                OwnFieldWords.AddTo(document, described);
                document.WriteTo(json);
            }

            bytes = rewritten.ToArray();
        }

        context.Response.ContentLength = bytes.Length;
        await body.WriteAsync(bytes, context.RequestAborted);
    }

    private JsonNode? Rewrite(JsonNode? node) => node switch
    {
        JsonObject record when IsSample(record, "file_path", Samples.Key) => JsonNode.Parse(this.record),
        JsonObject period when IsSample(period, "instrument", Samples.File.Instrument!) => Period(period),
        JsonObject each => new JsonObject(each.Select(member => KeyValuePair.Create(Rewrite(member.Key), Rewrite(member.Value)))),
        JsonArray each => new JsonArray([.. each.Select(Rewrite)]),
        JsonValue value when value.GetValueKind() == JsonValueKind.String => JsonValue.Create(Rewrite(value.GetValue<string>())),
        _ => node?.DeepClone(),
    };

    // A receipt has a path too, and no instrument.
    private static bool IsSample(JsonObject each, string member, string text) =>
        each.ContainsKey("data_level")
        && each[member] is JsonValue value
        && value.GetValueKind() == JsonValueKind.String
        && value.GetValue<string>() == text;

    private JsonObject Period(JsonObject of)
    {
        var period = (JsonObject)of.DeepClone();
        period["family"] = family;
        period["instrument"] = file.Instrument;
        period["data_level"] = file.DataLevel;
        period["descriptor"] = file.Descriptor;
        period["extension"] = file.Extension;
        period["version"] = file.Version;
        return period;
    }

    private string Rewrite(string text)
    {
        // A value by itself is an example of a parameter or of a facet.
        if (text == Samples.File.Instrument)
            return file.Instrument ?? "*";
        if (text == Samples.File.DataLevel)
            return file.DataLevel ?? "*";
        if (text == Samples.File.Descriptor)
            return file.Descriptor ?? "*";
        if (text == Samples.File.Extension)
            return file.Extension!;
        foreach (var (of, by) in texts)
            text = text.Replace(of, by, StringComparison.Ordinal);
        return text;
    }
}
