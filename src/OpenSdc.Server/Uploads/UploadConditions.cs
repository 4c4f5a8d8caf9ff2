using System.Globalization;
using Microsoft.Net.Http.Headers;
using OpenSdc.Contract;

namespace OpenSdc.Server.Uploads;

/// <summary>
/// The conditions of a PUT (RFC 9110, section 13.1), held against the record at its key: <c>If-Match</c>,
/// <c>If-None-Match</c> and <c>If-Unmodified-Since</c>. A condition that cannot be read is refused, never
/// passed over.
/// </summary>
internal static class UploadConditions
{
    /// <summary>Why the upload must not go on; null where all conditions hold.</summary>
    /// <param name="request">The PUT.</param>
    /// <param name="there">The record at its key; null where there is none.</param>
    /// <param name="isSeen">Whether the caller may read the file: otherwise no condition tells its digest or
    /// its date, and only the star matches it.</param>
    public static Problem? Refusal(HttpRequest request, UploadReceipt? there, bool isSeen)
    {
        var headers = request.Headers;
        if (headers.IfMatch.Count > 0)
        {
            if (!EntityTagHeaderValue.TryParseStrictList(headers.IfMatch, out var tags) || tags.Count == 0)
                return Problems.BadCondition("If-Match", headers.IfMatch.ToString(), "*, or a list of entity tags in double quotes");
            if (
                there is null
                || !tags.Any(each =>
                    each.Equals(EntityTagHeaderValue.Any) || (isSeen && each.Compare(TagOf(there), useStrongComparison: true))
                )
            )
                return Problems.ConditionFailed("If-Match");
        }

        if (headers.IfUnmodifiedSince.Count > 0)
        {
            if (!HeaderUtilities.TryParseDate(headers.IfUnmodifiedSince.ToString(), out var since))
                return Problems.BadCondition(
                    "If-Unmodified-Since",
                    headers.IfUnmodifiedSince.ToString(),
                    "a date as HTTP writes it, e.g. Sat, 03 Jan 2026 04:05:06 GMT"
                );
            if (there is not null && (!isSeen || PublishedAt(there) > since))
                return Problems.ConditionFailed("If-Unmodified-Since");
        }

        if (headers.IfNoneMatch.Count == 0)
            return null;
        if (!EntityTagHeaderValue.TryParseStrictList(headers.IfNoneMatch, out var none) || none.Count == 0)
            return Problems.BadCondition("If-None-Match", headers.IfNoneMatch.ToString(), "*, or a list of entity tags in double quotes");
        return
            there is not null
            && none.Any(each => each.Equals(EntityTagHeaderValue.Any) || (isSeen && each.Compare(TagOf(there), useStrongComparison: false)))
            ? Problems.ConditionFailed("If-None-Match")
            : null;
    }

    private static EntityTagHeaderValue TagOf(UploadReceipt receipt) => new($"\"{receipt.Sha256}\"");

    private static DateTimeOffset PublishedAt(UploadReceipt receipt) =>
        DateTimeOffset.ParseExact(receipt.IngestionDate, "yyyyMMdd HH:mm:ss", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
}
