using System.Text.Json.Nodes;
using Microsoft.OpenApi;
using OpenSdc.Server.Files;
using OpenSdc.Server.Files.Formats;

namespace OpenSdc.Server.Description;

/// <summary>The words of <c>/query</c>, which answers in several formats and can be asked in two ways.</summary>
internal static class QueryOperations
{
    private const string Text =
        """
        All parameters are optional, and a file must satisfy all that are given. Files come ordered by `file_path`, unless `sort` says otherwise. Without `limit` the
        list is complete and streamed; with it the list comes in pages. An unknown parameter or value is a 400, so an empty list always means that there is no
        such file.
        """;

    private const string FormatText =
        """
        **Formats.** `format` chooses and wins over `Accept`. Without it, `Accept: application/json` alone gives the documented answer, `text/csv` and `application/x-ndjson` give
        theirs, and everything else the plain JSON. All but JSON carry a `Content-Disposition`.

        **Polling.** The `ETag` follows from the newest change and from what was asked: sent back as `If-None-Match`, it is answered 304 until something is published. It is
        weak. `format=urls` has none, since its URLs say until when they live.
        """;

    private static readonly string Limits =
        $"A value may have {ParameterValues.LongestValue} characters and {ParameterValues.MostWildcards} wildcards, and a parameter {ParameterValues.MostValues} values, "
        + $"or {QueryParameters.MostFiles} names of files. At most {ParameterValues.MostPatterns} different values of `descriptor` or `version` have wildcards.";

    private static readonly OpenApiParameter IfNoneMatch =
        Words.Header("If-None-Match", "Answer 304 where nothing was published since the answer with this `ETag`.", Samples.QueryTag);

    public static IReadOnlyList<(string, string, string)> StateHeaders { get; } =
    [
        (
            "OpenSDC-Seq",
            "The number of the newest change (a publication, or a file that was lost, damaged or is sound again): the `since_seq` with which to ask next. Pages after the first say that of the first.",
            "42"
        ),
        ("OpenSDC-History", "The history that the number counts in. It is a new one after a restore.", Samples.History),
    ];

    private static readonly Answer Found = new(200, "The files. None is an empty list.")
    {
        Headers =
        [
            ("ETag", "The state of the archive and what was asked of it. Not for `format=urls`.", Samples.QueryTag),
            .. StateHeaders,
            ("Link", "Where there is a next page: its address.", Samples.Next),
            ("OpenSDC-Count", "With `count=true`: how many files there are, exactly, whatever the `limit`.", "1"),
            (
                "Content-Disposition",
                "In every format but JSON: a name to save the answer under.",
                "attachment; filename=\"opensdc-query.csv\""
            ),
        ],
        Shapes = [Shapes.FileList, Shapes.DocumentedFileList],
        Examples =
        [
            ("plain", "plain: a JSON array", Samples.PlainList),
            ("documented", "documented: to Accept: application/json", Samples.DocumentedList),
        ],
        TextExamples =
        [
            ("application/x-ndjson", ListingFormats.Ndjson, "one JSON object a line", Samples.Record + "\n"),
            ("text/csv", ListingFormats.Csv, "RFC 4180 with a header line; null is empty", Samples.CsvLines),
            ("text/plain", ListingFormats.Urls, "one signed URL a line", Samples.Url + "\n"),
            ("text/plain", ListingFormats.Sha256Sum, "the lines that sha256sum -c checks", $"{Samples.Sha256}  {Samples.FileName}\n"),
        ],
    };

    private static readonly Answer NothingNew = new(304, "Nothing was published since the answer that the caller has.")
    {
        Headers = [("ETag", "The one that the request named.", Samples.QueryTag), .. StateHeaders],
    };

    private static readonly IReadOnlyList<Failure> Refusals =
    [
        new(Problems.UnknownParameter("colour", QueryParameters.Names), "there is no such parameter"),
        new(
            Problems.BadParameter("The parameter start_date is '2026-01-01'; allowed: a day that exists, as YYYYMMDD."),
            "a value cannot mean anything"
        ),
        Failure.Unexpected,
        Failure.TooManyListings,
        Failure.Starting,
    ];

    public static Operation Get { get; } =
        new(HttpMethod.Get, "/query", "queryFiles", Operations.Query, "Find files", $"{Text}\n{Limits}\n\n{FormatText}")
        {
            Parameters = [.. QueryWords.All, IfNoneMatch],
            Answers = [Found, NothingNew],
            Failures = Refusals,
        };

    public static Operation Post { get; } =
        new(
            HttpMethod.Post,
            "/query",
            "queryFilesByPost",
            Operations.Query,
            "Find files, with the parameters in the body",
            $"""
            The same as `GET /query`, for what does not fit into an address, such as {QueryParameters.MostFiles} names: the parameters come in a form or in a JSON object, and those of the address count as
            well. In JSON a value is a text, a number, true, false, or an array of these, and each member stands there once. It changes nothing. Pages are asked for with the same body, at the address that `Link` gives.
            """
        )
        {
            Parameters = [IfNoneMatch],
            Body = new OpenApiRequestBody
            {
                Description = $"The parameters of `GET /query`, {QueryBody.LargestBody >> 20} MiB at most.",
                Content = new Dictionary<string, OpenApiMediaType>
                {
                    ["application/x-www-form-urlencoded"] = new()
                    {
                        Schema = Members(each => each.Schema!),
                        Example = JsonNode.Parse($$"""{"filename": ["{{Samples.FileName}}"]}"""),
                    },
                    ["application/json"] = new()
                    {
                        Schema = Members(OneOrSeveral),
                        Example = JsonNode.Parse($$"""{"filename": ["{{Samples.FileName}}"], "fields": ["file_path", "sha256"]}"""),
                    },
                },
            },
            Answers = [Found, NothingNew],
            Failures =
            [
                .. Refusals,
                new(Problems.OfStatus(413), "the body is too large"),
                new(Problems.TooManyBodies, "the body has more than 64 KiB or no length, and as many of them are being read as may be"),
            ],
        };

    private static OpenApiSchema Members(Func<OpenApiParameter, IOpenApiSchema> schema) => new()
    {
        Type = JsonSchemaType.Object,
        Properties = QueryWords.All.ToDictionary(each => each.Name!, schema),
        AdditionalPropertiesAllowed = false,
    };

    private static IOpenApiSchema OneOrSeveral(OpenApiParameter parameter) =>
        parameter.Schema is { Type: JsonSchemaType.Array, Items: { } items } several
            ? new OpenApiSchema { OneOf = [items, several] }
            : parameter.Schema!;
}
