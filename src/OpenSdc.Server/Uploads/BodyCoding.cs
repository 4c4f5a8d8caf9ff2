namespace OpenSdc.Server.Uploads;

/// <summary>
/// Bodies that a request says are coded: compressed (<c>Content-Encoding: gzip</c>, <c>Transfer-Encoding: gzip, chunked</c>), or cut into signed pieces as clients
/// of S3 send them (<c>aws-chunked</c>). Nothing here takes such a coding off, so that the coded bytes would be published as the file for good.
/// </summary>
internal static class BodyCoding
{
    /// <summary>The refusal of a body that is not the file's own bytes; null where it is said to be them.</summary>
    public static Problem? Refusal(HttpRequest request)
    {
        var headers = request.Headers;
        // What most clients send.
        if (headers.ContentEncoding.Count == 0 && headers.TransferEncoding.Count == 0 && !headers.ContainsKey("x-amz-content-sha256"))
            return null;
        Problem? refusal = null;
        if (headers.ContentEncoding.ToString() is var content && !Codings(content).All(each => each.Equals("identity", StringComparison.OrdinalIgnoreCase)))
            refusal = Problems.CodedBody("Content-Encoding", content);
        // The web server takes the last one off, which it sees to be chunked, and no other.
        else if (headers.TransferEncoding.ToString() is var transfer && Codings(transfer).Length > 1)
            refusal = Problems.CodedBody("Transfer-Encoding", transfer);
        else if (headers["x-amz-content-sha256"].ToString() is var payload && payload.StartsWith("STREAMING-", StringComparison.OrdinalIgnoreCase))
            refusal = Problems.CodedBody("x-amz-content-sha256", payload);
        if (refusal is not null)
            request.HttpContext.Response.Headers.AcceptEncoding = "identity";
        return refusal;
    }

    private static string[] Codings(string list) => list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}
