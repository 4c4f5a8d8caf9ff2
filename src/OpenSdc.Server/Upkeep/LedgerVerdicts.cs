using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Objects;

namespace OpenSdc.Server.Upkeep;

/// <summary>
/// Between the catalogue and the object store: what a record asks of its object, and what a verdict means for
/// the ledger.
/// </summary>
internal static class LedgerVerdicts
{
    public static ObjectRecord ToObject(this KeptFile file) => new(file.Key, file.Size, file.Sha256);

    public static ObjectRecord ToObject(this CopiedFile file) => new(file.Key, file.Size, file.Sha256);

    /// <summary>
    /// The kind of change that a verdict stands for; null where it says nothing about the bytes: the store
    /// refused to open or to read the object.
    /// </summary>
    public static string? ToChange(this ObjectVerdict verdict) => verdict switch
    {
        { State: ObjectState.Intact } => ChangeKind.Sound,
        { State: ObjectState.Missing } => ChangeKind.Lost,
        { Fault: ObjectFault.Refused } => null,
        _ => ChangeKind.Damaged,
    };
}
