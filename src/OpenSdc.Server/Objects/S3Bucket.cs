using System.Net;
using Amazon;
using Amazon.Runtime;
using Amazon.Runtime.Credentials;
using Amazon.S3;
using Amazon.S3.Model;
using Microsoft.AspNetCore.WebUtilities;

namespace OpenSdc.Server.Objects;

/// <summary>What a store says of an object without its bytes.</summary>
/// <param name="Length">Its bytes.</param>
/// <param name="ETag">The store's mark of these very bytes, in quotes.</param>
/// <param name="Written">When they were put there.</param>
/// <param name="Upload">The upload that they came by; null where something else than this archive put them there.</param>
/// <param name="Sha256">Their SHA-256 as it was recorded beside them, or null.</param>
/// <param name="ContentType">What they are, for those who fetch them.</param>
internal readonly record struct S3Head(
    long Length,
    string ETag,
    DateTimeOffset Written,
    string? Upload,
    string? Sha256,
    string ContentType = "application/octet-stream"
);

/// <summary>
/// One bucket of an S3-compatible store: every request to it has an end in time, and its failures are those that the
/// store interface names.
/// </summary>
/// <remarks>
/// <para>Credentials come by the usual chain: <c>AWS_ACCESS_KEY_ID</c> and its kin, the shared profile files, the
/// role of a container or machine.</para>
/// <para>Watch for: the client's default checksums need an encoding of the body that older stores (Ceph 16 among
/// them) take for the body itself, so they
/// are sent only where a request requires them; over plain http the body is signed instead. The client does not limit
/// the time of a request: each gets its limit here, retries and waits included.</para>
/// </remarks>
internal sealed class S3Bucket : IDisposable
{
    /// <summary>Names of what is kept beside each object.</summary>
    public const string UploadMark = "x-amz-meta-upload", DigestMark = "x-amz-meta-sha256";

    /// <summary>For a request without many bytes; and for one that moves as many as a part has.</summary>
    public static readonly TimeSpan Shortly = TimeSpan.FromSeconds(15), ForBytes = TimeSpan.FromSeconds(55);

    /// <summary>For a connection.</summary>
    public static readonly TimeSpan ToConnect = TimeSpan.FromSeconds(5);

    private const string Staging = ".staging/", Quarantine = ".quarantine/";

    private readonly Lazy<S3Signature> signature;

    public S3Bucket(S3Location location, TimeProvider clock)
    {
        Location = location;
        var config = new AmazonS3Config
        {
            ForcePathStyle = location.PathStyle,
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
            RetryMode = RequestRetryMode.Standard,
            MaxErrorRetry = 2,
            ConnectTimeout = ToConnect,
            MaxConnectionsPerServer = 256,
        };
        if (location.Endpoint is { } endpoint)
        {
            config.ServiceURL = endpoint.AbsoluteUri;
            config.AuthenticationRegion = location.Region ?? "us-east-1";
        }
        else if (location.Region is { } region)
        {
            config.RegionEndpoint = RegionEndpoint.GetBySystemName(region);
        }

        Client = new AmazonS3Client(config);
        signature = new Lazy<S3Signature>(() => MakeSignature(clock));
        Requests = new S3Requests(this);
    }

    public S3Location Location { get; }

    /// <summary>What is asked of single objects.</summary>
    public S3Requests Requests { get; }

    /// <summary>Signs URLs for requests that others send.</summary>
    public S3Signature Signature => signature.Value;

    public AmazonS3Client Client { get; }

    public string Name => Location.Bucket;

    public string ObjectKey(string key) => Location.Prefix + key;

    public string StagingKey(string uploadId, string key) => $"{StagingRoot}{uploadId}/{key}";

    public string QuarantineKey(string place) => $"{Location.Prefix}{Quarantine}{place}";

    public string StagingRoot => Location.Prefix + Staging;

    /// <summary>Whether something of that key, as the store writes it, is no object of the archive's own listing.</summary>
    public bool IsApart(string objectKey) =>
        objectKey.AsSpan(Location.Prefix.Length).StartsWith(Staging) || objectKey.AsSpan(Location.Prefix.Length).StartsWith(Quarantine);

    /// <summary>Sends one request; what goes wrong comes as the store interface says.</summary>
    public async Task<T> AskAsync<T>(TimeSpan limit, Func<AmazonS3Client, CancellationToken, Task<T>> request, CancellationToken cancel)
    {
        using var timed = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        timed.CancelAfter(limit);
        try
        {
            return await request(Client, timed.Token);
        }
        catch (Exception failure) when (IsOfStore(failure, cancel))
        {
            throw Translate(failure);
        }
    }

