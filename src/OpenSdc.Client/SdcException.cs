namespace OpenSdc.Client;

/// <summary>Why an operation of <see cref="SdcClient"/> failed.</summary>
public enum SdcError
{
    /// <summary>
    /// The server cannot be reached, or cannot answer at the moment, after all repetitions. Try again later.
    /// </summary>
    Unreachable,

    /// <summary>
    /// The server refuses the request: a wrong parameter, a bad name, a missing permission. The same request
    /// fails again.
    /// </summary>
    Refused,

    /// <summary>The server has no such file, or it is lost or withdrawn.</summary>
    NotFound,

    /// <summary>The archive has other bytes under this name.</summary>
    Conflict,

    /// <summary>The bytes are not those of the record, also after repetitions.</summary>
    Corrupt,

    /// <summary>The server's answer is not one of this API.</summary>
    BadAnswer,

    /// <summary>The server's path would leave the folder, or cannot be a file's name.</summary>
    UnsafePath,

    /// <summary>A local file is there that must not be replaced, or is absent where it must be there.</summary>
    LocalFile,

    /// <summary>Another process or task downloads the same file at the moment.</summary>
    Busy,

    /// <summary>The disk refuses to read or write.</summary>
    Disk,
}

/// <summary>
/// A failure of <see cref="SdcClient"/>. The message is one sentence for a person; it may repeat a server's text.
/// </summary>
public sealed class SdcException : Exception
{
    /// <summary>A failure without more than its kind.</summary>
    public SdcException()
        : this(SdcError.Refused, "The operation failed.")
    {
    }

    /// <summary>A refusal with a sentence.</summary>
    /// <param name="message">One sentence.</param>
    public SdcException(string message)
        : this(SdcError.Refused, message)
    {
    }

    /// <summary>A refusal with a sentence and its cause.</summary>
    /// <param name="message">One sentence.</param>
    /// <param name="innerException">The cause.</param>
    public SdcException(string message, Exception innerException)
        : this(SdcError.Refused, message, innerException)
    {
    }

    /// <summary>A failure of a kind.</summary>
    /// <param name="error">The kind.</param>
    /// <param name="message">One sentence.</param>
    /// <param name="innerException">The cause, or null.</param>
    public SdcException(SdcError error, string message, Exception? innerException = null)
        : base(message, innerException) => Error = error;

    /// <summary>What kind of failure it is.</summary>
    public SdcError Error { get; }

    /// <summary>HTTP status of the answer that caused it; null where there was none.</summary>
    public int? Status { get; init; }

    /// <summary>
    /// The archive's stable code, such as <c>digest-mismatch</c>, where it gave one; null otherwise.
    /// </summary>
    public string? Code { get; init; }

    /// <summary>The digest that the archive has under this name, where it said so; null otherwise.</summary>
    internal string? ArchiveSha256 { get; init; }
}
