using OpenSdc.Server.Access;
using OpenSdc.Server.Catalogue;

namespace OpenSdc.Server.Uploads;

/// <summary>An upload is its owner's: for anybody else but an administrator there is none of its id.</summary>
internal static class OwnUploads
{
    /// <summary>One upload of a caller, or null.</summary>
    public static async ValueTask<UploadSession?> FindOfAsync(this UploadLedger ledger, string id, Caller caller, CancellationToken cancel) =>
        await ledger.FindAsync(id, cancel) is { } upload && IsOf(upload, caller) ? upload : null;

    private static bool IsOf(UploadSession upload, Caller caller) => upload.Owner == caller.Name || caller.Has(Scopes.Admin);
}
