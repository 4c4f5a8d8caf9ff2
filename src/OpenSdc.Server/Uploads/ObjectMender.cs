using OpenSdc.Contract;
using OpenSdc.Server.Access;
using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Objects;
using OpenSdc.Server.Upkeep;

namespace OpenSdc.Server.Uploads;

/// <summary>
/// Puts the object of a published file back, whose bytes were lost or damaged: what lies at its key goes to the
/// quarantine, the bytes that were sent again get the key, and the mark is cleared by a <c>sound</c> event. No row of
/// the file changes.
/// </summary>
/// <remarks>
/// A crash after any step leaves the file marked, so that the next PUT begins again: bytes in the quarantine are
/// never lost, and a right object at the key is recognised by its digest. A reader that meets the key empty in
/// between reports a lost file: its report does not count, since it began before the <c>sound</c> event. Files are
/// mended one at a time in a process, since it happens rarely, and each under the claim to its key where the store is
/// shared.
/// </remarks>
internal sealed class ObjectMender(IObjectStore store, ClaimedKeys claimed, IntegrityState integrity, AuditLog log) : IDisposable
{
    private const int MostPlaces = 10_000;
    private static readonly ObjectVerifier Verifier = new() { BypassesCache = true };

    private readonly SemaphoreSlim turn = new(1, 1);

    /// <summary>Whether a file is marked as lost or damaged, or has no object of its size.</summary>
    public async Task<bool> IsBrokenAsync(UploadReceipt receipt, CancellationToken cancel)
    {
        if (await integrity.OfAsync(receipt.Seq, cancel) is not null)
            return true;
        return !(await ObjectVerifier.VerifyLengthAsync(store.OpenAsync, RecordOf(receipt), cancel)).ThrowIfUnreadable().IsIntact;
    }

    /// <summary>
    /// Puts the object back. When it returns, it is durable at its key and the file is served again; false
    /// where the file was withdrawn, whose bytes may have been purged.
    /// </summary>
    /// <param name="receipt">The record.</param>
    /// <param name="staged">Its bytes, whose digest was compared with the record's; not flushed yet.</param>
    /// <param name="audit">The entry of the audit; null for none.</param>
    /// <param name="cancel">Ends the wait for another one; what has begun is finished.</param>
    public async Task<bool> MendAsync(UploadReceipt receipt, StagedObject staged, AuditEntry? audit, CancellationToken cancel)
    {
        staged.Sha256 = receipt.Sha256;
        await staged.FlushAsync(cancel);
        await using var hold = await claimed.HoldAsync(receipt.FilePath, staged.UploadId, cancel);
        await turn.WaitAsync(cancel);
        try
        {
            if (await integrity.FindAsync(receipt.FilePath, ReadScope.All, CancellationToken.None) is not { IsWithdrawn: false })
                return false;
            var found = (await Verifier.VerifyAsync(store.OpenAsync, RecordOf(receipt), CancellationToken.None)).ThrowIfRefused();
            if (found.IsIntact)
            {
                await store.FlushAsync(receipt.FilePath, CancellationToken.None);
            }
            else
            {
                // With a mark the change to sound is in the ledger, and whoever verified the object before it reports in vain.
                await integrity.MarkAsync(receipt.Seq, found.ToChange()!, found.Sentence, CancellationToken.None);
                await QuarantineAsync(receipt.FilePath);
                var placed = await store.PlaceAsync(staged, CancellationToken.None);
                if (!placed.IsPlaced)
                    throw placed.Failure ?? new IOException($"Something was put at {receipt.FilePath} while it was mended.");
            }

            await integrity.MarkAsync(receipt.Seq, ChangeKind.Sound, "its bytes were uploaded again", CancellationToken.None);
            if (audit is not null)
                await log.WriteAsync(audit);
            return true;
        }
        finally
        {
            turn.Release();
        }
    }

    public void Dispose() => turn.Dispose();

    private static ObjectRecord RecordOf(UploadReceipt receipt) => new(receipt.FilePath, receipt.Size, receipt.Sha256);

    private async Task QuarantineAsync(string key)
    {
        for (var again = 0; again < MostPlaces; again++)
        {
            if (await store.QuarantineAsync(key, again == 0 ? key : $"{key}.{again}", CancellationToken.None) != Moved.Taken)
                return;
        }

        throw new IOException($"The quarantine holds too many files of {key}.");
    }
}
