using System.Buffers.Text;
using System.Security.Cryptography;
using OpenSdc.Contract;
using OpenSdc.Server.Access;
using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Objects;

namespace OpenSdc.Server.Uploads;

/// <summary>An upload that is there whole, and how to read it once for its SHA-256.</summary>
internal readonly record struct StagedUpload(StagedObject Staged, Func<CancellationToken, Task<string>> DigestAsync);

/// <summary>
/// Where the bytes of recorded uploads lie until they are published: those that come in parts, and those that clients
/// send to the store themselves.
/// </summary>
internal abstract class UploadStaging(UploadLedger uploads)
{
    /// <summary>Bytes of the largest file that may come in parts.</summary>
    public const long LargestFile = 5L << 40;

    // An S3 store sets both for its users; a disk has no opinion.
    private const int MostParts = 10_000;

    /// <summary>A name that nobody can guess: 128 random bits.</summary>
    public static string NewId() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(16));

    /// <summary>Whether a text may be the id of an upload: others are not asked the database about.</summary>
    public static bool IsId(string text) => text.Length == 22 && Base64Url.IsValid(text);

    /// <summary>What a part of a signed URL of this server is signed as.</summary>
    public static string PathOfPart(string id, string part) => $"uploads/{id}/parts/{part}";

    /// <summary>
    /// The size of the parts of a file: what the settings say, or more where that were too many; null where the file
    /// is larger than any archive takes.
    /// </summary>
    public static long? PartSize(long size, long usual) =>
        size > LargestFile ? null : Math.Max(usual, (size + MostParts - 1) / MostParts);

    /// <summary>Prepares for the parts of an upload and gives the store's own name of it.</summary>
    public abstract Task<string> BeginAsync(string id, string key, CancellationToken cancel);

    /// <summary>The parts that have come, by number; null where the store has let go of them all.</summary>
    public abstract Task<IReadOnlyList<ReceivedPart>?> PartsAsync(UploadSession upload, int from, int count, CancellationToken cancel);

    /// <summary>The absolute URL to PUT one part to.</summary>
    public abstract string SignPart(UploadSession upload, int part, int seconds, string address, Caller caller);

    /// <summary>Opens a part for bytes that pass through the server; null where the upload takes no parts any more.</summary>
    public abstract Task<StagedPart?> OpenPartAsync(UploadSession upload, int part, CancellationToken cancel);

    /// <summary>Makes one of all the parts, where they are all there.</summary>
    /// <param name="upload">The upload, as it was read.</param>
    /// <param name="sha256">The SHA-256 that the whole file is promised to have; null where nothing is promised.</param>
    /// <param name="cancel">Gives up.</param>
    /// <returns>Why it cannot be done; null where it is done, or was done before.</returns>
    public abstract Task<Problem?> CompleteAsync(UploadSession upload, string? sha256, CancellationToken cancel);

    /// <summary>Removes the parts of an upload that will not be completed.</summary>
    public abstract Task AbandonAsync(UploadSession upload, CancellationToken cancel);

    /// <summary>Whether an upload has arrived.</summary>
    public abstract ValueTask<bool> IsThereAsync(string id, string key, CancellationToken cancel);

    /// <summary>An upload that has arrived, to be read; null where it is not there.</summary>
    /// <param name="id">The upload.</param>
    /// <param name="key">The key that it is for.</param>
    /// <param name="listed">What a listing has just said of it, which spares the question; null where none has.</param>
    /// <param name="cancel">Gives up.</param>
    public abstract ValueTask<StagedUpload?> OpenAsync(string id, string key, ArrivedObject? listed, CancellationToken cancel);

    /// <summary>Removes uploads that have their end; those that are not there are no fault.</summary>
    public abstract Task RemoveAsync(IReadOnlyCollection<(string Id, string Key)> ended, CancellationToken cancel);

    /// <summary>Removes the parts of uploads that have ended, or were never recorded since the process died in between.</summary>
    /// <param name="before">Only of those whose last byte came, or that were begun, before this moment.</param>
    /// <param name="cancel">Gives up.</param>
    /// <returns>How many uploads.</returns>
    public abstract Task<int> CleanUpAsync(DateTimeOffset before, CancellationToken cancel);

    /// <summary>Those of some uploads that have ended or are not recorded.</summary>
    protected async Task<HashSet<string>> OverAsync(IReadOnlyCollection<string> ids, CancellationToken cancel)
    {
        var states = await uploads.StatesAsync(ids, cancel);
        return [.. ids.Where(id => !states.TryGetValue(id, out var state) || UploadState.IsEnd(state))];
    }

    protected static Problem? Missing(UploadSession upload, IEnumerable<int> there)
    {
        var missing = Enumerable.Range(1, upload.Parts).Except(there).ToList();
        return missing.Count == 0
            ? null
            : Problems.PartsMissing([
                .. missing.Take(100).Select(part => $"Part {part} has not come; it must have {upload.Part(part).Size} bytes."),
            ]);
    }
}
