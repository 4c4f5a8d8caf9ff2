namespace OpenSdc.Server.Objects;

/// <summary>Where the objects of an archive lie in an S3-compatible store, and how it is reached.</summary>
/// <param name="Bucket">The bucket.</param>
/// <param name="Prefix">What every key of the archive begins with there: empty, or ending in a slash.</param>
internal sealed record S3Location(string Bucket, string Prefix)
{
    private const string Scheme = "s3://";

    /// <summary>The store's address; null for AWS, by region.</summary>
    public Uri? Endpoint { get; init; }

    /// <summary>The region; null for what the environment says, or <c>us-east-1</c>, which is what other stores than AWS expect.</summary>
    public string? Region { get; init; }

    /// <summary>Whether the bucket stands in the path of a URL and not in its host name.</summary>
    public bool PathStyle { get; init; }

    /// <summary><c>s3://bucket</c> or <c>s3://bucket/prefix</c>; null where the text is neither.</summary>
    public static S3Location? Parse(string text)
    {
        if (!text.StartsWith(Scheme, StringComparison.Ordinal))
            return null;
        var parts = text[Scheme.Length..].TrimEnd('/').Split('/', 2);
        var (bucket, prefix) = (parts[0], parts.Length == 2 ? parts[1] + "/" : "");
        var isBucket =
            bucket.Length is >= 3 and <= 63
            && bucket.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '.')
            && char.IsAsciiLetterOrDigit(bucket[0])
            && char.IsAsciiLetterOrDigit(bucket[^1]);
        // The archive's own folders begin with a dot, and empty parts are lost on the way through some stores.
        var isPrefix =
            prefix.Length <= 256
            && prefix
                .Split('/')[..^1]
                .All(part =>
                    part.Length > 0 && part[0] != '.' && part.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or '=')
                );
        return isBucket && isPrefix ? new S3Location(bucket, prefix) : null;
    }

    /// <summary>Where the settings say that the objects lie; null where they lie in the data folder.</summary>
    public static S3Location? Of(ServerOptions options) =>
        options.Objects is { } text
            ? Parse(text)! with
            {
                Endpoint = options.S3Endpoint,
                Region = options.S3Region,
                PathStyle = options.S3PathStyle ?? options.S3Endpoint is not null,
            }
            : null;

    /// <summary>The URI of an object of the archive.</summary>
    public string Uri(string key) => $"{Scheme}{Bucket}/{Prefix}{key}";

    public override string ToString() => $"{Scheme}{Bucket}/{Prefix}".TrimEnd('/');
}
