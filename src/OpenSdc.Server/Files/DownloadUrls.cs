using OpenSdc.Server.Access;
using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Objects;
using OpenSdc.Server.Upkeep;

namespace OpenSdc.Server.Files;

/// <summary>The signed URLs at which the bytes of files are.</summary>
internal abstract class DownloadUrls
{
    /// <summary>Signs for the caller of a request, by a file's key.</summary>
    public abstract Func<string, string> For(HttpContext context);

    /// <summary>The <c>s3://</c> URI of a file; null where callers have no use for it.</summary>
    public abstract string? UriOf(string key);

    /// <summary>Whether they lead past this server, to the store.</summary>
    public abstract bool LeadToStore { get; }

    /// <summary>The key in a path that a caller gives, where that is such a URI; otherwise the path itself.</summary>
    public abstract string WithoutUri(string path);

    /// <summary>Why no URL of a file is given out; null where one is.</summary>
    public abstract ValueTask<Problem?> RefusalAsync(string key, ReadScope scope, CancellationToken cancel);
}

/// <summary>This server's own: what is wrong with a file is said where its bytes are asked for.</summary>
internal sealed class ServerDownloadUrls(UrlRights urls, PublicAddress address, Catalogue.Catalogue catalogue, ServerOptions options)
    : DownloadUrls
{
    public override Func<string, string> For(HttpContext context)
    {
        var own = address.Of(context);
        var caller = context.Caller();
        return key => urls.Sign(own, "GET", key, options.DownloadLifetime, caller);
    }

    public override string? UriOf(string key) => null;

    public override bool LeadToStore => false;

    public override string WithoutUri(string path) => path;

    public override async ValueTask<Problem?> RefusalAsync(string key, ReadScope scope, CancellationToken cancel) =>
        await catalogue.HasAsync(key, scope, cancel) ? null : Problems.NoSuchFile;
}

/// <summary>The store's own: no byte is looked at on its way, so what is known against a file is said before, or by nobody.</summary>
internal sealed class DirectDownloadUrls(
    S3Staging direct,
    UrlRights urls,
    IntegrityState integrity,
    StorageHealth storage,
    ServerOptions options
) : DownloadUrls
{
    public override Func<string, string> For(HttpContext context)
    {
        var lifetime = urls.LifetimeAtStore(options.DownloadLifetime, context.Caller());
        return key => direct.SignDownload(key, lifetime);
    }

    public override string? UriOf(string key) => direct.Uri(key);

    public override bool LeadToStore => true;

    public override string WithoutUri(string path) => direct.WithoutUri(path);

    public override async ValueTask<Problem?> RefusalAsync(string key, ReadScope scope, CancellationToken cancel)
    {
        if (await integrity.FindAsync(key, scope, cancel) is not { } file)
            return Problems.NoSuchFile;
        return file.Mark switch
        {
            null => storage.Unavailable,
            ChangeKind.Lost => Problems.LostObject(key) with { Plain = false },
            _ => Problems.DamagedObject(key) with { Plain = false },
        };
    }
}
