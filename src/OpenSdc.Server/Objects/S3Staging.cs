using System.Runtime.CompilerServices;
using Amazon.S3.Model;
using OpenSdc.Server.Files;

namespace OpenSdc.Server.Objects;

/// <summary>An upload that lies whole in staging.</summary>
/// <param name="UploadId">The upload that it came by, as its place says.</param>
/// <param name="Key">The key that it is to get.</param>
/// <param name="Length">Its bytes.</param>
/// <param name="ETag">The store's mark of these bytes.</param>
/// <param name="LastWrite">When its last byte came.</param>
internal readonly record struct ArrivedObject(string UploadId, string Key, long Length, string ETag, DateTimeOffset LastWrite);

/// <summary>A part that the store has of an upload in parts.</summary>
internal readonly record struct StoredPart(int Part, long Size, string ETag);

/// <summary>An upload in parts that was begun and neither completed nor aborted.</summary>
internal readonly record struct BegunParts(string UploadId, string Key, string StoreId, DateTimeOffset BegunAt);

/// <summary>
/// Bytes that travel between clients and an S3 store without passing through the server: signed URLs for them, and
/// what has arrived. Signing asks nobody; all else asks the store.
/// </summary>
internal sealed class S3Staging(S3Bucket bucket)
{
    private const int MostDeletedAtOnce = 1000;

    /// <summary>
    /// The URL to PUT an upload's bytes to. Nothing but the host is bound by the signature: installed clients send
    /// headers of their own.
    /// </summary>
    public string SignUpload(string uploadId, string key, int seconds) =>
        bucket.Signature.Sign("PUT", bucket.StagingKey(uploadId, key), seconds);

