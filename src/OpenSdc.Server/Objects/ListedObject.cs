namespace OpenSdc.Server.Objects;

/// <summary>One thing that a listing of the store found.</summary>
/// <param name="Key">Where it lies. Not always a key of the archive: it may be anyone's name.</param>
/// <param name="What">Whether it is an object.</param>
/// <param name="Length">Its bytes; 0 for what is no object.</param>
/// <param name="LastWrite">When its bytes were last written.</param>
/// <param name="LastChange">When anything of it was last changed: its bytes, its name, its owner. A store that does
/// not know says the last write.</param>
internal readonly record struct ListedObject(string Key, ListedKind What, long Length, DateTimeOffset LastWrite, DateTimeOffset LastChange);

/// <summary>What a listed thing is.</summary>
internal enum ListedKind
{
    /// <summary>Bytes under a key.</summary>
    Object,

    /// <summary>A link to something else. It is never followed.</summary>
    Link,

    /// <summary>Something that must not be opened: a pipe, a socket, a device.</summary>
    Other,

    /// <summary>
    /// Its name is not text, so that it can be neither opened nor moved by that name; the key says U+FFFD for what is
    /// not.
    /// </summary>
    Unnameable,
}

/// <summary>What became of a move.</summary>
internal enum Moved
{
    /// <summary>It lies in the new place only.</summary>
    Done,

    /// <summary>Something lies in the new place already; both stay as they were.</summary>
    Taken,

    /// <summary>Nothing lies in the old place.</summary>
    Missing,
}
