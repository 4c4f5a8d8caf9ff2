using Microsoft.OpenApi;
using OpenSdc.Server.Access;
using OpenSdc.Server.Catalogue;

namespace OpenSdc.Server.Description;

/// <summary>The words of the routes of the audit.</summary>
internal static class AuditOperations
{
    private const string State = "AuditHead";

    private static readonly string Sample = new AuditEntry
    {
        Number = 17,
        At = "2026-01-02T03:04:05.678Z",
        Action = AuditAction.Upload,
        Caller = "key:4tG7nQbX0a",
        Client = "192.0.2.1",
        Request = "0HN1GJ2K3L4M5:00000001",
        Target = Samples.Key,
        Status = 201,
        Detail = "seq 42",
        Hash = Samples.Sha256,
    }.ToLine();

    public static IReadOnlyList<Operation> All { get; } =
    [
        new(HttpMethod.Get, "/audit", "readAudit", Operations.Access, "Read the audit",
            """
            Who did what, when, from where and in which request, one JSON object a line, in order. Each entry has the SHA-256 over the hash of the one before and all its own members:
            of the UTF-8 text `["HASH BEFORE",number,"at","action","caller","client","request","target",status,count,"detail"]`, a JSON array without spaces. The hash before the first is 64 zeros. Needs the scope `admin`.
            """)
        {
            Parameters =
            [
                Words.Query(
                    "action",
                    $"Only these, separated by commas: `{string.Join("`, `", AuditAction.All)}`.",
                    Words.String(),
                    "upload,denied"
                ),
                Words.Query("caller", "Who did it; `*` stands for any run of characters.", Words.String(), "key:*"),
                Words.Query(
                    "target",
                    "What it was done to, likewise: the path of a file, the id of a key, or method and route.",
                    Words.String(),
                    Samples.Key
                ),
                Words.Query("since", "From this day or moment on, in UTC.", Words.String(), "2026-01-01"),
                Words.Query("before", "Before this day or moment.", Words.String(), "2026-02-01T12:00:00Z"),
                Words.Query(
                    "after",
                    "After the entry of this number.",
                    new OpenApiSchema { Type = JsonSchemaType.Integer, Format = "int64" },
                    16
                ),
                Words.Query(
                    "limit",
                    "At most so many; without it all.",
                    new OpenApiSchema { Type = JsonSchemaType.Integer, Format = "int64" },
                    1000
                ),
            ],
            Answers = [new(200, "The entries.") { TextExamples = [(AuditRoutes.ContentType, "entry", "one entry", Sample + "\n")] }],
            Failures =
            [
                new(
                    Problems.BadUploadRequest("The parameter limit is 'many'; allowed: a whole number."),
                    "a parameter is not what it must be"
                ),
                .. KeyOperations.Failures,
            ],
        },
        new(
            HttpMethod.Get,
            "/audit/head",
            "auditHead",
            Operations.Access,
            "The head of the audit",
            "The newest entry, to be noted elsewhere: `sdc audit verify --head` finds whether anything before it was changed since. Needs the scope `admin`."
        )
        {
            Answers =
            [
                new(200, "The head.")
                {
                    Shapes = [State],
                    Examples =
                    [
                        (
                            "head",
                            "a head",
                            $$"""{"head":"17:{{Samples.Sha256}}","dropped":"{{AuditHead.Start}}","at":"2026-01-02T03:04:05.678Z"}"""
                        ),
                    ],
                },
            ],
            Failures = KeyOperations.Failures,
        },
    ];

    public static void AddTo(OpenApiDocument document) => Shapes.Add(document, State, Shapes.Object("A place in the audit.",
        ("head", Shapes.String("Number and hash of the newest entry."), true),
        ("dropped", Shapes.String("Number and hash of the newest entry that was dropped; `0:` and zeros where none was."), true),
        ("at", Shapes.String("When the newest entry was made; empty where there is none."), true)));
}
