using System.Text.Json;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;

namespace OpenSdc.Server.Files;

/// <summary>
/// The parameters of a query that come in a body, because a line could not hold them: a form, or a JSON object whose members are texts, numbers,
/// true, false, or arrays of these. Those of the address count as well.
/// </summary>
internal static class QueryBody
{
    /// <summary>Ten thousand names of the greatest length, with what stands around them.</summary>
    public const int LargestBody = 4 * 1024 * 1024;

    public static async Task<(IQueryCollection? Given, Problem? Problem)> ReadAsync(HttpRequest request)
    {
        request.HttpContext.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = LargestBody;
        var given = request.Query.ToDictionary(each => each.Key, each => each.Value, StringComparer.Ordinal);
        try
        {
            if (request.HasFormContentType)
            {
                var options = new FormOptions { ValueCountLimit = QueryParameters.MostFiles + 1000, ValueLengthLimit = LargestBody, BufferBodyLengthLimit = LargestBody };
                var form = await new FormFeature(request, options).ReadFormAsync(request.HttpContext.RequestAborted);
                // Passed over, a list of names that came as a file would be answered with all files there are.
                if (form.Files is [var file, ..])
                    return (null, Malformed($"has the file {ParameterValues.Shown(file.Name)}, and a form's parameters are texts"));
                foreach (var (name, values) in form)
                    Add(given, name, values);
            }
            else if (request.HasJsonContentType())
            {
                using var document = await JsonDocument.ParseAsync(request.Body, default, request.HttpContext.RequestAborted);
                if (document.RootElement.ValueKind != JsonValueKind.Object)
                    return (null, Malformed("is JSON, but no object"));
                foreach (var member in document.RootElement.EnumerateObject())
                {
                    if (Texts(member.Value) is not { } texts)
                        return (null, Malformed($"has the member {member.Name}, which is no text, number, true or false, nor an array of these"));
                    // A client that has no names left must not be given all files there are.
                    if (texts.Length == 0)
                        return (null, Malformed($"has the member {member.Name}, which is an empty array"));
                    Add(given, member.Name, texts);
                }
            }
            else if (request.ContentLength is not (null or 0))
            {
                return (null, Malformed($"has the content type '{request.ContentType}'"));
            }
        }
        catch (JsonException fault)
        {
            return (null, Malformed($"is not JSON (line {fault.LineNumber + 1}, byte {fault.BytePositionInLine + 1})"));
        }
        catch (InvalidOperationException)
        {
            // An escape such as \ud800 alone: well-formed JSON, and no text.
            return (null, Malformed("holds half of a Unicode character"));
        }
        catch (InvalidDataException fault)
        {
            return (null, Malformed($"is not a form that can be read: {fault.Message}"));
        }
        catch (IOException fault) when (fault is not BadHttpRequestException)
        {
            return (null, Malformed("is a form that ends before its last part does"));
        }

        return (new QueryCollection(given), null);
    }

    private static void Add(Dictionary<string, StringValues> given, string name, StringValues values) =>
        given[name] = StringValues.Concat(given.GetValueOrDefault(name), values);

    private static string[]? Texts(JsonElement value)
    {
        var texts = new List<string>();
        foreach (var each in value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray()] : (IEnumerable<JsonElement>)[value])
        {
            if (Text(each) is not { } text)
                return null;
            texts.Add(text);
        }

        return [.. texts];
    }

    private static string? Text(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString(),
        JsonValueKind.Number => value.GetRawText(),
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        _ => null,
    };

    private static Problem Malformed(string what) => Problems.BadParameter(
        $"The body of the query {what}; allowed: a form (application/x-www-form-urlencoded) or a JSON object (application/json) with the parameters of GET /query.");
}
