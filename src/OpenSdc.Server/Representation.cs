using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.Net.Http.Headers;
using OpenSdc.Server.Page;

namespace OpenSdc.Server;

/// <summary>
/// The two representations of one answer, and the only place that knows both: as the founding document prints it, an object
/// <c>{"statusCode", "headers", "body"}</c>, spaces included, or plain, the bare body.
/// </summary>
internal static class Representation
{
    private static readonly SearchValues<char> NeverEscaped = SearchValues.Create([
        .. Enumerable.Range(' ', '~' - ' ' + 1).Select(c => (char)c).Except(['"', '\\']),
    ]);

    /// <summary>The header that says under which id the log knows the request of a problem.</summary>
    public const string RequestId = "X-Request-Id";

    /// <summary>Whether this request is answered as the document prints it.</summary>
    public static bool IsDocumented(HttpContext context)
    {
        // The routes of the two representations say so from the beginning; this is for a path that led to none of them.
        var vary = context.Response.Headers.Vary;
        if (!vary.ToString().StartsWith("Accept", StringComparison.Ordinal))
            context.Response.Headers.Vary = vary.Count == 0 ? "Accept" : $"Accept, {vary}";
        return context.RequestServices.GetRequiredService<ServerOptions>().Representation switch
        {
            RepresentationSetting.Documented => true,
            RepresentationSetting.Plain => false,
            _ => AsksForDocumented(context.Request.Headers.Accept),
        };
    }

    /// <summary>
    /// The document's curl lines name application/json alone; installed clients and browsers send a wildcard,
    /// text/html or nothing.
    /// </summary>
    public static bool AsksForDocumented(string? accept) =>
        accept is not null
        && Wanted(accept) is var wanted
        && wanted.Contains("application/json", StringComparison.OrdinalIgnoreCase)
        && !wanted.Contains('*', StringComparison.Ordinal)
        && !wanted.Contains("text/html", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether a person's browser asks: only what names HTML gets it, no wildcard does.</summary>
    public static bool AsksForHtml(string? accept) =>
        accept is not null && Wanted(accept).Contains("text/html", StringComparison.OrdinalIgnoreCase);

    /// <summary>An Accept header without what it names only to refuse it (<c>q=0</c>); what cannot be read stays as it is.</summary>
    private static string Wanted(string accept) =>
        // Nearly none does, and then there is nothing to read.
        accept.Contains('0', StringComparison.Ordinal) && MediaTypeHeaderValue.TryParseList([accept], out var ranges)
            ? string.Join(", ", ranges.Where(range => range.Quality != 0))
            : accept;

    public static Task WriteUploadUrlAsync(HttpContext context, string url) =>
        WriteAsync(context, 200, "application/json", OfUploadUrl(url, IsDocumented(context)));

    public static Task WriteDownloadUrlAsync(HttpContext context, string url, string? uri)
    {
        context.Response.Headers.Location = url;
        return WriteAsync(context, 302, "application/json", OfDownloadUrl(url, uri, IsDocumented(context)));
    }

    public static string OfUploadUrl(string url, bool documented) =>
        documented ? $$"""{"statusCode": 200, "body": {{Quoted(url)}}}""" : Quoted(url);

    public static string OfDownloadUrl(string url, string? uri, bool documented)
    {
        var body = uri is null
            ? $$"""{"download_url": {{Quoted(url)}}}"""
            : $$"""{"download_url": {{Quoted(url)}}, "s3_uri": {{Quoted(uri)}}}""";
        return documented
            ? $$"""{"statusCode": 302, "headers": {"Content-Type": "text/html", "Location": {{Quoted(url)}}}, "body": {{body}}}"""
            : body;
    }

    /// <summary>What stands around the text of a documented query answer, which is a JSON string of its own.</summary>
    public static (string Before, string After) AroundQuery => ($$"""{"statusCode": 200, {{QueryHeaders}}, "body": """ + "\"", "\"}");

    public static Task WriteAsync(HttpContext context, Problem problem)
    {
        context.Response.Headers.CacheControl = PublicAnswers.NeverKept;
        // The documented form has no place for it, and both have headers.
        context.Response.Headers[RequestId] = context.TraceIdentifier;
        RequestLog.Remember(context, problem.Code);
        if (problem.Closes && HttpProtocol.IsHttp11(context.Request.Protocol))
            context.Response.Headers.Connection = "close";
        if (problem.RetryAfter is { } seconds)
            context.Response.Headers.RetryAfter = seconds.ToString();
        var isBare = AnswersAreBare(context);
        var documented = !problem.Plain && !isBare && IsDocumented(context);
        if (!documented && !isBare && IsNavigation(context.Request))
            return WritePageAsync(context, problem);
        return !documented
            ? WriteAsync(context, problem.Status, "application/problem+json", PlainOf(problem, context.TraceIdentifier))
            : WriteAsync(context, problem.DocumentedStatus ?? problem.Status, "application/json", DocumentedOf(problem));
    }

    private static bool AnswersAreBare(HttpContext context) =>
        (context.GetEndpoint() ?? context.Features.Get<IExceptionHandlerFeature>()?.Endpoint)?.Metadata.GetMetadata<BareAnswers>()
            is not null;

    /// <summary>A person's browser that goes to an address. The answers that are not errors are the same for it as for programs.</summary>
    private static bool IsNavigation(HttpRequest request) =>
        (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method)) && AsksForHtml(request.Headers.Accept);

