using System.Text.Json.Nodes;
using Microsoft.OpenApi;
using OpenSdc.Contract.Naming;

namespace OpenSdc.Server.Description;

/// <summary>The words of the routes of kernels; a mission without kernels has none of these routes.</summary>
internal static class KernelOperations
{
    private const string Spans =
        """
        Spans come from names: a first and a last day, whole. What only a kernel's content tells (`…_sclk`, `sclk_kernel`, `lsk_kernel`) is null; a kernel whose name has no days counts from
        2000-01-01, 12:00:00 (a clock kernel from 2010-01-01, 00:00:00) to 2145-01-01, 00:00:00. The answer is bare, whatever the `Accept` header says, and so are errors: a JSON string.
        """;

    private static readonly OpenApiParameter Latest = Text("latest", "`true`, in any case: of each file only the highest version.", "true");
    private static readonly OpenApiParameter IngestedFrom = Text(
        "start_ingest_date",
        "First day of ingestion, UTC, `YYYYMMDD`.",
        "20260101"
    );
    private static readonly OpenApiParameter IngestedTo = Text(
        "end_ingest_date",
        "Last day of ingestion, UTC, whole, `YYYYMMDD`.",
        "20260131"
    );

    private static readonly IReadOnlyList<OpenApiParameter> OfTables =
    [
        Text("file_path", "One file, by its key, its name with its folder, or its bare name.", "imap_2026_001_2026_002_01.spin.csv"),
        Text("start_date", "Files whose span ends on or after this day, `YYYYMMDD`.", "20260101"),
        Text("end_date", "Files whose span begins on or before this day, `YYYYMMDD`.", "20260131"),
        Latest,
        IngestedFrom,
        IngestedTo,
    ];

