using System.Text.Json;
using Microsoft.AspNetCore.Http.Features;

namespace OpenSdc.Server.Files.Curation;

/// <summary>
/// The parameters of an order about one file: of the address, of a form, or the texts of a JSON object. Each is known and given once.
/// </summary>
internal static class OrderBody
{
    private const int LargestBody = 64 * 1024;

    public static async Task<(IReadOnlyDictionary<string, string>? Given, Problem? Problem)> ReadAsync(
        HttpRequest request,
        IReadOnlyList<string> known
    )
    {
        var given = new Dictionary<string, string>(StringComparer.Ordinal);
        var cancel = request.HttpContext.RequestAborted;
        request.HttpContext.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = LargestBody;
        try
        {
            var problem = request.Query.Select(each => Add(each.Key, [.. each.Value])).FirstOrDefault(each => each is not null);
            if (request.HasFormContentType)
                problem ??= (await request.ReadFormAsync(cancel))
                    .Select(each => Add(each.Key, [.. each.Value]))
                    .FirstOrDefault(each => each is not null);
            else if (request.HasJsonContentType())
                problem ??= await AddJsonAsync();
            return problem is null ? (given, null) : (null, problem);
        }
        catch (Exception fault) when (fault is JsonException or InvalidDataException)
        {
            return (null, Problems.BadOrder("The body cannot be read; allowed: a form, or a JSON object whose members are texts."));
        }

        async Task<Problem?> AddJsonAsync()
        {
            using var json = await JsonDocument.ParseAsync(request.Body, cancellationToken: cancel);
            if (json.RootElement.ValueKind != JsonValueKind.Object)
                return Problems.BadOrder("The body is no JSON object; allowed: an object whose members are texts.");
            return json
                .RootElement.EnumerateObject()
                .Select(each =>
                    each.Value.ValueKind == JsonValueKind.String
                        ? Add(each.Name, [each.Value.GetString()])
                        : Problems.BadOrder($"The member {ShownText.Of(each.Name)} is no text; allowed: a text.")
                )
                .FirstOrDefault(each => each is not null);
        }

        Problem? Add(string name, string?[] values)
        {
            if (!known.Contains(name))
                return Problems.UnknownParameter(ShownText.Of(name), known) with { Plain = true };
            return values is [{ Length: > 0 } value] && given.TryAdd(name, value)
                ? null
                : Problems.BadOrder($"The parameter {name} must be given once, and not be empty.");
        }
    }
}
