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
        var context = request.HttpContext;
        context.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = LargestBody;
        var given = request.Query.ToDictionary(each => each.Key, each => each.Value, StringComparer.Ordinal);
        try
        {
            var problem = request.HasFormContentType ? await ReadFormAsync(request, given)
                : request.HasJsonContentType() ? await ReadJsonAsync(request, given)
                : request.ContentLength is not (null or 0) ? Malformed($"has the content type '{ParameterValues.Shown(request.ContentType ?? "")}'")
                : null;
            return problem is null ? (new QueryCollection(given), null) : (null, problem);
        }
        catch (JsonException fault)
        {
            return (null, Malformed($"is not JSON (line {fault.LineNumber + 1}, byte {fault.BytePositionInLine + 1})"));
        }
        catch (InvalidDataException fault)
        {
            return (null, Malformed($"is not a form that can be read: {ParameterValues.Shown(fault.Message)}"));
        }
        catch (IOException fault) when (fault is not BadHttpRequestException)
        {
            return (null, Malformed("is a form that ends before its last part does"));
        }
    }

    private static async Task<Problem?> ReadFormAsync(HttpRequest request, Dictionary<string, StringValues> given)
    {
        var options = new FormOptions
        {
            ValueCountLimit = QueryParameters.MostFiles + 1000,
            ValueLengthLimit = LargestBody,
            BufferBodyLengthLimit = LargestBody,
        };
        var form = await new FormFeature(request, options).ReadFormAsync(request.HttpContext.RequestAborted);
        // Passed over, a list of names that came as a file would be answered with all files there are.
        if (form.Files is [var file, ..])
            return Malformed($"has the file {ParameterValues.Shown(file.Name)}, and a form's parameters are texts");
        foreach (var (name, values) in form)
            Add(given, name, values);
        return null;
    }

    private static async Task<Problem?> ReadJsonAsync(HttpRequest request, Dictionary<string, StringValues> given)
    {
        var patience = request.HttpContext.RequestServices.GetRequiredService<Patience>();
        var json = new JsonParameters();
        for (var isLast = false; !isLast;)
        {
            var read = await patience.ReadAsync(request.BodyReader, request.HttpContext.RequestAborted);
            isLast = read.IsCompleted;
            var problem = json.Read(read.Buffer, isLast, out var consumed);
            request.BodyReader.AdvanceTo(consumed, read.Buffer.End);
            if (problem is not null)
                return problem;
        }

        foreach (var (name, values) in json.Members)
            Add(given, name, values);
        return null;
    }

    /// <summary>Called once for each name of the body: the values of the address come first.</summary>
    private static void Add(Dictionary<string, StringValues> given, string name, StringValues values) =>
        given[name] = StringValues.Concat(given.GetValueOrDefault(name), values);

    public static Problem Malformed(string what) => Problems.BadParameter(
        $"The body of the query {what}; allowed: a form (application/x-www-form-urlencoded) or a JSON object (application/json) with the parameters of GET /query.");
}
