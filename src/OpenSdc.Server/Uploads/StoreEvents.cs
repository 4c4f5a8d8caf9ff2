using System.Net;
using System.Text;
using System.Text.Json;
using OpenSdc.Server.Objects;

namespace OpenSdc.Server.Uploads;

/// <summary>
/// Parses an S3 event notification: a JSON object with <c>Records</c>, as AWS, Ceph and MinIO write it, bare or as
/// the <c>Message</c> of a notification of SNS. It is only a signal to look: the publisher asks the store itself.
/// Decision 0014 says why the SDK's own parser is not used.
/// </summary>
internal static class StoreEvents
{
    /// <summary>The largest notification, in bytes: most are about one object.</summary>
    public const int Largest = 256 * 1024;

    // SNS puts a notification into a text of its own.
    private const int Deepest = 2;

    /// <summary>
    /// The uploads that have arrived according to a notification: none where it is about other objects or another
    /// bucket.
    /// </summary>
    /// <param name="json">The notification.</param>
    /// <param name="staging">The staging area whose objects count.</param>
    /// <param name="uploads">Their ids, each once.</param>
    /// <returns>Null, or a sentence that says why this is no notification.</returns>
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
            // An unpaired surrogate, such as \ud800: well-formed JSON, but no text.
            return "The notification holds half of a Unicode character.";
        }
    }

    private static string? Read(ReadOnlyMemory<byte> json, S3Staging staging, HashSet<string> found, int depth)
    {
        using var document = JsonDocument.Parse(json);
        var root = document.RootElement;
        if (root.ValueKind != JsonValueKind.Object)
            return "The notification is JSON, but not an object.";
        if (root.TryGetProperty("Records", out var records))
        {
            if (records.ValueKind != JsonValueKind.Array)
                return "The notification's Records are not an array.";
            foreach (var record in records.EnumerateArray())
            {
                if (UploadOf(record, staging) is { } id)
                    found.Add(id);
            }

            return null;
        }

        if (Text(root, "Message") is { } message && depth > 1)
        {
            // Other messages of SNS, such as a request to confirm the subscription, are sentences for a person.
            return Text(root, "Type") is not "Notification" ? null : Read(Encoding.UTF8.GetBytes(message), staging, found, depth - 1);
        }

        // AWS sends a test event when notifications are set up.
        return Text(root, "Event") == "s3:TestEvent" ? null : "The notification has neither Records nor a Message.";
    }

    private static string? UploadOf(JsonElement record, S3Staging staging)
    {
        if (record.ValueKind != JsonValueKind.Object
            || Text(record, "eventName") is not { } kind || !kind.Contains("ObjectCreated", StringComparison.Ordinal)
            || !record.TryGetProperty("s3", out var s3) || s3.ValueKind != JsonValueKind.Object
            || !s3.TryGetProperty("bucket", out var bucket) || !s3.TryGetProperty("object", out var named)
            || Text(bucket, "name") is not { } bucketName || Text(named, "key") is not { } key)
            return null;
        // Keys are escaped as in a form by AWS and MinIO, and not at all by some versions of Ceph; an upload's id
        // means the same either way.
        return staging.TryReadPlace(bucketName, WebUtility.UrlDecode(key), out var id, out _)
            || staging.TryReadPlace(bucketName, key, out id, out _) ? id : null;
    }

    private static string? Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;
}
