using System.Text.Json.Nodes;
using Microsoft.OpenApi;

namespace OpenSdc.Server.Description;

/// <summary>The shapes of bodies that no type of the contract has: bare URLs and lists, the documented objects, and problems.</summary>
internal static class Shapes
{
    public const string Problem = "Problem";
    public const string DocumentedProblem = "DocumentedProblem";
    public const string UploadUrl = "UploadUrl";
    public const string DocumentedUploadUrl = "DocumentedUploadUrl";
    public const string DownloadUrl = "DownloadUrl";
    public const string DocumentedDownloadUrl = "DocumentedDownloadUrl";
    public const string FileList = "FileList";
    public const string DocumentedFileList = "DocumentedFileList";
    public const string CoverageList = "CoverageList";
    public const string Facets = "Facets";
    public const string ChangeList = "ChangeList";
    public const string UploadReceipt = nameof(Contract.UploadReceipt);
    public const string UploadStatus = nameof(Contract.UploadStatus);
    public const string PartList = nameof(Contract.PartList);
    public const string UploadList = nameof(Contract.UploadList);
    public const string Bytes = "Bytes";
    public const string Text = "Text";
    public const string Readiness = "Readiness";
    public const string Items = "Items";
    public const string Outcome = "Outcome";

    public static void Add(OpenApiDocument document, string name, OpenApiSchema schema) => document.AddComponent(name, schema);

    public static void AddTo(OpenApiDocument document)
    {
        var url = String("An absolute signed URL, to be used unchanged.", format: "uri");
        var queryHeaders = Object("The headers, as the founding document prints them.",
            ("Content-Type", Const("application/json"), true), ("Access-Control-Allow-Origin", Const("*"), true));

        Add(document, UploadUrl, url);
        Add(
            document,
            DocumentedUploadUrl,
            Object("Documented: the URL in an object.", ("statusCode", Const(200), true), ("body", url, true))
        );
        Add(
            document,
            DownloadUrl,
            Object(
                "Where the bytes are.",
                ("download_url", url, true),
                ("s3_uri", String("`s3://bucket/key`, where the objects lie in an S3 bucket."), false)
            )
        );
        Add(
            document,
            DocumentedDownloadUrl,
            Object(
                "Documented: the redirect in an object.",
                ("statusCode", Const(302), true),
                (
                    "headers",
                    Object(
                        "The headers, as the founding document prints them.",
                        ("Content-Type", Const("text/html"), true),
                        ("Location", url, true)
                    ),
                    true
                ),
                ("body", new OpenApiSchemaReference(DownloadUrl, document), true)
            )
        );
        Add(
            document,
            FileList,
            new OpenApiSchema
            {
                Type = JsonSchemaType.Array,
                Description = "Files, ordered by `file_path`.",
                Items = new OpenApiSchemaReference(nameof(Contract.FileRecord), document),
            }
        );
        Add(
            document,
            DocumentedFileList,
            Object(
                "Documented: the list as text in an object.",
                ("statusCode", Const(200), true),
                ("headers", queryHeaders, true),
                (
                    "body",
                    String(
                        "The Python text of a list of tuples: instrument, level, descriptor, start date, end date (the start again where the name has none), version, "
                            + "extension. What a family of files does not have is `None`. `ast.literal_eval` reads it."
                    ),
                    true
                )
            )
        );
        KeyOperations.AddTo(document);
        AuditOperations.AddTo(document);
        Add(document, CoverageList, CoverageShapes.List);
        Add(document, Facets, CoverageShapes.Facets);
        Add(document, ChangeList, ChangesOperations.List);
        Add(
            document,
            Problem,
            Object(
                "An error, as RFC 9457 describes it.",
                [
                    ("type", String("`urn:opensdc:problem:` and the code of the error, which is stable."), true),
                    ("title", String("The words of the HTTP status."), true),
                    ("status", new OpenApiSchema { Type = JsonSchemaType.Integer, Description = "The HTTP status." }, true),
                    ("detail", String("One sentence for a person."), true),
                    .. OfSomeProblems(),
                    ("requestId", String("The id under which the archive's log has the request."), true),
                ]
            )
        );
        Add(
            document,
            DocumentedProblem,
            Object(
                "Documented: an error in an object.",
                [
                    ("statusCode", new OpenApiSchema { Type = JsonSchemaType.Integer, Description = "Equal to the HTTP status." }, true),
                    ("headers", queryHeaders, false),
                    ("body", String("One sentence for a person."), true),
                    .. OfSomeProblems(),
                ]
            )
        );
        Add(
            document,
            Bytes,
            new OpenApiSchema
            {
                Description = "The bytes of a file, unchanged.",
                Type = JsonSchemaType.String,
                Format = "binary",
            }
        );
        Add(document, Text, String("Lines of text."));
        Add(document, Outcome, new OpenApiSchema { Type = JsonSchemaType.Object, Description = "What an order did." });
        Add(
            document,
            Items,
            new OpenApiSchema
            {
                Type = JsonSchemaType.Array,
                Items = new OpenApiSchema(),
                Description = "Objects or names, as the live service writes them.",
            }
        );
        Add(
            document,
            Readiness,
            Object(
                "The parts of readiness; at a public address the status alone.",
                ("status", String("`ready`; `read-only` while uploads are refused; `starting` or `failing`, both with 503."), true),
                ("recovery", String("`done`, or `running` after a start."), false),
                ("catalogue", String("`answers` or `fails`."), false),
                ("uploads", String("`taken` or `refused`."), false),
                ("reason", String("The sentence that uploads are refused with."), false),
                ("free_bytes", Number("Bytes free on the data folder's disk; absent where objects lie in a store without an end."), false),
                ("corrupt_or_missing_files", Number("Files that are lost or damaged, and therefore not served."), false),
                (
                    "scrub",
                    Object(
                        "How far the scrub is, as of the last minute; absent where it is off.",
                        ("round_began", String("When the present round began, UTC, `YYYYMMDD HH:MM:SS`; absent before the first."), false),
                        ("round_ended", String("When the last whole round ended, likewise; absent before the end of the first."), false),
                        (
                            "progress",
                            new OpenApiSchema
                            {
                                Type = JsonSchemaType.Number,
                                Format = "double",
                                Description = "The share of the archive that the present round has read; 1 until the next one begins.",
                            },
                            true
                        )
                    ),
                    false
                )
            )
        );
    }

