using Microsoft.AspNetCore.Http.Features;

namespace OpenSdc.Server.Uploads;

/// <summary>
/// Refuses a PUT whose headers say that its body is not the file: a form or a message around it, a coding
/// (<c>Content-Encoding: gzip</c>, <c>aws-chunked</c>), a piece of it, or nothing at all. The archive removes
/// no envelope and no coding, so that the wrong bytes would be published for good.
/// </summary>
internal static class BodyHeaders
{
    // Content types of a body that has the file inside. application/x-www-form-urlencoded is not among them:
    // it is urllib's default for any bytes.
    private static readonly string[] Envelopes = ["multipart/", "message/", "application/http"];

    private static readonly string[] NoTransferCoding = ["binary", "8bit", "7bit", "identity"];

    // Of protocols that send a file in pieces.
    private static readonly string[] OfPieces = ["Content-Range", "Upload-Offset", "X-Update-Range"];

    /// <summary>The refusal; null where nothing says that the body is other than the file's own bytes.</summary>
    public static Problem? Refusal(HttpRequest request, bool allowEmpty)
    {
        // Over HTTP/2 a body may come without either header.
        if (request.ContentLength is null && request.HttpContext.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: false })
            return Problems.LengthRequired;
        if (NotTheFile(request.Headers) is { } refusal)
        {
            request.HttpContext.Response.Headers.AcceptEncoding = "identity";
            return refusal;
        }

        return request.ContentLength == 0 && !allowEmpty ? SurplusBytes.Refusal(request) ?? Problems.EmptyFile : null;
    }

    /// <summary>Whether a content type says that the file lies inside other bytes.</summary>
    public static bool IsEnvelope(string contentType) =>
        Envelopes.Any(each => contentType.AsSpan().TrimStart().StartsWith(each, StringComparison.OrdinalIgnoreCase));

    private static Problem? NotTheFile(IHeaderDictionary headers)
    {
        foreach (var type in headers.ContentType)
        {
            if (type is not null && IsEnvelope(type))
                return Problems.EnvelopedBody(type);
        }

        foreach (var header in OfPieces)
        {
            if (headers.ContainsKey(header))
                return Problems.PartialBody(header);
        }

        if (headers["Upload-Complete"].ToString() is "?0")
            return Problems.PartialBody("Upload-Complete");
        if (
            headers.ContentEncoding.ToString() is var content
            && !Codings(content).All(each => each.Equals("identity", StringComparison.OrdinalIgnoreCase))
        )
            return Problems.UnsupportedEncoding("Content-Encoding", content);
        // The web server removes the last one, which must be chunked, and no other.
        if (headers.TransferEncoding.ToString() is var transfer && Codings(transfer).Length > 1)
            return Problems.UnsupportedEncoding("Transfer-Encoding", transfer);
        if (
            headers["Content-Transfer-Encoding"].ToString().Trim() is { Length: > 0 } mail
            && !NoTransferCoding.Contains(mail, StringComparer.OrdinalIgnoreCase)
        )
            return Problems.UnsupportedEncoding("Content-Transfer-Encoding", mail);
        if (
            headers["x-amz-content-sha256"].ToString() is var payload
            && payload.StartsWith("STREAMING-", StringComparison.OrdinalIgnoreCase)
        )
            return Problems.UnsupportedEncoding("x-amz-content-sha256", payload);
        return headers["x-amz-decoded-content-length"].ToString() is { Length: > 0 } decoded
            ? Problems.UnsupportedEncoding("x-amz-decoded-content-length", decoded)
            : null;
    }

    private static string[] Codings(string list) => list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}
