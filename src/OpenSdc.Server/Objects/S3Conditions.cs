using System.Buffers.Text;
using System.Security.Cryptography;

namespace OpenSdc.Server.Objects;

/// <summary>
/// Whether a store heeds <c>If-None-Match: *</c> of a PUT, and whether its tags are digests of the bytes. This is not
/// asked of a list of products but tried, once in a process and before the first upload that needs it, at a place in
/// staging.
/// </summary>
internal sealed class S3Conditions(S3Bucket bucket)
{
    // MD5 of no bytes.
    private const string TagOfNothing = "\"d41d8cd98f00b204e9800998ecf8427e\"";

    private const string Trial = "try-";

    private static readonly ObjectNotes NoNotes = new("application/octet-stream", null, null);

    private readonly Lock gate = new();
    private Task<Found>? found;

    /// <summary>Whether something in staging, by the upload that its place names, is what a trial has left that was cut short.</summary>
    public static bool IsTrial(string uploadId) => uploadId.StartsWith(Trial, StringComparison.Ordinal);

    /// <summary>Whether a PUT on condition that nothing lies there never overwrites: of several at once one wins.</summary>
    public async Task<bool> AreHeededAsync(CancellationToken cancel) => (await FindAsync().WaitAsync(cancel)).IsHeeded;

    /// <summary>
    /// Puts the bytes of a small upload under its key from the memory of whoever has just hashed them: one request instead of the question
    /// and the copy, and the store need not read what it writes.
    /// </summary>
    /// <returns>False where it is not certain that it lies there: something else may, or an earlier try of the same
    /// upload, or the store cannot do it.</returns>
    /// <param name="objectKey">The target as the store writes it.</param>
    /// <param name="bytes">All of its bytes.</param>
    /// <param name="tag">The tag that the store has given the same bytes before.</param>
    /// <param name="notes">What is kept beside them.</param>
    /// <param name="cancel">Ends the waiting; the object may come to be all the same.</param>
    public async Task<bool> PutNewAsync(string objectKey, byte[] bytes, string tag, ObjectNotes notes, CancellationToken cancel) =>
        await FindAsync().WaitAsync(cancel) is { IsHeeded: true, HasDigests: true }
        && await bucket.Requests.PutAsync(new S3PutTarget(objectKey, notes, IsNew: true), bytes, cancel) == tag;

    private Task<Found> FindAsync()
    {
        lock (gate)
            return found is null or { IsFaulted: true } ? found = TryAsync() : found;
    }

    private async Task<Found> TryAsync()
    {
        // No upload has this name, so that whoever clears staging takes away what a crash leaves here.
        var place = new S3PutTarget(
            bucket.StagingKey($"{Trial}{Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(16))}", "new"),
            NoNotes,
            IsNew: true
        );
        var tried = default(Found);
        try
        {
            var tag = await bucket.Requests.PutAsync(place, default, CancellationToken.None);
            tried = new Found(
                tag is not null && await bucket.Requests.PutAsync(place, default, CancellationToken.None) is null,
                tag == TagOfNothing
            );
        }
        catch (ObjectRefusedException)
        {
            // It does not take the condition for a PUT.
        }

        await bucket.DeleteAsync(place.ObjectKey, CancellationToken.None);
        return tried;
    }

    private readonly record struct Found(bool IsHeeded, bool HasDigests);
}
