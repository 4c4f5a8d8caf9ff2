using System.Globalization;
using OpenSdc.Contract;
using OpenSdc.Contract.Naming;

namespace OpenSdc.Server.Catalogue;

/// <summary>A file that is to be recorded: its object lies complete and flushed at its key.</summary>
internal sealed record Publication(FileName Name, long Size, string Sha256)
{
    /// <summary>When it was ingested, where that was before now: an object that is found without a record.</summary>
    public DateTimeOffset? IngestedAt { get; init; }

    /// <summary>The kind of the change: published, or adopted.</summary>
    public string Change { get; init; } = ChangeKind.Published;

    /// <summary>The recorded upload that brought it, which ends with its record, in the same transaction; null where none did.</summary>
    public Lease? Upload { get; init; }

    /// <summary>
    /// The upload under whose claim to the key the object was placed: without the claim nothing is recorded,
    /// and with the record it ends. Null where no claim was taken.
    /// </summary>
    public string? Claim { get; init; }

    /// <summary>
    /// The entry of the audit that is appended with the record, in the same transaction; null where nobody's
    /// deed is recorded, as by fsck.
    /// </summary>
    public AuditEntry? Audit { get; init; }

    /// <summary>Whether a receipt is of these bytes.</summary>
    public bool Has(UploadReceipt receipt) => receipt.Sha256 == Sha256 && receipt.Size == Size;

    /// <summary>The record that it makes.</summary>
    public FileRecord Record(long seq, string ingestionDate) => new()
    {
        FilePath = Name.Key,
        Instrument = Name.Instrument,
        DataLevel = Name.DataLevel,
        Descriptor = Name.Descriptor,
        StartDate = Name.StartDate?.ToString("yyyyMMdd", CultureInfo.InvariantCulture),
        EndDate = Name.EndDate?.ToString("yyyyMMdd", CultureInfo.InvariantCulture),
        Repointing = Name.Repointing,
        Cr = Name.Cr,
        Version = Name.Version,
        MajorVersion = Name.MajorVersion,
        MinorVersion = Name.MinorVersion,
        Extension = Name.Extension,
        IngestionDate = ingestionDate,
        Size = Size,
        Sha256 = Sha256,
        Seq = seq,
    };
}

/// <summary>
/// The record of a key after a publication: the new one, or the one that was there before it. None where the
/// publication's upload or claim had passed to another by then: nothing was recorded.
/// </summary>
internal readonly record struct Recorded(UploadReceipt Receipt, bool IsNew)
{
    /// <summary>Whether there is a record: only of a publication that an upload has brought there may be none.</summary>
    public bool IsThere => Receipt is not null;
}
