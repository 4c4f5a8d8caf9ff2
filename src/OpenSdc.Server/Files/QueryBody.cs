using System.Text.Json;
using Microsoft.AspNetCore.Http.Features;

namespace OpenSdc.Server.Files;

/// <summary>
/// The parameters of a query that come in a body, because a line could not hold them: a form, or a JSON
/// object whose members are texts, numbers, true, false, or arrays of these. Those of the address count as
/// well.
/// </summary>
internal static class QueryBody
{
    /// <summary>Ten thousand names of the greatest length, with what stands around them.</summary>
    public const int LargestBody = 4 * 1024 * 1024;

    /// <summary>
    /// A <c>GET</c> or <c>HEAD</c> with a body: parameters in it would be passed over, and more would be
    /// listed than was asked for. Null where there is none.
    /// </summary>
    public static Problem? RefuseOfGet(HttpRequest request) =>
        !HttpMethods.IsPost(request.Method) && HasBody(request)
            ? Problems.BadParameter(
                $"The {request.Method} has a body; allowed: the parameters in the address, or POST /query with the parameters in the body."
            )
            : null;

    private static bool HasBody(HttpRequest request) =>
        request.ContentLength != 0 && request.HttpContext.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: true };

    public static async Task<(IQueryCollection? Given, Problem? Problem)> ReadAsync(HttpRequest request)
    {
        var context = request.HttpContext;
        context.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = LargestBody;
        if (HasBody(request) && !context.RequestServices.GetRequiredService<LargeBodies>().TryTake(context))
            return (null, Problems.TooManyBodies);
        var given = new BodyParameters(request.Query.ToDictionary(each => each.Key, each => each.Value, StringComparer.Ordinal));
        try
        {
            var problem = request.HasFormContentType ? await ReadFormAsync(request, given)
                : request.HasJsonContentType() ? await ReadJsonAsync(request, given)
                : HasBody(request) ? Malformed($"has the content type '{ParameterValues.Shown(request.ContentType ?? "")}'")
                : null;
            return problem is null ? (given, null) : (null, problem);
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

    private static async Task<Problem?> ReadFormAsync(HttpRequest request, BodyParameters given)
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
            given.Add(name, values);
        return null;
    }

    private static async Task<Problem?> ReadJsonAsync(HttpRequest request, BodyParameters given)
    {
        var json = new JsonParameters(
            QueryParameters.NamesOf(request.HttpContext.RequestServices.GetRequiredService<OpenSdc.Contract.Naming.Mission>())
        );
        for (var isLast = false; !isLast; )
        {
            var read = await request.BodyReader.ReadAsync(request.HttpContext.RequestAborted);
            isLast = read.IsCompleted;
            var consumed = read.Buffer.End;
            try
            {
                if (json.Read(read.Buffer, isLast, out consumed) is { } problem)
                    return problem;
            }
            finally
            {
                // Also after a fault: what is left of the body is read on while the caller is told of it.
                request.BodyReader.AdvanceTo(consumed, read.Buffer.End);
            }
        }

        foreach (var (name, values) in json.Members)
        {
            if (json.Arrays.Contains(name))
                given.AddArray(name, values);
            else
                given.Add(name, values);
        }

        return null;
    }

    public static Problem Malformed(string what) =>
        Problems.BadParameter(
            $"The body of the query {what}; allowed: a form (application/x-www-form-urlencoded) or a JSON object (application/json) with the parameters of GET /query."
        );
}
