using OpenSdc.Contract;

namespace OpenSdc.Server.Catalogue;

/// <summary>How far a recorded upload is. The words are stored and answered, so they never change.</summary>
internal static class UploadState
{
    /// <summary>Asked for; its bytes are not there yet, or not all.</summary>
    public const string Open = "open";

    /// <summary>All its bytes are in the store, and it waits to be published or is being published.</summary>
    public const string Arrived = "arrived";

    /// <summary>Its bytes are those of the file at its key.</summary>
    public const string Published = "published";

    /// <summary>Its bytes were not taken; its problem says why.</summary>
    public const string Refused = "refused";

    /// <summary>Its sender gave it up.</summary>
    public const string Aborted = "aborted";

    /// <summary>Its bytes never came.</summary>
    public const string Expired = "expired";

    public static bool IsEnd(string state) => state is Published or Refused or Aborted or Expired;
}

/// <summary>An upload as the ledger has it.</summary>
internal sealed record UploadSession(string Id, string Key, string State, DateTimeOffset ExpiresAt)
{
    /// <summary>Who asked for it, by the name of the caller: nobody else but an administrator learns of it or changes it.</summary>
    public string Owner { get; init; } = "";

    /// <summary>The address from which it was asked for.</summary>
    public string Client { get; init; } = "";

    /// <summary>The id of the request by which it was asked for.</summary>
    public string Request { get; init; } = "";

    /// <summary>When it was asked for.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>
    /// The SHA-256 that was promised for the whole file, of an upload in parts, in lower-case hexadecimals;
    /// null where none was.
    /// </summary>
    public string? Sha256 { get; init; }

    /// <summary>The declared size of an upload in parts; null for one that comes by a single PUT.</summary>
    public long? Size { get; init; }

    /// <summary>The size of each part but the last.</summary>
    public long? PartSize { get; init; }

    /// <summary>The store's own name of an upload in parts.</summary>
    public string? StoreId { get; init; }

    /// <summary>The code of the problem that it ended with, and its sentence.</summary>
    public (string Code, string Detail)? Problem { get; init; }

    /// <summary>How many parts it has; 0 for one that comes by a single PUT.</summary>
    public int Parts => PartSize is { } each ? (int)((Size!.Value + each - 1) / each) : 0;

    /// <summary>Where a part begins, and how many bytes it has. The first part has the number 1.</summary>
    public (long Offset, long Size) Part(int number)
    {
        var offset = (number - 1) * PartSize!.Value;
        return (offset, Math.Min(PartSize.Value, Size!.Value - offset));
    }
}

/// <summary>
/// An upload that has arrived and that this process may publish, and nobody else until its lease has run out.
/// </summary>
/// <param name="Id">The upload.</param>
/// <param name="Key">The key that it is for.</param>
/// <param name="Size">The size that was declared for it, of uploads in parts.</param>
/// <param name="Recorded">The receipt of the file that is at the key already; null where there is none, and
/// then the claim to the key is this upload's.</param>
/// <param name="Sha256">The SHA-256 that was promised for the whole file, of uploads in parts; null where
/// none was.</param>
internal sealed record TakenUpload(string Id, string Key, long? Size, UploadReceipt? Recorded, string? Sha256)
{
    /// <summary>
    /// Whether the claim to the key is this upload's also where the key has a file: only then may it put a
    /// lost object back.
    /// </summary>
    public bool HasClaim { get; init; }

    /// <summary>
    /// Its entry of the audit, once it is published or has mended a file: by whom it was asked for, from
    /// where and in which request.
    /// </summary>
    public required AuditEntry Audit { get; init; }
}

/// <summary>What became of the request for an upload in parts.</summary>
internal enum OpenOutcome
{
    /// <summary>It is recorded.</summary>
    Opened,

    /// <summary>Its key has a file.</summary>
    Exists,

    /// <summary>As many uploads of its key are open as may be.</summary>
    TooManyOfFile,

    /// <summary>As many uploads of its owner, or from its address where the owner has no credentials, are open as may be.</summary>
    TooManyOfOwner,

    /// <summary>As many uploads are open as may be.</summary>
    TooMany,
}

/// <summary>Whose open uploads count: an owner's, or, where he has no credentials, those of his address alone.</summary>
/// <param name="Owner">The name of the caller.</param>
/// <param name="Client">The address; empty for any.</param>
internal readonly record struct OpenBy(string Owner, string Client);

/// <summary>The most uploads in parts that may be open: of one file, of one owner, and in all.</summary>
internal readonly record struct OpenLimits(int OfFile, int OfOwner, int InAll)
{
    public OpenOutcome Check(long ofFile, long ofOwner, long inAll) =>
        ofFile >= OfFile ? OpenOutcome.TooManyOfFile
        : ofOwner >= OfOwner ? OpenOutcome.TooManyOfOwner
        : inAll >= InAll ? OpenOutcome.TooMany
        : OpenOutcome.Opened;
}

/// <summary>Who publishes an upload: a publication under a lease that has passed to another is not recorded.</summary>
internal readonly record struct Lease(string UploadId, string Owner);
