using System.Runtime.ExceptionServices;

namespace OpenSdc.Server.Objects;

/// <summary>Whether an object matches its record: the words of every check, report and answer.</summary>
internal enum ObjectState
{
    /// <summary>It has the length and the SHA-256 of the record.</summary>
    Intact,

    /// <summary>There is no object.</summary>
    Missing,

    /// <summary>It has another length or another SHA-256.</summary>
    Corrupt,

    /// <summary>It could not be read to its end.</summary>
    Unreadable,
}

/// <summary>Why an object is corrupt or unreadable.</summary>
internal enum ObjectFault
{
    None,

    /// <summary>Corrupt: another length.</summary>
    Length,

    /// <summary>Corrupt: another SHA-256.</summary>
    Digest,

    /// <summary>Unreadable: the medium failed, so the bytes are lost.</summary>
    ReadError,

    /// <summary>Unreadable: the store refused or is away, which says nothing about the bytes.</summary>
    Refused,
}

/// <summary>What a record says about its object.</summary>
/// <param name="Key">The object's key.</param>
/// <param name="Size">Its length in bytes.</param>
/// <param name="Sha256">Its SHA-256 in lower-case hexadecimals; null where none is known: then any bytes of that length match.</param>
internal readonly record struct ObjectRecord(string Key, long Size, string? Sha256);

/// <summary>The answer to "does this object match its record?".</summary>
/// <param name="State">One of four words.</param>
/// <param name="Fault">The cause of the state.</param>
/// <param name="Sentence">For the operator; empty where the object is intact.</param>
/// <param name="Failure">The exception, where the object could not be opened or read.</param>
internal readonly record struct ObjectVerdict(ObjectState State, ObjectFault Fault, string Sentence, Exception? Failure = null)
{
    public static ObjectVerdict Intact { get; } = new(ObjectState.Intact, ObjectFault.None, "");

    public static ObjectVerdict Missing { get; } = new(ObjectState.Missing, ObjectFault.None, "There is no object under its key.");

    /// <summary>A pipe, a socket or a device has the key.</summary>
    public static ObjectVerdict NotAFile { get; } = new(ObjectState.Missing, ObjectFault.None, "What lies under its key is no file.");

    public bool IsIntact => State == ObjectState.Intact;

    /// <summary>The state as reports write it.</summary>
    public string Word => State.ToString().ToLowerInvariant();

    public static ObjectVerdict OfLength(long recorded, long found) => recorded == found
        ? Intact
        : new(ObjectState.Corrupt, ObjectFault.Length, $"The record says {recorded} bytes, the object has {found}.");

    public static ObjectVerdict OfDigest(string? recorded, string found) => recorded is null || recorded == found
        ? Intact
        : new(ObjectState.Corrupt, ObjectFault.Digest, $"The record says SHA-256 {recorded}, the object has {found}.");

    /// <summary>Classifies a failure to open or to read.</summary>
    public static ObjectVerdict OfFailure(Exception failure) => failure is IOException io && Disk.IsReadError(io)
        ? new(ObjectState.Unreadable, ObjectFault.ReadError, $"The disk cannot read its object: {failure.Message}", failure)
        : new(ObjectState.Unreadable, ObjectFault.Refused, $"Its object cannot be opened or read: {failure.Message}", failure);

    /// <summary>Throws the store's exception where it refused, which says nothing about the object.</summary>
    public ObjectVerdict ThrowIfRefused() => Fault == ObjectFault.Refused ? ThrowIfUnreadable() : this;

    /// <summary>Throws the exception where the object could not be opened or read.</summary>
    public ObjectVerdict ThrowIfUnreadable()
    {
        if (Failure is not null)
            ExceptionDispatchInfo.Throw(Failure);
        return this;
    }
}
