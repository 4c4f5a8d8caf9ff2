using System.Globalization;
using OpenSdc.Contract;
using OpenSdc.Server.Access;
using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Objects;

namespace OpenSdc.Server.Uploads;

/// <summary>
/// Recorded uploads in the staging of an S3 store. Their parts are the store's own multipart upload, whose bytes pass
/// through the server.
/// </summary>
internal class S3UploadStaging(S3Staging store, UploadLedger uploads, UrlRights urls) : UploadStaging(uploads)
{
    private readonly UploadLedger uploads = uploads;

    public override Task<string> BeginAsync(string id, string key, CancellationToken cancel) => store.BeginPartsAsync(id, key, cancel);

    public override async Task<IReadOnlyList<ReceivedPart>?> PartsAsync(UploadSession upload, int from, int count, CancellationToken cancel)
    {
        if (await store.PartsAsync(upload.Id, upload.Key, upload.StoreId!, cancel) is not { } stored)
            return await IsGoneAsync(upload, cancel) ? null : [];
        return
        [
            .. Complete(upload, stored)
                .Where(part => part.Part >= from && part.Part < (long)from + count)
                .Select(part => new ReceivedPart(part.Part, part.Size)),
        ];
    }

    public override string SignPart(UploadSession upload, int part, int seconds, string address, Caller caller) =>
        urls.SignPath(address, "PUT", PathOfPart(upload.Id, part.ToString(CultureInfo.InvariantCulture)), seconds, caller);

    public override Task<StagedPart?> OpenPartAsync(UploadSession upload, int part, CancellationToken cancel) =>
        Task.FromResult<StagedPart?>(store.OpenPart(upload.Id, upload.Key, upload.StoreId!, part, upload.Part(part).Size));

    public override async Task<Problem?> CompleteAsync(UploadSession upload, string? sha256, CancellationToken cancel)
    {
        if (await store.PartsAsync(upload.Id, upload.Key, upload.StoreId!, cancel) is not { } stored)
            return await IsGoneAsync(upload, cancel) ? Problems.PartsGone : null;
        var complete = Complete(upload, stored).ToList();
        var refusal = Missing(upload, complete.Select(part => part.Part));
        try
        {
            // Whoever loses against another promise, or another completion, is told by what the record says then.
            if (refusal is null && (sha256 is null || await uploads.PromiseAsync(upload.Id, sha256, cancel)))
                await store.CompletePartsAsync(upload.Id, upload.Key, upload.StoreId!, complete, cancel);
        }
        catch (IOException failure)
        {
            // Two may complete it at once, and of the later one Ceph says that it cannot now: then it is done, and
            // the store has forgotten the parts.
            if (await store.PartsAsync(upload.Id, upload.Key, upload.StoreId!, cancel) is null)
                return null;
            if (failure is StoreUnavailableException)
                throw;
            // A part was sent again after it was listed.
            refusal = Problems.PartsMissing([failure.Message]);
        }

        return refusal;
    }

    public override Task AbandonAsync(UploadSession upload, CancellationToken cancel) =>
        upload.StoreId is { } storeId ? store.AbortPartsAsync(upload.Id, upload.Key, storeId, cancel) : Task.CompletedTask;

    public override ValueTask<bool> IsThereAsync(string id, string key, CancellationToken cancel) => store.HasArrivedAsync(id, key, cancel);

    public override async ValueTask<StagedUpload?> OpenAsync(string id, string key, ArrivedObject? listed, CancellationToken cancel) =>
        (listed is { } told ? store.Open(told) : await store.OpenArrivedAsync(id, key, cancel)) is { } arrived
            ? new StagedUpload(arrived, token => arrived.DigestAsync(token))
            : null;

    public override Task RemoveAsync(IReadOnlyCollection<(string Id, string Key)> ended, CancellationToken cancel) =>
        store.RemoveArrivedAsync(ended, cancel);

    public override async Task<int> CleanUpAsync(DateTimeOffset before, CancellationToken cancel)
    {
        var begun = await store.BegunPartsAsync(cancel).Where(each => each.BegunAt < before).ToListAsync(cancel);
        var over = await OverAsync([.. begun.Select(each => each.UploadId)], cancel);
        foreach (var each in begun.Where(each => over.Contains(each.UploadId)))
            await store.AbortPartsAsync(each.UploadId, each.Key, each.StoreId, cancel);
        return over.Count;
    }

    /// <summary>
    /// Whether an upload whose parts the store does not know is lost with them. Where it was completed its bytes lie
    /// in staging until its record says that it is published, so that they are looked for first.
    /// </summary>
    private async Task<bool> IsGoneAsync(UploadSession upload, CancellationToken cancel) =>
        !await store.HasArrivedAsync(upload.Id, upload.Key, cancel)
        && await uploads.FindAsync(upload.Id, cancel) is { State: UploadState.Open };

    /// <summary>Of the parts that a store has, those that are of the right size: it takes any.</summary>
    private static IEnumerable<StoredPart> Complete(UploadSession upload, IEnumerable<StoredPart> parts) =>
        parts.Where(part => part.Part >= 1 && part.Part <= upload.Parts && part.Size == upload.Part(part.Part).Size);
}

/// <summary>The same where clients send parts to the store themselves.</summary>
internal sealed class DirectUploadStaging(S3Staging store, UploadLedger uploads, UrlRights urls) : S3UploadStaging(store, uploads, urls)
{
    private readonly S3Staging store = store;
    private readonly UrlRights urls = urls;

    public override string SignPart(UploadSession upload, int part, int seconds, string address, Caller caller) =>
        store.SignPart(upload.Id, upload.Key, upload.StoreId!, part, urls.LifetimeAtStore(seconds, caller));
}
