namespace OpenSdc.Server.Objects;

/// <summary>
/// One part that streams into the store's own multipart upload in staging. Of two sendings of one part the one that
/// ends last counts, whole.
/// </summary>
internal sealed class S3Part(S3Bucket bucket, string key, S3PutTarget target, long size) : StagedPart(key)
{
    private readonly S3HeldPut put = new(bucket, target, size);

    public override long Written => put.Sent;

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel)
    {
        // What is too much is counted and never sent: the request ends without its last bytes then.
        var fits = (int)Math.Min(bytes.Length, Math.Max(0, size - Length));
        Length += bytes.Length;
        await put.WriteAsync(bytes[..fits], cancel);
    }

    // There is nothing to flush apart from its place.
    public override ValueTask FlushAsync(CancellationToken cancel) => ValueTask.CompletedTask;

    public override async Task<bool> FinishAsync(CancellationToken cancel)
    {
        try
        {
            return await put.FinishAsync() == PutOutcome.Done;
        }
        catch (ObjectRefusedException)
        {
            // The store knows no such upload any more.
            return false;
        }
    }

    public override ValueTask RemoveAsync() => ValueTask.CompletedTask;

    public override ValueTask DisposeAsync() => put.DisposeAsync();
}