    /// <summary>
    /// The same; null where the store says that there is no such thing, by an error of a name or, as Ceph does, by
    /// the status alone.
    /// </summary>
    public async Task<T?> AskOrNullAsync<T>(
        TimeSpan limit,
        Func<AmazonS3Client, CancellationToken, Task<T>> request,
        string expected,
        CancellationToken cancel
    )
        where T : class =>
        await AskAsync<T?>(
            limit,
            async (client, token) =>
            {
                try
                {
                    return await request(client, token);
                }
                catch (AmazonS3Exception known)
                    when (known.ErrorCode == expected || (known.StatusCode == HttpStatusCode.NotFound && known.ErrorCode != "NoSuchBucket"))
                {
                    return null;
                }
            },
            cancel
        );

    /// <summary>What the store knows of an object; null where there is none.</summary>
    public Task<S3Head?> HeadAsync(string objectKey, CancellationToken cancel) => Requests.HeadAsync(objectKey, cancel);

    /// <summary>A tag as conditions need it: in quotes, which some answers of some stores leave out.</summary>
    public static string ETagOf(string tag) => $"\"{tag.Trim('"')}\"";

    public Task DeleteAsync(string objectKey, CancellationToken cancel) =>
        AskAsync(Shortly, (client, token) => client.DeleteObjectAsync(Name, objectKey, token), cancel);

    /// <summary>
    /// Whether a failure is the store's: not the caller's own cancel, and not one that is in the store interface's
    /// words already.
    /// </summary>
    public static bool IsOfStore(Exception failure, CancellationToken cancel) =>
        !cancel.IsCancellationRequested
        && failure is not (StoreUnavailableException or ObjectChangedException or ObjectRefusedException)
        && failure
            is AmazonClientException
                or AmazonServiceException
                or HttpRequestException
                or IOException
                or TimeoutException
                or OperationCanceledException;

    /// <summary>A failure of the store in the words of the store interface.</summary>
    public Exception Translate(Exception failure) =>
        failure switch
        {
            AmazonServiceException { ErrorCode: "NoSuchBucket" } => new StoreUnavailableException(
                $"The bucket {Name} is not there.",
                failure
            ),
            AmazonServiceException { ErrorCode: "QuotaExceeded" or "InsufficientCapacity" } => new IOException(
                $"The object store has no room: {failure.Message}",
                Disk.NoSpace
            ),
            AmazonServiceException { StatusCode: HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized } => new StoreRefusedException(
                $"The object store does not permit it: {failure.Message}",
                failure
            ),
            AmazonServiceException
            {
                StatusCode: >= HttpStatusCode.BadRequest
                    and < HttpStatusCode.InternalServerError
                    and not HttpStatusCode.TooManyRequests
                    and not HttpStatusCode.RequestTimeout
            } => new IOException($"The object store refused: {failure.Message}", failure),
            OperationCanceledException or TimeoutException => new StoreUnavailableException(
                "The object store did not answer in time.",
                failure
            ),
            _ => new StoreUnavailableException($"The object store cannot answer now: {failure.Message}", failure),
        };

    public void Dispose()
    {
        Requests.Dispose();
        Client.Dispose();
    }

    /// <summary>
    /// Where the store is and by what region it signs are the client's to know: it has the rules of every region, of
    /// path and host style.
    /// </summary>
    public S3Signature MakeSignature(TimeProvider clock)
    {
        const string anyKey = "k";
        var request = new GetPreSignedUrlRequest
        {
            BucketName = Name,
            Key = anyKey,
            Expires = TimeProvider.System.GetUtcNow().UtcDateTime.AddMinutes(1),
            Protocol = Location.Endpoint?.Scheme == "http" ? Protocol.HTTP : Protocol.HTTPS,
        };
        var example = new Uri(Client.GetPreSignedURL(request));
        var region = QueryHelpers.ParseQuery(example.Query)["X-Amz-Credential"].ToString().Split('/')[2];
        return new S3Signature(
            new Uri(example.GetLeftPart(UriPartial.Path)[..^anyKey.Length]),
            region,
            () => DefaultAWSCredentialsIdentityResolver.GetCredentials(Client.Config).GetCredentials(),
            clock
        );
    }
}
