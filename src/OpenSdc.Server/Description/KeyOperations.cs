using System.Text.Json.Nodes;
using Microsoft.OpenApi;
using OpenSdc.Server.Access;

namespace OpenSdc.Server.Description;

/// <summary>The words of the routes of API keys.</summary>
internal static class KeyOperations
{
    private const string Key = "ApiKey";
    private const string KeyList = "ApiKeyList";
    private const string ResourceMetadata = "ResourceMetadata";

    private const string Stored =
        """{"id":"4tG7nQbX0a","owner":"a pipeline","scopes":["upload"],"limits":{},"created":"2026-01-02T03:04:05Z","expires":"2030-01-01T00:00:00Z","revoked":null,"last_used":null""";

    private const string Made = Stored + ""","key":"sdc_upload_…"}""";

    public static IReadOnlyList<Failure> Failures { get; } = [Failure.Unexpected, Failure.Starting];

    private static Operation Metadata { get; } =
        new(
            HttpMethod.Get,
            AccessTokens.MetadataPath,
            "resourceMetadata",
            Operations.Access,
            "Whose tokens are taken",
            "The issuer whose tokens are taken in `Authorization: Bearer`, the audience that they must be for, and the public client by which a program lets a person log in (RFC 9728). 404 in an archive without an issuer."
        )
        {
            Answers =
            [
                new(200, "The issuer.")
                {
                    Shapes = [ResourceMetadata],
                    Examples =
                    [
                        (
                            "issuer",
                            "an issuer and its public client",
                            """{"resource":"https://sdc.example.org","authorization_servers":["https://login.example.org/realms/mission"],"bearer_methods_supported":["header"],"scopes_supported":["archive"],"opensdc_audience":"opensdc","opensdc_client_id":"opensdc-cli"}"""
                        ),
                    ],
                },
            ],
            Failures = [new(Problems.OfStatus(404), "the archive takes no tokens"), Failure.Unexpected],
        };

    public static IReadOnlyList<Operation> All { get; } =
    [
        new(
            HttpMethod.Get,
            "/keys",
            "listKeys",
            Operations.Access,
            "List the API keys",
            "All keys, revoked ones too, in the order in which they were made. The keys themselves are stored nowhere. Needs the scope `admin`."
        )
        {
            Answers = [new(200, "The keys.") { Shapes = [KeyList], Examples = [("keys", "one key", $$"""{"keys":[{{Stored}}}]}""")] }],
            Failures = Failures,
        },
        new(
            HttpMethod.Post,
            "/keys",
            "addKey",
            Operations.Access,
            "Make an API key",
            "The answer holds the key, this once. Needs the scope `admin`."
        )
        {
            Body = new OpenApiRequestBody
            {
                Required = true,
                Description = "Whose key it is, what it allows, and until when.",
                Content = new Dictionary<string, OpenApiMediaType>
                {
                    ["application/json"] = new OpenApiMediaType
                    {
                        Schema = Shapes.Object("A key that is asked for.",
                            ("owner", Shapes.String("Whose key it is."), true),
                            ("scopes", Scopes(), true),
                            (
                                "expires",
                                Shapes.String("When it ends, UTC: `2030-01-01` or `2030-01-01T00:00:00Z`; without it never."),
                                false
                            ),
                            ("limits", Limits(), false)
                        ),
                        Example = JsonNode.Parse("""{"owner":"a pipeline","scopes":["upload"],"expires":"2030-01-01","limits":{}}"""),
                    },
                },
            },
            Answers = [new(201, "The key is made.") { Shapes = [Key], Examples = [("made", "the key, which is shown once", Made)] }],
            Failures =
            [
                new(
                    Problems.BadUploadRequest("The key has no scopes; allowed: one or more of read, upload, release, admin."),
                    "the body is not what it must be"
                ),
                new(Problems.OfStatus(413), "the body is longer than 64 KiB"),
                .. Failures,
            ],
        },
        new(
            HttpMethod.Post,
            "/keys/rotate-urls",
            "rotateUrls",
            Operations.Access,
            "Replace the key that signs URLs",
            "Every signed URL that is out is refused from then on, by all servers within a second. Needs the scope `admin`."
        )
        {
            Answers = [new(204, "The key is new.")],
            Failures = Failures,
        },
        new(
            HttpMethod.Delete,
            "/keys/{id}",
            "revokeKey",
            Operations.Access,
            "Revoke an API key",
            "No server takes the key any more, within a second; URLs that were signed for it are refused. Revoking twice is no fault. Needs the scope `admin`."
        )
        {
            Parameters = [Words.Path("id", "The id of the key, as `GET /keys` gives it.", "4tG7nQbX0a")],
            Answers = [new(204, "The key is revoked.")],
            Failures = [new(Problems.NoSuchKey, "there is no key of this id"), .. Failures],
        },
        Metadata,
    ];

    public static void AddTo(OpenApiDocument document)
    {
        var key = Shapes.Object("An API key. Moments are ISO 8601, in UTC; null where there is none.",
            ("id", Shapes.String("What it is called."), true),
            ("owner", Shapes.String("Whose it is."), true),
            ("scopes", Scopes(), true),
            ("limits", Limits(), true),
            ("created", Shapes.String("When it was made."), true),
            ("expires", Moment("When it ends."), true),
            ("revoked", Moment("When it was revoked."), true),
            ("last_used", Moment("When it was last used, to the minute."), true),
            ("key", Shapes.String("The key itself: only in the answer that it is made by."), false));
        Shapes.Add(document, Key, key);
        Shapes.Add(
            document,
            ResourceMetadata,
            Shapes.Object(
                "Whose tokens are taken.",
                ("resource", Shapes.String("The address of the archive."), true),
                ("authorization_servers", Texts("The issuer."), true),
                ("bearer_methods_supported", Texts("Always `header`."), true),
                ("scopes_supported", Texts("What a login asks the issuer for beside `openid`; absent where nothing is needed."), false),
                ("opensdc_audience", Shapes.String("What a token must be for."), true),
                ("opensdc_client_id", Shapes.String("The public client, where there is one."), false)
            )
        );
        Shapes.Add(
            document,
            KeyList,
            Shapes.Object(
                "The keys.",
                ("keys", new OpenApiSchema { Type = JsonSchemaType.Array, Items = new OpenApiSchemaReference(Key, document) }, true)
            )
        );
    }

    private static OpenApiSchema Scopes() =>
        new()
        {
            Type = JsonSchemaType.Array,
            Description = "`read` (unreleased files too), `upload`, `release`, `admin` (all of them).",
            Items = new OpenApiSchema
            {
                Type = JsonSchemaType.String,
                Enum = [.. ScopeWords.All.Select(each => (JsonNode)JsonValue.Create(each))],
            },
        };

    private static OpenApiSchema Limits() =>
        new()
        {
            Type = JsonSchemaType.Object,
            Description =
                "Which files it may upload: the allowed values of `instrument`, `data_level`, `family`, or fields of the mission's own.",
            AdditionalProperties = new OpenApiSchema { Type = JsonSchemaType.Array, Items = Words.String() },
        };

    private static OpenApiSchema Texts(string text) => new() { Type = JsonSchemaType.Array, Items = Words.String(), Description = text };

    private static OpenApiSchema Moment(string text) => new() { Type = JsonSchemaType.String | JsonSchemaType.Null, Description = text };
}
