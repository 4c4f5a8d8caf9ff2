using Microsoft.AspNetCore.Http.Headers;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace OpenSdc.Server.Files;

/// <summary>The conditions and the range of a request, weighed in the order of RFC 9110, section 13.2.2.</summary>
internal readonly struct Conditions
{
    private readonly RangeHeaderValue? range;

    public Conditions(HttpRequest request, EntityTagHeaderValue tag, DateTimeOffset modified)
    {
        // Most requests carry none of these headers, and then nothing is parsed.
        var raw = request.Headers;
        if (raw.IfMatch.Count + raw.IfNoneMatch.Count + raw.IfModifiedSince.Count + raw.IfUnmodifiedSince.Count + raw.Range.Count == 0)
            return;
        // What cannot be read is never taken for a match, nor for a condition that holds: a date beside it
        // does not count either (RFC 9110, section 13.2.2).
        var headers = new RequestHeaders(raw);
        if (raw.IfMatch.Count > 0)
            Failed = !Matches(raw.IfMatch, tag, strong: true);
        else if (raw.IfUnmodifiedSince.Count > 0)
            Failed = !(modified <= headers.IfUnmodifiedSince);
        if (raw.IfNoneMatch.Count > 0)
            NotModified = Matches(raw.IfNoneMatch, tag, strong: false);
        else if (headers.IfModifiedSince is { } modifiedSince)
            NotModified = modified <= modifiedSince;
        // A range is defined for GET alone: HEAD answers as if none were asked for (RFC 9110, section 14.2).
        if (HttpMethods.IsHead(request.Method))
            return;
        RangeConditionHeaderValue? ifRange = null;
        if (raw.IfRange.Count > 0 && !RangeConditionHeaderValue.TryParse(raw.IfRange.ToString(), out ifRange))
            return;
        if (ifRange is null || (ifRange.EntityTag?.Compare(tag, useStrongComparison: true) ?? ifRange.LastModified == modified))
            range = headers.Range;
    }

    /// <summary>The object is not in the state that the request asks for: 412.</summary>
    public bool Failed { get; }

    /// <summary>The caller has it already: 304.</summary>
    public bool NotModified { get; }

    /// <summary>
    /// First byte and length of the one range asked for; null for the whole object; a first byte of -1 where
    /// the range lies outside. Several ranges at once are answered with the whole, which the RFC permits: no
    /// client of archives sends them.
    /// </summary>
    public (long From, long Length)? Range(long length)
    {
        if (range is not { Ranges.Count: 1 } || !range.Unit.Equals("bytes", StringComparison.OrdinalIgnoreCase))
            return null;
        var asked = range.Ranges.First();
        var from = asked.From ?? Math.Max(0, length - asked.To!.Value);
        var to = asked.From is null ? length - 1 : Math.Min(asked.To ?? long.MaxValue, length - 1);
        return from >= length || to < from ? (-1, 0) : (from, to - from + 1);
    }

    /// <summary>
    /// Whether a list of tags, or the star that stands for any, names this one. A list that cannot be read in
    /// whole names none.
    /// </summary>
    public static bool Matches(StringValues header, EntityTagHeaderValue tag, bool strong)
    {
        if (!EntityTagHeaderValue.TryParseStrictList(header!, out var any))
            return false;
        foreach (var each in any)
        {
            if (each.Equals(EntityTagHeaderValue.Any) || each.Compare(tag, strong))
                return true;
        }

        return false;
    }
}
