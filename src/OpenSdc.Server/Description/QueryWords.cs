using System.Text.Json.Nodes;
using Microsoft.OpenApi;
using OpenSdc.Contract;
using OpenSdc.Server.Files;
using OpenSdc.Server.Files.Formats;

namespace OpenSdc.Server.Description;

/// <summary>
/// What is said of each parameter of <c>/query</c>, in the order of <see cref="QueryParameters.Names"/>; a
/// test compares the two.
/// </summary>
internal static class QueryWords
{
    private const string Any = "`*` stands for any run of characters. Several values, repeated or between commas, mean any of them.";
    private const string AnyNumber = "Several values, repeated or between commas, mean any of them.";

    private const string InTurn = "Several are repeated or stand between commas.";

    public static IReadOnlyList<OpenApiParameter> All { get; } =
    [
        Texts(
            "instrument",
            $"Instrument, as names write it. A value that the table's files cannot have is refused, and the answer lists the allowed ones. {Any}",
            Samples.File.Instrument!
        ),
        Texts(
            "data_level",
            $"Data level, as names write it. A value that the table's files cannot have is refused, and the answer lists the allowed ones. {Any}",
            Samples.File.DataLevel!
        ),
        Texts("descriptor", $"Descriptor of the product. {Any}", Samples.File.Descriptor!),
        Date("start_date", "Files whose **start** date is on or after this day.", "20260101"),
        Date("end_date", "Files whose **start** date is on or before this day. The end date of a file plays no part.", "20260131"),
        Texts(
            "version",
            $"Version, written as in the name: `v01-01`, `v001`, `v001.0002`; of a kernel also without the letter before its digits. One number of science files (`v001`, `1`) also finds that minor version of any major. `latest` means the same as `latest=true`, and `*` lists every version: without any of these a list of science files has of each series the highest major only, as the header `OpenSDC-Default-Versions` says. {Any}",
            "*"
        ),
        Texts("extension", $"Extension, without the leading dot. {Any}", Samples.File.Extension!),
        Texts("repointing", $"Repointing number: `2` or `repoint00002`. {AnyNumber}", "repoint00002", "^(repoint)?[0-9]+$"),
        Texts("cr", $"Carrington rotation: `2290` or `cr02290`. {AnyNumber}", "2290", "^(cr)?[0-9]+$"),
        Date("ingestion_start_date", "Files published on or after this day, UTC.", "20260101"),
        Date("ingestion_end_date", "Files published on or before this day, UTC, which counts whole.", "20260131"),
        Numbers("major_version", $"Major version (software). {AnyNumber}", 1),
        Numbers("minor_version", $"Minor version (data), or the only number that the version has. {AnyNumber}", 2),
        Words.Query("latest",
            "`true`: of each series only the newest version, among what the other parameters leave. A series is the files of one family, instrument, level, "
                + "descriptor, start date, repointing, Carrington rotation and extension. Versions are compared as numbers, major before minor; one without a major sorts below one with.",
            new OpenApiSchema { Type = JsonSchemaType.Boolean, Default = JsonValue.Create(false) },
            JsonValue.Create(true)
        ),
        Words.Query(
            "table",
            "The family of files, as the mission file names it, or `*` for all of them. The answer to an unknown one lists them.",
            new OpenApiSchema { Type = JsonSchemaType.String, Default = JsonValue.Create("science") },
            JsonValue.Create("science")
        ),
        Texts(
            "file_path",
            $"Single files, by their paths in the archive. Without `table` a file of any family is found. {AnyNumber}",
            Samples.Key,
            most: QueryParameters.MostFiles
        ),
        Texts(
            "filename",
            $"Single files, by their bare names. Without `table` a file of any family is found. {AnyNumber}",
            Samples.FileName,
            most: QueryParameters.MostFiles
        ),
        Texts(
            "sha256",
            $"Single files, by the SHA-256 of their bytes. Without `table` a file of any family is found. {AnyNumber}",
            Samples.Sha256,
            "^[0-9a-fA-F]{64}$"
        ),
        Several(
            "integrity",
            $"What is known of the files' bytes: `intact`, `lost` or `damaged`. {InTurn}",
            new OpenApiSchema
            {
                Type = JsonSchemaType.String,
                Enum = [.. FileIntegrity.All.Select(each => (JsonNode)JsonValue.Create(each))],
            },
            JsonValue.Create(FileIntegrity.Lost)
        ),
        Words.Query(
            "released",
            "`true`: only files that are released to everybody; `false`: only those that are not, which the public never sees.",
            new OpenApiSchema { Type = JsonSchemaType.Boolean },
            JsonValue.Create(true)
        ),
        Texts(
            "crid",
            $"Identifier of a composite release. Names do not tell it, so that no file has one. {AnyNumber}",
            "CRID01",
            "^[A-Za-z0-9._-]{1,64}$"
        ),
        Words.Query(
            "overlaps",
            "Files whose days, first to last, meet this day or these: `YYYYMMDD` or `YYYYMMDD-YYYYMMDD`. A file whose name has no end has its start day only, and one without a start is not found.",
            new OpenApiSchema { Type = JsonSchemaType.String, Pattern = "^[0-9]{8}(-[0-9]{8})?$" },
            JsonValue.Create("20260101-20260131")
        ),
        Sequence(
            "since_seq",
            "Only files published after the change with this number, which must have happened: what is new since an answer, whose header `OpenSDC-Seq` said it.",
            42
        ),
        Sequence(
            "as_of",
            "The archive exactly as it stood after the change with this number, which must have happened. The same query with the same `as_of` has the same answer for ever.",
            42
        ),
        Words.Query(
            "history",
            "The history that the caller's numbers (`since_seq`, `as_of`) are of, as the header `OpenSDC-History` said it. Where the archive has another, as after a restore, the answer is a 400 "
            + "instead of a list that passes over files.",
            Words.String(), JsonValue.Create(Samples.History)),
        Words.Query("current",
            "`true`: only files of which the archive has no newer version, whatever else is asked for; `false`: only those of which it has one. Together with `filename` it says which of a list are still current.",
            new OpenApiSchema { Type = JsonSchemaType.Boolean },
            JsonValue.Create(true)
        ),
        Several(
            "sort",
            $"The order, most significant first; a hyphen before a name means descending. Equals are ordered by `seq`, in the direction of the last field. Versions are ordered by their numbers. {InTurn}",
            new OpenApiSchema
            {
                Type = JsonSchemaType.String,
                Enum =
                [
                    .. QueryParameters
                        .SortColumns.SelectMany(each => (string[])[each, "-" + each])
                        .Select(each => (JsonNode)JsonValue.Create(each)),
                ],
            },
            JsonValue.Create("-ingestion_date")
        ),
        Several(
            "fields",
            $"Only these members of each record, in this order; in JSON, NDJSON and CSV. {InTurn}",
            new OpenApiSchema
            {
                Type = JsonSchemaType.String,
                Enum = [.. QueryRequest.AllFields.Select(each => (JsonNode)JsonValue.Create(each))],
            },
            JsonValue.Create("file_path")
        ),
        Words.Query(
            "count",
            "`true`: the header `OpenSDC-Count` says how many files there are, exactly and whatever the `limit`.",
            new OpenApiSchema { Type = JsonSchemaType.Boolean, Default = JsonValue.Create(false) },
            JsonValue.Create(true)
        ),
        Words.Query(
            "format",
            "How the answer is written: `json`, the plain array; `ndjson`, one JSON object a line; `csv` (RFC 4180); `urls`, one signed URL a line; `sha256sum`, the lines that `sha256sum -c` checks. "
                + "Wins over `Accept`. Errors are written as `Accept` asks.",
            new OpenApiSchema
            {
                Type = JsonSchemaType.String,
                Enum = [.. ListingFormats.Names.Select(each => (JsonNode)JsonValue.Create(each))],
            },
            JsonValue.Create(ListingFormats.Csv)
        ),
        Words.Query(
            "limit",
            $"At most this many files. Where there are more, the header `Link` gives the address of the next page. Without `limit` the list is complete, however long.",
            new OpenApiSchema
            {
                Type = JsonSchemaType.Integer,
                Minimum = "1",
                Maximum = QueryParameters.LargestPage.ToString(),
            },
            JsonValue.Create(10),
            sent: true
        ),
        Words.Query(
            "cursor",
            "Where the page before ended: opaque, only together with `limit`, as the header `Link` gave it. All pages show the archive as it was at the first one, "
            + "so files that arrive in between neither move nor repeat a row.",
            Words.String(), JsonValue.Create(Samples.Cursor)),
    ];

