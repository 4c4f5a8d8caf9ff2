using OpenSdc.Server.Catalogue;

namespace OpenSdc.Server.Uploads;

/// <summary>
/// Records uploads when they are asked for, before their URL is given out: a store takes what is sent to it,
/// and an upload that nobody knew would be acknowledged and lost. Those that are asked for while one
/// transaction is on its way to the disk share the next one.
/// </summary>
internal sealed class UploadRegistrar(UploadLedger ledger)
{
    private readonly Batcher<UploadSession, bool> batcher = new(async batch =>
    {
        var opened = await ledger.OpenAsync(batch, CancellationToken.None);
        return [.. batch.Select(each => opened.Contains(each.Id))];
    });

    /// <summary>Records one; false where its key has a file already.</summary>
    public Task<bool> OpenAsync(UploadSession upload, CancellationToken cancel) => batcher.RunAsync(upload).WaitAsync(cancel);
}
