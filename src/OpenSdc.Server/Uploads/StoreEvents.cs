using System.Net;
using System.Text.Json;
using OpenSdc.Server.Objects;

namespace OpenSdc.Server.Uploads;

/// <summary>
/// Reads what an S3 store tells of its objects: a JSON object with <c>Records</c>, as AWS, Ceph and MinIO write it, bare or as the <c>Message</c> of a
/// notification of SNS. What it tells of is only a reason to look: whoever publishes asks the store itself.
/// </summary>
internal static class StoreEvents
{
    /// <summary>A notification tells of one object, seldom of a few.</summary>
    public const int Largest = 256 * 1024;

    // SNS puts a notification into a text of another; no deeper.
    private const int Deepest = 2;

    /// <summary>The uploads that a notification says have arrived. One that tells of something else, or of another bucket, names none.</summary>
    /// <param name="json">The notification.</param>
    /// <param name="staging">The store that it may tell of.</param>
    /// <param name="uploads">Their ids, each once.</param>
    /// <returns>Null, or a sentence that says why it is none.</returns>
    public static string? Read(ReadOnlyMemory<byte> json, S3Staging staging, out IReadOnlyCollection<string> uploads)
    {
        var found = new HashSet<string>(StringComparer.Ordinal);
        uploads = found;
        try
        {
            return Read(json, staging, found, Deepest);
        }
        catch (JsonException fault)
        {
            return $"The notification is not JSON (line {fault.LineNumber + 1}, byte {fault.BytePositionInLine + 1}).";
        }
        catch (InvalidOperationException)
        {
            // An escape such as \ud800 alone: well-formed JSON, and no text.
            return "The notification holds half of a Unicode character.";
        }
    }

    private static string? Read(ReadOnlyMemory<byte> json, S3Staging staging, HashSet<string> found, int depth)
    {
        using var document = JsonDocument.Parse(json);
        var root = document.RootElement;
        if (root.ValueKind != JsonValueKind.Object)
            return "The notification is JSON, but no object.";
        if (root.TryGetProperty("Records", out var records))
        {
            if (records.ValueKind != JsonValueKind.Array)
                return "The notification's Records are no array.";
            foreach (var record in records.EnumerateArray())
            {
                if (UploadOf(record, staging) is { } id)
                    found.Add(id);
            }

            return null;
        }

        if (Text(root, "Message") is { } message && depth > 1)
        {
            // Of SNS itself, such as the question whether to subscribe, it is a sentence for a person.
            return Text(root, "Type") is not "Notification" ? null : Read(System.Text.Encoding.UTF8.GetBytes(message), staging, found, depth - 1);
        }

        // The store tries out the way once, when it is set up.
        return Text(root, "Event") == "s3:TestEvent" ? null : "The notification has neither Records nor a Message.";
    }

    private static string? UploadOf(JsonElement record, S3Staging staging)
    {
        if (record.ValueKind != JsonValueKind.Object || Text(record, "eventName") is not { } kind || !kind.Contains("ObjectCreated", StringComparison.Ordinal)
            || !record.TryGetProperty("s3", out var s3) || s3.ValueKind != JsonValueKind.Object
            || !s3.TryGetProperty("bucket", out var bucket) || !s3.TryGetProperty("object", out var named)
            || Text(bucket, "name") is not { } bucketName || Text(named, "key") is not { } key)
            return null;
        // Keys are escaped as in a form by AWS and MinIO, and not at all by some versions of Ceph; an upload's id means the same either way.
        return staging.TryReadPlace(bucketName, WebUtility.UrlDecode(key), out var id, out _) || staging.TryReadPlace(bucketName, key, out id, out _) ? id : null;
    }

    private static string? Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