    private static OpenApiParameter Texts(
        string name,
        string text,
        string example,
        string? pattern = null,
        int most = ParameterValues.MostValues
    ) =>
        Several(
            name,
            text,
            new OpenApiSchema
            {
                Type = JsonSchemaType.String,
                MaxLength = ParameterValues.LongestValue,
                Pattern = pattern,
            },
            JsonValue.Create(example),
            most
        );

    private static OpenApiParameter Numbers(string name, string text, int example) =>
        Several(name, text, new OpenApiSchema { Type = JsonSchemaType.Integer, Minimum = "0" }, JsonValue.Create(example));

    private static OpenApiParameter Several(
        string name,
        string text,
        OpenApiSchema each,
        JsonNode example,
        int most = ParameterValues.MostValues
    )
    {
        var parameter = Words.Query(name, text,
            new OpenApiSchema { Type = JsonSchemaType.Array, Items = each, MinItems = 1, MaxItems = most }, new JsonArray(example));
        parameter.Style = ParameterStyle.Form;
        parameter.Explode = true;
        return parameter;
    }

    private static OpenApiParameter Date(string name, string text, string example) =>
        Words.Query(
            name,
            $"{text} `YYYYMMDD`, a day that exists.",
            new OpenApiSchema { Type = JsonSchemaType.String, Pattern = "^[0-9]{8}$" },
            JsonValue.Create(example)
        );

    private static OpenApiParameter Sequence(string name, string text, long example) =>
        Words.Query(
            name,
            text,
            new OpenApiSchema
            {
                Type = JsonSchemaType.Integer,
                Format = "int64",
                Minimum = "0",
            },
            JsonValue.Create(example)
        );
}
