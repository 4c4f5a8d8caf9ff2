using System.Globalization;
using OpenSdc.Contract;
using OpenSdc.Server.Access;
using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Objects;

namespace OpenSdc.Server.Uploads;

/// <summary>
/// Uploads in parts on the archive's own disk. Which parts have come is in the ledger: in the file a hole and
/// a part look alike.
/// </summary>
internal sealed class DiskUploadStaging(DiskParts disk, UploadLedger uploads, PartLedger ledger, UrlRights urls) : UploadStaging(uploads)
{
    public override Task<string> BeginAsync(string id, string key, CancellationToken cancel) => Task.FromResult(id);

    public override async Task<IReadOnlyList<ReceivedPart>?> PartsAsync(
        UploadSession upload,
        int from,
        int count,
        CancellationToken cancel
    ) => await ledger.ListAsync(upload.Id, from, count, cancel);

    public override string SignPart(UploadSession upload, int part, int seconds, string address, Caller caller) =>
        urls.SignPath(address, "PUT", PathOfPart(upload.Id, part.ToString(CultureInfo.InvariantCulture)), seconds, caller);

    public override async Task<StagedPart?> OpenPartAsync(UploadSession upload, int part, CancellationToken cancel)
    {
        var tag = NewId();
        var (offset, size) = upload.Part(part);
        var place = disk.OpenPart(
            upload.Id,
            upload.Key,
            offset,
            size,
            finish: token => ledger.FinishAsync(upload.Id, part, tag, size, token)
        );
        try
        {
            if (await ledger.BeginAsync(upload.Id, part, tag, cancel))
                return place;
        }
        catch
        {
            await place.DisposeAsync();
            throw;
        }

        await place.DisposeAsync();
        return null;
    }

    public override async Task<Problem?> CompleteAsync(UploadSession upload, string? sha256, CancellationToken cancel)
    {
        Problem? refusal = null;
        await ledger.CompleteAsync(upload, sha256, parts => (refusal = Missing(upload, parts.Select(part => part.Part))) is null, cancel);
        return refusal;
    }

    public override Task AbandonAsync(UploadSession upload, CancellationToken cancel)
    {
        disk.Remove(upload.Id);
        return Task.CompletedTask;
    }

    public override async ValueTask<bool> IsThereAsync(string id, string key, CancellationToken cancel)
    {
        if (disk.Open(id, key) is not { } there)
            return false;
        await there.DisposeAsync();
        return true;
    }

    public override ValueTask<StagedUpload?> OpenAsync(string id, string key, ArrivedObject? listed, CancellationToken cancel) =>
        new(disk.Open(id, key) is { } there ? new StagedUpload(there, there.DigestAsync) : null);

    public override Task RemoveAsync(IReadOnlyCollection<(string Id, string Key)> ended, CancellationToken cancel)
    {
        foreach (var (id, _) in ended)
            disk.Remove(id);
        return Task.CompletedTask;
    }

    /// <remarks>An upload that has its record was linked to its key; what lies here is its other name.</remarks>
    public override async Task<int> CleanUpAsync(DateTimeOffset before, CancellationToken cancel)
    {
        var over = await OverAsync([.. disk.List().Where(each => each.LastWrite < before).Select(each => each.UploadId)], cancel);
        foreach (var id in over)
            disk.Remove(id);
        return over.Count;
    }
}
