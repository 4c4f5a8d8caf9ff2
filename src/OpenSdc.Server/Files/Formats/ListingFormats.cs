using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace OpenSdc.Server.Files.Formats;

/// <summary>The one place that decides in which format a query is answered.</summary>
/// <remarks>
/// <list type="number">
/// <item>The parameter <c>format</c>. It names a bare format, and is the plainest thing that a caller can say: it wins over the Accept header and over the setting that pins a representation.</item>
/// <item>The documented representation, where the Accept header or the setting chooses it. It exists as JSON only.</item>
/// <item>An Accept header that names <c>text/csv</c> or <c>application/x-ndjson</c>, unless it prefers JSON or a wildcard to them.</item>
/// <item>JSON.</item>
/// </list>
/// </remarks>
internal sealed class ListingFormats(DownloadUrls urls)
{
    public const string Json = "json";
    public const string Ndjson = "ndjson";
    public const string Csv = "csv";
    public const string Urls = "urls";
    public const string Sha256Sum = "sha256sum";

    /// <summary>What <c>format=</c> may name.</summary>
    public static IReadOnlyList<string> Names { get; } = [Json, Ndjson, Csv, Urls, Sha256Sum];

    public (IListingFormat? Format, Problem? Problem) Choose(HttpContext context, QueryRequest request)
    {
        // Asked in any case, since it also says to caches that the answer depends on Accept.
        var documented = Representation.IsDocumented(context) && request.Format is null;
        var name = request.Format ?? OfAccept(context.Request.Headers.Accept);
        var fields = request.Fields;
        if (fields.Count > 0 && (documented || name is Urls or Sha256Sum))
        {
            var what = documented
                ? "the documented answer, whose tuples always have the same seven members"
                : $"format={name}, whose lines are always the same";
            return (
                null,
                Problems.BadParameter(
                    $"The parameter fields does not go with {what}; allowed: with format=json, format=ndjson or format=csv."
                )
            );
        }

        return (documented ? new TupleFormat() : FormatOf(name, request, context), null);
    }

    /// <summary>
    /// The format that an Accept header prefers among those that have a media type of their own; JSON where
    /// it names none of them.
    /// </summary>
    public static string OfAccept(StringValues accept)
    {
        // What nearly every client sends is not worth parsing.
        var text = accept.ToString();
        if (!text.Contains("csv", StringComparison.OrdinalIgnoreCase) && !text.Contains("ndjson", StringComparison.OrdinalIgnoreCase))
            return Json;
        if (!MediaTypeHeaderValue.TryParseList([text], out var ranges))
            return Json;
        var (best, weight) = (Json, 0.0);
        foreach (var range in ranges)
        {
            // The first of equals, whose q is above 0.
            if (NameOf(range) is { } name && (range.Quality ?? 1) > weight)
                (best, weight) = (name, range.Quality ?? 1);
        }

        // A wildcard means JSON, but what is named goes before it unless it weighs less.
        return ranges.Any(range => IsWildcard(range) && (range.Quality ?? 1) > weight) ? Json : best;
    }

    private IListingFormat FormatOf(string name, QueryRequest request, HttpContext context) => name switch
    {
        Ndjson => new NdjsonFormat(request.Fields, request.Members),
        Csv => new CsvFormat(request.Fields, request.Members),
        Urls => new UrlsFormat(urls.For(context)),
        Sha256Sum => new Sha256SumFormat(),
        _ => new JsonFormat(request.Fields, request.Members),
    };

    private static string? NameOf(MediaTypeHeaderValue range) => range.MediaType.ToString().ToLowerInvariant() switch
    {
        "application/json" => Json,
        "application/x-ndjson" => Ndjson,
        "text/csv" => Csv,
        _ => null,
    };

    private static bool IsWildcard(MediaTypeHeaderValue range) =>
        range.MatchesAllTypes || range.MediaType.Equals("application/*", StringComparison.OrdinalIgnoreCase);
}
