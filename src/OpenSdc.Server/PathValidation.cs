using Microsoft.AspNetCore.Http.Features;
using OpenSdc.Contract.Naming;

namespace OpenSdc.Server;

/// <summary>
/// Refuses the segments <c>.</c> and <c>..</c> of a request's path. The web server has resolved them before a
/// handler sees the path (<c>a/../b</c> is <c>b</c> by then), so the raw target is read.
/// </summary>
internal static class PathValidation
{
    public static NameFault? Of(HttpContext context)
    {
        var raw = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget.AsSpan();
        var question = raw.IndexOf('?');
        if (question >= 0)
            raw = raw[..question];
        if (!raw.Contains('.') && !raw.Contains('%'))
            return null;
        foreach (var range in raw.Split('/'))
        {
            var segment = raw[range];
            if (segment is ".." or "." || (segment.Contains('%') && Uri.UnescapeDataString(segment) is ".." or "."))
                return new NameFault(
                    "path",
                    segment.ToString(),
                    $"The path holds the segment '{segment}'; '.' and '..' are not allowed: give the file name alone or below its folders."
                );
        }

        return null;
    }

    /// <summary>
    /// The first segment of the path as it was sent, the prefixes aside: which route a path that climbs out
    /// of it was meant for.
    /// </summary>
    public static string RouteAsked(HttpContext context)
    {
        var segments = context
            .Features.GetRequiredFeature<IHttpRequestFeature>()
            .RawTarget.Split('?')[0]
            .Split('/', StringSplitOptions.RemoveEmptyEntries);
        return segments is [var prefix, var behind, ..] && ServerApp.Prefixes.Contains("/" + prefix) ? behind : segments.FirstOrDefault("");
    }
}
