using System.Net;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;

namespace OpenSdc.Server.Objects;

/// <summary>
/// Makes sure at start that the bucket is there and can be used; a start that cannot succeed stops with a sentence
/// that says what to mend.
/// </summary>
internal static class S3Opening
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <exception cref="SettingException">It cannot be used, or not reached for 30 s.</exception>
    public static Task<S3Bucket> OpenAsync(S3Location location, TimeProvider clock, CancellationToken cancel) =>
        OpenAsync(location, mayMake: true, clock, cancel);

    /// <summary>The same for upkeep, which works on archives that are there.</summary>
    /// <exception cref="SettingException">It cannot be used, is not there, or not reached for 30 s.</exception>
    public static Task<S3Bucket> JoinAsync(S3Location location, TimeProvider clock, CancellationToken cancel) =>
        OpenAsync(location, mayMake: false, clock, cancel);

    private static async Task<S3Bucket> OpenAsync(S3Location location, bool mayMake, TimeProvider clock, CancellationToken cancel)
    {
        S3Bucket bucket;
        try
        {
            bucket = new S3Bucket(location, clock);
        }
        catch (AmazonClientException failure)
        {
            if (location is { Endpoint: null, Region: null })
                throw new SettingException(
                    $"There is no region for the object store {location}; set s3-region or AWS_REGION, or s3-endpoint where it is not AWS's.",
                    failure
                );
            throw new SettingException($"The object store {location} cannot be used: {failure.Message}", failure);
        }

        try
        {
            await CheckAsync(bucket, mayMake, clock, cancel);
            return bucket;
        }
        catch
        {
            bucket.Dispose();
            throw;
        }
    }

    private static async Task CheckAsync(S3Bucket bucket, bool mayMake, TimeProvider clock, CancellationToken cancel)
    {
        var wait = new StartWait(clock, $"the object store {bucket.Location} at {AddressOf(bucket.Location)}", Pause);
        while (true)
        {
            try
            {
                if (await IsThereAsync(bucket, cancel))
                    return;
                if (!mayMake)
                    throw new SettingException($"There is no bucket {bucket.Name} at {AddressOf(bucket.Location)}, so no archive in it.");
                await MakeAsync(bucket, cancel);
                return;
            }
            catch (Exception failure) when (S3Bucket.IsOfStore(failure, cancel))
            {
                if (SentenceOf(failure, bucket.Location) is { } sentence)
                    throw new SettingException(sentence, failure);
                if (!await wait.GoesOnAsync(failure.Message, cancel))
                    throw new SettingException(
                        $"The object store {bucket.Location} at {AddressOf(bucket.Location)} cannot be reached: {failure.Message}",
                        failure
                    )
                    {
                        MayPass = true,
                    };
            }
        }
    }

    private static async Task<bool> IsThereAsync(S3Bucket bucket, CancellationToken cancel)
    {
        using var timed = Timed(cancel);
        try
        {
            await bucket.Client.ListObjectsV2Async(
                new ListObjectsV2Request
                {
                    BucketName = bucket.Name,
                    Prefix = bucket.StagingRoot,
                    MaxKeys = 1,
                },
                timed.Token
            );
            return true;
        }
        catch (AmazonS3Exception missing) when (missing.ErrorCode == "NoSuchBucket")
        {
            return false;
        }
    }

    private static async Task MakeAsync(S3Bucket bucket, CancellationToken cancel)
    {
        using var timed = Timed(cancel);
        try
        {
            await bucket.Client.PutBucketAsync(new PutBucketRequest { BucketName = bucket.Name }, timed.Token);
        }
        catch (AmazonS3Exception made) when (made.ErrorCode == "BucketAlreadyOwnedByYou")
        {
            // Another replica starts at the same time.
        }
        catch (AmazonS3Exception refused) when (refused.StatusCode is >= HttpStatusCode.BadRequest and < HttpStatusCode.InternalServerError)
        {
            throw new SettingException(
                $"There is no bucket {bucket.Name} at {AddressOf(bucket.Location)}, and it cannot be made: {refused.ErrorCode}{(refused.Message.Length > 0 ? $", {refused.Message.TrimEnd('.')}" : "")}.",
                refused
            );
        }
    }

    /// <summary>What is wrong for good, so that trying again does not help; null for all else.</summary>
    private static string? SentenceOf(Exception failure, S3Location location) =>
        failure switch
        {
            AmazonS3Exception { StatusCode: HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized } refused =>
                $"The object store at {AddressOf(location)} refuses these credentials for {location}: {refused.ErrorCode}.",
            AmazonS3Exception { StatusCode: HttpStatusCode.MovedPermanently or HttpStatusCode.TemporaryRedirect }
            or AmazonS3Exception { ErrorCode: "AuthorizationHeaderMalformed" } =>
                $"The bucket of {location} lies in another region; set s3-region to it.",
            AmazonS3Exception
            {
                StatusCode: >= HttpStatusCode.BadRequest and < HttpStatusCode.InternalServerError and not HttpStatusCode.TooManyRequests
            } refused => $"What answers at {AddressOf(location)} refuses {location}: {refused.ErrorCode} {refused.Message}",
            AmazonUnmarshallingException => $"What answers at {AddressOf(location)} is no S3 service.",
            AmazonServiceException or HttpRequestException or IOException or TimeoutException or OperationCanceledException => null,
            AmazonClientException =>
                $"There are no credentials for the object store {location}; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile or a role.",
            _ => null,
        };

    private static string AddressOf(S3Location location) =>
        location.Endpoint?.AbsoluteUri ?? $"AWS, region {location.Region ?? "of the environment"}";

    private static CancellationTokenSource Timed(CancellationToken cancel)
    {
        var timed = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        timed.CancelAfter(S3Bucket.Shortly);
        return timed;
    }
}
