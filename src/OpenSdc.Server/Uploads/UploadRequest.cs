using System.Buffers;
using System.Text.Json;

namespace OpenSdc.Server.Uploads;

/// <summary>
/// The JSON body of <c>POST /uploads</c> and <c>POST /uploads/{id}/complete</c>. Repeated and unknown members
/// are refused.
/// </summary>
internal sealed record UploadRequest
{
    private const string AllowedToBegin =
        "allowed: a JSON object with filename, a text, size, a whole number of bytes, and, where it is known, sha256, 64 hexadecimal digits";

    private const string AllowedToComplete = "allowed: no body, or a JSON object with sha256, 64 hexadecimal digits";

    private static readonly string[] OtherDigests = ["Content-Digest", "Content-MD5", "Digest"];

    public string? FileName { get; private init; }

    public long? Size { get; private init; }

    /// <summary>The SHA-256 that the whole file is promised to have, in lower-case hexadecimals.</summary>
    public string? Sha256 { get; private init; }

    /// <summary>Reads the body of a request that begins an upload, which names a file and its size.</summary>
    public static async Task<(UploadRequest Asked, Problem? Problem)> ReadBeginAsync(HttpRequest request)
    {
        if (UncheckedDigest(request, withReprDigest: false) is { } unchecked_)
            return (new(), unchecked_);
        var (asked, fault) = Parse(await BytesAsync(request), begins: true);
        fault ??= asked.FileName is null ? "has no filename" : asked.Size is null ? "has no size" : null;
        return (asked, fault is null ? null : Problems.BadUploadRequest($"The body {fault}; {AllowedToBegin}."));
    }

    /// <summary>Reads the body, if any, and the header <c>Repr-Digest</c> of a request that completes an upload.</summary>
    public static async Task<(UploadRequest Asked, Problem? Problem)> ReadCompleteAsync(HttpRequest request)
    {
        if (UncheckedDigest(request, withReprDigest: true) is { } unchecked_)
            return (new(), unchecked_);
        if (ReprDigest(request, out var promised) is { } malformed)
            return (new(), Problems.BadDigestHeader(malformed));
        var bytes = await BytesAsync(request);
        var (asked, fault) = bytes.Length == 0 ? (new UploadRequest(), null) : Parse(bytes, begins: false);
        if (fault is not null)
            return (asked, Problems.BadUploadRequest($"The body {fault}; {AllowedToComplete}."));
        if (promised is not null && asked.Sha256 is not null && promised != asked.Sha256)
            return (
                asked,
                Problems.BadUploadRequest(
                    $"The header Repr-Digest promises the SHA-256 {promised}, and the member sha256 {asked.Sha256}; they must be the same."
                )
            );
        return (asked with { Sha256 = asked.Sha256 ?? promised }, null);
    }

    /// <summary>A digest that nothing here would check.</summary>
    private static Problem? UncheckedDigest(HttpRequest request, bool withReprDigest)
    {
        var header = request.Headers.Keys.FirstOrDefault(key =>
            OtherDigests.Contains(key, StringComparer.OrdinalIgnoreCase)
            || (!withReprDigest && key.Equals("Repr-Digest", StringComparison.OrdinalIgnoreCase))
            || key.StartsWith("x-amz-checksum-", StringComparison.OrdinalIgnoreCase)
            || (key.Equals("x-amz-content-sha256", StringComparison.OrdinalIgnoreCase) && request.Headers[key] != "UNSIGNED-PAYLOAD"));
        return header is null
            ? null
            : Problems.BadDigestHeader(
                $"The header {ShownText.Of(header)} is not checked here; allowed: the member sha256 for the whole file{(withReprDigest ? ", or Repr-Digest with sha-256" : "")}."
            );
    }