    /// <summary>The one shape, or any of several.</summary>
    public static IOpenApiSchema AnyOf(OpenApiDocument document, IReadOnlyList<string> names) => names.Count == 1
        ? new OpenApiSchemaReference(names[0], document)
        : new OpenApiSchema { OneOf = [.. names.Select(name => new OpenApiSchemaReference(name, document))] };

    public static OpenApiSchema Object(string text, params ReadOnlySpan<(string Name, IOpenApiSchema Schema, bool Required)> members)
    {
        var schema = new OpenApiSchema
        {
            Type = JsonSchemaType.Object,
            Description = text,
            Properties = new Dictionary<string, IOpenApiSchema>(),
            Required = new HashSet<string>(),
        };
        foreach (var (name, member, required) in members)
        {
            schema.Properties.Add(name, member);
            if (required)
                schema.Required.Add(name);
        }

        return schema;
    }

    public static OpenApiSchema String(string text, string? format = null) =>
        new()
        {
            Type = JsonSchemaType.String,
            Description = text,
            Format = format,
        };

    public static OpenApiSchema Number(string text) =>
        new()
        {
            Type = JsonSchemaType.Integer,
            Format = "int64",
            Description = text,
        };

    /// <summary>What only some problems tell, in either representation.</summary>
    private static (string Name, IOpenApiSchema Schema, bool Required)[] OfSomeProblems() =>
        [
            ("errors", Sentences(), false),
            ("sha256", String("Of `exists`: the SHA-256 of the file that is in the archive."), false),
            ("size", Number("Of `exists`: its bytes."), false),
        ];

    private static OpenApiSchema Sentences() =>
        new()
        {
            Type = JsonSchemaType.Array,
            Items = Words.String(),
            Description = "One sentence for each single fault; absent where `detail` or `body` says all.",
        };

    private static OpenApiSchema Const(string value) => new() { Type = JsonSchemaType.String, Enum = [JsonValue.Create(value)] };

    private static OpenApiSchema Const(int value) => new() { Type = JsonSchemaType.Integer, Enum = [JsonValue.Create(value)] };
}
