using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using Amazon.S3;
using Amazon.S3.Model;

namespace OpenSdc.Server.Objects;

/// <summary>
/// The bucket policy that direct transfers need. An upload URL allows a PUT, and its holder chooses the headers: with
/// <c>x-amz-copy-source</c> the PUT reads whatever the archive's credentials can read, with a public <c>x-amz-acl</c>
/// it makes an object public. The policy denies both below staging; plain PUTs and the archive's own copies go on.
/// </summary>
internal static class StagingPolicy
{
    private const int Lifetime = 60;

    /// <summary>The policy as the store takes it.</summary>
    public static string Of(S3Location location) => $$"""
        {
          "Version": "2012-10-17",
          "Statement": [
            {
              "Sid": "NoCopiesIntoStaging",
              "Effect": "Deny",
              "Principal": "*",
              "Action": "s3:PutObject",
              "Resource": "arn:aws:s3:::{{location.Bucket}}/{{location.Prefix}}.staging/*",
              "Condition": { "StringLike": { "s3:x-amz-copy-source": "*" } }
            },
            {
              "Sid": "NothingPublicInStaging",
              "Effect": "Deny",
              "Principal": "*",
              "Action": "s3:PutObject",
              "Resource": "arn:aws:s3:::{{location.Bucket}}/{{location.Prefix}}.staging/*",
              "Condition": { "StringEquals": { "s3:x-amz-acl": ["public-read", "public-read-write", "authenticated-read"] } }
            }
          ]
        }
        """;

    /// <summary>Sets the policy, where the bucket has none.</summary>
    /// <exception cref="SettingException">It has another one, or the store refuses.</exception>
    public static async Task ApplyAsync(S3Bucket bucket, CancellationToken cancel)
    {
        try
        {
            var there = await bucket.AskOrNullAsync(
                S3Bucket.Shortly,
                (client, token) => client.GetBucketPolicyAsync(bucket.Name, token),
                "NoSuchBucketPolicy",
                cancel
            );
            // The library gives the store's word that there is none as if it were one.
            var hasPolicy = there?.Policy?.TrimStart().StartsWith('{') == true;
            if (hasPolicy && !await IsInForceAsync(bucket, cancel))
                throw new SettingException(
                    $"The bucket {bucket.Name} has a policy already; add the statements that sdc bucket-policy prints to it."
                );
            if (!hasPolicy)
                await bucket.AskAsync(
                    S3Bucket.Shortly,
                    (client, token) =>
                        client.PutBucketPolicyAsync(
                            new PutBucketPolicyRequest { BucketName = bucket.Name, Policy = Of(bucket.Location) },
                            token
                        ),
                    cancel
                );
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new SettingException($"The policy of the bucket {bucket.Name} cannot be set: {failure.Message}", failure);
        }
    }

    /// <summary>Proves by upload URLs that the store denies what the policy is for.</summary>
    /// <exception cref="SettingException">It does not.</exception>
    public static async Task ProveAsync(S3Bucket bucket, CancellationToken cancel)
    {
        bool isInForce;
        try
        {
            isInForce = await IsInForceAsync(bucket, cancel);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new SettingException(
                $"Whether the bucket {bucket.Name} has the policy that direct transfers need cannot be proved: {failure.Message}",
                failure
            )
            {
                MayPass = failure is StoreUnavailableException,
            };
        }

        if (!isInForce)
        {
            throw new SettingException(
                $"The setting transfers is direct, but an upload URL of the bucket {bucket.Name} would also copy other objects, or make an object public: "
                    + "set the policy that sdc bucket-policy prints, or leave transfers out."
            );
        }
    }

    /// <summary>Tries it with objects of its own in staging, and removes them.</summary>
    private static async Task<bool> IsInForceAsync(S3Bucket bucket, CancellationToken cancel)
    {
        var place = bucket.StagingKey($"try-{Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(16))}", "");
        var (plain, other) = (place + "plain", place + "other");
        try
        {
            using var client = new HttpClient { Timeout = S3Bucket.Shortly };
            // By the machine's own time, which the store compares with its own.
            var signature = bucket.MakeSignature(TimeProvider.System);
            if (!await IsTakenAsync(plain))
                throw new StoreUnavailableException("The object store does not take a plain upload.");
            return !await IsTakenAsync(other, ("x-amz-copy-source", $"/{bucket.Name}/{plain}"))
                && !await IsTakenAsync(other, ("x-amz-acl", "public-read"));

            async Task<bool> IsTakenAsync(string key, params (string Name, string Value)[] headers)
            {
                using var request = new HttpRequestMessage(HttpMethod.Put, signature.Sign("PUT", key, Lifetime))
                {
                    Content = new ByteArrayContent([]),
                };
                foreach (var (name, value) in headers)
                    request.Headers.TryAddWithoutValidation(name, value);
                using var answer = await client.SendAsync(request, cancel);
                return answer.StatusCode < HttpStatusCode.InternalServerError ? answer.IsSuccessStatusCode
                    : throw new StoreUnavailableException($"The object store answered {(int)answer.StatusCode} to a PUT.");
            }
        }
        catch (Exception failure) when (S3Bucket.IsOfStore(failure, cancel))
        {
            throw bucket.Translate(failure);
        }
        finally
        {
            await bucket.DeleteAsync(plain, CancellationToken.None);
            await bucket.DeleteAsync(other, CancellationToken.None);
        }
    }
}
