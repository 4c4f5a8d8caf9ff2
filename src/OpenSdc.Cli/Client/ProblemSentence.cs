using System.Text.Json;

namespace OpenSdc.Cli.Client;

/// <summary>What an answer that is no success says, for the commands that ask operators' and administrators' routes.</summary>
internal static class ProblemSentence
{
    /// <summary>The sentence of a problem, or of a bare text; empty where the body is neither, since the status says enough.</summary>
    public static async Task<string> OfAsync(HttpResponseMessage answer, CancellationToken cancel)
    {
        try
        {
            using var body = JsonDocument.Parse(await answer.Content.ReadAsByteArrayAsync(cancel));
            var root = body.RootElement;
            return root.ValueKind == JsonValueKind.String ? root.GetString()!
                : root.ValueKind == JsonValueKind.Object
                && root.TryGetProperty("detail", out var detail)
                && detail.ValueKind == JsonValueKind.String
                    ? detail.GetString()!
                : "";
        }
        catch (JsonException)
        {
            return "";
        }
    }
}
