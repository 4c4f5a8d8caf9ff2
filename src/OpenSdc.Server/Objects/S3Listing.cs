using System.Runtime.CompilerServices;
using Amazon.S3;
using Amazon.S3.Model;

namespace OpenSdc.Server.Objects;

/// <summary>What lies in a bucket below the archive's prefix, in the ordinal order of the keys.</summary>
internal sealed class S3Listing(S3Bucket bucket)
{
    /// <summary>Everything that is the archive's: not its staging, not its quarantine.</summary>
    public async IAsyncEnumerable<ListedObject> AllAsync([EnumeratorCancellation] CancellationToken cancel)
    {
        await foreach (var listed in OfAsync(bucket.Location.Prefix, cancel))
        {
            if (!bucket.IsApart(bucket.ObjectKey(listed.Key)))
                yield return listed;
        }
    }

    /// <summary>The objects of a prefix, one page after the other; the keys are what follows the prefix.</summary>
    public async IAsyncEnumerable<ListedObject> OfAsync(string prefix, [EnumeratorCancellation] CancellationToken cancel)
    {
        string? next = null;
        do
        {
            var request = new ListObjectsV2Request { BucketName = bucket.Name, Prefix = prefix, ContinuationToken = next };
            var page = await bucket.AskAsync(S3Bucket.ForBytes, (client, token) => client.ListObjectsV2Async(request, token), cancel);
            foreach (var each in page.S3Objects ?? [])
            {
                var at = each.LastModified is { } time ? new DateTimeOffset(time.ToUniversalTime()) : default;
                yield return new ListedObject(each.Key[prefix.Length..], ListedKind.Object, each.Size ?? 0, at, at);
            }

            next = page.IsTruncated == true ? page.NextContinuationToken : null;
        }
        while (next is not null);
    }
}