    private static Task WritePageAsync(HttpContext context, Problem problem)
    {
        var publicUrl = context.RequestServices.GetRequiredService<ServerOptions>().PublicUrl;
        var root = (publicUrl?.AbsolutePath.TrimEnd('/') ?? context.Request.PathBase.ToUriComponent()) + "/";
        context.Response.Headers.ContentSecurityPolicy = ErrorPage.Policy;
        context.Response.Headers.XContentTypeOptions = "nosniff";
        return WriteAsync(
            context,
            problem.Status,
            "text/html; charset=utf-8",
            ErrorPage.Of(problem, root, context.Request.Path.Value ?? "", context.TraceIdentifier)
        );
    }

    public static string DocumentedOf(Problem problem)
    {
        var headers = problem.OfQuery ? QueryHeaders + ", " : "";
        var errors = problem.Errors.Count > 0 ? $", \"errors\": [{string.Join(", ", problem.Errors.Select(Quoted))}]" : "";
        var existing = problem.Existing is { } file
            ? string.Create(CultureInfo.InvariantCulture, $", \"sha256\": {Quoted(file.Sha256)}, \"size\": {file.Size}")
            : "";
        var tombstone = problem.Tombstone is { } there
            ? $", \"withdrawn\": {Quoted(there.At)}, \"reason\": {Quoted(there.Reason)}, \"superseded_by\": {(there.Successor is null ? "null" : Quoted(there.Successor))}"
            : "";
        return $$"""{"statusCode": {{problem.DocumentedStatus ?? problem.Status}}, {{headers}}"body": {{Quoted(problem.Sentence)}}{{errors}}{{existing}}{{tombstone}}}""";
    }

    /// <summary>A problem of RFC 9457.</summary>
    public static ReadOnlyMemory<byte> PlainOf(Problem problem, string requestId)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteString("type", "urn:opensdc:problem:" + problem.Code);
            json.WriteString("title", Microsoft.AspNetCore.WebUtilities.ReasonPhrases.GetReasonPhrase(problem.Status));
            json.WriteNumber("status", problem.Status);
            json.WriteString("detail", problem.Sentence);
            if (problem.Errors.Count > 0)
            {
                json.WriteStartArray("errors");
                foreach (var error in problem.Errors)
                    json.WriteStringValue(error);
                json.WriteEndArray();
            }

            if (problem.Existing is { } file)
            {
                json.WriteString("sha256", file.Sha256);
                json.WriteNumber("size", file.Size);
            }

            if (problem.Tombstone is { } tombstone)
            {
                json.WriteString("withdrawn", tombstone.At);
                json.WriteString("reason", tombstone.Reason);
                json.WriteString("superseded_by", tombstone.Successor);
            }

            json.WriteString("requestId", requestId);
            json.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }

    /// <summary>Text as a JSON string, quotes included. An address needs no escape, and is not looked through letter by letter.</summary>
    public static string Quoted(string text) =>
        string.Concat(
            "\"",
            text.AsSpan().ContainsAnyExcept(NeverEscaped)
                ? JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).Value
                : text,
            "\""
        );

    private const string QueryHeaders = "\"headers\": {\"Content-Type\": \"application/json\", \"Access-Control-Allow-Origin\": \"*\"}";

    private static Task WriteAsync(HttpContext context, int status, string contentType, string body) =>
        WriteAsync(context, status, contentType, System.Text.Encoding.UTF8.GetBytes(body));

    private static Task WriteAsync(HttpContext context, int status, string contentType, ReadOnlyMemory<byte> body)
    {
        var response = context.Response;
        response.StatusCode = status;
        response.ContentType = contentType;
        response.ContentLength = body.Length;
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : response.BodyWriter.WriteAsync(body).AsTask();
    }
}

/// <summary>Mark of a route of the live service: its answers are bare, problems included, whatever the <c>Accept</c> header says.</summary>
internal sealed class BareAnswers
{
    public static BareAnswers Mark { get; } = new();
}
