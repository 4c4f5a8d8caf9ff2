using System.Buffers.Text;
using System.Security.Cryptography;

namespace OpenSdc.Server.Objects;

/// <summary>
/// Puts the bytes of a small upload under its key from the memory of whoever has just hashed them, on condition that nothing lies there: one request instead of the question
/// and the copy, and the store need not read what it writes.
/// </summary>
/// <remarks>
/// Only where the store heeds the condition and its tags are digests of the bytes. Whether it does is not asked of a list of products but tried, once in a process and before the
/// first such upload, at a place in staging; where it does not, all go the longer way.
/// </remarks>
internal sealed class S3PutNew(S3Bucket bucket)
{
    // MD5 of no bytes.
    private const string TagOfNothing = "\"d41d8cd98f00b204e9800998ecf8427e\"";

    private static readonly ObjectNotes NoNotes = new("application/octet-stream", null, null);

    private readonly Lock gate = new();
    private Task<bool>? sure;

    /// <summary>Puts an object. False where it is not certain that it lies there: something else may, or an earlier try of the same upload, or the store cannot do it.</summary>
    /// <param name="objectKey">The target as the store writes it.</param>
    /// <param name="bytes">All of its bytes.</param>
    /// <param name="tag">The tag that the store has given the same bytes before.</param>
    /// <param name="notes">What is kept beside them.</param>
    /// <param name="cancel">Ends the waiting; the object may come to be all the same.</param>
    public async Task<bool> PutAsync(string objectKey, byte[] bytes, string tag, ObjectNotes notes, CancellationToken cancel) =>
        await IsSureAsync().WaitAsync(cancel) && await bucket.Requests.PutNewAsync(objectKey, bytes, notes, cancel) == tag;

    private Task<bool> IsSureAsync()
    {
        lock (gate)
            return sure is null or { IsFaulted: true } ? sure = TryAsync() : sure;
    }

    private async Task<bool> TryAsync()
    {
        // No upload has this name, so that whoever clears staging takes away what a crash leaves here.
        var place = bucket.StagingKey($"try-{Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(16))}", "new");
        var isSure = false;
        try
        {
            isSure = await bucket.Requests.PutNewAsync(place, [], NoNotes, CancellationToken.None) == TagOfNothing
                && await bucket.Requests.PutNewAsync(place, [], NoNotes, CancellationToken.None) is null;
        }
        catch (ObjectRefusedException)
        {
            // It does not take the condition for a PUT.
        }

        await bucket.DeleteAsync(place, CancellationToken.None);
        return isSure;
    }
}
