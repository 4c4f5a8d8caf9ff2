using System.Data.Common;

namespace OpenSdc.Server.Objects;

/// <summary>Tells what the disk says of itself when a write fails: no room, no permission, or something unexpected.</summary>
internal static class Disk
{
    private const int NoSpace = 28;       // ENOSPC
    private const int OverQuota = 122;    // EDQUOT
    private const int ReadOnly = 30;      // EROFS
    private const int NotPermitted = 13;  // EACCES
    private const int InputOutput = 5;    // EIO

    /// <summary>The answer to the caller whose write failed; null where the failure is none of the disk's.</summary>
    public static Problem? Refusal(Exception failure, Catalogue.Catalogue catalogue) => failure switch
    {
        DbException database when catalogue.IsOutOfSpace(database) => Problems.NoRoom,
        DbException => Problems.CannotWrite,
        UnauthorizedAccessException => Problems.CannotWrite,
        IOException { HResult: NoSpace or OverQuota } => Problems.NoRoom,
        IOException { HResult: ReadOnly or NotPermitted or InputOutput } => Problems.CannotWrite,
        _ => null,
    };
}
