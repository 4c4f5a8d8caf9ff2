using OpenSdc.Server.Access;
using OpenSdc.Server.Catalogue;

namespace OpenSdc.Server.Uploads;

/// <summary>An upload is its owner's: for anybody else but an administrator there is none of its id.</summary>
internal static class OwnUploads
{
    /// <summary>One upload of a caller, or null.</summary>
    public static async ValueTask<UploadSession?> FindOfAsync(
        this UploadLedger ledger,
        string id,
        Caller caller,
        CancellationToken cancel
    ) => await ledger.FindAsync(id, cancel) is { } upload && IsOf(upload, caller) ? upload : null;

    /// <summary>Whose uploads a request's are. Without credentials all have one name, and the address tells them apart.</summary>
    public static OpenBy By(HttpContext context) =>
        new(context.Caller().Name, context.Caller().IsAnonymous ? RequestLog.Client(context) : "");

    private static bool IsOf(UploadSession upload, Caller caller) => upload.Owner == caller.Name || caller.Has(Scopes.Admin);
}
