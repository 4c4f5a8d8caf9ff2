using System.Text.Json.Nodes;
using Microsoft.OpenApi;
using OpenSdc.Server.Files;

namespace OpenSdc.Server.Description;

/// <summary>The words of <c>/coverage</c> and <c>/facets</c>, which take the filters of a query.</summary>
internal static class CoverageOperations
{
    private const string Costs =
        """
        Sums are kept at every publication by instrument, level, descriptor, extension and start date; where only these are filtered by, the answer comes from them and takes
        milliseconds. Any other filter (`latest`, versions, repointings, rotations, ingestion dates, `overlaps`, `as_of`, `current`, `since_seq`, single files) is answered from the files themselves and
        takes as long as to read all that are meant. The `ETag` changes with each publication; sent back as `If-None-Match`, it is answered 304 until then. Both
        representations are the same here, and errors are problems.
        """;

    private static readonly IReadOnlyList<OpenApiParameter> Filters =
    [
        .. QueryWords.All.Where(each => CoverageRequest.Filters.Contains(each.Name!)),
    ];

    private static readonly OpenApiParameter Bin = Words.Query(
        CoverageRequest.Bin,
        "How long a period is: the first digits of the start date.",
        new OpenApiSchema
        {
            Type = JsonSchemaType.String,
            Enum = [.. CoverageRequest.Bins.Select(each => (JsonNode)JsonValue.Create(each))],
            Default = JsonValue.Create(CoverageRequest.Bins[0]),
        },
        JsonValue.Create("month"));

    private static readonly OpenApiParameter IfNoneMatch =
        Words.Header("If-None-Match", "Answer 304 where nothing was published since the answer with this `ETag`.", Samples.QueryTag);

    private static readonly IReadOnlyList<(string, string, string)> Headers =
    [
        ("ETag", "The state of the archive and what was asked of it.", Samples.QueryTag),
        .. QueryOperations.StateHeaders,
    ];

    private static readonly Answer NothingNew = new(304, "Nothing was published since the answer that the caller has.")
    {
        Headers = Headers,
    };

    private static readonly IReadOnlyList<Failure> Failures =
    [
        new(Problems.UnknownParameter("colour", CoverageRequest.Filters) with { Plain = true }, "there is no such parameter"),
        new(
            Problems.BadParameter("The parameter bin is 'week'; allowed: day, month, year.") with
            {
                Plain = true,
            },
            "a value cannot mean anything, or the parameter belongs to a list of files"
        ),
        Failure.TooManyListings,
        Failure.Unexpected,
        Failure.Starting,
    ];

    public static Operation Coverage { get; } =
        new(
            HttpMethod.Get,
            "/coverage",
            "coverFiles",
            "Query",
            "See which days have files",
            $"""
        For each family, instrument, level, descriptor and extension, and each day, month or year in which the files start: how many files there are, their bytes, the newest
        version, and when the first and the last of them were published. The parameters are the filters of `/query`. Ordered by these members; days without files are left out.

        {Costs}
        """)
    {
        Parameters = [.. Filters, Bin, IfNoneMatch],
        Answers =
        [
            new(200, "The periods that have files. None is an empty list.")
            {
                Headers = Headers,
                Shapes = [Shapes.CoverageList],
                Examples = [("months", "`instrument=codice&bin=month`", Samples.Coverage)],
            },
            NothingNew,
        ],
        Failures = Failures,
    };

    public static Operation FacetsOfFiles { get; } =
        new(
            HttpMethod.Get,
            "/facets",
            "countFacets",
            "Query",
            "See which values files have",
            $"""
        For each of instrument, level, descriptor, extension and start year the values that the files have, with the number of files and their bytes. The parameters are
        the filters of `/query`, and all of them count for every field, also the field's own: the numbers of each field add up to the whole.

        {Costs}
        """)
    {
        Parameters = [.. Filters, IfNoneMatch],
        Answers =
        [
            new(200, "The values, in ordinal order; null first, for files whose names have no such part.")
            {
                Headers = Headers,
                Shapes = [Shapes.Facets],
                Examples = [("facets", "`instrument=codice`", Samples.Facets)],
            },
            NothingNew,
        ],
        Failures = Failures,
    };
}
