using System.Buffers;
using Microsoft.AspNetCore.Connections.Features;

namespace OpenSdc.Server.Uploads;

/// <summary>
/// Bytes that follow a body beyond its Content-Length. To HTTP they are the next request; but a client that
/// has counted wrong sends them, and its file would be published cut short. So what has arrived behind a body
/// must begin as a request does.
/// </summary>
/// <remarks>
/// <para>Only what is there when the body ends is seen: what comes later finds the upload published with the length that its client gave, as its receipt says.</para>
/// <para>It looks into the connection's input, which is the web server's. That is safe after the body was read to its end, and not before: from then to the end of the handler the web server
/// does not read. The few bytes are copied before the read is ended, nothing is consumed, and a cancellation
/// that was meant for the server's next read is asked for again.</para>
/// </remarks>
internal static class SurplusBytes
{
    private const int LongestMethod = 16;

    /// <summary>
    /// What a request whose body has been read to its end is refused with; null where nothing follows, or the
    /// next request.
    /// </summary>
    public static Problem? Refusal(HttpRequest request)
    {
        if (
            request.ContentLength is null
            || request.HttpContext.Features.Get<IConnectionTransportFeature>()?.Transport.Input is not { } input
            || !input.TryRead(out var read)
        )
            return null;
        Span<byte> start = stackalloc byte[LongestMethod];
        var length = (int)Math.Min(read.Buffer.Length, LongestMethod);
        read.Buffer.Slice(0, length).CopyTo(start);
        // Looked at and left where it is, for the web server to read.
        input.AdvanceTo(read.Buffer.Start);
        if (read.IsCanceled)
            input.CancelPendingRead();
        if (BeginsRequest(start[..length]))
            return null;
        request.HttpContext.Response.Headers.Connection = "close";
        return Problems.BodyTooLong;
    }

    /// <summary>Line ends, which some clients put between requests, then a method and a space; or the beginning of these.</summary>
    private static bool BeginsRequest(ReadOnlySpan<byte> bytes)
    {
        bytes = bytes.TrimStart("\r\n"u8);
        var end = bytes.IndexOfAnyExceptInRange((byte)'A', (byte)'Z');
        return end < 0 ? bytes.Length < LongestMethod : end > 0 && bytes[end] == ' ';
    }
}
