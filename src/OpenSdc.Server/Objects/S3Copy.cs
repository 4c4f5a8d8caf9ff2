using Amazon.S3;
using Amazon.S3.Model;

namespace OpenSdc.Server.Objects;

/// <summary>
/// Copies objects within a bucket without their bytes passing through this process, and makes sure that what lies
/// there afterwards is what was to be copied.
/// </summary>
/// <remarks>A store copies at most 5 GiB in one request; larger objects are copied in ranges, several at once, each
/// bound to the tag of the source.</remarks>
internal sealed class S3Copy(S3Bucket bucket, long largestSingle = S3Copy.LargestSingle, long rangeSize = S3Copy.RangeSize)
{
    /// <summary>Half a gibibyte: a request then ends well within its time, and a large object is copied by several at once.</summary>
    public const long LargestSingle = 512L << 20, RangeSize = 512L << 20;

    // Of larger ones the request's own cost is the smallest part.
    private const long QuickUpTo = 4L << 20;

    private const int RangesAtOnce = 8;
    private const int MostRanges = 10_000;

    /// <summary>Copies an object whose tag is known.</summary>
    /// <param name="from">The source as the store writes it.</param>
    /// <param name="tag">The tag that it must have; other bytes under its name are not copied.</param>
    /// <param name="length">Its bytes.</param>
    /// <param name="to">The target, which is overwritten.</param>
    /// <param name="beside">Metadata of the copy, which replaces the source's; null to keep those.</param>
    /// <param name="cancel">Ends the work; what was begun in ranges is taken back.</param>
    public async Task CopyAsync(string from, string tag, long length, string to, ObjectNotes? beside, CancellationToken cancel)
    {
        if (length > largestSingle)
        {
            await CopyRangesAsync(from, tag, length, to, beside ?? await NotesOfAsync(from, cancel), cancel);
        }
        else
        {
            var copied = length <= QuickUpTo && beside is not null ? await bucket.Requests.CopyAsync(from, tag, to, beside, cancel) : null;
            copied ??= await CopyWholeAsync(from, tag, to, beside, cancel);
            // The same digest as the source's, computed by the store itself from the bytes of the copy.
            if (copied == tag && !tag.Contains('-', StringComparison.Ordinal))
                return;
        }

        // Tags of parts and of encrypted objects cannot be compared, and a store may not heed the condition, as Ceph 16 does not.
        var (source, copy) = (await bucket.HeadAsync(from, cancel), await bucket.HeadAsync(to, cancel));
        if (source?.ETag != tag)
            throw new IOException($"Other bytes have come into the place of {from} while it was copied.");
        if (copy?.Length != length)
            throw new IOException(
                $"The object store copied {from} to {to}, but there lie {copy?.Length.ToString() ?? "no"} bytes and not {length}."
            );
    }

    private async Task<string> CopyWholeAsync(string from, string tag, string to, ObjectNotes? beside, CancellationToken cancel)
    {
        var request = new CopyObjectRequest
        {
            SourceBucket = bucket.Name,
            SourceKey = from,
            DestinationBucket = bucket.Name,
            DestinationKey = to,
            ETagToMatch = tag,
        };
        if (beside is { } notes)
        {
            request.MetadataDirective = S3MetadataDirective.REPLACE;
            request.ContentType = notes.ContentType;
            notes.WriteTo(request.Metadata);
        }

        return S3Bucket.ETagOf(
            (await bucket.AskAsync(S3Bucket.ForBytes, (client, token) => client.CopyObjectAsync(request, token), cancel)).ETag
        );
    }

    private async Task CopyRangesAsync(string from, string tag, long length, string to, ObjectNotes notes, CancellationToken cancel)
    {
        var size = Math.Max(rangeSize, (length + MostRanges - 1) / MostRanges);
        var begin = new InitiateMultipartUploadRequest { BucketName = bucket.Name, Key = to, ContentType = notes.ContentType };
        notes.WriteTo(begin.Metadata);
        var id = (
            await bucket.AskAsync(S3Bucket.Shortly, (client, token) => client.InitiateMultipartUploadAsync(begin, token), cancel)
        ).UploadId;
        try
        {
            var parts = new PartETag[(length + size - 1) / size];
            await Parallel.ForAsync(
                0,
                parts.Length,
                new ParallelOptions { MaxDegreeOfParallelism = RangesAtOnce, CancellationToken = cancel },
                async (i, stop) =>
                {
                    var request = new CopyPartRequest
                    {
                        SourceBucket = bucket.Name,
                        SourceKey = from,
                        DestinationBucket = bucket.Name,
                        DestinationKey = to,
                        UploadId = id,
                        PartNumber = i + 1,
                        FirstByte = i * size,
                        LastByte = Math.Min(length, (i + 1) * size) - 1,
                        ETagToMatch = [tag],
                    };
                    parts[i] = new PartETag(
                        i + 1,
                        (await bucket.AskAsync(S3Bucket.ForBytes, (client, token) => client.CopyPartAsync(request, token), stop)).ETag
                    );
                }
            );
            await bucket.AskAsync(
                S3Bucket.ForBytes,
                (client, token) =>
                    client.CompleteMultipartUploadAsync(
                        new CompleteMultipartUploadRequest
                        {
                            BucketName = bucket.Name,
                            Key = to,
                            UploadId = id,
                            PartETags = [.. parts],
                        },
                        token
                    ),
                cancel
            );
        }
        catch
        {
            await AbandonAsync(to, id);
            throw;
        }
    }

    private async Task AbandonAsync(string to, string id)
    {
        try
        {
            await bucket.AskAsync(
                S3Bucket.Shortly,
                (client, token) => client.AbortMultipartUploadAsync(bucket.Name, to, id, token),
                CancellationToken.None
            );
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // The copy has failed already, for a reason that the caller is told; ranges without an object are what
            // the bucket's lifecycle rule is for.
        }
    }

    private async Task<ObjectNotes> NotesOfAsync(string from, CancellationToken cancel)
    {
        var head = await bucket.HeadAsync(from, cancel) ?? throw new IOException($"The object {from} is not there any more.");
        return new ObjectNotes(head.ContentType, head.Upload, head.Sha256);
    }
}

/// <summary>What is kept beside the bytes of an object.</summary>
internal sealed record ObjectNotes(string ContentType, string? Upload, string? Sha256)
{
    /// <summary>The metadata that there are, in the order of their names, as they are signed.</summary>
    public IEnumerable<(string Name, string Value)> Marks
    {
        get
        {
            if (Sha256 is not null)
                yield return (S3Bucket.DigestMark, Sha256);
            if (Upload is not null)
                yield return (S3Bucket.UploadMark, Upload);
        }
    }

    public void WriteTo(MetadataCollection metadata)
    {
        foreach (var (name, value) in Marks)
            metadata[name] = value;
    }
}
