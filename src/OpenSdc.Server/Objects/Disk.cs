using System.Data.Common;

namespace OpenSdc.Server.Objects;

/// <summary>
/// Tells what the disk says of itself when it fails: no room, no permission, bytes that cannot be read, or something
/// unexpected.
/// </summary>
internal static class Disk
{
    public const int NoSpace = 28;        // ENOSPC
    private const int OverQuota = 122;    // EDQUOT
    private const int ReadOnly = 30;      // EROFS
    private const int NotPermitted = 13;  // EACCES
    private const int NotAllowed = 1;     // EPERM
    private const int InputOutput = 5;    // EIO
    private const int FilesOfSystem = 23; // ENFILE
    private const int FilesOfProcess = 24; // EMFILE
    private const int Stale = 116;        // ESTALE: a network's disk has gone away
    private const int BadMessage = 74;    // EBADMSG: a file system's own checksum is not right
    private const int NotClean = 117;     // EUCLEAN: a file system's own structure is not right

    /// <summary>The answer to the caller whose write failed; null where the failure is none of the disk's.</summary>
    public static Problem? Refusal(Exception failure, Catalogue.Catalogue catalogue) =>
        failure switch
        {
            DbException database when catalogue.IsOutOfSpace(database) => Problems.InsufficientStorage,
            DbException when catalogue.IsUnavailable(failure) => Problems.CatalogueUnavailable,
            DbException => Problems.CannotWrite,
            UnauthorizedAccessException => Problems.CannotWrite,
            StoreUnavailableException => Problems.StoreUnavailable,
            IOException { HResult: NoSpace or OverQuota } => Problems.InsufficientStorage,
            IOException { HResult: ReadOnly or NotPermitted or NotAllowed or InputOutput or FilesOfSystem or FilesOfProcess or Stale } =>
                Problems.CannotWrite,
            _ => null,
        };

    /// <summary>Whether a file lies on a file system that takes no writes, from whomever.</summary>
    public static bool IsReadOnly(string file) => Posix.WhyNotWritable(file) == ReadOnly;

    /// <summary>Whether a write failed since the file system takes none, from whomever.</summary>
    public static bool IsReadOnly(IOException failure) => failure.HResult == ReadOnly;

    /// <summary>
    /// True where a read failed since the bytes are not there to be read; false where asking was refused, which says
    /// nothing of the bytes.
    /// </summary>
    public static bool IsReadError(IOException failure) => failure.HResult is InputOutput or BadMessage or NotClean;
}
