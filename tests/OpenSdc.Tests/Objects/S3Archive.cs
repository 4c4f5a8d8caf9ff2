using System.Security.Cryptography;
using Amazon.S3.Model;
using Microsoft.Extensions.DependencyInjection;
using OpenSdc.Contract;
using OpenSdc.Contract.Naming;
using OpenSdc.Server.Objects;
using OpenSdc.Server.Uploads;
using Shouldly;

namespace OpenSdc.Tests.Objects;

using S3Bucket = OpenSdc.Server.Objects.S3Bucket;

/// <summary>What tests do with the objects of an archive in a bucket, past the archive.</summary>
internal static class S3Archive
{
    /// <summary>Puts an object where a key says, as an operator with the bucket's credentials can.</summary>
    public static Task PutAsync(this S3Bucket bucket, string objectKey, byte[] bytes) => bucket.Client.PutObjectAsync(new PutObjectRequest
    {
        BucketName = bucket.Name,
        Key = objectKey,
        InputStream = new MemoryStream(bytes),
        UseChunkEncoding = false,
    });

    /// <summary>Every object of the bucket with its tag and size, also of staging and quarantine.</summary>
    public static async Task<List<string>> AllAsync(this S3Bucket bucket)
    {
        var listed = await bucket.Client.ListObjectsV2Async(new ListObjectsV2Request { BucketName = bucket.Name });
        listed.IsTruncated.ShouldNotBe(true);
        return [.. (listed.S3Objects ?? []).Select(each => $"{each.Key} {each.ETag} {each.Size}")];
    }

    /// <summary>Publishes through the archive's own store and publisher, as its demonstration does.</summary>
    public static async Task<UploadReceipt> PublishAsync(this IServiceProvider services, FileName name, byte[] bytes)
    {
        await using var staged = await services
            .GetRequiredService<IObjectStore>()
            .StageAsync(name.Key, bytes.Length, CancellationToken.None);
        await staged.WriteAsync(bytes, CancellationToken.None);
        var outcome = await services
            .GetRequiredService<Publisher>()
            .PublishAsync(name, staged, Convert.ToHexStringLower(SHA256.HashData(bytes)), CancellationToken.None);
        return outcome.Receipt.ShouldNotBeNull();
    }
}
