using System.Net;
using System.Text.Json;

namespace OpenSdc.Client;

/// <summary>From an answer that is no success to an exception with the server's own sentence.</summary>
internal static class Refusals
{
    private const int MostErrors = 3;
    private const int LongestBody = 64 << 10;
    private const string TypePrefix = "urn:opensdc:problem:";

    /// <summary>
    /// Reads the answer's body, which may be a problem, the founding document's object, or any text.
    /// </summary>
    public static async Task<SdcException> ReadAsync(HttpResponseMessage answer, string what, CancellationToken cancel)
    {
        var (sentence, code, sha256) = await PartsAsync(answer, cancel);
        return new SdcException(KindOf(answer.StatusCode),
            $"{what} ({(int)answer.StatusCode}).{(string.IsNullOrWhiteSpace(sentence) ? "" : " " + sentence)}")
        {
            Status = (int)answer.StatusCode,
            Code = code,
            ArchiveSha256 = sha256,
        };
    }

    private static async Task<(string? Sentence, string? Code, string? Sha256)> PartsAsync(
        HttpResponseMessage answer,
        CancellationToken cancel
    )
    {
        string? sentence = null, code = null, sha256 = null;
        try
        {
            using var body = JsonDocument.Parse(await StartAsync(answer, cancel));
            var root = body.RootElement;
            sentence = root.ValueKind == JsonValueKind.String ? root.GetString() : Text(root, "detail") ?? Text(root, "body")
                ?? Text(root, "message");
            code = Text(root, "type") is { } type && type.StartsWith(TypePrefix, StringComparison.Ordinal) ? type[TypePrefix.Length..]
                : null;
            sha256 = Text(root, "sha256");
            if (root.ValueKind == JsonValueKind.Object && root.TryGetProperty("errors", out var errors)
                && errors.ValueKind == JsonValueKind.Array)
                sentence = string.Join(' ', errors.EnumerateArray().Take(MostErrors).Where(each =>
                    each.ValueKind == JsonValueKind.String).Select(each => each.GetString()).Prepend(sentence));
        }
        catch (Exception unreadable) when (unreadable is JsonException or HttpRequestException or IOException)
        {
            // The status says enough.
        }

        return (sentence, code, sha256);
    }

    /// <summary>The server's own sentence; null where the answer has none.</summary>
    public static async Task<string?> SentenceAsync(HttpResponseMessage answer, CancellationToken cancel)
    {
        var (sentence, _, _) = await PartsAsync(answer, cancel);
        return string.IsNullOrWhiteSpace(sentence) ? null : sentence;
    }

    /// <summary>Throws where the answer is no success.</summary>
    public static async Task EnsureAsync(HttpResponseMessage answer, string what, CancellationToken cancel)
    {
        if (!answer.IsSuccessStatusCode)
            throw await ReadAsync(answer, what, cancel);
    }

    private static SdcError KindOf(HttpStatusCode status) => status switch
    {
        HttpStatusCode.NotFound or HttpStatusCode.Gone => SdcError.NotFound,
        HttpStatusCode.Conflict => SdcError.Conflict,
        _ when Backoff.IsTransient(status) => SdcError.Unreachable,
        _ => SdcError.Refused,
    };

    private static string? Text(JsonElement element, string member) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(member, out var value)
            && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static async Task<ReadOnlyMemory<byte>> StartAsync(HttpResponseMessage answer, CancellationToken cancel)
    {
        await using var body = await answer.Content.ReadAsStreamAsync(cancel);
        var start = new byte[LongestBody];
        var length = await body.ReadAtLeastAsync(start, start.Length, throwOnEndOfStream: false, cancel);
        return start.AsMemory(0, length);
    }
}
