using OpenSdc.Server.Access;
using OpenSdc.Server.Catalogue;

namespace OpenSdc.Server.Uploads;

/// <summary>
/// What a caller who uploads may know of the file that has the name already: one who may not read it learns
/// that the name is taken, and neither its size nor its digest nor its date; unless it names the digest
/// itself, since who has that has the bytes. Of a file that was withdrawn it learns why.
/// </summary>
internal static class TakenName
{
    /// <summary>Whether a caller may read the file at a key.</summary>
    public static async ValueTask<bool> IsSeenAsync(string key, Caller caller, Catalogue.Catalogue catalogue, CancellationToken cancel) =>
        caller.Audience == Audience.Team || await catalogue.HasAsync(key, ReadScope.Of(caller), cancel);

    /// <summary>409: the file of the name was withdrawn, and why; null where there is none or it was not.</summary>
    public static async ValueTask<Problem?> WithdrawnAsync(string key, Withdrawals withdrawals, CancellationToken cancel) =>
        await withdrawals.FindAsync(key, Audience.All, cancel) is { } tombstone ? Problems.NameWithdrawn(tombstone) : null;

    /// <summary>
    /// 409: the name is taken, to a caller that may have declared the SHA-256 of what it wants to send, in
    /// lower-case hexadecimals.
    /// </summary>
    public static async ValueTask<Problem> RefusalAsync(
        ServedFile there, Caller caller, string? declared, Catalogue.Catalogue catalogue, Withdrawals withdrawals, CancellationToken cancel)
    {
        if (there.IsWithdrawn && await WithdrawnAsync(there.Receipt.FilePath, withdrawals, cancel) is { } withdrawn)
            return withdrawn;
        var isKnown = declared == there.Receipt.Sha256 && !there.IsWithdrawn;
        return isKnown || await IsSeenAsync(there.Receipt.FilePath, caller, catalogue, cancel)
            ? Problems.Exists(there.Receipt)
            : Problems.Exists(there.Receipt) with
            {
                Existing = null,
            };
    }
}
