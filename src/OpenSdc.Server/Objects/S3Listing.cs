using System.Net;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Amazon.S3;
using Amazon.S3.Model;

namespace OpenSdc.Server.Objects;

/// <summary>What lies in a bucket below the archive's prefix, in the ordinal order of the keys.</summary>
/// <remarks>
/// A store tells a thousand keys with a request, one request after the other. So the archive's folders are asked for
/// first, and those of its third level are listed side by side, a few pages ahead of the reader; memory follows their
/// number, not the archive.
/// </remarks>
internal sealed class S3Listing(S3Bucket bucket)
{
    private const int LevelsApart = 2;
    private const int FoldersAtOnce = 16;
    private const int PagesAhead = 2;

    /// <summary>Everything that is the archive's: not its staging, not its quarantine. Keys as the archive has them.</summary>
    public async IAsyncEnumerable<ListedObject> AllAsync([EnumeratorCancellation] CancellationToken cancel)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var walk = new Walk(this, bucket, ended.Token);
        var walking = walk.RunAsync();
        try
        {
            await foreach (var folder in walk.Folders.ReadAllAsync(cancel))
            {
                await foreach (var page in folder.ReadAllAsync(cancel))
                {
                    foreach (var listed in page)
                        yield return listed;
                }
            }
        }
        finally
        {
            await ended.CancelAsync();
            await walking;
        }
    }

    /// <summary>The objects of a prefix, one page after the other; the keys are what follows the prefix.</summary>
    public async IAsyncEnumerable<ListedObject> OfAsync(string prefix, [EnumeratorCancellation] CancellationToken cancel)
    {
        await foreach (var page in PagesAsync(prefix, delimiter: null, cancel))
        {
            foreach (var each in page.Objects)
                yield return Listed(each, prefix);
        }
    }

    /// <summary>The answers of the store, with keys as they are.</summary>
    public async IAsyncEnumerable<(IReadOnlyList<S3Object> Objects, IReadOnlyList<string> Folders)> PagesAsync(
        string prefix, string? delimiter, [EnumeratorCancellation] CancellationToken cancel)
    {
        string? next = null;
        do
        {
            // Escaped, since a key may have characters that no XML can hold.
            var request = new ListObjectsV2Request
            {
                BucketName = bucket.Name,
                Prefix = prefix,
                Delimiter = delimiter,
                ContinuationToken = next,
                Encoding = EncodingType.Url,
            };
            var page = await bucket.AskAsync(S3Bucket.ForBytes, (client, token) => client.ListObjectsV2Async(request, token), cancel);
            var (objects, folders) = (page.S3Objects ?? [], page.CommonPrefixes ?? []);
            if (page.Encoding == EncodingType.Url)
            {
                foreach (var each in objects)
                    each.Key = WebUtility.UrlDecode(each.Key);
                folders = [.. folders.Select(WebUtility.UrlDecode)];
            }

            yield return (objects, folders);
            next = page.IsTruncated == true ? page.NextContinuationToken : null;
        }
        while (next is not null);
    }

    private static ListedObject Listed(S3Object each, string prefix)
    {
        var at = each.LastModified is { } time ? new DateTimeOffset(time.ToUniversalTime()) : default;
        return new ListedObject(each.Key[prefix.Length..], ListedKind.Object, each.Size ?? 0, at, at);
    }

    /// <summary>Goes through the folders in order, and has those at its end listed while the reader is at earlier ones.</summary>
    private sealed class Walk(S3Listing listing, S3Bucket bucket, CancellationToken cancel)
    {
        private readonly Channel<ChannelReader<List<ListedObject>>> folders = Channel.CreateBounded<ChannelReader<List<ListedObject>>>(
            FoldersAtOnce
        );
        private readonly List<Task> listings = [];

        /// <summary>The pages of each folder, in the order of the keys.</summary>
        public ChannelReader<ChannelReader<List<ListedObject>>> Folders => folders.Reader;

        /// <summary>Never fails: what goes wrong reaches the reader where it would have read on.</summary>
        public async Task RunAsync()
        {
            try
            {
                await GoAsync(bucket.Location.Prefix, LevelsApart);
                folders.Writer.Complete();
            }
            catch (Exception failure)
            {
                folders.Writer.Complete(failure);
            }

            await Task.WhenAll(listings);
        }

        private async Task GoAsync(string prefix, int levels)
        {
            await foreach (var page in listing.PagesAsync(prefix, "/", cancel))
            {
                var objects = new Queue<S3Object>(page.Objects);
                foreach (var folder in page.Folders)
                {
                    // A folder takes its turn as its name with a slash, as its objects' keys go on.
                    await TellAsync(objects, folder);
                    if (bucket.IsApart(folder))
                        continue;
                    if (levels > 0)
                        await GoAsync(folder, levels - 1);
                    else
                        await ListAsync(folder);
                }

                await TellAsync(objects, before: null);
            }
        }

        /// <summary>Objects that lie beside folders, before one of them.</summary>
        private async Task TellAsync(Queue<S3Object> objects, string? before)
        {
            var told = new List<ListedObject>();
            while (objects.TryPeek(out var next) && (before is null || string.CompareOrdinal(next.Key, before) < 0))
                told.Add(Listed(objects.Dequeue(), bucket.Location.Prefix));
            if (told.Count == 0)
                return;
            var page = Channel.CreateBounded<List<ListedObject>>(1);
            page.Writer.TryWrite(told);
            page.Writer.Complete();
            await folders.Writer.WriteAsync(page.Reader, cancel);
        }

        private async Task ListAsync(string folder)
        {
            var pages = Channel.CreateBounded<List<ListedObject>>(PagesAhead);
            await folders.Writer.WriteAsync(pages.Reader, cancel);
            listings.Add(FillAsync(folder, pages.Writer));
        }

        private async Task FillAsync(string folder, ChannelWriter<List<ListedObject>> pages)
        {
            try
            {
                await foreach (var page in listing.PagesAsync(folder, delimiter: null, cancel))
                    await pages.WriteAsync([.. page.Objects.Select(each => Listed(each, bucket.Location.Prefix))], cancel);
                pages.Complete();
            }
            catch (Exception failure)
            {
                pages.Complete(failure);
            }
        }
    }
}