    /// <summary>Reads the header <c>Repr-Digest</c>, a dictionary of RFC 9530 that holds sha-256 and nothing else.</summary>
    /// <returns>What is wrong with it, or null.</returns>
    public static string? ReprDigest(HttpRequest request, out string? sha256)
    {
        sha256 = null;
        if ((string?)request.Headers["Repr-Digest"] is not { } header)
            return null;
        var value = new byte[32];
        var text = header.Trim();
        if (text.StartsWith("sha-256=:", StringComparison.Ordinal) && text.EndsWith(':') && text.Length > 10
            && Convert.TryFromBase64String(text[9..^1], value, out var length) && length == value.Length)
        {
            sha256 = Convert.ToHexStringLower(value);
            return null;
        }

        return $"The header Repr-Digest is '{ShownText.Of(header)}'; allowed here: sha-256=:BASE64:, the 32 bytes of the whole file's SHA-256, and no other algorithm.";
    }

    private static async Task<byte[]> BytesAsync(HttpRequest request)
    {
        // The web server ends a body that is larger than it takes.
        var body = request.BodyReader;
        while (true)
        {
            var read = await body.ReadAsync(request.HttpContext.RequestAborted);
            if (!read.IsCompleted)
            {
                body.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                continue;
            }

            var bytes = read.Buffer.ToArray();
            body.AdvanceTo(read.Buffer.End);
            return bytes;
        }
    }

    private static (UploadRequest Asked, string? Fault) Parse(byte[] json, bool begins)
    {
        var asked = new UploadRequest();
        try
        {
            using var document = JsonDocument.Parse(json);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                return (asked, "is JSON, but no object");
            var names = new HashSet<string>(StringComparer.Ordinal);
            foreach (var member in document.RootElement.EnumerateObject())
            {
                if (!names.Add(member.Name))
                    return (asked, $"has the member {ShownText.Of(member.Name)} twice");
                switch (member.Name)
                {
                    case "filename" when begins && member.Value.ValueKind == JsonValueKind.String:
                        asked = asked with { FileName = member.Value.GetString() };
                        break;
                    case "size"
                        when begins
                            && member.Value.ValueKind == JsonValueKind.Number
                            && member.Value.TryGetInt64(out var size)
                            && size >= 1:
                        asked = asked with { Size = size };
                        break;
                    case "size" when begins && member.Value.ValueKind == JsonValueKind.Number:
                        return (
                            asked,
                            $"has the size {ShownText.Of(member.Value.GetRawText())}, but an upload in parts has at least one byte"
                        );
                    case "sha256"
                        when member.Value.ValueKind == JsonValueKind.String
                            && member.Value.GetString() is { Length: 64 } digits
                            && digits.All(char.IsAsciiHexDigit):
                        asked = asked with { Sha256 = digits.ToLowerInvariant() };
                        break;
                    case "size" or "filename" when begins:
                        return (asked, WrongType(member));
                    case "sha256" when member.Value.ValueKind != JsonValueKind.String:
                        return (asked, WrongType(member));
                    default:
                        return (asked, $"has the member {ShownText.Of(member.Name)}: {ShownText.Of(member.Value.GetRawText())}");
                }
            }

            return (asked, null);
        }
        catch (JsonException fault)
        {
            return (asked, $"is not JSON (line {fault.LineNumber + 1}, byte {fault.BytePositionInLine + 1})");
        }
        catch (InvalidOperationException)
        {
            // An escape such as \ud800 alone: well-formed JSON, and no text.
            return (asked, "holds half of a Unicode character");
        }
    }

    private static string WrongType(JsonProperty member)
    {
        var type = member.Value.ValueKind switch
        {
            JsonValueKind.String => "a text",
            JsonValueKind.Number => "a number",
            JsonValueKind.Array => "an array",
            JsonValueKind.Object => "an object",
            JsonValueKind.Null => "null",
            _ => "a truth value",
        };
        var allowed = member.Name == "size" ? "a number" : "a text";
        return $"has a {member.Name} of the wrong type: {ShownText.Of(member.Value.GetRawText())} is {type}, not {allowed}";
    }
}
