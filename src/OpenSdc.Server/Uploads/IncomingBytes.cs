using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using OpenSdc.Contract;
using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Objects;

namespace OpenSdc.Server.Uploads;

/// <summary>An upload that is there whole, and how to read it once for its SHA-256.</summary>
internal readonly record struct Incoming(StagedObject Staged, Func<CancellationToken, Task<string>> DigestAsync);

/// <summary>
/// The bytes of recorded uploads until they are published: in the staging of a store that clients send to themselves, or, of uploads in parts, on the
/// archive's own disk. Which of the two it is, is asked here and nowhere else.
/// </summary>
internal sealed class IncomingBytes(IObjectStore store, UploadLedger uploads, PartLedger ledger, SignedUrls urls)
{
    /// <summary>Bytes of the largest file that may come in parts.</summary>
    public const long LargestFile = 5L << 40;

    // An S3 store sets both for its users; a disk has no opinion.
    private const int MostParts = 10_000;

    private readonly DiskParts? disk = store.Parts;

    /// <summary>A name that nobody can guess: 128 random bits.</summary>
    public static string NewId() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(16));

    /// <summary>Whether a text may be the id of an upload: others are not asked the database about.</summary>
    public static bool IsId(string text) => text.Length == 22 && Base64Url.IsValid(text);

    /// <summary>What a part of a signed URL on a disk is signed as.</summary>
    public static string PathOfPart(string id, string part) => $"uploads/{id}/parts/{part}";

    /// <summary>The size of the parts of a file: what the settings say, or more where that were too many; null where the file is larger than any archive takes.</summary>
    public static long? PartSize(long size, long usual) =>
        size > LargestFile ? null : Math.Max(usual, (size + MostParts - 1) / MostParts);

    /// <summary>Prepares for the parts of an upload and gives the store's own name of it.</summary>
    public async Task<string> BeginAsync(string id, string key, CancellationToken cancel) =>
        store.Direct is { } direct ? await direct.BeginPartsAsync(id, key, cancel) : id;

    /// <summary>The parts that have come, by number; null where the store has let go of them all.</summary>
    public async Task<IReadOnlyList<ReceivedPart>?> PartsAsync(RecordedUpload upload, int from, int count, CancellationToken cancel)
    {
        if (store.Direct is not { } direct)
            return await ledger.ListAsync(upload.Id, from, count, cancel);
        if (await direct.PartsAsync(upload.Id, upload.Key, upload.StoreId!, cancel) is not { } stored)
            return await IsGoneAsync(direct, upload, cancel) ? null : [];
        return [.. Complete(upload, stored).Where(part => part.Part >= from && part.Part < (long)from + count).Select(part => new ReceivedPart(part.Part, part.Size))];
    }

    /// <summary>The absolute URL to PUT one part to.</summary>
    public string SignPart(RecordedUpload upload, int part, int seconds, string address) => store.Direct is { } direct
        ? direct.SignPart(upload.Id, upload.Key, upload.StoreId!, part, seconds)
        : urls.SignPath(address, "PUT", PathOfPart(upload.Id, part.ToString(CultureInfo.InvariantCulture)), seconds);

    /// <summary>Makes one of all the parts, where they are all there.</summary>
    /// <param name="upload">The upload, as it was read.</param>
    /// <param name="sha256">The SHA-256 that the whole file is promised to have; null where nothing is promised.</param>
    /// <param name="cancel">Gives up.</param>
    /// <returns>Why it cannot be done; null where it is done, or was done before.</returns>
    public async Task<Problem?> CompleteAsync(RecordedUpload upload, string? sha256, CancellationToken cancel)
    {
        Problem? refusal = null;
        if (store.Direct is not { } direct)
        {
            await ledger.CompleteAsync(upload, sha256, parts => (refusal = Refusal(upload, parts.Select(part => part.Part))) is null, cancel);
            return refusal;
        }

        if (await direct.PartsAsync(upload.Id, upload.Key, upload.StoreId!, cancel) is not { } stored)
            return await IsGoneAsync(direct, upload, cancel) ? Problems.PartsGone : null;
        var complete = Complete(upload, stored).ToList();
        refusal = Refusal(upload, complete.Select(part => part.Part));
        try
        {
            // Whoever loses against another promise, or another completion, is told by what the record says then.
            if (refusal is null && (sha256 is null || await uploads.PromiseAsync(upload.Id, sha256, cancel)))
                await direct.CompletePartsAsync(upload.Id, upload.Key, upload.StoreId!, complete, cancel);
        }
        catch (IOException failure)
        {
            // Two may complete it at once, and of the later one Ceph says that it cannot now: then it is done, and the store has forgotten the parts.
            if (await direct.PartsAsync(upload.Id, upload.Key, upload.StoreId!, cancel) is null)
                return null;
            if (failure is StoreAwayException)
                throw;
            // A part was sent again after it was listed.
            refusal = Problems.PartsMissing([failure.Message]);
        }

        return refusal;
    }

    /// <summary>Lets go of the parts of an upload that will not be completed.</summary>
    public Task AbandonAsync(RecordedUpload upload, CancellationToken cancel)
    {
        if (store.Direct is { } direct)
            return upload.StoreId is { } storeId ? direct.AbortPartsAsync(upload.Id, upload.Key, storeId, cancel) : Task.CompletedTask;
        disk!.Remove(upload.Id);
        return Task.CompletedTask;
    }

    /// <summary>Whether an upload has arrived.</summary>
    public async ValueTask<bool> IsThereAsync(string id, string key, CancellationToken cancel)
    {
        if (store.Direct is { } direct)
            return await direct.HasArrivedAsync(id, key, cancel);
        if (disk!.Open(id, key) is not { } lying)
            return false;
        await lying.DisposeAsync();
        return true;
    }

    /// <summary>An upload that has arrived, to be read; null where it is not there.</summary>
    public async ValueTask<Incoming?> OpenAsync(string id, string key, CancellationToken cancel)
    {
        if (store.Direct is not { } direct)
            return disk!.Open(id, key) is { } lying ? new Incoming(lying, lying.DigestAsync) : null;
        return await direct.OpenArrivedAsync(id, key, cancel) is { } arrived ? Of(arrived) : null;
    }

    /// <summary>The same of one that a listing has just told, without asking again.</summary>
    public Incoming Open(ArrivedObject listed) => Of(store.Direct!.Open(listed));

    /// <summary>Removes uploads that have their end; those that are not there are no fault.</summary>
    public async Task RemoveAsync(IReadOnlyCollection<(string Id, string Key)> uploads, CancellationToken cancel)
    {
        if (store.Direct is { } direct)
        {
            await direct.RemoveArrivedAsync(uploads, cancel);
            return;
        }

        foreach (var (id, _) in uploads)
            disk!.Remove(id);
    }

    private static Incoming Of(ArrivedUpload arrived) => new(arrived, cancel => arrived.DigestAsync(read: null, cancel));

    /// <summary>
    /// Whether an upload whose parts the store does not know is lost with them. Where it was completed its bytes lie in staging until its record says that it is published, so that
    /// they are looked for first.
    /// </summary>
    private async Task<bool> IsGoneAsync(DirectTransfer direct, RecordedUpload upload, CancellationToken cancel) =>
        !await direct.HasArrivedAsync(upload.Id, upload.Key, cancel) && await uploads.FindAsync(upload.Id, cancel) is { State: UploadState.Open };

    /// <summary>Of the parts that a store has, those that are of the right size: it takes any.</summary>
    private static IEnumerable<StoredPart> Complete(RecordedUpload upload, IEnumerable<StoredPart> parts) =>
        parts.Where(part => part.Part >= 1 && part.Part <= upload.Parts && part.Size == upload.Part(part.Part).Size);

    private static Problem? Refusal(RecordedUpload upload, IEnumerable<int> there)
    {
        var missing = Enumerable.Range(1, upload.Parts).Except(there).ToList();
        return missing.Count == 0
            ? null
            : Problems.PartsMissing([.. missing.Take(100).Select(part => $"Part {part} has not come; it must have {upload.Part(part).Size} bytes.")]);
    }
}