    /// <summary>The URL to GET an object from, under its own name.</summary>
    public string SignDownload(string key, int seconds)
    {
        var name = key[(key.LastIndexOf('/') + 1)..].Replace("\"", "\\\"", StringComparison.Ordinal);
        // The type as well: an object that a tool has copied into the bucket may have another one, or none.
        return bucket.Signature.Sign(
            "GET",
            bucket.ObjectKey(key),
            seconds,
            $"&response-content-disposition={System.Uri.EscapeDataString($"attachment; filename=\"{name}\"")}&response-content-type={System.Uri.EscapeDataString(MediaTypes.Of(key))}"
        );
    }

    /// <summary>The URL to PUT one part of an upload in parts to; parts count from 1.</summary>
    public string SignPart(string uploadId, string key, string storeId, int part, int seconds) =>
        bucket.Signature.Sign("PUT", bucket.StagingKey(uploadId, key), seconds, QueryOfPart(storeId, part));

    /// <summary>The <c>s3://</c> URI of an object.</summary>
    public string Uri(string key) => bucket.Location.Uri(key);

    /// <summary>
    /// What stands for an object of the archive in a path that a caller gives: its key where the path is its URI,
    /// otherwise the path itself.
    /// </summary>
    public string WithoutUri(string path) => path.StartsWith(Uri(""), StringComparison.Ordinal) ? path[Uri("").Length..] : path;

    /// <summary>Reads the place of an upload as the store's notifications tell it; false for whatever else they tell of.</summary>
    public bool TryReadPlace(string bucketName, string objectKey, out string uploadId, out string key)
    {
        (uploadId, key) = ("", "");
        return bucketName == bucket.Name
            && objectKey.StartsWith(bucket.StagingRoot, StringComparison.Ordinal)
            && TryReadPlace(objectKey[bucket.StagingRoot.Length..], out uploadId, out key);
    }

    /// <summary>Uploads that have arrived whole and are not yet dealt with, whoever sent them.</summary>
    public async IAsyncEnumerable<ArrivedObject> ArrivedAsync([EnumeratorCancellation] CancellationToken cancel)
    {
        await foreach (var page in new S3Listing(bucket).PagesAsync(bucket.StagingRoot, delimiter: null, cancel))
        {
            foreach (var each in page.Objects)
            {
                if (TryReadPlace(each.Key[bucket.StagingRoot.Length..], out var uploadId, out var key))
                    yield return new ArrivedObject(
                        uploadId,
                        key,
                        each.Size ?? 0,
                        S3Bucket.ETagOf(each.ETag),
                        each.LastModified is { } at ? new DateTimeOffset(at.ToUniversalTime()) : default
                    );
            }
        }
    }

    /// <summary>Whether an upload lies whole in staging.</summary>
    public async ValueTask<bool> HasArrivedAsync(string uploadId, string key, CancellationToken cancel) =>
        await bucket.HeadAsync(bucket.StagingKey(uploadId, key), cancel) is not null;

    /// <summary>
    /// An upload as it lies in staging, to be hashed and named; null where it has not arrived. Its bytes are on their
    /// way already: one request instead of two.
    /// </summary>
    public async ValueTask<ArrivedUpload?> OpenArrivedAsync(string uploadId, string key, CancellationToken cancel) =>
        await bucket.Requests.OpenAsync(bucket.StagingKey(uploadId, key), cancel) is var (head, bytes)
            ? new ArrivedUpload(bucket, uploadId, key, head, bytes)
            : null;

    /// <summary>
    /// The same without asking, as a listing has just told it; other bytes in its place are noticed when it is read
    /// and when it is named.
    /// </summary>
    public ArrivedUpload Open(ArrivedObject arrived) =>
        new(bucket, arrived.UploadId, arrived.Key, new S3Head(arrived.Length, arrived.ETag, arrived.LastWrite, null, null));

    /// <summary>Removes uploads from staging, a thousand with a request; those that are not there are no fault.</summary>
    public async Task RemoveArrivedAsync(IEnumerable<(string UploadId, string Key)> arrived, CancellationToken cancel)
    {
        foreach (var some in arrived.Chunk(MostDeletedAtOnce))
        {
            var request = new DeleteObjectsRequest
            {
                BucketName = bucket.Name,
                Quiet = true,
                Objects = [.. some.Select(each => new KeyVersion { Key = bucket.StagingKey(each.UploadId, each.Key) })],
            };
            await bucket.AskAsync(S3Bucket.ForBytes, (client, token) => client.DeleteObjectsAsync(request, token), cancel);
        }
    }

    /// <summary>Opens a part for bytes that pass through the server.</summary>
    public S3Part OpenPart(string uploadId, string key, string storeId, int part, long size) =>
        new(bucket, key, new S3PutTarget(bucket.StagingKey(uploadId, key), Query: QueryOfPart(storeId, part)), size);

    /// <summary>Begins an upload in parts and gives the store's own name of it.</summary>
    public async Task<string> BeginPartsAsync(string uploadId, string key, CancellationToken cancel) =>
        (
            await bucket.AskAsync(
                S3Bucket.Shortly,
                (client, token) => client.InitiateMultipartUploadAsync(bucket.Name, bucket.StagingKey(uploadId, key), token),
                cancel
            )
        ).UploadId;

    /// <summary>The parts that have come, in order; null where the store knows no such upload (any more).</summary>
    public async Task<IReadOnlyList<StoredPart>?> PartsAsync(string uploadId, string key, string storeId, CancellationToken cancel)
    {
        var parts = new List<StoredPart>();
        string? next = null;
        do
        {
            var request = new ListPartsRequest
            {
                BucketName = bucket.Name,
                Key = bucket.StagingKey(uploadId, key),
                UploadId = storeId,
                PartNumberMarker = next,
            };
            if (
                await bucket.AskOrNullAsync(
                    S3Bucket.Shortly,
                    (client, token) => client.ListPartsAsync(request, token),
                    "NoSuchUpload",
                    cancel
                )
                is not { } page
            )
                return null;
            foreach (var part in page.Parts ?? [])
                parts.Add(new StoredPart(part.PartNumber ?? 0, part.Size ?? 0, part.ETag));
            next = page.IsTruncated == true ? page.NextPartNumberMarker?.ToString() : null;
        }
        while (next is not null);

        return parts;
    }

    /// <summary>
    /// Makes one object of the parts, which then lies in staging as an upload that has arrived; false where the store
    /// knows no such upload, as when it was completed before.
    /// </summary>
    public async Task<bool> CompletePartsAsync(
        string uploadId,
        string key,
        string storeId,
        IEnumerable<StoredPart> parts,
        CancellationToken cancel
    )
    {
        var request = new CompleteMultipartUploadRequest
        {
            BucketName = bucket.Name,
            Key = bucket.StagingKey(uploadId, key),
            UploadId = storeId,
            PartETags = [.. parts.Select(part => new PartETag(part.Part, part.ETag))],
        };
        return await bucket.AskOrNullAsync(
            S3Bucket.ForBytes,
            (client, token) => client.CompleteMultipartUploadAsync(request, token),
            "NoSuchUpload",
            cancel
        )
            is not null;
    }

    /// <summary>Ends an upload in parts without a result; one that has ended already is no fault.</summary>
    public Task AbortPartsAsync(string uploadId, string key, string storeId, CancellationToken cancel) =>
        bucket.AskOrNullAsync(
            S3Bucket.Shortly,
            (client, token) => client.AbortMultipartUploadAsync(bucket.Name, bucket.StagingKey(uploadId, key), storeId, token),
            "NoSuchUpload",
            cancel
        );

    /// <summary>Every upload in parts that the store still holds open in staging.</summary>
    public async IAsyncEnumerable<BegunParts> BegunPartsAsync([EnumeratorCancellation] CancellationToken cancel)
    {
        (string? Key, string? Id) next = default;
        bool more;
        do
        {
            var request = new ListMultipartUploadsRequest
            {
                BucketName = bucket.Name,
                Prefix = bucket.StagingRoot,
                KeyMarker = next.Key,
                UploadIdMarker = next.Id,
            };
            var page = await bucket.AskAsync(S3Bucket.Shortly, (client, token) => client.ListMultipartUploadsAsync(request, token), cancel);
            foreach (var each in page.MultipartUploads ?? [])
            {
                if (TryReadPlace(each.Key[bucket.StagingRoot.Length..], out var uploadId, out var key))
                    yield return new BegunParts(
                        uploadId,
                        key,
                        each.UploadId,
                        each.Initiated is { } at ? new DateTimeOffset(at.ToUniversalTime()) : default
                    );
            }

            next = (page.NextKeyMarker, page.NextUploadIdMarker);
            more = page.IsTruncated == true;
        }
        while (more);
    }

    private static string QueryOfPart(string storeId, int part) => $"&partNumber={part}&uploadId={System.Uri.EscapeDataString(storeId)}";

    private static bool TryReadPlace(string place, out string uploadId, out string key)
    {
        var slash = place.IndexOf('/', StringComparison.Ordinal);
        (uploadId, key) = slash > 0 && slash + 1 < place.Length ? (place[..slash], place[(slash + 1)..]) : ("", "");
        return key.Length > 0;
    }
}
