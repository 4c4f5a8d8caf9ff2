using System.Text.Json.Serialization;
using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Objects;

namespace OpenSdc.Server.Upkeep;

/// <summary>One thing that a check found, and what is to become of it. The JSON of <c>sdc fsck --json</c>.</summary>
internal sealed record FsckFinding
{
    /// <summary>What is wrong: a word of <see cref="FsckKind"/>.</summary>
    public required string Kind { get; init; }

    /// <summary>The key of the record or object; of a left-over its path in staging; of derived data its name.</summary>
    public required string Key { get; init; }

    /// <summary>What a repair does: a word of <see cref="FsckAction"/>.</summary>
    public required string Action { get; init; }

    /// <summary>One sentence for the operator.</summary>
    public required string Detail { get; init; }

    /// <summary>Number of the record; null where there is none.</summary>
    public long? Seq { get; init; }

    /// <summary>What the record is marked as: <c>lost</c>, <c>damaged</c>, or null.</summary>
    public string? Mark { get; init; }

    /// <summary>Bytes that the record says, or where there is none the object's.</summary>
    public long? Size { get; init; }

    /// <summary>The digest that the record says.</summary>
    public string? Sha256 { get; init; }

    /// <summary>When an object without a record was last written.</summary>
    public DateTimeOffset? Written { get; init; }

    /// <summary>After a repair <c>done</c> or <c>left</c>; null where no repair was made.</summary>
    public string? Outcome { get; init; }

    [JsonIgnore]
    public bool IsChange => Action != FsckAction.None;

    /// <summary>What there is to say of a record when its object was looked at; null where all is well.</summary>
    public static FsckFinding? Of(KeptFile record, ObjectVerdict verdict)
    {
        if (verdict.IsIntact && record.Mark is null)
            return null;
        var mark = verdict.ToChange() switch
        {
            // Refused: it may be the right of the caller that fails, and not the object.
            null => record.Mark,
            ChangeKind.Sound => null,
            var change => change,
        };
        return new FsckFinding
        {
            Kind = verdict switch
            {
                { State: ObjectState.Intact } => FsckKind.Returned,
                { State: ObjectState.Missing } => FsckKind.Lost,
                { State: ObjectState.Unreadable } => FsckKind.Unreadable,
                { Fault: ObjectFault.Length } => FsckKind.Size,
                _ => FsckKind.Digest,
            },
            Key = record.Key,
            Action = mark == record.Mark ? FsckAction.None : mark switch
            {
                null => FsckAction.Clear,
                ChangeKind.Lost => FsckAction.MarkLost,
                _ => FsckAction.MarkDamaged,
            },
            Detail = verdict.IsIntact
                ? $"It is marked {record.Mark}, but its object is there with the right bytes."
                : verdict.Sentence + (mark == record.Mark && mark is not null ? $" It is marked {mark} already." : ""),
            Seq = record.Seq,
            Mark = record.Mark,
            Size = record.Size,
            Sha256 = record.Sha256,
        };
    }
}

/// <summary>What can be wrong. The words are an interface: they never change their meaning.</summary>
internal static class FsckKind
{
    /// <summary>An object without a record, at the key that its name gives.</summary>
    public const string Orphan = "orphan";

    /// <summary>An object without a record, whose name belongs at another key.</summary>
    public const string Misplaced = "misplaced";

    /// <summary>
    /// Something that is no object of the archive: a name of no convention, a link, a pipe, what lies at the
    /// key of a file that was purged.
    /// </summary>
    public const string Foreign = "foreign";

    /// <summary>A record without an object.</summary>
    public const string Lost = "lost";

    /// <summary>An object of another length than its record says.</summary>
    public const string Size = "size";

    /// <summary>An object with other bytes than its record says.</summary>
    public const string Digest = "digest";

    /// <summary>An object that cannot be opened or read.</summary>
    public const string Unreadable = "unreadable";

    /// <summary>A record marked as lost or damaged, whose object is right.</summary>
    public const string Returned = "returned";

    /// <summary>An upload that nobody is sending any more.</summary>
    public const string LeftOver = "left-over";

    /// <summary>
    /// Derived data of the catalogue (coverage, the notes of newer versions) that does not say what follows
    /// from the records.
    /// </summary>
    public const string Derived = "derived";

    public static IReadOnlyList<string> All { get; } =
    [Orphan, Misplaced, Foreign, Lost, Size, Digest, Unreadable, Returned, LeftOver, Derived];
}

/// <summary>What a repair can do. The words are an interface, too.</summary>
internal static class FsckAction
{
    /// <summary>Nothing: a person has to.</summary>
    public const string None = "none";

    /// <summary>Give it the record that it lacks.</summary>
    public const string Adopt = "adopt";

    /// <summary>Move it to the quarantine.</summary>
    public const string Quarantine = "quarantine";

    public const string MarkLost = "mark-lost";

    public const string MarkDamaged = "mark-damaged";

    /// <summary>Make it again from the records.</summary>
    public const string Derive = "derive";

    /// <summary>Take the mark away.</summary>
    public const string Clear = "clear";
}
