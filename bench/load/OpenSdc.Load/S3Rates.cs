using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using Amazon.S3;
using Amazon.S3.Model;
using OpenSdc.Server.Objects;

namespace OpenSdc.Load;

using S3Bucket = OpenSdc.Server.Objects.S3Bucket;

/// <summary>
/// What S3 costs: signing a URL beside the library's own signing, a listing one page after the other, and
/// reading every object with a plain client.
/// </summary>
internal static class S3Rates
{
    /// <summary>URLs a second on one core, the archive's and the library's, in turn.</summary>
    public static async Task<int> Sign(Arguments options)
    {
        using var bucket = await S3Opening.OpenAsync(FillBucket.LocationOf(options), TimeProvider.System, CancellationToken.None);
        var direct = new S3Staging(bucket);
        var generator = new NameGenerator(1_000_000);
        for (var round = 0; round < 3; round++)
        {
            var upload = Rate(i => direct.SignUpload("0123456789abcdefghijkl", generator[i].Key, 3600));
            var download = Rate(i => direct.SignDownload(generator[i].Key, 86400));
            var library = Rate(i => bucket.Client.GetPreSignedURL(new GetPreSignedUrlRequest
            {
                BucketName = bucket.Name,
                Key = bucket.StagingKey("0123456789abcdefghijkl", generator[i].Key),
                Verb = HttpVerb.PUT,
                Expires = TimeProvider.System.GetUtcNow().UtcDateTime.AddHours(1),
                Protocol = Protocol.HTTP,
            }));
            Console.WriteLine($"upload={upload:0} download={download:0} library={library:0} ratio={upload / library:0.0}");
        }

        return 0;
    }

    /// <summary>The whole listing, one page after the other: what an archive would do without reading ahead.</summary>
    public static async Task<int> List(Arguments options)
    {
        using var bucket = new S3Bucket(FillBucket.LocationOf(options), TimeProvider.System);
        var started = Stopwatch.GetTimestamp();
        var keys = await new S3Listing(bucket).OfAsync(bucket.Location.Prefix, CancellationToken.None).CountAsync();
        Console.WriteLine($"keys={keys} seconds={Stopwatch.GetElapsedTime(started).TotalSeconds:0.00}");
        return 0;
    }

    /// <summary>Every object once, by signed URLs and a plain HTTP client, hashed: the least that a check of every byte can cost.</summary>
    public static async Task<int> Read(Arguments options)
    {
        using var bucket = new S3Bucket(FillBucket.LocationOf(options), TimeProvider.System);
        var direct = new S3Staging(bucket);
        var generator = new NameGenerator(options.Number("rows"));
        using var client = new HttpClient(
            new SocketsHttpHandler { MaxConnectionsPerServer = 64, AutomaticDecompression = DecompressionMethods.None }
        );
        var started = Stopwatch.GetTimestamp();
        long bytes = 0;
        await Parallel.ForAsync(
            0,
            generator.Rows,
            new ParallelOptions { MaxDegreeOfParallelism = (int)options.Number("readers", 2) },
            async (i, cancel) =>
            {
                using var answer = await client.GetAsync(
                    direct.SignDownload(generator[i].Key, 3600),
                    HttpCompletionOption.ResponseHeadersRead,
                    cancel
                );
                answer.EnsureSuccessStatusCode();
                await using var stream = await answer.Content.ReadAsStreamAsync(cancel);
                _ = await SHA256.HashDataAsync(stream, cancel);
                Interlocked.Add(ref bytes, answer.Content.Headers.ContentLength ?? 0);
            }
        );
        Console.WriteLine($"objects={generator.Rows} bytes={bytes} seconds={Stopwatch.GetElapsedTime(started).TotalSeconds:0.00}");
        return 0;
    }

    /// <summary>A URL of the store itself for one object: PUT for one that the archive does not know of, DELETE to make room.</summary>
    public static int Url(Arguments options)
    {
        using var bucket = new S3Bucket(FillBucket.LocationOf(options), TimeProvider.System);
        Console.WriteLine(bucket.Signature.Sign(options.Text("method", "PUT"), bucket.ObjectKey(options.Text("key")), 3600));
        return 0;
    }

    private static double Rate(Func<long, string> sign)
    {
        const int count = 100_000;
        for (var i = 0; i < 5_000; i++)
            _ = sign(i);
        var started = Stopwatch.GetTimestamp();
        for (var i = 0; i < count; i++)
            _ = sign(i);
        return count / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }
}
