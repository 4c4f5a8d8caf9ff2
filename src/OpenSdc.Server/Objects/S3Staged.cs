namespace OpenSdc.Server.Objects;

/// <summary>What lies, or is to lie, in the staging of an S3 store, whoever put its bytes there.</summary>
internal abstract class S3Staged(S3Bucket bucket, string uploadId, string key) : StagedObject(key)
{
    public override string UploadId => uploadId;

    /// <summary>Where it lies, as the store writes it.</summary>
    public string StagingKey { get; } = bucket.StagingKey(uploadId, key);

    /// <summary>The store's mark of the very bytes that were hashed: only they get the key.</summary>
    public string ETag { get; protected set; } = "";

    protected S3Bucket Bucket => bucket;
}
