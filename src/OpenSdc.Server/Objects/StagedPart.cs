namespace OpenSdc.Server.Objects;

/// <summary>
/// One part of a multipart upload on its way through the server. Disposing one that was not finished leaves nothing
/// that counts.
/// </summary>
internal abstract class StagedPart(string key) : StagedObject(key)
{
    /// <summary>
    /// Makes the part durable and has it count. False where it does not count any more: the same part was begun again
    /// since, or its upload has ended.
    /// </summary>
    public abstract Task<bool> FinishAsync(CancellationToken cancel);
}
