using OpenSdc.Server.Objects;

namespace OpenSdc.Server.Files;

/// <summary>The signed URL at which a file's bytes are: the store's own where they travel past the server, otherwise this server's.</summary>
internal sealed class DownloadUrls(SignedUrls urls, PublicAddress address, IObjectStore store, ServerOptions options)
{
    /// <summary>Signs for the caller of a request, by a file's key.</summary>
    public Func<string, string> For(HttpContext context)
    {
        if (store.Direct is { } direct)
            return key => direct.SignDownload(key, options.DownloadLifetime);
        var own = address.Of(context);
        return key => urls.Sign(own, "GET", key, options.DownloadLifetime);
    }

    /// <summary>The <c>s3://</c> URI of a file; null where its bytes pass through the server.</summary>
    public string? UriOf(string key) => store.Direct?.Uri(key);
}