    public static IReadOnlyList<Operation> All { get; } =
    [
        .. Both(
            Get(
                "/spice-query",
                "queryKernels",
                "Find kernels",
                $"Kernels by type, time and ingestion. {Spans}",
                [
                    Text("file_name", "One file, by its bare name or its name with its folder.", "naif0012.tls"),
                    Text(
                        "start_time",
                        "Kernels whose span ends at or after this moment: seconds of TDB past J2000, whole or not.",
                        "820454400"
                    ),
                    Text("end_time", "Kernels whose span begins at or before this moment: seconds of TDB past J2000.", "820540800.5"),
                    Text(
                        "type",
                        "`kernels` (default: all kernels), one type of kernel, or the type of a table, whose rows are then the items.",
                        "leapseconds"
                    ),
                    Latest,
                    IngestedFrom,
                    IngestedTo,
                    Text("start_date", "The first second of a day, `YYYYMMDD`, where `start_time` is absent.", "20260101"),
                    Text("end_date", "The last second of a day, `YYYYMMDD`, where `end_time` is absent.", "20260131"),
                    Text("version", "One version: a whole number, with or without `v`.", "12"),
                ],
                """[{"file_name":"lsk/naif0012.tls","file_root":"naif.tls","kernel_type":"leapseconds","version":12,"min_date_j2000":64.184,"max_date_j2000":4575787269.184,"file_intervals_j2000":[[64.184,4575787269.184]],"min_date_datetime":"2000-01-01, 12:00:00","max_date_datetime":"2145-01-01, 00:00:00","file_intervals_datetime":[["2000-01-01T12:00:00","2145-01-01T00:00:00"]],"min_date_sclk":null,"max_date_sclk":null,"file_intervals_sclk":null,"sclk_kernel":null,"lsk_kernel":null,"ingestion_date":"2026-01-03, 04:05:06","timestamp":1767413106}]"""
            )
        ),
        .. Both(
            Table(
                "/spin-table",
                "listSpinFiles",
                "spin",
                """[{"file_path":"imap/spice/spin/imap_2026_001_2026_002_01.spin.csv","start_date":"2026-01-01, 00:00:00","end_date":"2026-01-02, 00:00:00","version":"01","ingestion_date":"2026-01-03, 04:05:06"}]"""
            )
        ),
        .. Both(
            Table(
                "/repoint-table",
                "listRepointFiles",
                "repoint",
                """[{"file_path":"imap/spice/repoint/imap_2026_001_01.repoint.csv","end_date":"2026-01-01, 00:00:00","version":"01","ingestion_date":"2026-01-03, 04:05:06"}]"""
            )
        ),
        .. Both(
            Table(
                "/small-forces-table",
                "listThrusterFiles",
                "thruster",
                """[{"file_path":"imap/spice/activities/imap_2026_001_2026_002_hist_01.sff","start_date":"2026-01-01, 00:00:00","end_date":"2026-01-02, 00:00:00","version":"01","ingestion_date":"2026-01-03, 04:05:06"}]"""
            )
        ),
        .. Both(
            Get(
                "/metakernel",
                "makeMetakernel",
                "The kernels that a span of time needs",
                $"The text of a metakernel that loads the newest version of each kernel in the span, what counts more later; or with `list_files=true` their bare names. No file is a 404 then. {Spans}",
                [
                    Words.Query(
                        "start_time",
                        "Begin of the span: seconds of TDB past J2000, or a day, `YYYYMMDD`.",
                        Words.String(),
                        JsonValue.Create("20260101"),
                        required: true
                    ),
                    Words.Query(
                        "end_time",
                        "End of the span, likewise; a day is meant whole.",
                        Words.String(),
                        JsonValue.Create("20260102"),
                        required: true
                    ),
                    Text("spice_path", "The folder that the text names as the kernels' own; `spice` by default.", "/data/spice"),
                    Text("list_files", "`true`: the names alone.", "true"),
                    Text(
                        "require_coverage",
                        "`true`: 422 with the gaps where the kernels of a category leave part of the span uncovered.",
                        "false"
                    ),
                    Text("file_types", "Only these types: a comma list, or repeated.", "leapseconds,spacecraft_clock"),
                ],
                """["naif0012.tls","imap_sclk_0032.tsc"]"""
            )
        ),
        new(
            HttpMethod.Post,
            "/reprocess",
            "reprocess",
            Operations.Query,
            "Not of this archive",
            "Answers 501: the archive stores and serves data and does not process any. Pipelines that ask for it are told."
        )
        {
            Answers =
            [
                new(501, "A sentence.")
                {
                    Shapes = [Shapes.Text],
                    Examples = [("always", "always", "\"This archive stores and serves data; it does not process any.\"")],
                },
            ],
        },
    ];

    /// <summary>Whether a mission with these kernels has the route; which tables there are is the mission's to say.</summary>
    public static bool IsOf(Operation operation, KernelRules kernels) =>
        !operation.Path.EndsWith("-table", StringComparison.Ordinal) || kernels.Tables.ContainsKey(operation.Path[1..]);

    private static OpenApiParameter Text(string name, string text, string example) =>
        Words.Query(name, text, Words.String(), JsonValue.Create(example));

    private static Operation[] Both(Operation get) =>
        [get, get.ForHead("head" + char.ToUpperInvariant(get.Id[0]) + get.Id[1..], get.Summary)];

    private static Operation Table(string path, string id, string type, string example) =>
        Get(
            path,
            id,
            $"The {type} files",
            $"The files of the type `{type}`. Dates are `YYYY-MM-DD, HH:MM:SS`, UTC; `version` is text. {Spans}",
            OfTables,
            example
        );

    private static Operation Get(
        string path,
        string id,
        string summary,
        string text,
        IReadOnlyList<OpenApiParameter> parameters,
        string example
    ) =>
        new(HttpMethod.Get, path, id, Operations.Query, summary, text)
        {
            Parameters = parameters,
            Answers =
            [
                new(200, "What was found; none is an empty list.")
                {
                    Shapes = [Shapes.Items],
                    Examples = [("found", "as of the examples of the names", example)],
                },
            ],
            Failures = [Failure.Unexpected, Failure.Starting],
        };
}
