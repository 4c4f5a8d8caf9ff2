namespace OpenSdc.Server.Catalogue;

/// <summary>What can happen to a file. The words are stored, so they never change.</summary>
internal static class ChangeKind
{
    /// <summary>It came by an upload.</summary>
    public const string Published = "published";

    /// <summary>Its object was found without a record, and got one.</summary>
    public const string Adopted = "adopted";

    /// <summary>Its object is not there.</summary>
    public const string Lost = "lost";

    /// <summary>Its object has other bytes than were published.</summary>
    public const string Damaged = "damaged";

    /// <summary>Its object, lost or damaged before, is there again with the right bytes.</summary>
    public const string Sound = "sound";

    /// <summary>Everybody may see it.</summary>
    public const string Released = "released";

    /// <summary>Only the team may see it, as before its release.</summary>
    public const string Unreleased = "unreleased";

    /// <summary>Nobody is given it any more; its name stays taken.</summary>
    public const string Withdrawn = "withdrawn";

    /// <summary>It, withdrawn before, is given out again.</summary>
    public const string Restored = "restored";

    /// <summary>The bytes of a withdrawn file were removed for good.</summary>
    public const string Purged = "purged";
}
