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
}
